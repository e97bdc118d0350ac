"""Round scores of a file to float32 without crossing a threshold (numbers in and out).

Trials hold float32, and a file may hold finer numbers: 0.99999997 and 0.99999998 are one float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def narrowed(scores: NDArray[np.floating], thresholds: Sequence[float]) -> NDArray[np.float32]:
    """Round scores to float32 so that each reaches the thresholds that it reached before.

    A score that is below a threshold and would round to it becomes the next lower float32. Rounding
    keeps the order, so no other score can change sides.

    Parameters
    ----------
    scores
        float32 scores come back as they are: thresholds are compared with them in float32.
    thresholds
        Increasing, and different as float32.
    """
    if scores.dtype == np.float32:
        return scores
    rounded = scores.astype(np.float32)
    if not len(thresholds):
        return rounded
    exact = np.asarray(thresholds, np.float64)
    at = exact.astype(np.float32)
    place = np.searchsorted(at, rounded).clip(max=len(at) - 1)
    raised = (at[place] == rounded) & (scores < exact[place])
    rounded[raised] = np.nextafter(rounded[raised], np.float32(-np.inf))
    return rounded


def reaches(scores: NDArray[np.floating], threshold: float) -> NDArray[np.bool_]:
    """Which scores reach a threshold: float32 scores are compared in float32, others exactly."""
    return np.asarray(scores >= scores.dtype.type(threshold))
