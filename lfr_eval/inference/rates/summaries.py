"""What searches say beside rates: how long alerts take, how long lists are (score tables in)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import ALERT_TIMES, CANDIDATE_LISTS, CROSS
from lfr_eval.contract.trials import group_all


def alert_times(
    people: pd.DataFrame,
    alerts: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Return table `alert_times`.

    Parameters
    ----------
    people
        One row a person, one column a factor.
    alerts
        Table `alerts`.
    factors
        Factors to divide people by; `overall` is always first.
    thresholds
        None below the lowest score that `alerts` was made for.
    """
    frame = alerts.assign(person=people.index.get_indexer(pd.Index(alerts["subject_id"])))
    rows: list[tuple[object, ...]] = []
    for size in sorted(set(frame["watchlist_size"].tolist())):
        for metric, mated in (("TPIR", True), ("FPIR", False)):
            part = frame[(frame["watchlist_size"] == size) & (frame["mated"] == mated)]
            for threshold in thresholds:
                # Scores rise with the time: the lowest of a pass that reaches it sets it off.
                first = part[part["score"] >= np.float32(threshold)]
                first = first.sort_values("score").drop_duplicates("pass_id")
                for grouping in group_all(people, _labels(people, factors)):
                    code = grouping.codes[first["person"]]
                    rows += [
                        (metric, threshold, size, grouping.factor, name, *_times(first[code == at]))
                        for at, name in enumerate(grouping.names)
                    ]
    return ALERT_TIMES.build(rows)


def _labels(people: pd.DataFrame, factors: Sequence[str]) -> list[str]:
    """Return the factors that are labels of people, not conditions of passes."""
    return [factor for factor in factors if set(factor.split(CROSS)) <= set(people)]


def _times(alerts: pd.DataFrame) -> tuple[object, ...]:
    frames, seconds = (alerts[name].dropna().to_numpy(float) for name in ("frame", "seconds"))
    return (len(alerts), *_quantiles(frames), len(seconds), *_quantiles(seconds))


def candidate_lists(
    people: pd.DataFrame,
    searches: pd.DataFrame,
    counts: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Return table `candidate_lists`.

    Parameters
    ----------
    people
        One row a person, one column a factor.
    searches, counts
        Tables `searches` and `candidate_counts`.
    factors
        Factors to divide people by; `overall` is always first.
    thresholds
        Those of `candidate_counts`.
    """
    rows: list[tuple[object, ...]] = []
    for size in sorted(set(searches["watchlist_size"].tolist())):
        made = searches[searches["watchlist_size"] == size]
        person = people.index.get_indexer(pd.Index(made["subject_id"]))
        listed = counts[counts["watchlist_size"] == size]
        for threshold in thresholds:
            at_threshold = listed[listed["threshold"] == threshold].set_index("pass_id")
            length = made["pass_id"].map(at_threshold["candidates"]).fillna(0).to_numpy(float)
            for grouping in group_all(people, _labels(people, factors)):
                code = grouping.codes[person]
                rows += [
                    (threshold, size, grouping.factor, name, *_lengths(length[code == at]))
                    for at, name in enumerate(grouping.names)
                ]
    return CANDIDATE_LISTS.build(rows)


def _lengths(length: np.ndarray) -> tuple[object, ...]:
    if not len(length):
        return (0, None, None, None, None)
    return (len(length), length.mean(), *_quantiles(length), int(length.max()))


def _quantiles(values: np.ndarray) -> tuple[float | None, float | None]:
    """Return the least values that half and 90 % do not exceed."""
    if not len(values):
        return None, None
    median, high = np.quantile(values, [0.5, 0.9], method="inverted_cdf")
    return float(median), float(high)
