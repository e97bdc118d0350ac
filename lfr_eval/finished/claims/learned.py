"""What a sentence says, learned from sentences that people have sorted by hand.

In: a sentence in plain lower case. Out: what it says of groups, or else what it is about, and how
sure that is. A linear model of words (`examples.csv`, trained at first use in less than a second)
is put together with what the rules of `polarity.py` read. It never decides whether a sentence is
the study's own: that it is word for word, or not at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lfr_eval.finished.claims.lexicon import PARTS, word
from lfr_eval.finished.claims.polarity import (
    ALIKE,
    BOTH,
    DIFFERENCE,
    NONE,
    OPEN,
    UNCLEAR,
    polarity_of,
)
from lfr_eval.finished.claims.wording import in_plain

RATE, SHARE, ACCURACY, STUDY, BEYOND = "rate", "share", "accuracy", "study", "beyond"
"""What a sentence that says nothing of groups is about: how often one kind of error happens; whose
the alerts were; being right or wrong in general; the study itself; anything else."""

SURE = 0.6
"""Probability below which a sentence is told as one of two, unless words and rules agree."""

SURE_OF_NONE = 0.9
"""That from which a sentence that names groups is told to say nothing of differences between them.
What names groups mostly does, and an unknown turn of phrase looks as if it did not."""

_LIKELY = 0.4
"""Share of a topic among all topics below which nothing shows what a sentence is about."""

EXAMPLES = Path(__file__).parent / "examples.csv"
_TOPICS = (RATE, SHARE, ACCURACY, STUDY, BEYOND)
_ON_GROUPS = (ALIKE, DIFFERENCE, BOTH, OPEN)
_READINGS = (*_ON_GROUPS, NONE, UNCLEAR)
_GROUPS = re.compile(f"{word(PARTS['people']).pattern}|{word(PARTS['attribute']).pattern}")
_NUMBER = re.compile(r"\d[\d.,]*")


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
    """

    polarity: str
    second: str
    topic: str
    is_sure: bool


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
    """Words and rules together, as if they erred independently of each other (naive Bayes).

    Parameters
    ----------
    examples
        Sentences to learn from. How far the rules can be trusted is counted on those only with
        which they were not made.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        # Loading it takes a second, which no other command should wait for.
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline

        self._words = make_pipeline(
            TfidfVectorizer(
                ngram_range=(1, 3),
                token_pattern=r"[\w'%?]+",
                min_df=2,
                sublinear_tf=True,
                preprocessor=_general,
            ),
            OneVsRestClassifier(
                LogisticRegression(C=10, class_weight="balanced", solver="liblinear")
            ),
        ).fit([in_plain(one.sentence) for one in examples], [one.says for one in examples])
        self._names = [str(name) for name in self._words.classes_]
        counts = np.full((len(self._names), len(_READINGS)), 0.5)
        for one in examples:
            if not one.ruled:
                read = polarity_of(in_plain(one.sentence)).value
                counts[self._names.index(one.says), _READINGS.index(read)] += 1
        self._rules = counts / counts.sum(axis=1, keepdims=True)

    def read(self, plains: Sequence[str]) -> list[Learned]:
        """Return what each sentence says most likely."""
        told = []
        for plain, words in zip(plains, self._words.predict_proba(plains), strict=True):
            rule = polarity_of(plain).value
            chances = words * self._rules[:, _READINGS.index(rule)]
            topics = words[[self._names.index(name) for name in _TOPICS]]
            topic = _TOPICS[int(np.argmax(topics))]
            topic = topic if topics.max() >= _LIKELY * topics.sum() else BEYOND
            by_words, both = self._polarities(words), self._polarities(chances)
            first, second = sorted(both, key=lambda name: -both[name])[:2]
            sure = max(by_words, key=lambda name: by_words[name]) == first == rule
            sure |= both[first] >= SURE
            if first == NONE and _GROUPS.search(plain):
                sure = both[NONE] >= SURE_OF_NONE
            told.append(Learned(first, second, topic, sure))
        return told

    def _polarities(self, chances: np.ndarray) -> dict[str, float]:
        """Return the chance of each polarity; sentences on all other matters are one."""
        told = dict.fromkeys((*_ON_GROUPS, NONE), 0.0)
        for name, chance in zip(self._names, chances / chances.sum(), strict=True):
            told[name if name in told else NONE] += float(chance)
        return told


@cache
def _model() -> Model:
    return Model(read_examples())


def _general(plain: str) -> str:
    """Return a sentence with one word for all groups and one for all numbers."""
    return _NUMBER.sub("9", _GROUPS.sub("group", plain))
