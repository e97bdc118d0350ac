"""What searches say beside rates: how long alerts take, how long lists are (score tables in)."""

from __future__ import annotations

import math
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
        One row per person, one column per factor.
    alerts
        Table `alerts`.
    factors
        Factors to divide people by; `overall` is always first.
    thresholds
        None below the lowest score that `alerts` was made for.
    """
    groupings = group_all(people, _labels(people, factors))
    # Scores rise with the time: the lowest of a pass that reaches a threshold sets it off.
    frame = alerts.sort_values("score", kind="stable")
    person = people.index.get_indexer(pd.Index(frame["subject_id"]))
    pass_code = pd.factorize(frame["pass_id"])[0]
    score, size_of, mated = (
        frame[name].to_numpy(kind)
        for name, kind in (("score", np.float32), ("watchlist_size", int), ("mated", bool))
    )
    times = [frame[name].to_numpy(float, na_value=np.nan) for name in ("frame", "seconds")]
    rows: list[tuple[object, ...]] = []
    for size in sorted(set(size_of.tolist())):
        for metric, of_mated in (("TPIR", True), ("FPIR", False)):
            part = np.flatnonzero((size_of == size) & (mated == of_mated))
            for threshold in thresholds:
                reached = part[np.searchsorted(score[part], np.float32(threshold)) :]
                first = reached[np.unique(pass_code[reached], return_index=True)[1]]
                for grouping in groupings:
                    code = grouping.codes[person[first]]
                    for at, name in enumerate(grouping.names):
                        told = _times(times, first[code == at])
                        rows.append((metric, threshold, size, grouping.factor, name, *told))
    return ALERT_TIMES.build(rows)


def _labels(people: pd.DataFrame, factors: Sequence[str]) -> list[str]:
    """Return the factors that are labels of people, not conditions of passes."""
    return [factor for factor in factors if set(factor.split(CROSS)) <= set(people)]


def _times(times: Sequence[np.ndarray], alerts: np.ndarray) -> tuple[object, ...]:
    frames, seconds = (time[alerts][~np.isnan(time[alerts])] for time in times)
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
        One row per person, one column per factor.
    searches, counts
        Tables `searches` and `candidate_counts`.
    factors
        Factors to divide people by; `overall` is always first.
    thresholds
        Those of `candidate_counts`.
    """
    groupings = group_all(people, _labels(people, factors))
    rows: list[tuple[object, ...]] = []
    for size in sorted(set(searches["watchlist_size"].tolist())):
        made = searches[searches["watchlist_size"] == size]
        person = people.index.get_indexer(pd.Index(made["subject_id"]))
        listed = counts[counts["watchlist_size"] == size]
        for threshold in thresholds:
            at_threshold = listed[listed["threshold"] == threshold].set_index("pass_id")
            length = made["pass_id"].map(at_threshold["candidates"]).fillna(0).to_numpy(float)
            for grouping in groupings:
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
    # The quantile "inverted_cdf" of `np.quantile`, in a tenth of its time.
    ordered = np.sort(values)
    median, high = (ordered[math.ceil(share * len(values)) - 1] for share in (0.5, 0.9))
    return float(median), float(high)
