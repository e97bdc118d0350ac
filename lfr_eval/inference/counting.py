"""Stage `inference`: make trials ready to be counted.

In: `PersonTrials` or `PairTrials`, thresholds. Out: a `Counter` over ascending thresholds, and one
over the scores from which thresholds with few events borrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.lending import most_pairs, series
from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.inference.cells import Counter, Floats
from lfr_eval.inference.conditioned import ConditionedCounter
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter
from lfr_eval.inference.precision import Lenders


@dataclass(frozen=True)
class Swept:
    """Trials counted at ascending thresholds, and where these borrow.

    Attributes
    ----------
    trials
        The trials.
    steps : (thresholds,)
        The thresholds.
    lenders
        Scores that lend to them: a fixed series, whatever the thresholds.
    condition : (trials,), optional
        Condition of each trial, where trials are counted by condition.
    conditions
        How many conditions there are.
    """

    trials: Trials
    steps: Floats
    lenders: Lenders
    condition: NDArray[np.intp] | None = None
    conditions: int = 1

    @classmethod
    def of(
        cls,
        trials: Trials,
        thresholds: Sequence[float],
        scores: Trials | None = None,
        condition: NDArray[np.intp] | None = None,
        conditions: int = 1,
    ) -> Swept:
        """Prepare trials; `scores` are all the trials, where these are some of them.

        Raises
        ------
        ValueError
            From `steps_of`.
        """
        steps = steps_of(trials, thresholds)
        some = condition if conditions > 1 else None
        return cls(trials, steps, lenders_of(scores or trials, steps), some, conditions)

    @cached_property
    def counter(self) -> Counter:
        """The trials, ready to be counted."""
        if isinstance(self.trials, PersonTrials) and self.condition is not None:
            return ConditionedCounter.of(self.trials, self.steps, self.condition, self.conditions)
        return counter_of(self.trials, self.steps)

    @cached_property
    def lending(self) -> Swept:
        """The same trials at the scores that lend."""
        return replace(self, steps=self.lenders.grid)


def lenders_of(trials: Trials, steps: Floats) -> Lenders:
    """Return the scores at which 10, 20, 40, ... trials are events.

    Trials of one person: up to half of them, at the lowest threshold or above, so that a log of
    alerts from that threshold upwards says the same as all scores do. Comparisons of two people:
    the highest scores alone, of which few are kept below the lowest threshold.
    """
    # Float32 is what scores are compared in.
    cuts = np.asarray(steps, np.float32)
    if not trials.has_threshold:
        return Lenders(cuts, np.empty(0))
    most, lowest = len(trials.score) // 2, cuts.min()
    if isinstance(trials, PairTrials):
        most, lowest = most_pairs(trials.comparisons), np.float32(-np.inf)
    # Scores that could lend to none of the thresholds need not be counted.
    if trials.event_at_or_above:
        grid = series(trials.score, most)
        return Lenders(cuts, grid[(lowest <= grid) & (grid <= cuts.max())].astype(float))
    # A score is missed by the thresholds just above it.
    grid = np.nextafter(-series(-trials.score, most), np.float32(np.inf))[::-1]
    return Lenders(cuts, grid[grid >= cuts.min()].astype(float))


def steps_of(trials: Trials, thresholds: Sequence[float]) -> Floats:
    """Thresholds ascending and without repetition; a single 0 where the trials have none.

    Raises
    ------
    ValueError
        If there is no threshold, one is not finite, or one is below the floor of `PairTrials`.
    """
    if not trials.has_threshold:
        return np.zeros(1)
    steps = np.unique(np.asarray(thresholds, dtype=float))
    if not len(steps) or not np.all(np.isfinite(steps)):
        raise ValueError(
            f"The 'thresholds' parameter must be one or more finite floats. Got {thresholds!r} "
            "instead."
        )
    if isinstance(trials, PairTrials) and np.float32(steps[0]) < np.float32(trials.floor):
        raise ValueError(
            f"The 'thresholds' parameter must not be below the floor of the comparisons, "
            f"{trials.floor}. Got {steps[0]} instead."
        )
    return steps


def counter_of(trials: Trials, steps: Floats) -> Counter:
    """Return the counter of the trials for ascending thresholds."""
    if isinstance(trials, PairTrials):
        return PairCounter.of(trials, steps)
    return PersonCounter.of(trials, steps)
