"""Stage report: what searches say beside rates (tables of designs in, small tables of text out)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from lfr_eval.contract.names import group_name
from lfr_eval.contract.words import count, number
from lfr_eval.report.rates import records, single_factors


class Aside(NamedTuple):
    """A small table of text: what it shows and what it does not, columns, and cells."""

    name: str
    title: str
    meaning: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def asides_of(
    lists: pd.DataFrame | None, dont_care: pd.DataFrame | None, corrections: pd.DataFrame | None
) -> tuple[Aside, ...]:
    """Return the small tables that a study has something for; None stands for a missing table.

    Of `candidate_lists`, `lists` has the thresholds of the first screen.
    """
    return tuple(each for each in (*_lists(lists), *_left_out(dont_care, corrections)) if each.rows)


def _lists(lists: pd.DataFrame | None) -> Iterator[Aside]:
    if lists is None:
        return
    rows = [
        (
            *(group_name(row.group, row.factor), number(row.threshold), count(row.watchlist_size)),
            *(count(row.searches), f"{row.mean:.3g}"),
            *(f"{row.median:.0f} and {row.quantile_90:.0f}", count(row.longest)),
        )
        for row in records(single_factors(lists[lists["searches"] > 0]))
    ]
    yield Aside(
        "candidate-lists",
        "How long candidate lists are",
        "References of other people at or above the threshold, over all searches: half and 90 % of "
        "the lists are no longer.",
        ("Group", "#Threshold", "#Watchlist", "#Searches", "#Mean", "#Half and 90 %", "#Longest"),
        rows,
    )


def _left_out(dont_care: pd.DataFrame | None, corrections: pd.DataFrame | None) -> Iterator[Aside]:
    if dont_care is None:
        return
    trials = 0 if corrections is None else -corrections["trials"].clip(upper=0).sum()
    pairs = dont_care.groupby("reason", sort=True).size()
    yield Aside(
        "left-out",
        "People who are not compared with one another",
        "A match of these people says nothing, so that they were neither compared "
        f"({count(int(trials))} one-to-one comparisons left out) nor searched "
        "for among each other's references.",
        ("Reason", "#Pairs of people"),
        [(str(reason), count(int(many))) for reason, many in pairs.items()],
    )
