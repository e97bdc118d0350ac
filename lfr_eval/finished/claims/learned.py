"""What a sentence says, learned from sentences that people have sorted by hand.

In: a sentence in plain lower case. Out: what it says of groups, or else what it is about, and how
sure that is. A sentence that people have sorted (`examples.csv`) says what they said. Any other is
read by linear models of words and of kinds of words (`weights.py`) together with a small network
that reads them in their order (`network.py`), both trained at first use on the sorted ones.
They never decide whether a sentence is the study's own: that it is word for word, or not at all.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lfr_eval.finished.claims.keeping import keep, kept, place, places_in
from lfr_eval.finished.claims.kinds import told_of, views_of
from lfr_eval.finished.claims.network import Network, networks_of
from lfr_eval.finished.claims.polarity import ALIKE, BOTH, DIFFERENCE, NEITHER, NONE, OPEN
from lfr_eval.finished.claims.rewording import reworded
from lfr_eval.finished.claims.weights import Weights, weights_of
from lfr_eval.finished.claims.wording import in_plain

RATE, SHARE, ACCURACY, STUDY, BEYOND = "rate", "share", "accuracy", "study", "beyond"
"""What a sentence that says nothing of groups is about: how often one kind of error happens; whose
the alerts were; being right or wrong in general; the study itself; anything else."""

SURE = 0.8
"""Probability below which nobody is told that a sentence says this."""

AGAINST = 0.1
"""Probability of the opposite from which neither likeness nor difference is told."""

SURE_OF_TWO = 0.95
"""Probability of two readings together from which what both say is told."""

IS_OPEN, IS_NONE = 0.85, 0.1
"""Probability from which, and up to which, what claims neither says that something is unknown."""

_SAYS = (ALIKE, DIFFERENCE, BOTH, OPEN, STUDY, RATE, SHARE, ACCURACY, BEYOND)
_AGAINST = {ALIKE: DIFFERENCE, DIFFERENCE: ALIKE}
_LIKELY = 0.4
"""Share of a topic among all topics below which nothing shows what a sentence is about."""

EXAMPLES = Path(__file__).parent / "examples.csv"


class Example(NamedTuple):
    """A sentence, where it comes from and what it says."""

    sentence: str
    source: str
    says: str


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
    says = _sorted_by_people().get(plain)
    if says is None:
        return _model().read([plain])[0]
    polarity = says if says in (ALIKE, DIFFERENCE, BOTH, OPEN) else NONE
    return Learned(polarity, polarity, STUDY if says == OPEN else says, True, True)


class Model:
    """What was learned from sorted sentences.

    Parameters
    ----------
    weights, networks
        Linear models, and networks that read words in their order; each tells `_SAYS`.
    """

    def __init__(self, weights: Weights, networks: Sequence[Network]) -> None:
        self.weights, self.networks = weights, networks

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Model:
        """Return what is learned from these sentences."""
        says = np.array([_SAYS.index(one.says) for one in examples])
        plains = [reworded(in_plain(one.sentence)) for one in examples]
        return cls(
            weights_of([views_of(plain) for plain in plains], says, len(_SAYS)),
            networks_of([told_of(plain) for plain in plains], says, len(_SAYS)),
        )

    @classmethod
    def shipped(cls) -> Model:
        """Return what is learned from the sentences of this package."""
        held = kept(place())
        if held is not None:
            return cls.read_from(held)
        told = "Learning to read claims, once on this machine: about half a minute."
        print(told, file=sys.stderr, flush=True)
        model = cls.of(read_examples())
        keep(model.held(), place())
        return model

    def held(self) -> dict[str, np.ndarray | dict[str, int]]:
        """Return what was learned as arrays and lists of words, by their names."""
        first = self.networks[0]
        layers = {
            f"{name} {number}": one
            for number, network in enumerate(self.networks)
            for name, one in network.layers.items()
        }
        return self.weights._asdict() | {"words": first.words, "kinds": first.kinds, **layers}

    @classmethod
    def read_from(cls, held: Mapping[str, np.ndarray]) -> Model:
        """Return what `held` gave."""
        runs, *arrays = (held[name] for name in Weights._fields)
        words, kinds = (places_in(held[name], 1) for name in ("words", "kinds"))
        networks: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
        for name, number in (key.split() for key in held if " " in key):
            networks[number][name] = held[f"{name} {number}"]
        return cls(
            Weights(places_in(runs), *arrays),
            [Network(words, kinds, layers) for layers in networks.values()],
        )

    def read(self, plains: Sequence[str]) -> list[Learned]:
        """Return what each sentence says most likely."""
        return [self._read(reworded(plain)) for plain in plains]

    def chances(self, plain: str) -> np.ndarray:
        """Return the probability of each of `_SAYS`, shape (says,)."""
        linear, told = self.weights.chances(views_of(plain)), told_of(plain)
        ordered = np.mean([np.log(one.chances(told)) for one in self.networks], axis=0)
        chances = np.sqrt(linear / linear.sum() * np.exp(ordered))
        shares: np.ndarray = chances / chances.sum()
        return shares

    def _read(self, plain: str) -> Learned:
        by_name = dict(zip(_SAYS, self.chances(plain).tolist(), strict=True))
        claims = {one: by_name.pop(one) for one in (ALIKE, DIFFERENCE, BOTH)}
        claims[NEITHER] = neither = sum(by_name.values())
        second, first = sorted(claims, key=lambda one: claims[one])[-2:]
        sure = claims[first] >= SURE
        if first in _AGAINST:
            sure &= claims[_AGAINST[first]] < AGAINST
        either = claims[first] + claims[second] >= SURE_OF_TWO
        is_open = by_name[OPEN] / neither
        by_name[STUDY] += by_name.pop(OPEN)
        topic = max(by_name, key=lambda name: by_name[name])
        topic = topic if by_name[topic] >= _LIKELY * neither else BEYOND
        open_or_none = OPEN if is_open >= IS_OPEN else NONE if is_open <= IS_NONE else NEITHER
        names = [open_or_none if one == NEITHER else one for one in (first, second)]
        return Learned(names[0], names[1], topic, sure, either)


@cache
def _sorted_by_people() -> dict[str, str]:
    return {in_plain(one.sentence): one.says for one in read_examples()}


@cache
def _model() -> Model:
    return Model.shipped()
