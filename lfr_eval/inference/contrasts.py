"""Stage `inference`: what two groups of people are compared by.

In: events, trials and variances of two sides by stratum. Out: rates standardised to the same
strata, their variances, and the trials that they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lfr_eval.inference.cells import Floats, divide


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
class Standardised:
    """One side's rate, averaged over strata; arrays are (..., thresholds).

    Attributes
    ----------
    rate, variance
        The rate and its variance.
    worth
        Trials of one stratum that would give the rate the same binomial variance,
        1 / sum(w^2 / n); all trials where there is one stratum.
    share
        Most that one trial counts in them (1 where there is one stratum).
    """

    rate: Floats
    variance: Floats
    worth: Floats
    share: Floats


@dataclass(frozen=True)
class Contrast:
    """Two sides, standardised to the same mix of strata.

    Attributes
    ----------
    a, b
        Rates weighted by n_a n_b / (n_a + n_b) over the strata, so that their ratio is the
        Mantel-Haenszel rate ratio.
    shared : (..., thresholds)
        Whether there is a stratum in which both sides have trials.
    """

    a: Standardised
    b: Standardised
    shared: Floats


def squared(values: Floats, conditions: int) -> Floats:
    """Products of the values of every two conditions of a stratum of people.

    (..., strata x conditions, thresholds) to (..., strata, conditions, conditions, thresholds)
    """
    blocks = values.reshape(*values.shape[:-2], -1, conditions, values.shape[-1])
    product: Floats = blocks[..., :, None, :] * blocks[..., None, :, :]
    return product


def contrast(a: Side, b: Side) -> Contrast:
    """Compare two sides within strata."""
    both = a.trials + b.trials
    weight = divide(a.trials * b.trials, both)
    overlap = weight.sum(axis=-2, keepdims=True)
    weight = divide(weight, overlap)

    def rate_of(side: Side) -> Floats:
        rate: Floats = np.sum(weight * divide(side.events, side.trials), axis=-2)
        return rate

    def spread_of(side: Side) -> Floats:
        summed: Floats = np.sum(weight**2 * side.variance, axis=-2)
        if side.covariance is None:
            return summed
        # What the strata share: the same people under several conditions.
        conditions = side.covariance.shape[-2]
        shared = squared(weight, conditions) * side.covariance
        own = np.arange(conditions)
        shared = shared.sum(axis=(-4, -3, -2)) - shared[..., own, own, :].sum(axis=(-3, -2))
        alone = divide(side.events, side.trials)
        alone = divide(alone * (1 - alone), side.trials)
        total: Floats = np.maximum(summed + shared, np.sum(weight**2 * alone, axis=-2))
        return total

    def standardised(side: Side) -> Standardised:
        each = divide(weight, side.trials)
        worth = divide(1.0, np.sum(weight * each, axis=-2))
        share = worth * each.max(axis=-2, initial=0.0)
        return Standardised(rate_of(side), spread_of(side), worth, share)

    one, two = standardised(a), standardised(b)
    return Contrast(one, two, np.broadcast_to(overlap.sum(axis=-2) > 0, one.worth.shape))
