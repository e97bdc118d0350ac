"""Engine: counts of a deployment, and the state from which an interrupted one continues."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lfr_eval.contract.folder import write_json
from lfr_eval.contract.reading import read_json

STATE = "state.json"
PERCENTILES = (50, 90, 99)
LONGEST_STEP = 10.0
"""Seconds without a frame that count as a gap, during which nobody was watching."""


@dataclass
class Counts:
    """Counts so far.

    Attributes
    ----------
    frames
        Frames searched for faces.
    corrupted
        Frames that could not be decoded.
    dropped
        Frames that arrived while another was being processed, and were lost.
    breaks
        Number of interruptions of the source.
    detections
        Faces found in frames.
    tracks
        Faces seen: see `counting_rule`.
    alerts, repeats
        Matches that raised an alert, and those that were suppressed as repeats.
    overdue
        Face pictures past their deadline at the last alert that could not be deleted.
    latency
        Milliseconds (rounded up) -> frames; from the decoded frame in hand to its decisions.
    """

    frames: int = 0
    corrupted: int = 0
    dropped: int = 0
    breaks: int = 0
    detections: int = 0
    tracks: int = 0
    alerts: int = 0
    repeats: int = 0
    overdue: int = 0
    latency: dict[int, int] = field(default_factory=dict)

    def took(self, seconds: float) -> None:
        """Count how long a frame took."""
        self.frames += 1
        milliseconds = math.ceil(1000 * seconds)
        self.latency[milliseconds] = self.latency.get(milliseconds, 0) + 1

    def percentiles(self) -> dict[str, int]:
        """Return the 50th, 90th and 99th percentiles of latency, in ms."""
        total, below = sum(self.latency.values()), 0
        wanted, found = list(PERCENTILES), {}
        for value in sorted(self.latency):
            below += self.latency[value]
            while wanted and below * 100 >= wanted[0] * total:
                found[f"p{wanted.pop(0)}"] = value
        return found


@dataclass
class State:
    """State of a deployment.

    Attributes
    ----------
    started
        When it began, ISO 8601, UTC.
    next_frame
        The first frame that was not processed.
    time
        Of the last frame, seconds since the source's start.
    watched
        Seconds that were watched: up to `time`, without the gaps in which no frame came.
    ended
        Why it ended; None while it runs or can continue.
    """

    started: str
    next_frame: int = 0
    time: float = 0.0
    watched: float = 0.0
    ended: str | None = None
    counts: Counts = field(default_factory=Counts)

    @classmethod
    def read(cls, folder: Path) -> State | None:
        """Return the state in a folder, if there is one."""
        if not (folder / STATE).is_file():
            return None
        values: dict[str, Any] = read_json(folder / STATE)
        counts = values.pop("counts")
        latency = {int(key): value for key, value in counts.pop("latency").items()}
        return cls(**values, counts=Counts(**counts, latency=latency))

    def pass_to(self, frame: int, time: float) -> None:
        """Record that a frame was processed."""
        step = time - self.time
        self.watched += step if step <= LONGEST_STEP else 0.0
        self.next_frame, self.time = frame + 1, time

    def write(self, folder: Path) -> None:
        """Write the state."""
        write_json(folder / STATE, asdict(self))


def counting_rule(gap: float, overlap: float) -> str:
    """Return the rule by which faces seen are counted, in words."""
    return (
        "Faces seen are passes, not detections and not people: a face followed from frame to "
        f"frame (boxes enlarged to double size, intersection over union at least {overlap:g}) "
        f"counts once; after more than {gap:g} s unseen the same face counts again, and so does "
        "one that is in view when a broken source is opened again by a new start."
    )
