"""Stage `inference`: how far apart the rates of groups are, with the sampling variance taken off.

In: rates and effective trials of groups. Out: an interval of the coefficient of variation between
the true rates. Gini, GARBE and other measures of observed rates are far above zero for groups that
do not differ, since noise spreads them; this one is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from lfr_eval.inference.cells import Floats, divide


@dataclass(frozen=True)
class Variation:
    """Coefficient of variation of the true rates, weighted by effective trials.

    Attributes
    ----------
    estimate, lower, upper : (thresholds,)
        NaN where fewer than two groups have trials or nobody has an event.
    """

    estimate: Floats
    lower: Floats
    upper: Floats


def coefficient_of_variation(rate: Floats, effective: Floats, level: float) -> Variation:
    """Invert the noncentral chi-square distribution of the spread of rates.

    Q = sum n (p - pbar)^2 / (pbar (1 - pbar)) of k groups has k - 1 degrees of freedom and a
    noncentrality of sum n (true p - pbar)^2 / (pbar (1 - pbar)), about.

    Parameters
    ----------
    rate, effective : (groups, thresholds)
        Rates and effective trials; groups without trials have 0 of them.
    level
        Confidence level.
    """
    total = effective.sum(axis=0)
    groups = np.count_nonzero(effective > 0, axis=0)
    mean = divide((effective * rate).sum(axis=0), total)
    spread = mean * (1 - mean)
    q = divide((effective * (rate - mean) ** 2).sum(axis=0), spread)
    known = (groups >= 2) & (mean > 0) & (mean < 1)
    tail = (1 - level) / 2
    # Noncentrality to squared coefficient of variation.
    scale = divide(1 - mean, mean * total)

    def of(noncentrality: Floats) -> Floats:
        return np.where(known, np.sqrt(np.maximum(noncentrality, 0.0) * scale), np.nan)

    degrees = np.maximum(groups - 1, 1).astype(float)
    return Variation(
        of(q - degrees),
        of(_noncentrality(q, degrees, 1 - tail)),
        of(_noncentrality(q, degrees, tail)),
    )


def _noncentrality(q: Floats, degrees: Floats, probability: float) -> Floats:
    """Noncentrality at which P(Q <= q) is `probability`; 0 where it is smaller at none."""
    low = np.zeros(q.shape)
    high = 4 * q + 20 * degrees + 100.0
    for _ in range(60):
        middle = (low + high) / 2
        more = special.chndtr(q, degrees, middle) > probability
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.where(special.chndtr(q, degrees, 0.0) <= probability, 0.0, low)
