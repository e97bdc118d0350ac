"""Rows of a page without headings in, the columns that seem to have changed places there out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.deployments.grid import Row
from lfr_eval.deployments.headings import understand
from lfr_eval.deployments.values import is_given, whole

_ALIKE = (
    ("true_alerts", "false_alerts"),
    ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed"),
    ("arrests", "other_disposals", "no_action"),
)
"""Fields whose counts have the same size and form, so that no other check tells them apart."""

_CLEAR = 0.7
"""Share of the larger of two columns from which on they are told apart by their sums."""

_ODDS = math.log(10_000)
"""So much likelier must the counts be if the columns are exchanged."""


def exchanged_columns(
    headings: Sequence[str], before: Sequence[Row], bare: Sequence[Row]
) -> Iterator[str]:
    """Yield pairs of columns whose sums are the wrong way round on a page, in words.

    Parameters
    ----------
    headings
        Of the earlier pages.
    before, bare
        Rows below these headings, and rows of a page that has none.
    """
    fields = [heading.field for heading in understand(headings)[0]]
    sums = [[_sum(rows, at) for at in range(len(fields))] for rows in (before, bare)]
    for alike in _ALIKE:
        places = [fields.index(name) for name in alike if name in fields]
        for one, other in combinations(places, 2):
            share, here = ((part[one] + 0.5) / (part[one] + part[other] + 1) for part in sums)
            gained = (sums[1][other] - sums[1][one]) * math.log(share / (1 - share))
            clear = min(max(share, 1 - share), max(here, 1 - here)) > _CLEAR
            if clear and gained > _ODDS:
                yield (
                    f"'{headings[one]}' and '{headings[other]}' (they add up to "
                    f"{sums[0][one]:,} and {sums[0][other]:,} before it, and to "
                    f"{sums[1][one]:,} and {sums[1][other]:,} on it)"
                )


def _sum(rows: Sequence[Row], at: int) -> int:
    total = 0
    for row in rows:
        try:
            total += whole(row.cells[at]) if is_given(row.cells[at]) else 0
        except ValueUnreadable:
            continue  # It is refused where its value is read.
    return total
