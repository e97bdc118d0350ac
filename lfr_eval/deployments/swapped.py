"""Rows of a page without headings in, the columns that seem to have changed places there out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.deployments.grid import Row
from lfr_eval.deployments.headings import understand
from lfr_eval.deployments.values import COUNTS, is_given, whole

_PARTS = (
    ("true_alerts", "false_alerts"),
    ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed"),
)
"""Fields that add up to the alerts, where a file has them."""

_MOST, _FEW = 0.9, 0.5
"""Share of rows in which they add up before, and on, a page on which columns changed places."""

_CLEAR = 0.7
"""Share of the larger of two columns from which on they are told apart by their sums."""

_ODDS = math.log(10_000)
"""So much likelier must the counts be if the columns are exchanged."""


def exchanged_columns(
    headings: Sequence[str], before: Sequence[Row], bare: Sequence[Row]
) -> Iterator[str]:
    """Yield columns that seem to be exchanged on a page, by their sums or by the parts of alerts.

    Parameters
    ----------
    headings
        Of the earlier pages.
    before, bare
        Rows below these headings, and rows of a page that has none.
    """
    fields = [heading.field for heading in understand(headings)[0]]
    sums = [[_sum(rows, at) for at in range(len(fields))] for rows in (before, bare)]
    places = [fields.index(name) for name in COUNTS if name in fields]
    for one, other in combinations(places, 2):
        if {fields[one], fields[other]} == {"watchlist_size", "faces_seen"}:
            continue  # Faces may be counted in another way from one page to the next.
        share, here = ((part[one] + 0.5) / (part[one] + part[other] + 1) for part in sums)
        gained = (sums[1][other] - sums[1][one]) * math.log(share / (1 - share))
        clear = min(max(share, 1 - share), max(here, 1 - here)) > _CLEAR
        if clear and gained > _ODDS:
            yield (
                f"'{headings[one]}' and '{headings[other]}' (their sums are "
                f"{sums[0][one]:,} and {sums[0][other]:,} before this page, and "
                f"{sums[1][one]:,} and {sums[1][other]:,} on it)"
            )
    for parts in _PARTS:
        if {"alerts", *parts} <= set(fields):
            at = [fields.index(name) for name in ("alerts", *parts)]
            fits, there = ([_adds_up(row, at) for row in rows] for rows in (before, bare))
            if before and sum(fits) >= _MOST * len(fits) and sum(there) < _FEW * len(there):
                yield (
                    f"'{headings[at[0]]}' and another column (the parts add up to the former in "
                    f"{sum(fits)} of {len(fits)} rows before this page, and in {sum(there)} of "
                    f"{len(there)} rows on it)"
                )


def _adds_up(row: Row, at: Sequence[int]) -> bool:
    alerts, *parts = (_count(row.cells[place]) for place in at)
    return alerts == sum(parts)


def _sum(rows: Sequence[Row], at: int) -> int:
    return sum(_count(row.cells[at]) for row in rows)


def _count(cell: str) -> int:
    try:
        return whole(cell) if is_given(cell) else 0
    except ValueUnreadable:
        return 0  # It is refused where its value is read.
