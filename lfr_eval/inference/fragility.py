"""Stage `inference`: how many people decide a verdict.

In: findings that claim a difference. Out: how many people of the side with more events would have
to lose theirs, those with most first, until the claim falls. The design effect is held: it is a
reading aid, no test.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lfr_eval.inference.cells import MOST_PEOPLE, Floats, divide
from lfr_eval.inference.minimum import FEWEST_AFFECTED, FEWEST_EVENTS
from lfr_eval.inference.mover import Compared, ratio_ends


def fragility(sides: Compared, top: Floats, affected: Floats, level: Floats) -> Floats:
    """Count the people that each claim rests on.

    Parameters
    ----------
    sides
        The claims, (claims,).
    top : (claims, MOST_PEOPLE)
        Events of the people with most on the side with more of them (trials without an event
        where events are the rule), in descending order.
    affected : (claims,)
        People with such a trial on that side.
    level : (claims,)
        Two-sided level of the claim.

    Returns
    -------
    (claims,)
        NaN where more than `MOST_PEOPLE` are needed.
    """
    a, b = sides.a, sides.b
    often = divide(a.events + b.events, a.trials + b.trials) > 0.5
    rare_a = np.where(often, a.trials - a.events, a.events)
    rare_b = np.where(often, b.trials - b.events, b.events)
    higher_a = divide(rare_a, a.trials) >= divide(rare_b, b.trials)
    taken = np.cumsum(top, axis=1)
    result = np.full(len(level), np.nan)
    for people in range(1, MOST_PEOPLE + 1):
        open_ = np.isnan(result)
        if not np.any(open_):
            break
        less = taken[:, people - 1]
        change = np.where(often, less, -less)
        fewer = Compared(
            replace(a, events=_within(a.events + np.where(higher_a, change, 0.0), a.trials)),
            replace(b, events=_within(b.events + np.where(higher_a, 0.0, change), b.trials)),
            sides.correlation,
        )
        lower, upper = ratio_ends(fewer, 1 - level)
        above, under = np.nan_to_num(lower) > 1, np.nan_to_num(upper, nan=np.inf) < 1
        # A claim in the other direction is not the same claim.
        stands = np.where(a.rate > b.rate, above, under)
        stands &= affected - people >= FEWEST_AFFECTED
        stands &= rare_a + rare_b - less >= FEWEST_EVENTS
        result[open_ & ~stands] = people
    return result


def _within(events: Floats, trials: Floats) -> Floats:
    return np.clip(events, 0.0, trials)
