"""The study's own sentences within a claim: which they are, and what stands beside them.

In: a claim and the sentences of a study. Out: the texts that it quotes, whole or in part, and the
sentences of the claim that are the study's with other words, or not the study's at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from lfr_eval.finished.claims.quotable import Quotable, Sentences
from lfr_eval.finished.claims.wording import Words, sentences_in, words_of

NEAR = 0.6
"""A sentence less alike than this says something else; its differences would explain nothing."""

_COMPARED = 40
"""Sentences that share most words with a claim; the order of words is looked at in these only."""

_FEWEST = 4
"""Words of a sentence that is looked for on its own; a shorter one counts beside another."""

_BRIEF = re.compile(r"brief-")


@dataclass(frozen=True)
class Changed:
    """A sentence of a claim beside the study's sentence that it is nearly.

    Attributes
    ----------
    text
        As it stands in the claim.
    words, own
        Its words, and those of the study's sentence.
    """

    text: str
    words: Words
    own: Words


@dataclass(frozen=True)
class Own:
    """What a claim has of the study's own sentences.

    Attributes
    ----------
    texts
        The texts that its sentences come from, whole or in part.
    missing
        What it leaves out of each of them.
    whole
        Whether it is these texts, each whole and in its own order, and nothing else.
    changed
        Its sentences that are nearly the study's.
    foreign
        Its other sentences, as they stand in the claim.
    """

    texts: tuple[Quotable, ...] = ()
    missing: tuple[tuple[str, ...], ...] = ()
    whole: bool = False
    changed: tuple[Changed, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def may_stand_together(self) -> bool:
        """Whether its texts may be quoted beside one another.

        Paragraphs of the brief are about one setting, which not all name; every other text names
        its own.
        """
        return len({bool(_BRIEF.match(one.id)) for one in self.texts}) <= 1


def own_of(claim: str, sentences: Sentences) -> Own:
    """Return what a claim has of the study's own sentences."""
    found = _tiled(tuple(words_of(claim)), sentences)
    if found:
        numbers = list(_covering(found, sentences))
        whole = _in_order(found, [sentences.parts[number] for number in numbers])
        if whole or any(len(one) >= _FEWEST for one in found):
            return _of(numbers, found, sentences, whole=whole)
    exact: list[Words] = []
    changed: list[Changed] = []
    foreign: list[str] = []
    for text in sentences_in(claim):
        words = tuple(words_of(text))
        if words in sentences.holders:
            exact.append(words)
        elif (near := _nearest(text, words, sentences)) is not None:
            changed.append(near)
        elif words:
            foreign.append(text)
    # A word such as "Exploratory" alone is no sentence of the study.
    if not changed and all(len(one) < _FEWEST for one in exact):
        return Own(foreign=(claim,))
    held = [*exact, *(one.own for one in changed)]
    numbers = list(_covering(held, sentences))
    quoted = _of(numbers, held, sentences)
    return replace(quoted, changed=tuple(changed), foreign=tuple(foreign))


def _of(
    numbers: Sequence[int], held: Sequence[Words], sentences: Sentences, whole: bool = False
) -> Own:
    """Return the texts with these numbers, and what of them is not held."""
    places = {n: min(held.index(p) for p in sentences.parts[n] if p in held) for n in numbers}
    numbers = sorted(numbers, key=lambda number: places[number])
    return Own(
        tuple(sentences.all[number] for number in numbers),
        tuple(_left_out(number, held, sentences) for number in numbers),
        whole,
    )


def _tiled(words: Words, sentences: Sentences) -> list[Words]:
    """Return the study's sentences that these words are, one after another; none if not all."""
    by_first: dict[str, set[int]] = {}
    for part in sentences.holders:
        by_first.setdefault(part[0], set()).add(len(part))
    found: list[Words] = []
    at = 0
    while at < len(words):
        lengths = sorted(by_first.get(words[at], ()), reverse=True)
        fitting = [p for n in lengths if (p := words[at : at + n]) in sentences.holders]
        if not fitting:
            return []
        found.append(fitting[0])
        at += len(fitting[0])
    return found


def _covering(parts: Iterable[Words], sentences: Sentences) -> Iterator[int]:
    """Yield the fewest texts that hold all these sentences, those with most of them first."""
    left = dict.fromkeys(parts)
    while left:
        shared = Counter(number for part in left for number in sentences.holders[part])
        best = min(shared, key=lambda n: (-shared[n], len(sentences.parts[n]), n))
        yield best
        for part in sentences.parts[best]:
            left.pop(part, None)


def _left_out(number: int, held: Sequence[Words], sentences: Sentences) -> tuple[str, ...]:
    """Return the sentences of a text that are not held."""
    told = sentences_in(sentences.all[number].text)
    return tuple(one for one in told if tuple(words_of(one)) not in held)


def _in_order(found: Sequence[Words], texts: Sequence[tuple[Words, ...]]) -> bool:
    """Return whether these sentences are the texts, each once and in its own order."""
    left, at = list(texts), 0
    while left and at < len(found):
        text = next((one for one in left if tuple(found[at : at + len(one)]) == one), None)
        if text is None:
            return False
        left.remove(text)
        at += len(text)
    return not left and at == len(found)


def _nearest(text: str, words: Words, sentences: Sentences) -> Changed | None:
    """Return the study's sentence that is nearly these words."""
    if len(words) < _FEWEST:
        return None
    bag, known = frozenset(words), list(sentences.bags.items())
    shared = [2 * len(bag & those) / (len(bag) + len(those)) for _, those in known]
    best = sorted(range(len(known)), key=lambda number: -shared[number])[:_COMPARED]
    alike = {known[at][0]: alikeness(words, known[at][0]) for at in best}
    own = max(alike, key=lambda one: alike[one], default=None)
    if own is None or alike[own] < NEAR or len(own) < _FEWEST:
        return None
    return Changed(text, words, own)


def alikeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Return how alike two wordings are, from 0 to 1, in order."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
