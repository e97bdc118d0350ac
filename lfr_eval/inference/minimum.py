"""Stage `inference`: the least evidence from which two rates may be compared.

In: `Evidence` of two sides. Out: where they may be. Below it no test holds its level, since a
variance of one or two people cannot be known.
"""

from __future__ import annotations

import numpy as np

from lfr_eval.inference.cells import Bools, divide
from lfr_eval.inference.precision import Evidence

FEWEST_PEOPLE = 6
"""People with a trial on each side."""

FEWEST_EVENTS = 6
"""Events of both sides together."""

FEWEST_AFFECTED = 3
"""People with an event in the group with the higher rate."""

FEWEST_AFFECTED_PAIRS = 4
"""The same where every event has two people."""


def enough_evidence(a: Evidence, b: Evidence) -> Bools:
    """Where two sides have the least evidence, (groups, thresholds).

    Where events are the rule (successes of more than half of all trials), trials without one are
    counted instead.
    """
    least = FEWEST_AFFECTED_PAIRS if a.pairs else FEWEST_AFFECTED
    often = divide(a.events + b.events, a.trials + b.trials) > 0.5
    rare_a = np.where(often, a.trials - a.events, a.events)
    rare_b = np.where(often, b.trials - b.events, b.events)
    touched_a = np.where(often, a.affected_without, a.affected)
    touched_b = np.where(often, b.affected_without, b.affected)
    higher = divide(rare_a, a.trials) >= divide(rare_b, b.trials)
    touched = np.where(higher, touched_a, touched_b)
    found: Bools = (
        (a.people >= FEWEST_PEOPLE)
        & (b.people >= FEWEST_PEOPLE)
        & (rare_a + rare_b >= FEWEST_EVENTS - 1e-9)
        & (touched >= least)
    )
    return found
