"""From which scores a threshold with few events borrows: a series that the scores alone decide.

In: how many trials there are, and their scores. Out: the series. Were it the thresholds that a
study lists, what is claimed at one of them would depend on which others somebody had listed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 10
"""Events at the first threshold of the series; each further one has twice as many."""

LARGEST_SHARE_OF_PAIRS = 0.1
MOST_PAIRS = 100_000
"""Where the series ends among comparisons of two people, of which the highest scores are kept."""


def most_pairs(comparisons: float) -> int:
    """How many of the highest-scoring comparisons of two people the series goes through."""
    return int(min(LARGEST_SHARE_OF_PAIRS * comparisons, MOST_PAIRS))


def series(scores: NDArray[np.floating], most: int) -> NDArray[np.float32]:
    """Thresholds that 10, 20, 40, ... of the scores reach, ascending, up to `most` of them.

    Scores that tie are reached together; -inf, the score of what was not acquired, is left out.
    """
    count = FEWEST
    places = []
    while count <= min(most, len(scores)):
        places.append(len(scores) - count)
        count *= 2
    if not places:
        return np.empty(0, np.float32)
    found = np.unique(np.partition(np.asarray(scores, np.float32), places)[places])
    return found[np.isfinite(found)]
