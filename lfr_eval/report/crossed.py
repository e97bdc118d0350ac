"""Stage report: false matches across groups as a grid (crossed rates in, shaded cells out).

The grid is a table: its numbers say everything, and the shading only helps the eye.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from lfr_eval.contract.names import group_name
from lfr_eval.report.rates import Rate

SHADES = 6
FACTOR = 3.0
"""Between two shades: a difference of a few events must not look like black and white."""


class Grid(NamedTuple):
    """Rates of one factor at one threshold: a row for each probe's group, a column for each other.

    A cell is None where two groups were never compared.
    """

    threshold: float
    factor: str
    groups: tuple[str, ...]
    cells: tuple[tuple[Rate | None, ...], ...]

    @property
    def heads(self) -> list[str]:
        """The groups in words."""
        return [group_name(group, self.factor) for group in self.groups]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """Each group in words, and its cells."""
        return [(name, *cells) for name, cells in zip(self.heads, self.cells, strict=True)]

    def shade(self, rate: Rate | None) -> int:
        """Return `SHADES` for the highest rate, one less for each factor below, 0 for no event."""
        if rate is None or not rate.rate:
            return 0
        highest = max(each.rate for row in self.cells for each in row if each and each.rate)
        below = math.log(highest / rate.rate) / math.log(FACTOR)
        return max(1, SHADES - math.floor(below + 1e-9))


def to_grids(rates: Sequence[Rate]) -> tuple[Grid, ...]:
    """Arrange rates within and across groups by threshold and factor."""
    paired = [each for each in rates if each.metric == "FMR" and each.counterpart is not None]
    grids = []
    for at, factor in dict.fromkeys((r.threshold, r.factor) for r in paired if r.is_crossed):
        of = [each for each in paired if (each.threshold, each.factor) == (at, factor)]
        chosen = {(each.group, each.counterpart): each for each in of}
        groups = tuple(dict.fromkeys(name for pair in chosen for name in pair if name))
        cells = tuple(tuple(chosen.get((row, column)) for column in groups) for row in groups)
        grids.append(Grid(at or 0.0, factor, groups, cells))
    return tuple(grids)
