"""Stage report: summary measures of inequality (table `equity` in, rows out).

Each measure is printed with what it hides. Where a value is undefined, or rests on groups in which
nothing happened, the template says so: such a number would be read as a result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.report.rates import Block, Rate, plain_rows, settings_in_order
from lfr_eval.report.words import at, setting


class Side(NamedTuple):
    """What happened in the groups of a factor, for one metric that a measure rests on."""

    metric: str
    rates: tuple[Rate, ...]

    @property
    def silent(self) -> list[Rate]:
        """Groups without event."""
        return [rate for rate in self.rates if rate.events == 0]

    @property
    def is_silent(self) -> bool:
        """Whether no group had an event."""
        return bool(self.rates) and len(self.silent) == len(self.rates)


class Equity(NamedTuple):
    """One value of a measure; see table `equity` for the fields, and `sides` for what is behind."""

    measure: str
    metric: str
    threshold: float | None
    watchlist_size: int | None
    factor: str
    groups: int
    value: float | None
    lower: float | None
    upper: float | None
    sides: tuple[Side, ...]

    @property
    def says_nothing(self) -> bool:
        """Whether no group had an event, whatever number the formula gives."""
        return bool(self.sides) and all(side.is_silent for side in self.sides)


class MeasureTable(NamedTuple):
    """A measure with everything that a reader must know of it, and its values by setting."""

    name: str
    definition: str
    range: str
    caveat: str
    replicates: int | None
    level: float | None
    blocks: tuple[Block, ...]


def to_measures(
    frame: pd.DataFrame | None, rates: Sequence[Rate]
) -> tuple[MeasureTable, ...] | None:
    """Arrange rows of table `equity` by measure; None where the study has no such table.

    One of the `rates` a group at the same thresholds says what happened in the groups.
    """
    if frame is None:
        return None
    behind: dict[tuple[object, ...], list[Rate]] = {}
    for rate in rates:
        if rate.trials:
            behind.setdefault(_key(rate.metric, vars(rate)), []).append(rate)
    about = ("measure", *MeasureTable._fields[1:-1])
    found: dict[tuple[Any, ...], list[Equity]] = {}
    for row in plain_rows(frame):
        sides = (Side(code, tuple(behind.get(_key(code, row), ())))
                 for code in row["metric"].split(" + "))  # fmt: skip
        known = tuple(side for side in sides if side.rates)
        one = Equity._make((*(row[name] for name in Equity._fields[:-1]), known))
        found.setdefault(tuple(row[name] for name in about), []).append(one)
    return tuple(MeasureTable._make((*told, _into_blocks(rows))) for told, rows in found.items())


def _key(metric: str, row: dict[str, Any]) -> tuple[object, ...]:
    # The two tables are made apart: equal thresholds may differ in the last bit.
    step = None if row["threshold"] is None else threshold_key(row["threshold"])
    return (metric, step, row["watchlist_size"], row["factor"])


def _into_blocks(rows: Sequence[Equity]) -> tuple[Block, ...]:
    def leading(row: Equity) -> tuple[str, int | None]:
        return row.metric.split(" + ")[0], row.watchlist_size

    def place(row: Equity) -> tuple[int, str, float]:
        step = -math.inf if row.threshold is None else row.threshold
        return order.index(leading(row)), row.metric, step

    order = settings_in_order(map(leading, rows))
    blocks: dict[str, list[Equity]] = {}
    for row in sorted(rows, key=place):
        title = f"{row.metric}{setting(row.watchlist_size)}, {at(row.threshold)}"
        blocks.setdefault(title, []).append(row)
    return tuple(Block(title, tuple(same)) for title, same in blocks.items())
