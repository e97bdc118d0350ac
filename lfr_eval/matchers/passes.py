"""Which pass an alert belongs to that names none (times and cameras in, passes out)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.spelling import skeleton

NEAREST = "nearest in time"
NO_PASS, NO_CAMERA, SEVERAL = "no pass near", "no pass at this camera", "several passes as near"


def alike(cameras: pd.Series) -> pd.Series:
    """Return names of cameras without what may differ by accident, such as letter case."""
    return cameras.map({name: skeleton(name) for name in cameras.unique()})


def nearest_pass(
    at: NDArray[np.datetime64],
    camera: NDArray[np.str_],
    began: NDArray[np.datetime64],
    cameras: NDArray[np.str_],
    within: np.timedelta64,
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Return the nearest pass in time at the same camera, or at any if the alert names none."""
    place = np.full(len(at), -1, np.intp)
    found = np.full(len(at), NO_PASS, object)
    for name in np.unique(camera):
        there = (cameras == name) | (name == "")
        here = np.flatnonzero(there & ~np.isnat(began))
        if not there.any():
            found[camera == name] = NO_CAMERA
        if not len(here):
            continue
        here = here[np.argsort(began[here], kind="stable")]
        mine = np.flatnonzero(camera == name)
        times, own = began[here], at[mine]
        after = np.searchsorted(times, own)
        gap = np.minimum(
            np.abs(own - times[(after - 1).clip(0)]),
            np.abs(own - times[after.clip(max=len(times) - 1)]),
        )
        # All passes exactly so far away, before and after.
        number, first = np.zeros(len(own), int), np.zeros(len(own), int)
        at_once = gap == np.timedelta64(0)
        for moment, counts in ((own - gap, True), (own + gap, ~at_once)):
            left, right = np.searchsorted(times, moment), np.searchsorted(times, moment, "right")
            there = (right > left) & counts
            number += np.where(there, right - left, 0)
            first = np.where(there, left, first)
        near = gap <= within
        one = near & (number == 1)
        place[mine[one]] = here[first[one]]
        found[mine] = np.where(one, NEAREST, np.where(near, SEVERAL, NO_PASS))
    return place, found
