"""Stage report: measured against true rates (tables `rates`, `truth` in, coverage out).

Only a simulated study has a truth. Whether its intervals contain it is the evidence that the
method measures what it says it measures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.contract.names import Metric, metric_named
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.report.rates import Rate, at_threshold, records, settings_in_order


@dataclass(frozen=True)
class Measured:
    """A measured rate and the true one."""

    rate: Rate
    true_rate: float

    @property
    def is_contained(self) -> bool | None:
        """Whether the interval contains the truth; None where there is no interval."""
        if self.rate.lower is None or self.rate.upper is None:
            return None
        return self.rate.lower <= self.true_rate <= self.rate.upper


@dataclass(frozen=True)
class Coverage:
    """How many intervals of one metric and watchlist size contain the truth."""

    metric: Metric
    watchlist_size: int | None
    rows: tuple[Measured, ...]

    @property
    def with_interval(self) -> int:
        """Number of intervals."""
        return sum(row.is_contained is not None for row in self.rows)

    @property
    def contained(self) -> int:
        """Number of intervals that contain the truth."""
        return sum(row.is_contained is True for row in self.rows)


@dataclass(frozen=True)
class TruthCheck:
    """Measured against true rates at the thresholds of the plan.

    Attributes
    ----------
    unmatched
        Rates for which table `truth` has no value.
    """

    coverage: tuple[Coverage, ...]
    unmatched: int

    @property
    def with_interval(self) -> int:
        """Number of intervals."""
        return sum(each.with_interval for each in self.coverage)

    @property
    def contained(self) -> int:
        """Number of intervals that contain the truth."""
        return sum(each.contained for each in self.coverage)


def compare_with_truth(rates: Iterable[Rate], truth: pd.DataFrame) -> TruthCheck:
    """Match rates with their true values.

    FNIR is left out where TPIR is there: they are one measurement, and counting it twice would
    make the intervals look better tested than they are.
    """
    rows = tuple(rates)
    if any(rate.metric == "TPIR" for rate in rows):
        rows = tuple(rate for rate in rows if rate.metric != "FNIR")
    steps = {rate.threshold for rate in rows if rate.threshold is not None}
    values = {_key(row): row.rate for row in records(at_threshold(truth, steps))}
    found = ((rate, values.get(_key(rate))) for rate in rows)
    measured = [Measured(rate, true) for rate, true in found if true is not None]
    settings = settings_in_order((each.rate.metric, each.rate.watchlist_size) for each in measured)
    by_setting = [
        (setting, tuple(each for each in measured
                        if (each.rate.metric, each.rate.watchlist_size) == setting))
        for setting in settings
    ]  # fmt: skip
    return TruthCheck(
        tuple(Coverage(metric_named(code), size, same) for (code, size), same in by_setting),
        len(rows) - len(measured),
    )


def _key(row: Any) -> tuple[object, ...]:
    # The two tables are made by different stages: equal thresholds may differ in the last bit.
    at = None if row.threshold is None else threshold_key(row.threshold)
    return (row.metric, at, row.watchlist_size, row.factor, row.group, row.counterpart)
