"""What a sentence says, learned from sentences that people have sorted by hand.

In: a sentence in plain lower case. Out: what it says of groups, or else what it is about, and how
sure that is. A linear model of words (`examples.csv`, trained at first use in about two seconds)
is put together with what the rules of `polarity.py` read. It never decides whether a sentence is
the study's own: that it is word for word, or not at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
    tokens_of,
)
from lfr_eval.finished.claims.wording import in_plain

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RATE, SHARE, ACCURACY, STUDY, BEYOND = "rate", "share", "accuracy", "study", "beyond"
"""What a sentence that says nothing of groups is about: how often one kind of error happens; whose
the alerts were; being right or wrong in general; the study itself; anything else."""

SURE = 0.6
"""Probability below which a sentence is told as one of two."""

SURE_OF_NONE = 0.7
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
    """Two linear models of words, of the roles that words play and of what the rules read.

    The first says what a sentence says; the second, trained on those that say nothing of groups,
    what it is about.

    Parameters
    ----------
    examples
        Sentences to learn from. What the rules read counts in those only with which they were not
        made.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        # Loading it takes a second, which no other command should wait for.
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        plains = [in_plain(one.sentence) for one in examples]
        self._views = [
            TfidfVectorizer(
                ngram_range=(1, longest),
                token_pattern=pattern,
                min_df=2,
                sublinear_tf=True,
                preprocessor=view,
            ).fit(plains)
            for view, longest, pattern in (
                (_general, 3, r"[\w'%?]+"),
                (_with_roles, 3, r"\S+"),
            )
        ]
        ruled = np.array([bool(one.ruled) for one in examples])
        seen = self._seen(plains, ruled)
        says = np.array([one.says for one in examples])
        other = np.isin(says, _TOPICS)

        def fitted(rows: csr_array, names: np.ndarray) -> OneVsRestClassifier:
            model = LogisticRegression(C=10, class_weight="balanced", solver="liblinear")
            return OneVsRestClassifier(model).fit(rows, names)

        self._polarity = fitted(seen, np.where(other, NONE, says))
        self._topic = fitted(seen[other], says[other])

    def _seen(self, plains: Sequence[str], ruled: np.ndarray) -> csr_array:
        """Return what the models see of each sentence, a row for each."""
        from scipy.sparse import csr_array, hstack

        rules = np.zeros((len(plains), len(_READINGS)))
        for number in np.flatnonzero(~ruled).tolist():
            rules[number, _READINGS.index(polarity_of(plains[number]).value)] = 1.0
        return hstack([*(view.transform(plains) for view in self._views), csr_array(rules)], "csr")

    def read(self, plains: Sequence[str]) -> list[Learned]:
        """Return what each sentence says most likely."""
        seen = self._seen(plains, np.zeros(len(plains), bool))
        told = []
        for plain, chances, topics in zip(
            plains,
            self._polarity.predict_proba(seen),
            self._topic.predict_proba(seen),
            strict=True,
        ):
            second, first = np.argsort(chances)[-2:]
            name, other = (str(self._polarity.classes_[number]) for number in (first, second))
            topic = str(self._topic.classes_[np.argmax(topics)])
            named = name == NONE and _GROUPS.search(plain)
            sure = chances[first] >= (SURE_OF_NONE if named else SURE)
            topic = topic if topics.max() >= _LIKELY else BEYOND
            # Whether it is the study or what is not known, it is answered alike.
            sure |= {name, other} == {OPEN, NONE} and topic == STUDY
            told.append(Learned(name, other, topic, bool(sure)))
        return told


@cache
def _model() -> Model:
    return Model(read_examples())


def _general(plain: str) -> str:
    """Return a sentence with one word for all groups and one for all numbers."""
    return _NUMBER.sub("9", _GROUPS.sub("group", plain))


def _with_roles(plain: str) -> str:
    """Return a sentence with the role of each word that has one, in place of the word."""
    text, tokens = tokens_of(plain)
    parts, end = [], 0
    for token in tokens:
        parts += [_general(text[end : token.start]), token.role.removesuffix("_of").upper()]
        end = token.end
    return " ".join([*parts, _general(text[end:])])
