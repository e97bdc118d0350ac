"""Stage `inference`: the smallest true ratio that a design would have found.

In: base rate, effective trials of both sides, level, power. Out: the detectable ratio, by the
normal approximation where events are many, by exact enumeration of over-dispersed counts where
they are few.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from lfr_eval.inference.cells import Floats, divide

FEW_EVENTS = 30
"""Below this many expected events on the smaller side, counts are enumerated."""

RARE = 0.1
"""Counts are enumerated as Poisson for rates below this."""

_GRID = np.log(np.array([0.003, 0.03, 0.1, 0.3, 1, 2, 4, 8, 16, 30]))
_STEP = 0.5
_MOST_EVENTS = 3000


def detectable_ratios(
    base: Floats, trials_a: Floats, trials_b: Floats, alpha: float, power: float
) -> Floats:
    """Smallest ratio above 1 that the test would have found with the given power.

    Events come in clumps (one face that resembles many makes several false matches at once). A
    design effect D is read as Poisson clumps of D events, so that clumps, of which effective
    trials count the opportunities, are compared by the exact conditional test.

    Parameters
    ----------
    base
        Rate of the lower side.
    trials_a, trials_b
        Effective trials of the higher and of the lower side.
    alpha
        Level of the two-sided test.
    power
        Wanted power.

    Returns
    -------
    ratio
        Infinite where even a rate of 1 would not be found; NaN without trials or a base rate.

    References
    ----------
    Przyborowski & Wilenski (1940), Biometrika 31, 313-323, for the conditional test.
    """
    base, a, b = np.broadcast_arrays(*(np.asarray(x, float) for x in (base, trials_a, trials_b)))
    result = normal_detectable_ratio(base, a, b, alpha, power)
    few = (base > 0) & (base < RARE) & (a > 0) & (b > 0)
    few &= base * np.minimum(a, b) < FEW_EVENTS
    if not np.any(few):
        return result
    share = np.log(a[few] / b[few]) / _STEP
    expected = np.log(base[few] * np.minimum(a, b)[few])
    below, correction = np.floor(share).astype(int), np.empty(len(share))
    for step in np.unique(below):
        at = below == step
        low, high = (
            np.interp(expected[at], _GRID, _correction(float(s * _STEP), alpha, power))
            for s in (step, step + 1)
        )
        correction[at] = low + (share[at] - step) * (high - low)
    ratio = result[few] * np.exp(correction)
    result = result.copy()
    result[few] = np.where(ratio * base[few] <= 1, ratio, np.inf)
    return result


@lru_cache(maxsize=512)
def _correction(log_share: float, alpha: float, power: float) -> Floats:
    """Log of the enumerated over the normal detectable ratio, by expected events (`_GRID`).

    `log_share` is the log of the effective trials of the higher over those of the lower side;
    the events expected on the side with fewer effective trials are on the grid.
    """
    share = np.exp(log_share)
    lower = np.exp(_GRID) / min(share, 1.0)
    rare = 1e-12
    normal = np.log(
        normal_detectable_ratio(
            np.full(len(lower), rare), lower * share / rare, lower / rare, alpha, power
        )
    )
    total = np.arange(_MOST_EVENTS + 1)
    null = share / (1 + share)
    # Reject for more than `high` of a total, or fewer than `low`: alpha / 2 in each tail.
    high = stats.binom.isf(alpha / 2, total, null)
    low = stats.binom.ppf(alpha / 2, total, null)

    def reached(log_ratio: Floats, at: NDArray[np.intp]) -> Floats:
        higher = lower[at] * share * np.exp(log_ratio)
        mean = (lower[at] + higher)[:, None]
        end = min(_MOST_EVENTS, int(mean.max() + 8 * np.sqrt(mean.max()) + 10)) + 1
        n, up, down = total[:end], high[:end], low[:end]
        true = (higher / (lower[at] + higher))[:, None]
        chance = np.exp(special.xlogy(n, mean) - mean - special.gammaln(n + 1))
        above = np.where(up < n, special.bdtrc(np.minimum(up, n), n, true), 0.0)
        below = np.where(down > 0, special.bdtr(np.maximum(down - 1, 0), n, true), 0.0)
        power_at: Floats = np.sum(chance * (above + below), axis=1)
        return power_at

    # Where thousands of events are expected in all, the normal approximation needs no correction.
    at = np.flatnonzero(lower * (1 + share * np.exp(normal + 0.7)) < 0.9 * _MOST_EVENTS)
    result = np.zeros(len(lower))
    if len(at):
        down, up = normal[at] - 0.7, normal[at] + 0.7
        for _ in range(14):
            middle = (down + up) / 2
            enough = reached(middle, at) >= power
            down, up = np.where(enough, down, middle), np.where(enough, middle, up)
        result[at] = (down + up) / 2 - normal[at]
    return result


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
