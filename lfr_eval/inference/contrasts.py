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
    """

    events: Floats
    trials: Floats
    variance: Floats


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
    """

    rate_a: Floats
    rate_b: Floats
    variance_a: Floats
    variance_b: Floats
    statistic: Floats


def sides(cells: Cells, groups: int, strata: int) -> tuple[Side, Side]:
    """Return each group and, beside it, all other groups pooled, (..., groups, strata, T).

    The rest is the pooled comparisons *within* the other groups: comparisons across groups are
    left out on both sides, so that the rest of people is not given a lower false match rate
    merely because it is mixed.
    """
    shape = (len(cells.events), groups, strata, -1)
    x = cells.events.reshape(shape)
    n, v = cells.trials.reshape(shape), cells.variance.reshape(shape)
    other_n = n.sum(axis=1, keepdims=True) - n
    weighted = n * n * v
    other_v = np.maximum(weighted.sum(axis=1, keepdims=True) - weighted, 0.0)
    other_x = x.sum(axis=1, keepdims=True) - x
    return Side(x, n, v), Side(other_x, other_n, divide(other_v, other_n**2))


def contrast(a: Side, b: Side) -> Contrast:
    """Compare two sides.

    The variance of each side is not taken below the binomial variance at the pooled rate: a
    side without events would otherwise count as measured without error. Under equal rates the
    floor vanishes as evidence grows, so the statistic stays asymptotically standard normal.
    """
    both = a.trials + b.trials
    pooled = divide(a.events + b.events, both)
    weight = divide(a.trials * b.trials, both)
    weight = divide(weight, weight.sum(axis=-2, keepdims=True))
    spread = pooled * (1 - pooled)
    floor_a, floor_b = divide(spread, a.trials), divide(spread, b.trials)

    def standardised(values: Floats) -> Floats:
        summed: Floats = np.sum(weight * values, axis=-2)
        return summed

    def spread_of(values: Floats) -> Floats:
        summed: Floats = np.sum(weight**2 * values, axis=-2)
        return summed

    rate_a, rate_b = (standardised(divide(side.events, side.trials)) for side in (a, b))
    noise = spread_of(np.maximum(a.variance, floor_a)) + spread_of(np.maximum(b.variance, floor_b))
    return Contrast(
        rate_a,
        rate_b,
        spread_of(a.variance),
        spread_of(b.variance),
        divide(rate_a - rate_b, np.sqrt(noise)),
    )
