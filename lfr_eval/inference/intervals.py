"""Stage `inference`: confidence intervals of error rates from clustered trials.

In: rates with cluster-robust variances. Out: effective trials, Wilson intervals on them, the bounds
that people, not comparisons, support where no event was seen, and what thresholds say of one
another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lfr_eval.inference.cells import Floats, divide

ENOUGH_EVENTS = 10
"""Events from which a design effect is believed enough to be carried to other thresholds."""

WILSON = "Wilson on effective trials"
NO_EVENT_DESIGN = "no event: comparisons over the largest design effect of the sweep"
NO_EVENT_PEOPLE = "no event: independent people only"
NO_TRIAL = "no trial"
OR_NEARER = ", or the end of a threshold with more events that is nearer"


@dataclass(frozen=True)
class Intervals:
    """Intervals of the rates of some cells at ascending thresholds.

    Attributes
    ----------
    lower, upper, effective_trials : (..., thresholds)
        Ends of the intervals (NaN without trials) and the number of independent trials that
        would have the same variance.
    method : (..., thresholds)
        How each interval was made, in words.
    """

    lower: Floats
    upper: Floats
    effective_trials: Floats
    method: NDArray[np.str_]


def independent_units(people: Floats, pairs: bool) -> Floats:
    """Trials that share nobody: n people, or floor(n / 2) disjoint pairs of people."""
    return np.floor(people / 2) if pairs else people


def sweep_design_effect(events: Floats, trials: Floats, variance: Floats) -> Floats:
    """Largest design effect over the thresholds that have enough events (and non-events).

    Parameters
    ----------
    events, trials, variance : (..., thresholds)
        Trials may have one threshold only.

    Returns
    -------
    (..., 1)
        NaN where no threshold has enough.
    """
    rate = divide(events, trials)
    effect = divide(variance, divide(rate * (1 - rate), trials), otherwise=1.0)
    enough = _enough(events, trials)
    best = np.where(enough, effect, -np.inf).max(axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(best), np.maximum(best, 1.0), np.nan)


def _enough(events: Floats, trials: Floats) -> NDArray[np.bool_]:
    """Where there are enough events, and enough trials without one."""
    found: NDArray[np.bool_] = (events >= ENOUGH_EVENTS) & (trials - events >= ENOUGH_EVENTS)
    return found


def effective_trials(
    events: Floats, trials: Floats, variance: Floats, independent: Floats
) -> Floats:
    """Independent trials that would have the same variance, p (1 - p) / V.

    Where no trial, or every trial, is an event the variance says nothing: trials over the
    largest design effect of the sweep, or only the independent ones where the sweep has none.

    Parameters
    ----------
    events, trials, variance : (..., thresholds)
        Trials may have one threshold only.
    independent : (..., 1)
        Trials that share nobody (`independent_units`).
    """
    rate = divide(events, trials)
    mixed = (events > 0) & (events < trials)
    effect = sweep_design_effect(events, trials, variance)
    carried = np.where(np.isnan(effect), independent, trials / np.nan_to_num(effect, nan=1.0))
    result: Floats = np.where(mixed, divide(rate * (1 - rate), variance), carried)
    return np.where(trials > 0, result, 0.0)


def critical(level: float, degrees: Floats | float = np.inf) -> Floats:
    """Two-sided critical value of Student's t; the normal one for infinite degrees of freedom."""
    value: Floats = np.asarray(stats.t.isf((1 - level) / 2, degrees))
    return value


def wilson(
    rate: Floats,
    trials: Floats,
    level: float,
    degrees: Floats | float = np.inf,
    skewness: Floats | float = 0.0,
) -> tuple[Floats, Floats]:
    """Wilson's score interval for a proportion of possibly fractional trials.

    A rate that came out too low has a variance that came out too low with it, and one that came
    out too high the opposite: the end on the side of no events (of all, for rates above a half)
    takes the normal critical value, the other end Student's. Where events come in clumps of very
    different size, the far end is moved out by Johnson's correction for skewness,
    (2 t^2 + 1) / 6 times the skewness of the number of events. The interval itself allows for that
    of as many independent events; half of it is taken off, which is a choice by measurement (see
    the calibration), since few people show less skewness than there is.

    Parameters
    ----------
    rate, trials
        Rates and effective trials.
    level
        Confidence level.
    degrees
        Degrees of freedom of the variance behind the effective trials.
    skewness
        Skewness of the number of events.

    Returns
    -------
    lower, upper : like `rate`
        0 and 1 without trials.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; Johnson (1978), JASA 73, 536-544.
    """
    near, far = critical(level), critical(level, degrees)
    n = np.where(trials > 0, trials, 1.0)
    rare = rate <= 0.5
    independent = divide(1 - 2 * rate, np.sqrt(n * rate * (1 - rate)))
    excess = np.where(rare, 1.0, -1.0) * (skewness - independent / 2)
    far = far + np.maximum(excess, 0.0) * (2 * far**2 + 1) / 6

    def end(z: Floats, side: float) -> Floats:
        z2 = z**2
        middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
        clipped: Floats = np.clip(middle + side * half, 0, 1)
        return clipped

    empty = trials <= 0
    return (
        np.where(empty, 0.0, end(np.where(rare, near, far), -1.0)),
        np.where(empty, 1.0, end(np.where(rare, far, near), 1.0)),
    )


def no_event_bound(independent: Floats | float, level: float) -> Floats:
    """One-sided upper bound on a rate when none of n independent trials was an event.

    1 - (1 - level)^(1 / n), the exact form of the rule of three; 1 for no trial.

    Examples
    --------
    >>> round(float(1 / no_event_bound(400, 0.95)))
    134
    """
    n = np.asarray(independent, float)
    return np.where(n > 0, -np.expm1(np.log1p(-level) / np.where(n > 0, n, 1.0)), 1.0)


def rate_intervals(
    events: Floats,
    trials: Floats,
    variance: Floats,
    independent: Floats,
    level: float,
    degrees: Floats | float = np.inf,
    skewness: Floats | float = 0.0,
) -> Intervals:
    """Intervals of rates, with one-sided bounds where no trial or every trial is an event.

    Parameters
    ----------
    events, trials, variance : (..., thresholds)
        Trials may have one threshold only.
    independent : (..., 1)
        Trials that share nobody.
    level
        Confidence level.
    degrees : (..., thresholds)
        Degrees of freedom of the variance: a variance that rests on few people is itself
        uncertain.
    skewness : (..., thresholds)
        Skewness of the number of events.
    """
    events, trials, variance = np.broadcast_arrays(events, trials, variance)
    n = effective_trials(events, trials, variance, independent)
    rate = divide(events, trials)
    lower, upper = wilson(rate, n, level, degrees, skewness)
    bound = no_event_bound(n, level)
    none, all_, empty = events == 0, events == trials, trials == 0
    lower = np.where(empty, np.nan, np.where(none, 0.0, np.where(all_, 1 - bound, lower)))
    upper = np.where(empty, np.nan, np.where(none, bound, np.where(all_, 1.0, upper)))
    unseen = np.isnan(sweep_design_effect(events, trials, variance))
    extreme = np.where(unseen, NO_EVENT_PEOPLE, NO_EVENT_DESIGN)
    method = np.where(empty, NO_TRIAL, np.where(none | all_, extreme, WILSON))
    return Intervals(lower, upper, n, method)


def bound_each_other(
    intervals: Intervals, events: Floats, trials: Floats, falling: bool
) -> Intervals:
    """Intervals along ascending thresholds, of rates that can only fall (or only rise) with them.

    A false alert at a threshold is one at every lower threshold too. So the upper end of a lower
    threshold bounds the rate as well, and where few people had events it often does so more
    closely. Ends that rest on fewer than `ENOUGH_EVENTS` events, or non-events, give way to those
    of thresholds with enough of both. If any end could give way to any other, the lowest of many
    would be chosen, and coverage would suffer (measured, see the calibration).

    Parameters
    ----------
    intervals
        Of the same trials at ascending thresholds, (..., thresholds).
    events, trials : (..., thresholds)
        Trials may have one threshold only.
    falling
        Whether events are scores at or above the threshold.
    """
    enough = _enough(events, trials)
    upwards, downwards = slice(None), slice(None, None, -1)
    first, last = (upwards, downwards) if falling else (downwards, upwards)
    above = np.where(enough, intervals.upper, np.inf)[..., first]
    below = np.where(enough, intervals.lower, -np.inf)[..., last]
    bound = np.minimum.accumulate(above, axis=-1)[..., first]
    floor = np.maximum.accumulate(below, axis=-1)[..., last]
    upper = np.where(enough, intervals.upper, np.minimum(intervals.upper, bound))
    lower = np.where(enough, intervals.lower, np.maximum(intervals.lower, floor))
    moved = (upper < intervals.upper) | (lower > intervals.lower)
    method = np.where(moved, np.char.add(intervals.method, OR_NEARER), intervals.method)
    return Intervals(lower, upper, intervals.effective_trials, method)
