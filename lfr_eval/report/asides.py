"""Stage report: what searches say beside rates (tables of designs in, small tables of text out)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.contract.names import group_name
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, number


class Aside(NamedTuple):
    """A small table of text: what it shows and what it does not, columns, and cells."""

    name: str
    title: str
    meaning: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def asides_of(
    times: pd.DataFrame | None,
    lists: pd.DataFrame | None,
    dont_care: pd.DataFrame | None,
    corrections: pd.DataFrame | None,
) -> tuple[Aside, ...]:
    """Return the small tables that a study has something for.

    Parameters
    ----------
    times, lists
        Tables `alert_times` and `candidate_lists` at the thresholds of the first screen.
    dont_care, corrections
        The stage tables; None where the study has none.
    """
    found = (_times(times), _lists(lists), _left_out(dont_care, corrections))
    return tuple(aside for aside in found if aside is not None and aside.rows)


def _times(times: pd.DataFrame | None) -> Aside | None:
    # Where every pass is one frame, every alert comes with the first.
    if times is None or not (times["frames_90"] > 1).any():
        return None
    rows = tuple(
        (
            group_name(str(row.group), str(row.factor)),
            "names the person" if row.metric == "TPIR" else "false alert",
            number(row.threshold),
            count(int(row.watchlist_size)),
            count(int(row.alerts)),
            f"{row.frames_median:.0f} and {row.frames_90:.0f}",
            "no times" if not row.timed else f"{row.seconds_median:g} and {row.seconds_90:g}",
        )
        for row in _rows(times[times["alerts"] > 0])
    )
    return Aside(
        "alert-times",
        "How long alerts take",
        "Frames, and seconds where times were recorded, from the first frame of a pass to the one "
        "that set off the alert: half and 90 % of the alerts came within so many. Passes without "
        "an alert are not counted.",
        ("Group", "#Alert", "#Threshold", "#Watchlist", "#Alerts", "#Frames", "#Seconds"),
        rows,
    )


def _lists(lists: pd.DataFrame | None) -> Aside | None:
    if lists is None:
        return None
    rows = tuple(
        (
            group_name(str(row.group), str(row.factor)),
            number(row.threshold),
            count(int(row.watchlist_size)),
            count(int(row.searches)),
            f"{row.mean:.3g}",
            f"{row.median:.0f} and {row.quantile_90:.0f}",
            count(int(row.longest)),
        )
        for row in _rows(lists[lists["searches"] > 0])
    )
    return Aside(
        "candidate-lists",
        "How long candidate lists are",
        "References of other people at or above the threshold, over all searches: half and 90 % of "
        "the lists are no longer.",
        ("Group", "#Threshold", "#Watchlist", "#Searches", "#Mean", "#Half and 90 %", "#Longest"),
        rows,
    )


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of single factors; those of intersections stand in the stage table."""
    yield from frame[~frame["factor"].str.contains(CROSS, regex=False)].itertuples()


def _left_out(dont_care: pd.DataFrame | None, corrections: pd.DataFrame | None) -> Aside | None:
    if dont_care is None:
        return None
    rows = tuple(
        (str(reason), count(len(pairs))) for reason, pairs in dont_care.groupby("reason", sort=True)
    )
    comparisons = 0
    if corrections is not None:
        comparisons = -int(corrections.loc[corrections["trials"] < 0, "trials"].sum())
    return Aside(
        "left-out",
        "People who are not compared with one another",
        "A match of these people says nothing, so that they were neither compared "
        f"({count(comparisons)} one-to-one comparisons left out) nor searched for among each "
        "other's references.",
        ("Reason", "#Pairs of people"),
        rows,
    )
