"""Comparing: the threshold at which a study has a given overall rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.config import ConfigError
from lfr_eval.contract.trials import PersonTrials, Trials
from lfr_eval.contract.words import one_in
from lfr_eval.inference.counting import counter_of

Floats = NDArray[np.float64]

AROUND = (8, 4, 2, 1.4, 1, 1 / 1.4, 1 / 2, 1 / 4, 1 / 8)
"""Thresholds around the matched one, by how many times the wanted events they have: from them
follow the slope of other rates and, where events are few, what trials are worth."""


@dataclass(frozen=True)
class Matched:
    """A study at the lowest threshold at which its overall rate is at most the one wanted.

    Attributes
    ----------
    threshold
        That threshold, an estimate from the study's own data.
    events, trials
        What the study has there.
    grid : (thresholds,)
        Ascending; thresholds around it and the threshold itself.
    """

    threshold: float
    events: int
    trials: int
    grid: Floats

    @property
    def place(self) -> int:
        """Index of the threshold among those around it."""
        return int(np.searchsorted(self.grid, self.threshold))


def match(trials: Trials, target: float, name: str) -> Matched:
    """Return where a study has at most the wanted rate of false alerts or matches.

    Raises
    ------
    ConfigError
        If the study has too few trials for a rate so low, or kept no scores for one so high.
    """
    total, scores = _total(trials), _scores(trials)
    wanted = int(np.floor(target * total + 1e-9))
    if wanted < 1:
        raise ConfigError(
            f"{name}: {one_in(target)} of {total:,} trials is less than one event, so no threshold "
            f"can be matched; ask for at least 1 in {total:,}, and better for ten times that."
        )
    if wanted >= len(scores):
        raise ConfigError(
            f"{name} kept {len(scores):,} scores of {total:,} trials, those from its lowest "
            f"threshold up; its rate can be matched below {one_in(len(scores) / total)} only. Run "
            "the study again with lower thresholds (thresholds.sweep=[LOWER,STOP,STEP]), or ask "
            "for a lower rate."
        )
    counts = {max(round(wanted * times), 1) for times in AROUND}
    grid = np.unique([_above(scores, count) for count in counts if count < len(scores)])
    threshold = _above(scores, wanted)
    events = int(np.count_nonzero(scores >= np.float32(threshold)))
    return Matched(threshold, events, total, grid)


def _above(scores: NDArray[np.float32], count: int) -> float:
    """Return the lowest threshold that at most `count` scores (descending) reach."""
    return float(np.nextafter(scores[count], np.float32(np.inf)))


def _scores(trials: Trials) -> NDArray[np.float32]:
    """Return the known scores, descending."""
    known = trials.score[np.isfinite(trials.score)].astype(np.float32)
    return np.sort(known)[::-1]


def _total(trials: Trials) -> int:
    if isinstance(trials, PersonTrials):
        return len(trials.person)
    steps = np.array([float(np.nextafter(np.float32(trials.floor), np.float32(np.inf)))])
    cells = counter_of(trials, steps).count(np.zeros(trials.people, np.intp), 1)
    return round(float(cells.trials[0, 0]))
