"""Stage `inference`: the ratio of two rates, its interval, and equivalence within a margin.

In: rates with effective trials. Out: score intervals of their ratio and the p-value of two
one-sided tests. The score form stays sound where one side has few events or none.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.intervals import critical

LIMIT = 30.0
"""Search range of a log ratio: a ratio beyond e^30 is as good as infinite."""


def score_statistic(
    rate_a: Floats, trials_a: Floats, rate_b: Floats, trials_b: Floats, ratio: Floats | float
) -> Floats:
    """Studentised p_a - ratio p_b, its variance taken where p_a = ratio p_b holds.

    Parameters
    ----------
    rate_a, rate_b
        Rates.
    trials_a, trials_b
        Effective trials, possibly fractional.
    ratio
        The ratio under test.

    References
    ----------
    Koopman (1984), Biometrics 40, 513-517; Miettinen & Nurminen (1985), Statistics in Medicine
    4, 213-226.
    """
    x_a, x_b = rate_a * trials_a, rate_b * trials_b
    square = (trials_a + trials_b) * ratio
    linear = ratio * (trials_a + x_b) + x_a + trials_b
    root = np.sqrt(np.maximum(linear**2 - 4 * square * (x_a + x_b), 0.0))
    # The smaller root of square p^2 - linear p + (x_a + x_b), in the form without cancellation.
    null_b = np.minimum(divide(2 * (x_a + x_b), linear + root), 1.0)
    null_a = np.minimum(ratio * null_b, 1.0)
    variance = divide(null_a * (1 - null_a), trials_a) + ratio**2 * divide(
        null_b * (1 - null_b), trials_b
    )
    return divide(rate_a - ratio * rate_b, np.sqrt(variance))


def ratio_degrees(
    rate_a: Floats,
    variance_a: Floats,
    degrees_a: Floats,
    rate_b: Floats,
    variance_b: Floats,
    degrees_b: Floats,
) -> Floats:
    """Degrees of freedom of the variance of a log ratio (Welch 1947, Biometrika 34, 28-35).

    A side without events adds nothing: the other side's degrees of freedom count.
    """
    a, b = divide(variance_a, rate_a**2), divide(variance_b, rate_b**2)
    return divide((a + b) ** 2, a**2 / degrees_a + b**2 / degrees_b, otherwise=np.inf)


def ratio_interval(
    rate_a: Floats,
    trials_a: Floats,
    rate_b: Floats,
    trials_b: Floats,
    level: float,
    degrees: Floats | float = np.inf,
) -> tuple[Floats, Floats]:
    """Interval of p_a / p_b: the ratios that the two-sided score test does not reject.

    Returns
    -------
    lower, upper
        Upper is infinite where p_b is 0; both are NaN where neither side has an event or a side
        has no trial.
    """
    z = critical(level, degrees)
    rate_a, trials_a, rate_b, trials_b = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (rate_a, trials_a, rate_b, trials_b))
    )

    def end(target: Floats) -> Floats:
        low, high = np.full(rate_a.shape, -LIMIT), np.full(rate_a.shape, LIMIT)
        for _ in range(60):
            middle = (low + high) / 2
            above = score_statistic(rate_a, trials_a, rate_b, trials_b, np.exp(middle)) > target
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        found: Floats = np.exp((low + high) / 2)
        return found

    lower = np.where(rate_a > 0, end(z), 0.0)
    upper = np.where(rate_b > 0, end(-z), np.inf)
    undefined = ((rate_a <= 0) & (rate_b <= 0)) | (trials_a <= 0) | (trials_b <= 0)
    return np.where(undefined, np.nan, lower), np.where(undefined, np.nan, upper)


def equivalence_p(
    rate_a: Floats,
    trials_a: Floats,
    rate_b: Floats,
    trials_b: Floats,
    margin: float,
    degrees: Floats | float = np.inf,
) -> Floats:
    """Larger p-value of the two one-sided tests that the ratio is within the margin.

    Below alpha exactly where the 1 - 2 alpha score interval lies inside (1 / margin, margin).

    Returns
    -------
    p_value
        NaN where neither side has an event or a side has no trial.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    above = stats.t.sf(score_statistic(rate_a, trials_a, rate_b, trials_b, 1 / margin), degrees)
    below = stats.t.cdf(score_statistic(rate_a, trials_a, rate_b, trials_b, margin), degrees)
    undefined = ((rate_a <= 0) & (rate_b <= 0)) | (trials_a <= 0) | (trials_b <= 0)
    return np.where(undefined, np.nan, np.maximum(above, below))
