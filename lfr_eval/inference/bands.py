"""Stage `inference`: bands that hold whole curves, the rates of all groups at all thresholds.

In: the counter of the trials, the people's groups. Out: the one-sided level at which the ends of
`ends` hold at every threshold of every group at once. An interval of the table `rates` holds at one
threshold of one group; read along a curve, such intervals miss it somewhere in many studies.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from lfr_eval.inference.cells import Codes, Counter, Floats, Labels, divide
from lfr_eval.inference.clusters import sum_by
from lfr_eval.inference.pairs import PairCounter

DRAWS = 4000
"""Draws of the largest deviation; their number adds 0.3 points to the error of a coverage."""


def band_level(
    counter: Counter,
    groups: Labels,
    number: int,
    level: float,
    seed: int,
    clusters: Codes | None = None,
) -> float:
    """One-sided level of the ends of bands that hold for all groups and thresholds together.

    The deviation of a rate in standard errors is drawn at all thresholds of a group at once, each
    person's residuals with a random weight (the multiplier bootstrap, with normal weights). The
    largest deviation of any group at any threshold stays below a z in `level` of the draws; the
    level is that of the one-sided normal test at z. Groups are drawn independently, which is on the
    safe side if they share people, as conditions of trials do (Royen 2014). A threshold at which
    nothing, or everything, was an event has no residuals and takes the level of the others.

    Parameters
    ----------
    counter
        The trials, at the thresholds of the curves.
    groups : (people,)
        Group of each person, from 0 to `number` - 1.
    number
        Number of groups.
    level
        Confidence that all curves lie within their bands everywhere.
    seed
        Seed of the draws.
    clusters : (people,), optional
        Clusters of people, which then have the random weights.

    Returns
    -------
    float
        At most (1 - level) / 2, that of the intervals: a band is never narrower than they are.

    References
    ----------
    Montiel Olea & Plagborg-Moller (2019), Journal of Applied Econometrics 34, 1-17; Royen (2014),
    Far East Journal of Theoretical Statistics 48, 139-145.
    """
    largest = np.zeros(DRAWS)
    for group, matrix in enumerate(_correlations(counter, groups, number, clusters)):
        some = np.diag(matrix) > 0
        if np.any(some):
            draws = _normal(matrix[np.ix_(some, some)], np.random.default_rng([seed, group]))
            largest = np.maximum(largest, np.abs(draws).max(axis=1))
    return float(min(special.ndtr(-np.quantile(largest, level)), (1 - level) / 2))


def _correlations(counter: Counter, groups: Labels, number: int, clusters: Codes | None) -> Floats:
    """Correlation of a group's rates between thresholds, (groups, thresholds, thresholds).

    Rows and columns of a threshold without residuals are 0.
    """
    residuals = counter.residuals(groups, number)
    covariance = np.zeros((number, residuals.shape[1], residuals.shape[1]))
    for group in range(number):
        mine = groups == group
        values = residuals[mine]
        if clusters is not None:
            values = sum_by(values, np.unique(clusters[mine], return_inverse=True)[1].ravel())
        covariance[group] = values.T @ values
    if isinstance(counter, PairCounter):
        # A comparison is in the residuals of both of its people, and must count once. What people
        # add to independent comparisons is no variance below 0, at all thresholds together: with
        # the variances alone raised to those of independent comparisons, thresholds would seem to
        # be less alike than they are, and bands would be too wide.
        events = counter.count(groups, number).events
        step = np.arange(events.shape[1])
        once = events[:, np.maximum(step[:, None], step)]
        values, vectors = np.linalg.eigh(covariance - 2 * once)
        covariance = once + (vectors * np.maximum(values, 0)[:, None]) @ vectors.swapaxes(1, 2)
    spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
    correlation: Floats = divide(covariance, spread[:, :, None] * spread[:, None, :])
    return np.clip(correlation, -1.0, 1.0)


def _normal(correlation: Floats, rng: np.random.Generator) -> Floats:
    """Draw standard normal deviations with a correlation, (draws, thresholds)."""
    values, vectors = np.linalg.eigh(correlation)
    kept = values > 1e-9 * values[-1]
    root = vectors[:, kept] * np.sqrt(values[kept])
    # What was cut off of an estimate that is no proper correlation must not shrink the deviations.
    root /= np.sqrt(np.sum(root**2, axis=1, keepdims=True))
    draws: Floats = rng.standard_normal((DRAWS, root.shape[1])) @ root.T
    return draws
