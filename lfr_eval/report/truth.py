"""Stage report: measured against true rates (tables `rates`, `truth` in, coverage out).

Only a simulated study has a truth. Whether its intervals contain it is the evidence that the
method measures what it says it measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """How many intervals contain the truth: of one metric and watchlist size, or of all."""

    rows: Sequence[Measured]

    @property
    def metric(self) -> Metric:
        """The metric of the first row."""
        return metric_named(self.rows[0].rate.metric)

    @property
    def watchlist_size(self) -> int | None:
        """The watchlist of the first row."""
        return self.rows[0].rate.watchlist_size

    @property
    def with_interval(self) -> int:
        """Number of intervals."""
        return sum(row.is_contained is not None for row in self.rows)

    @property
    def contained(self) -> int:
        """Number of intervals that contain the truth."""
        return sum(row.is_contained is True for row in self.rows)


@dataclass(frozen=True)
class TruthCheck(Coverage):
    """Measured against true rates at the thresholds of the plan.

    Attributes
    ----------
    coverage
        By metric and watchlist size.
    unmatched
        Rates for which table `truth` has no value.
    """

    coverage: tuple[Coverage, ...]
    unmatched: int


def compare_with_truth(rates: Iterable[Rate], truth: pd.DataFrame | None) -> TruthCheck | None:
    """Match rates with their true values; None where the study is not simulated.

    FNIR is left out where TPIR is there: they are one measurement, and counting it twice would
    make the intervals look better tested than they are.
    """
    if truth is None or truth.empty:
        return None
    rows = tuple(rates)
    if any(rate.metric == "TPIR" for rate in rows):
        rows = tuple(rate for rate in rows if rate.metric != "FNIR")
    steps = {rate.threshold for rate in rows if rate.threshold is not None}
    values = {_key(row): row.rate for row in records(at_threshold(truth, steps))}
    found = ((rate, values.get(_key(rate))) for rate in rows)
    measured = [Measured(rate, true) for rate, true in found if true is not None]
    of: dict[tuple[str, int | None], list[Measured]] = {}
    for each in measured:
        of.setdefault((each.rate.metric, each.rate.watchlist_size), []).append(each)
    coverage = tuple(Coverage(of[setting]) for setting in settings_in_order(of))
    return TruthCheck(measured, coverage, len(rows) - len(measured))


def _key(row: Any) -> tuple[object, ...]:
    # The two tables are made by different stages: equal thresholds may differ in the last bit.
    at = None if row.threshold is None else threshold_key(row.threshold)
    return (row.metric, at, row.watchlist_size, row.factor, row.group, row.counterpart)
