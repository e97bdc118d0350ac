"""Engine: boxes of faces in, passes out, by following each face from frame to frame.

Faces are associated by the overlap of their boxes alone, so that no template outlives its frame.
One-to-one assignment with the largest total overlap (SciPy's linear_sum_assignment), after each
track is moved on at its last speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Box = tuple[float, float, float, float]
Boxes = NDArray[np.float64]


@dataclass
class Track:
    """One face followed over frames, taken as one pass of one person.

    Attributes
    ----------
    number
        From 1, over the whole deployment.
    box
        Where it was last: left, top, right, bottom, pixels.
    time
        When that was, seconds.
    speed
        Speed of the box's centre, in pixels per second.
    alerted
        Watchlist people about whom it has raised an alert.
    """

    number: int
    box: Boxes
    time: float
    speed: Boxes
    alerted: set[str] = field(default_factory=set)

    def expected(self, time: float) -> Boxes:
        """Return the expected box at a time."""
        return self.box + np.tile(self.speed * (time - self.time), 2)

    def move(self, box: Boxes, time: float) -> None:
        """Move the track to a new box."""
        if time > self.time:
            self.speed = (_centre(box) - _centre(self.box)) / (time - self.time)
        self.box, self.time = box, time


class Tracker:
    """Follows faces.

    Parameters
    ----------
    overlap
        Smallest intersection over union of two boxes that makes them one face. Boxes are first
        enlarged to double size, so that a face may move by about its own size between frames.
    gap
        Seconds without being seen after which a track ends.
    tracks
        Tracks that already exist.
    """

    def __init__(self, overlap: float, gap: float, tracks: int = 0) -> None:
        self._overlap, self._gap = overlap, gap
        self._open: list[Track] = []
        self.tracks = tracks

    def assign(self, boxes: Sequence[Box], time: float) -> list[Track]:
        """Return the track of each face of a frame, in order; new faces begin new tracks."""
        self._open = [track for track in self._open if time - track.time <= self._gap]
        found = np.asarray(boxes, float).reshape(-1, 4)
        expected = [track.expected(time) for track in self._open]
        shared = overlaps(_doubled(np.reshape(expected, (-1, 4))), _doubled(found))
        assigned: dict[int, Track] = {}
        for row, column in zip(*linear_sum_assignment(shared, maximize=True), strict=True):
            if shared[row, column] >= self._overlap:
                assigned[int(column)] = self._open[row]
        for place, box in enumerate(found):
            if place in assigned:
                assigned[place].move(box, time)
            else:
                self.tracks += 1
                assigned[place] = Track(self.tracks, box, time, np.zeros(2))
                self._open.append(assigned[place])
        return [assigned[place] for place in range(len(found))]


def overlaps(first: Boxes, second: Boxes) -> Boxes:
    """Intersection over union of every two boxes.

    Parameters
    ----------
    first, second : (n, 4) and (m, 4)
        Left, top, right, bottom.

    Returns
    -------
    (n, m)
        Between 0 and 1.
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2)
    area = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, second)]
    union = area[0][:, None] + area[1][None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _centre(box: Boxes) -> Boxes:
    return np.asarray((box[:2] + box[2:]) / 2)


def _doubled(boxes: Boxes) -> Boxes:
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    return np.hstack([boxes[:, :2] - half, boxes[:, 2:] + half])
