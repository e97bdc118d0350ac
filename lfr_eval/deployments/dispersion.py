"""Events and exposure of deployments in, how far they differ beyond chance out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from lfr_eval.inference.field import binomial_interval, poisson_interval

FEWEST = 5
"""Deployments below which the dispersion between them is not estimated."""


def dispersion(events: np.ndarray, exposure: np.ndarray, binomial: bool = False) -> float:
    """Return the variance between deployments over that of independent events, at least 1.

    Parameters
    ----------
    events, exposure
        Of each deployment, shape (deployments,).
    binomial
        Whether each unit of exposure can have one event at most.

    Returns
    -------
    float
        NaN where it cannot be estimated: fewer than five deployments or no event.
    """
    used = exposure > 0
    events, exposure = events[used], exposure[used]
    if len(events) < FEWEST or events.sum() == 0:
        return float("nan")
    rate = events.sum() / exposure.sum()
    # Pearson's statistic is unstable where most expected counts are far below one; the variance of
    # the total is what the interval needs (Fletcher 2012, Biometrika 99, 230-237, is its cousin).
    residual = events - rate * exposure
    robust = len(events) / (len(events) - 1) * float((residual**2).sum())
    independent = rate * exposure.sum() * (1 - rate if binomial else 1)
    return max(1.0, robust / independent) if independent > 0 else float("nan")


def widened(
    events: np.ndarray, exposure: np.ndarray, spread: float, level: float, binomial: bool = False
) -> tuple[float, float]:
    """Return the interval of a rate whose events count as events / spread; NaN where unknown.

    A spread above 1 was estimated from few deployments, so it is taken larger by (t / z) squared,
    t having a degree of freedom less than there are deployments (Korn & Graubard 1998, Survey
    Methodology 24, 193-201).
    """
    if np.isnan(spread):
        return float("nan"), float("nan")
    if spread > 1:
        tail, few = (1 - level) / 2, int((exposure > 0).sum()) - 1
        spread *= float(stats.t.isf(tail, few) / stats.norm.isf(tail)) ** 2
    exact = binomial_interval if binomial else poisson_interval
    return exact(float(events.sum()) / spread, float(exposure.sum()) / spread, level)
