"""Stage `inference`: what limits a comparison of two groups, besides how much was seen.

In: trials made ready to be counted, two sides. Out: `Limits`, of which the sentence tells: misses
of passes in which nobody was acquired, and few people who take part in most comparisons.
"""

from __future__ import annotations

import numpy as np

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.cells import Bools, Floats, Labels, divide
from lfr_eval.inference.comparison_rows import Limits
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.pairs import PairCounter

HEAVY = 0.2
"""Share of a group's comparisons from which it is told that one person takes part in so many."""

EVEN = 2 / 3
"""Least share of people that the effective number of people has where they weigh alike."""


def limits_of(swept: Swept, codes: Labels, a: Bools, b: Bools) -> Limits:
    """Find what limits the comparison of two sides.

    Parameters
    ----------
    codes : (people,)
        Group of each person.
    a, b : (groups,)
        Which groups each side is made of.
    """
    sides = a[codes], b[codes]
    counter, trials = swept.counter, swept.trials
    if isinstance(counter, PairCounter):
        compared = counter.compared(codes, len(a))
        return Limits(
            heaviest_a=_heaviest(compared[sides[0]]), heaviest_b=_heaviest(compared[sides[1]])
        )
    if isinstance(trials, PersonTrials) and trials.acquired is not None:
        one, two = (_unacquired(trials, trials.acquired, swept.steps, side) for side in sides)
        return Limits(one, two)
    return Limits()


def _heaviest(compared: Floats) -> float:
    """Return the share of the comparisons that one person takes part in; NaN where people alike."""
    total, people = compared.sum(), np.count_nonzero(compared > 0.5)
    effective = divide(total**2, np.sum(compared**2))
    share = divide(2 * compared.max(initial=0.0), total)
    return float(share) if share >= HEAVY and effective < EVEN * people else np.nan


def _unacquired(trials: PersonTrials, acquired: Bools, steps: Floats, member: Bools) -> Floats:
    """Return the share of misses that were passes without an acquired image, (thresholds,)."""
    mine = member[trials.person]
    score = np.sort(trials.score[mine])
    misses = np.searchsorted(score, np.asarray(steps, np.float32), "left").astype(float)
    lost = float(np.count_nonzero(mine & ~acquired))
    return divide(lost, misses, otherwise=np.nan) if lost else np.zeros(len(steps))
