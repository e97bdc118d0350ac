"""Stage report: summary measures of inequality (table `equity` in, rows and words out).

Each measure is printed with what it hides. Where a value is undefined, or rests on groups in which
nothing happened, words say so: such a number would be read as a result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.contract.names import group_name
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.contract.words import measure, one_in, several
from lfr_eval.report.rates import Block, Rate, plain_rows, settings_in_order
from lfr_eval.report.words import at, setting

NAMED_GROUPS = 3


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

    @property
    def interval(self) -> str:
        """The interval in words; an infinite end is no number."""
        if self.says_nothing or self.value is None or self.lower is None or self.upper is None:
            return "–"
        low = measure(self.lower, "down")
        if math.isinf(self.upper):
            return f"{low} or more, without upper end"
        return f"{low} to {measure(self.upper, 'up')}"

    @property
    def remark(self) -> str:
        """What must stand beside the value; empty where it can stand alone."""
        if self.says_nothing:
            given = "" if self.value is None else f" The formula gives {measure(self.value)}."
            return f"No group had an event: nothing to measure.{given}"
        if self.value is None:
            known = self.lower is not None and math.isfinite(self.lower)
            least = f"It is at least {measure(self.lower, 'down')}." if known else ""
            silent = [_silence(side) for side in self.sides if side.silent]
            return " ".join(["Undefined.", *silent, least]).strip()
        equal = (_an(side.metric) for side in self.sides if side.is_silent)
        return " ".join(f"No group had {one} event, which counts as equal here." for one in equal)


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


def _silence(side: Side) -> str:
    """Say which groups had no event, and how high their rates may be all the same."""
    bounds = [rate.upper for rate in side.silent if rate.upper is not None]
    reach = f", but may have a rate of up to {one_in(max(bounds), 'up')}" if bounds else ""
    who = several(len(side.silent), "group")
    if len(side.silent) <= NAMED_GROUPS:
        who = " and ".join(group_name(rate.group, rate.factor) for rate in side.silent)
    return f"{who} had no {side.metric} event{reach}."


def _an(code: str) -> str:
    return f"an {code}" if code[:1] in "AEFHILMNORSX" else f"a {code}"
