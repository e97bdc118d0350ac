"""Stage `inference`: the smallest true ratio that a design would have found.

In: base rate, effective trials of both sides, level, power. Out: the detectable ratio.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from lfr_eval.inference.cells import Floats, divide


def normal_power(
    base: Floats, ratio: Floats | float, trials_a: Floats, trials_b: Floats, alpha: float
) -> Floats:
    """Power of the two-sided test of two proportions, base and ratio times base.

    Parameters
    ----------
    base
        Rate of the lower side.
    ratio
        True ratio, at least 1.
    trials_a, trials_b
        Effective trials of the higher and of the lower side.
    alpha
        Level of the test.

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, chapter 4.
    """
    higher = np.minimum(ratio * base, 1.0)
    pooled = divide(higher * trials_a + base * trials_b, trials_a + trials_b)
    under_null = np.sqrt(pooled * (1 - pooled) * (divide(1.0, trials_a) + divide(1.0, trials_b)))
    noise = np.sqrt(divide(higher * (1 - higher), trials_a) + divide(base * (1 - base), trials_b))
    z = stats.norm.isf(alpha / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = (higher - base - z * under_null) / noise
    reached = np.where(noise > 0, reached, np.where(higher > base, np.inf, -np.inf))
    power: Floats = stats.norm.cdf(reached)
    return power


def normal_detectable_ratio(
    base: Floats, trials_a: Floats, trials_b: Floats, alpha: float, power: float
) -> Floats:
    """Smallest ratio above 1 found with the given power, by the normal approximation.

    Returns
    -------
    ratio
        Infinite where even a rate of 1 would not be found; NaN without trials or a base rate.
    """
    base, trials_a, trials_b = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (base, trials_a, trials_b))
    )
    known = (base > 0) & (base < 1) & (trials_a > 0) & (trials_b > 0)
    safe = np.where(known, base, 0.5)
    low, high = np.zeros(base.shape), -np.log(safe)
    for _ in range(50):
        middle = (low + high) / 2
        enough = normal_power(safe, np.exp(middle), trials_a, trials_b, alpha) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    found = normal_power(safe, np.exp(high), trials_a, trials_b, alpha) >= power
    return np.where(known, np.where(found, np.exp(high), np.inf), np.nan)
