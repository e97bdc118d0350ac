"""Stage `inference`: what two groups of people are compared by.

In: `Cells`. Out: rates of two sides standardised to the same strata, and the studentised
difference that the permutation test uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lfr_eval.inference.cells import Cells, Floats, divide


@dataclass(frozen=True)
class Side:
    """One side of a comparison in every stratum.

    Attributes
    ----------
    events, trials, variance : (..., strata, thresholds)
        As in `Cells`.
    covariance : (..., strata / conditions, conditions, conditions, thresholds), optional
        As in `Cells`.
    """

    events: Floats
    trials: Floats
    variance: Floats
    covariance: Floats | None = None


@dataclass(frozen=True)
class Contrast:
    """Two sides, standardised to the same mix of strata.

    Attributes
    ----------
    rate_a, rate_b, variance_a, variance_b : (..., thresholds)
        Rates weighted by n_a n_b / (n_a + n_b) over the strata, so that their ratio is the
        Mantel-Haenszel rate ratio, and their variances.
    statistic : (..., thresholds)
        Studentised difference; 0 where neither side has an event or a trial.
    shared : (..., thresholds)
        Whether there is a stratum in which both sides have trials.
    """

    rate_a: Floats
    rate_b: Floats
    variance_a: Floats
    variance_b: Floats
    statistic: Floats
    shared: Floats


def sides(cells: Cells, groups: int, strata: int) -> tuple[Side, Side]:
    """Return each group and, beside it, all other groups pooled, (..., groups, strata, T).

    The rest is the pooled comparisons *within* the other groups: comparisons across groups are
    left out on both sides, so that the rest of people is not given a lower false match rate
    merely because it is mixed. `strata` are those of people.
    """
    shape = (len(cells.events), groups, strata * cells.conditions, -1)
    x = cells.events.reshape(shape)
    n, v = cells.trials.reshape(shape), cells.variance.reshape(shape)
    other_n = n.sum(axis=1, keepdims=True) - n
    weighted = n * n * v
    other_v = np.maximum(weighted.sum(axis=1, keepdims=True) - weighted, 0.0)
    other_x = x.sum(axis=1, keepdims=True) - x
    rest = divide(other_v, other_n**2)
    if cells.covariance is None:
        return Side(x, n, v), Side(other_x, other_n, rest)
    blocks = (len(cells.events), groups, strata, *cells.covariance.shape[2:])
    covariance = cells.covariance.reshape(blocks)
    weighted = squared(n, cells.conditions) * covariance
    other = weighted.sum(axis=1, keepdims=True) - weighted
    other = divide(other, squared(other_n, cells.conditions))
    return Side(x, n, v, covariance), Side(other_x, other_n, rest, other)


def squared(values: Floats, conditions: int) -> Floats:
    """Products of the values of every two conditions of a stratum of people.

    (..., strata x conditions, thresholds) to (..., strata, conditions, conditions, thresholds)
    """
    blocks = values.reshape(*values.shape[:-2], -1, conditions, values.shape[-1])
    product: Floats = blocks[..., :, None, :] * blocks[..., None, :, :]
    return product


def contrast(a: Side, b: Side) -> Contrast:
    """Compare two sides.

    The variance of each side is not taken below the binomial variance at the pooled rate: a
    side without events would otherwise count as measured without error. Under equal rates the
    floor vanishes as evidence grows, so the statistic stays asymptotically standard normal.
    """
    both = a.trials + b.trials
    pooled = divide(a.events + b.events, both)
    weight = divide(a.trials * b.trials, both)
    overlap = weight.sum(axis=-2, keepdims=True)
    weight = divide(weight, overlap)
    spread = pooled * (1 - pooled)
    floor_a, floor_b = divide(spread, a.trials), divide(spread, b.trials)

    def standardised(values: Floats) -> Floats:
        summed: Floats = np.sum(weight * values, axis=-2)
        return summed

    def spread_of(side: Side, least: Floats) -> Floats:
        summed: Floats = np.sum(weight**2 * np.maximum(side.variance, least), axis=-2)
        if side.covariance is None:
            return summed
        # What the strata share: the same people under several conditions.
        conditions = side.covariance.shape[-2]
        shared = squared(weight, conditions) * side.covariance
        own = np.arange(conditions)
        shared = shared.sum(axis=(-4, -3, -2)) - shared[..., own, own, :].sum(axis=(-3, -2))
        alone = divide(side.events, side.trials)
        alone = np.maximum(divide(alone * (1 - alone), side.trials), least)
        total: Floats = np.maximum(summed + shared, np.sum(weight**2 * alone, axis=-2))
        return total

    rate_a, rate_b = (standardised(divide(side.events, side.trials)) for side in (a, b))
    noise = spread_of(a, floor_a) + spread_of(b, floor_b)
    none = np.zeros_like(floor_a)
    return Contrast(
        rate_a,
        rate_b,
        spread_of(a, none),
        spread_of(b, none),
        divide(rate_a - rate_b, np.sqrt(noise)),
        np.broadcast_to(overlap.sum(axis=-2) > 0, rate_a.shape),
    )
