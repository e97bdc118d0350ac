"""A claim against the sentences of a study."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lfr_eval.finished.claims.evidence import Reading, contradicting, nearest, on_subjects
from lfr_eval.finished.claims.figures import figures_of
from lfr_eval.finished.claims.learned import BEYOND, learned_of
from lfr_eval.finished.claims.lexicon import PHRASES
from lfr_eval.finished.claims.polarity import (
    ALIKE,
    BOTH,
    DIFFERENCE,
    NONE,
    OPEN,
    UNCLEAR,
    Polarity,
    polarity_of,
)
from lfr_eval.finished.claims.quotable import Quotable, Sentences
from lfr_eval.finished.claims.reasons import ASKED, Reason, reasons_of
from lfr_eval.finished.claims.subjects import subjects_of
from lfr_eval.finished.claims.wording import alikeness, differences, in_plain, words_of

COMPARED = 40
"""Sentences that share most words with a claim; the order of words is looked at in these only."""

NEAR = 0.6
"""A sentence less alike than this says something else; its differences would explain nothing."""

_LEADING = re.compile(PHRASES["leading"])

_SAYS = {
    DIFFERENCE: "that groups differ",
    ALIKE: "that groups do not differ",
    BOTH: "that some groups differ and others do not",
    OPEN: "that this is not known",
    NONE: "nothing about groups",
}


@dataclass(frozen=True)
class Verdict:
    """What can be said of a claim.

    Attributes
    ----------
    quoted
        The sentence that the claim is, word for word; None if it is none.
    nearest
        What the study lets one say on the matter; None if nothing.
    polarity
        What the claim says of differences between groups: `difference`, `alike`, `both`, `open`,
        `unclear` or `none`.
    reasons
        Why the claim is not the study's; empty where it is quoted.
    simulated
        Whether nobody in the study exists.
    """

    quoted: Quotable | None
    nearest: Quotable | None
    polarity: str
    reasons: tuple[Reason, ...]
    simulated: bool = False

    @property
    def reading(self) -> str:
        """What the claim says of differences between groups, in words."""
        if self.polarity == UNCLEAR:
            return "the checker cannot tell which way this sentence points"
        return f"it says {_SAYS[self.polarity]}"


def check_claim(claim: str, sentences: Sentences) -> Verdict:
    """Say whether a claim is a quotable sentence of a study, or why it is not.

    Parameters
    ----------
    claim
        One sentence, or several that stand together in one finding's statement. Typography does
        not matter.
    """
    words = words_of(claim)
    plain = in_plain(claim)
    led = _LEADING.fullmatch(plain)
    plain = led.group(1) if led else plain
    polarity, topic = _read(plain)
    for sentence, those in zip(sentences.all, sentences.words, strict=True):
        if those == words:
            return Verdict(sentence, sentence, polarity.value, (), sentences.simulated)
    subjects = subjects_of(plain, sentences.groups)
    findings = on_subjects(subjects, sentences)
    figures = figures_of(plain, sentences.rates, findings)
    reading = Reading(plain, polarity, topic, subjects, figures)
    alike, those = _alike(words, sentences)
    altered = () if alike is None else tuple(_altered(alike, words, those))
    reasons = reasons_of(reading, sentences, bool(altered))
    told = (*altered, *reasons, *([ASKED] if led else []))
    if alike is None:
        against = contradicting(reading, sentences)
        alike = (
            nearest(reading, sentences) if against is None else sentences.of(against["finding_id"])
        )
    return Verdict(None, alike, polarity.value, tuple(dict.fromkeys(told)), sentences.simulated)


def _read(plain: str) -> tuple[Polarity, str]:
    """Return what a sentence says of groups and, where that is nothing, what it is about."""
    rule = polarity_of(plain)
    learned = learned_of(plain)
    if plain.endswith("?"):
        is_other = learned.is_sure and learned.polarity == NONE
        return Polarity(NONE) if is_other else rule, BEYOND
    if not learned.is_sure:
        between = " or ".join(_SAYS[one] for one in (learned.polarity, learned.second))
        return Polarity(UNCLEAR, unsure=f"it may say {between}"), learned.topic
    if learned.polarity == NONE:
        return Polarity(NONE), learned.topic
    return Polarity(learned.polarity, rule.evidential), ""


def _altered(sentence: Quotable, words: list[str], those: list[str]) -> Iterator[Reason]:
    for one in differences(words, those):
        yield Reason("altered", f"Beside {sentence.id}, {one}.")


def _alike(words: list[str], sentences: Sentences) -> tuple[Quotable | None, list[str]]:
    """Return the sentence that is nearly these words."""
    bag, worded = frozenset(words), sentences.words
    shared = [2 * len(bag & those) / (len(bag) + len(those)) for those in sentences.distinct]
    best = sorted(range(len(worded)), key=lambda number: -shared[number])[:COMPARED]
    alike = {number: alikeness(words, worded[number]) for number in best}
    found = max(alike, key=lambda number: alike[number], default=None)
    if found is None or alike[found] < NEAR:
        return None, []
    return sentences.all[found], worded[found]
