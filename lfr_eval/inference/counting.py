"""Stage `inference`: make trials ready to be counted.

In: `PersonTrials` or `PairTrials`, thresholds. Out: a `Counter` over ascending thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lfr_eval.contract.trials import PairTrials, Trials
from lfr_eval.inference.cells import Counter, Floats
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter


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
