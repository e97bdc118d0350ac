"""What a sentence says, learned from sentences that people have sorted by hand.

In: a sentence in plain lower case. Out: what it says of groups, or else what it is about, and how
sure that is. Linear models of words and of kinds of words (`examples.csv`, `kinds.py`), trained at
first use (`weights.py`), are put together with what the rules of `polarity.py` read. They
never decide whether a sentence is the study's own: that it is word for word, or not at all.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lfr_eval.finished.claims.kinds import views_of
from lfr_eval.finished.claims.polarity import (
    ALIKE,
    BOTH,
    DIFFERENCE,
    NEITHER,
    NONE,
    OPEN,
    UNCLEAR,
    polarity_of,
)
from lfr_eval.finished.claims.rewording import reworded
from lfr_eval.finished.claims.weights import Weights, keep, kept, place, trained
from lfr_eval.finished.claims.wording import in_plain

RATE, SHARE, ACCURACY, STUDY, BEYOND = "rate", "share", "accuracy", "study", "beyond"
"""What a sentence that says nothing of groups is about: how often one kind of error happens; whose
the alerts were; being right or wrong in general; the study itself; anything else."""

SURE, SURE_ALONE = 0.7, 0.7
"""Probability below which nobody is told that a sentence says this: with the rules, and of the
words alone."""

AGAINST = 0.05
"""Probability of the opposite from which neither likeness nor difference is told."""

SURE_OF_TWO = 0.95
"""Probability of two readings together from which what both say is told."""

IS_OPEN, IS_NONE = 0.7, 0.3
"""Probability from which, and up to which, what claims neither says that something is unknown."""

_CLAIMS = (ALIKE, DIFFERENCE, BOTH, NEITHER)
_TOPICS = (OPEN, RATE, SHARE, ACCURACY, STUDY, BEYOND)
_LIKELY = 0.4
"""Share of a topic among all topics below which nothing shows what a sentence is about."""

_RULED = {
    ALIKE: (0.72, 0.04, 0.30, 0.04),
    DIFFERENCE: (0.04, 0.66, 0.16, 0.05),
    BOTH: (0.01, 0.02, 0.34, 0.002),
    OPEN: (0.09, 0.07, 0.04, 0.24),
    NONE: (0.11, 0.17, 0.07, 0.66),
    UNCLEAR: (0.02, 0.02, 0.09, 0.005),
}
"""How often the rules read so what says each of `_CLAIMS`, counted over sentences with which they
were not made."""

_WEIGHT = 0.3
"""What the rules count for beside the words; both see the same words, so it is less than one."""

EXAMPLES = Path(__file__).parent / "examples.csv"


class Example(NamedTuple):
    """A sentence, where it comes from, what it says and whether the rules were made with it."""

    sentence: str
    source: str
    says: str
    ruled: str


class Learned(NamedTuple):
    """What a sentence says most likely.

    Attributes
    ----------
    polarity, second
        What it says of differences between groups, as `polarity.py` names it, and what comes next.
    topic
        What it is about if it says nothing of groups.
    is_sure
        Whether it may be told as the one reading.
    is_either
        Whether it is one of the two for certain.
    """

    polarity: str
    second: str
    topic: str
    is_sure: bool
    is_either: bool


def read_examples() -> list[Example]:
    """Return the sentences that people have sorted."""
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        return [Example(**row) for row in csv.DictReader(file)]


def learned_of(plain: str) -> Learned:
    """Return what a sentence says most likely.

    Parameters
    ----------
    plain
        As `wording.in_plain` gives it.

    Examples
    --------
    >>> learned_of("the system treats black and white people alike.").polarity
    'alike'
    """
    return _model().read([plain])[0]


class Model:
    """Two sets of linear models of the views that `kinds.py` has of a sentence.

    The first says what a sentence claims; the second, trained on those that claim neither likeness
    nor difference, what it is about.

    Parameters
    ----------
    weights
        What they have learned.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Model:
        """Return models that have learned from these sentences."""
        says = np.array([one.says for one in examples])
        claims = np.where(np.isin(says, _TOPICS), NEITHER, says)
        views = [views_of(reworded(in_plain(one.sentence))) for one in examples]
        return cls(trained(views, [(claims, _CLAIMS), (says, _TOPICS)]))

    @classmethod
    def shipped(cls) -> Model:
        """Return models that have learned from the sentences of this package."""
        weights = kept(place())
        if weights is None:
            weights = cls.of(read_examples())._weights
            keep(weights, place())
        return cls(weights)

    def read(self, plains: Sequence[str]) -> list[Learned]:
        """Return what each sentence says most likely."""
        return [self._read(plain) for plain in plains]

    def _read(self, plain: str) -> Learned:
        plain = reworded(plain)
        views = views_of(plain)
        chances = self._weights.chances(views)
        words = np.array([chances[one] for one in _CLAIMS])
        topics = np.array([chances[one] for one in _TOPICS])
        rule = polarity_of(plain).value
        return self._told(rule, words / words.sum(), topics / topics.sum())

    def _told(self, rule: str, words: np.ndarray, topics: np.ndarray) -> Learned:
        """Put what the words say together with what the rules read."""
        chances = words * np.array(_RULED[rule]) ** _WEIGHT
        chances /= chances.sum()
        second, first = (_CLAIMS[number] for number in np.argsort(chances)[-2:])
        at = int(chances.argmax())
        sure = chances[at] >= SURE and words[at] >= SURE_ALONE
        if first in (ALIKE, DIFFERENCE):
            against = DIFFERENCE if first == ALIKE else ALIKE
            sure &= rule != against and chances[_CLAIMS.index(against)] < AGAINST
        by_name = dict(zip(_TOPICS, topics, strict=True))
        is_open = by_name.pop(OPEN)
        topic = max(by_name, key=lambda name: by_name[name])
        if by_name[topic] < _LIKELY * sum(by_name.values()):
            topic = BEYOND
        open_or_none = OPEN if is_open >= IS_OPEN else NONE if is_open <= IS_NONE else NEITHER
        names = [open_or_none if one == NEITHER else one for one in (first, second)]
        either = np.sort(chances)[-2:].sum() >= SURE_OF_TWO
        return Learned(names[0], names[1], str(topic), bool(sure), bool(either))


@cache
def _model() -> Model:
    return Model.shipped()
