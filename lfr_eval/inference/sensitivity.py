"""Stage `inference`: what else could have made a ratio: things not recorded, and wrong labels.

In: a ratio with its interval, events of people. Out: the E-value, and the ratio that there would be
if some labels were wrong.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Floats

MISLABELLED = (0.01, 0.02, 0.05)
"""Shares of people whose label may be wrong."""


def e_value(ratio: float) -> float:
    """How strongly something unrecorded must go with group and event to make a ratio of 1 of it.

    Both associations, as ratios, must be at least this large.

    References
    ----------
    VanderWeele & Ding (2017), Annals of Internal Medicine 167, 268-274.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2), e_value(1.0)
    (7.26, 7.26, 1.0)
    """
    if math.isnan(ratio) or ratio <= 0 or math.isinf(ratio):
        return math.inf if ratio == 0 or math.isinf(ratio) else math.nan
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def e_value_of_interval(lower: float, upper: float) -> float:
    """Return the E-value of the end of an interval nearer to 1; 1 where the interval holds 1."""
    if math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower <= 1 <= upper:
        return 1.0
    return e_value(lower if lower > 1 else upper)


def mislabelled_at_random(events: Floats, trials: Floats, share: float) -> float:
    """Ratio of true groups where `share` of everybody has the label of the other group.

    Wrong labels that have nothing to do with events mix the groups, so the true ratio is further
    from 1 than the one that was seen. A small group is mixed most: more of its label are wrong.
    NaN where no true groups could have been mixed so.

    Parameters
    ----------
    events, trials : (2,)
        Of those labelled as of the group in the numerator, and of the others.
    """
    x, n = (
        (1 - share) * labelled - share * labelled[::-1]
        for labelled in (np.asarray(events, float), np.asarray(trials, float))
    )
    if x[0] < 0 or x[1] <= 0 or min(n) <= 0:
        return math.nan
    return float((x[0] / n[0]) / (x[1] / n[1]))


def mislabelled_at_worst(
    events: Floats, trials: Floats, member: NDArray[np.bool_], share: float
) -> float:
    """Ratio nearest to 1, or on the other side of it, that wrong labels could have hidden.

    Of all people, `share` (rounded up) change sides: those with most events beyond the common
    rate leave the group with the higher rate, those with fewest leave the other.

    Parameters
    ----------
    events, trials : (people,)
        Of everybody in both groups.
    member : (people,)
        Whether a person is labelled as of the group in the numerator.
    """
    change = math.ceil(share * len(events) - 1e-9)
    total = [(events[side].sum(), trials[side].sum()) for side in (member, ~member)]
    if min(trials_of for _, trials_of in total) <= 0:
        return math.nan
    turned = total[0][0] * total[1][1] < total[1][0] * total[0][1]
    high, low = (~member, member) if turned else (member, ~member)
    common = events.sum() / trials.sum()
    excess = events - common * trials
    leave = np.flatnonzero(high)[np.argsort(-excess[high], kind="stable")]
    join = np.flatnonzero(low)[np.argsort(excess[low], kind="stable")]
    left, joined = (
        np.c_[np.zeros(2), np.cumsum([events[who], trials[who]], axis=1)][:, : change + 1]
        for who in (leave[:-1], join[:-1])  # Nobody leaves a group empty.
    )
    outs, ins = np.indices((left.shape[1], joined.shape[1]))
    here = (outs + ins) <= change
    moved = left[:, outs[here]] - joined[:, ins[here]]
    kept = np.array([events[high].sum(), trials[high].sum()])[:, None] - moved
    other = np.array([events[low].sum(), trials[low].sum()])[:, None] + moved
    counts = other[0] > 0
    ratios = (kept[0] * other[1])[counts] / (kept[1] * other[0])[counts]
    worst = float(ratios.min(initial=math.inf))
    if turned:
        return 1 / worst if worst > 0 else math.inf
    return worst
