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
class Contrast:
    """Two sides, standardised to the same mix of strata.

    Attributes
    ----------
    rate_a, rate_b, variance_a, variance_b : (..., thresholds)
        Rates weighted by n_a n_b / (n_a + n_b) over the strata, so that their ratio is the
        Mantel-Haenszel rate ratio, and their variances.
    worth_a, worth_b : (..., thresholds)
        Trials of one stratum that would give the rate the same binomial variance,
        1 / sum(w^2 / n); all trials where there is one stratum.
    share_a, share_b : (..., thresholds)
        Most that one trial counts in them (1 where there is one stratum).
    shared : (..., thresholds)
        Whether there is a stratum in which both sides have trials.
    """

    rate_a: Floats
    rate_b: Floats
    variance_a: Floats
    variance_b: Floats
    worth_a: Floats
    worth_b: Floats
    share_a: Floats
    share_b: Floats
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

    def worth_of(side: Side) -> tuple[Floats, Floats]:
        each = divide(weight, side.trials)
        worth = divide(1.0, np.sum(weight * each, axis=-2))
        return worth, worth * each.max(axis=-2, initial=0.0)

    (worth_a, share_a), (worth_b, share_b) = worth_of(a), worth_of(b)
    return Contrast(
        rate_of(a),
        rate_of(b),
        spread_of(a),
        spread_of(b),
        worth_a,
        worth_b,
        share_a,
        share_b,
        np.broadcast_to(overlap.sum(axis=-2) > 0, worth_a.shape),
    )
