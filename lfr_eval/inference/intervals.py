"""Stage `inference`: what no event, and no more than normal theory, says of a rate.

In: people or independent trials. Out: critical values, and the bounds that people, not comparisons,
support where no event was seen. Intervals of observed rates are made in `ends`.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from lfr_eval.inference.cells import Floats

NO_EVENT_PEOPLE = "no event: independent people only"


def independent_units(people: Floats, pairs: bool) -> Floats:
    """Trials that share nobody: n people, or floor(n / 2) disjoint pairs of people."""
    return np.floor(people / 2) if pairs else people


def critical(level: float, degrees: Floats | float = np.inf) -> Floats:
    """Two-sided critical value of Student's t; the normal one for infinite degrees of freedom."""
    value: Floats = np.asarray(stats.t.isf((1 - level) / 2, degrees))
    return value


def no_event_bound(independent: Floats | float, level: float) -> Floats:
    """One-sided upper bound on a rate when none of n independent trials was an event.

    1 - (1 - level)^(1 / n), the exact form of the rule of three; 1 for no trial.

    Examples
    --------
    >>> round(float(1 / no_event_bound(400, 0.95)))
    134
    """
    n = np.asarray(independent, float)
    return np.where(n > 0, -np.expm1(np.log1p(-level) / np.where(n > 0, n, 1.0)), 1.0)
