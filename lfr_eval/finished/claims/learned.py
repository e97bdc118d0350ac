"""What a sentence says of differences between groups, and what else it is about.

In: a sentence as somebody wrote it. Out: one of four readings and any of four reasons, as the
network of `network.py` gives them, and whether it is sure. It never decides whether a sentence is
the study's own: that it is word for word, or not at all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lfr_eval.finished.claims.network import network
from lfr_eval.finished.claims.pieces import MOST, pieces_of

ALIKE, DIFFERENCE, BOTH, NEITHER = "alike", "difference", "both", "neither"
READINGS = (ALIKE, DIFFERENCE, BOTH, NEITHER)
"""Groups do not differ; they do; some do and some do not; neither is claimed."""

UNCLEAR = "unclear"
"""A sentence that cannot be told as one of the readings."""

RATE, MEASURE, STUDY, BEYOND = "rate", "measure", "study", "beyond"
REASONS = (RATE, MEASURE, STUDY, BEYOND)
"""How often one kind of error happens; another measure, such as accuracy or a share of the alerts;
the study and what is known; anything else."""

SURE = 0.9
"""Probability below which a sentence is told as one of two. Chosen on sentences of voices that
nothing was learned from; docs/report.md has what it gives."""

SURE_WHICH = 0.02
"""Probability of the opposite from which a sentence is not told as `alike` or `difference`."""

NAMED, BESIDE = 0.5, 0.9
"""Probability from which a reason is given, and beside a claim on groups, where most have none."""


class Learned(NamedTuple):
    """What a sentence says most likely.

    Attributes
    ----------
    reading, second
        The likeliest of `READINGS` and the next.
    reasons
        Those of `REASONS` that it gives cause for, the likeliest first. One at least where the
        reading is `neither`.
    is_sure
        Whether it may be told as the one reading.
    """

    reading: str
    second: str
    reasons: tuple[str, ...]
    is_sure: bool


@lru_cache(maxsize=1024)
def learned_of(claim: str) -> Learned:
    """Return what a sentence says most likely.

    Examples
    --------
    >>> learned_of("The system treats Black and White people alike.").reading
    'alike'
    """
    reader = network()
    pieces = pieces_of(claim, reader.vocabulary)
    chances = reader.read(pieces)
    second, first = np.argsort(chances.readings)[-2:]
    reading, other = READINGS[first], READINGS[second]
    order = np.argsort(-chances.reasons)
    least = NAMED if reading == NEITHER else BESIDE
    named = tuple(REASONS[number] for number in order if chances.reasons[number] >= least)
    if reading == NEITHER:
        named = named or (REASONS[order[0]],)
    # What is cut off could turn the rest round.
    sure = chances.readings[first] >= SURE and len(pieces) < MOST + 2
    if {reading, other} == {ALIKE, DIFFERENCE}:
        sure &= chances.readings[second] < SURE_WHICH
    return Learned(reading, other, named, bool(sure))
