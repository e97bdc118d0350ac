"""Stage report: measured against true rates (tables `rates`, `truth` in, their agreement out).

Only a simulated study has a truth. Whether its intervals contain it is the evidence that the
method measures what it says it measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.report.rates import Rate, at_threshold, records


class TruthCheck(NamedTuple):
    """True rates, how many intervals contain theirs, and how many rates have no true value."""

    true_rates: Mapping[tuple[object, ...], float]
    contained: int
    with_interval: int
    unmatched: int

    def of(self, row: Any) -> float | None:
        """Return the true rate of a row; None where table `truth` has no value."""
        return self.true_rates.get(_key(row))


def compare_with_truth(rates: Sequence[Rate], truth: pd.DataFrame | None) -> TruthCheck | None:
    """Match rates with their true values; None where the study is not simulated.

    FNIR is not counted where TPIR is there: they are one measurement, and counting it twice would
    make the intervals look better tested than they are.
    """
    if truth is None or truth.empty:
        return None
    steps = {rate.threshold for rate in rates if rate.threshold is not None}
    values = {_key(row): row.rate for row in records(at_threshold(truth, steps))}
    twice = "FNIR" if any(rate.metric == "TPIR" for rate in rates) else None
    known = [(rate, _key(rate)) for rate in rates if rate.metric != twice]
    inside = [is_inside(rate, values.get(key)) for rate, key in known]
    unmatched = sum(key not in values for _, key in known)
    return TruthCheck(values, inside.count(True), len(inside) - inside.count(None), unmatched)


def is_inside(row: Any, true_rate: float | None) -> bool | None:
    """Return whether the interval of a row contains the truth; None where either is missing."""
    if row.lower is None or row.upper is None or true_rate is None:
        return None
    return bool(row.lower <= true_rate <= row.upper)


def _key(row: Any) -> tuple[object, ...]:
    # The two tables are made by different stages: equal thresholds may differ in the last bit.
    at = None if row.threshold is None else threshold_key(row.threshold)
    return (row.metric, at, row.watchlist_size, row.factor, row.group, row.counterpart)
