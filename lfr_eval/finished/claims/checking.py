"""A claim against the sentences of a study."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lfr_eval.finished.claims.evidence import Reading, contradicting, nearest, on_subjects
from lfr_eval.finished.claims.figures import figures_of
from lfr_eval.finished.claims.learned import BEYOND, Learned, learned_of
from lfr_eval.finished.claims.lexicon import PHRASES
from lfr_eval.finished.claims.polarity import (
    ALIKE,
    BOTH,
    DIFFERENCE,
    NEITHER,
    NONE,
    OPEN,
    UNCLEAR,
    Polarity,
    polarity_of,
)
from lfr_eval.finished.claims.quotable import Quotable, Sentences
from lfr_eval.finished.claims.reasons import ASKED, SAYS, Reason, reasons_of
from lfr_eval.finished.claims.subjects import subjects_of
from lfr_eval.finished.claims.wording import alikeness, differences, in_plain, words_of

COMPARED = 40
"""Sentences that share most words with a claim; the order of words is looked at in these only."""

MOST = 3
"""Sentences that may be quoted instead of one that cannot be read, at most."""

NEAR = 0.6
"""A sentence less alike than this says something else; its differences would explain nothing."""

_LEADING = re.compile(PHRASES["leading"])


@dataclass(frozen=True)
class Verdict:
    """What can be said of a claim.

    Attributes
    ----------
    quoted
        The sentence of the study that the claim quotes word for word; None if it quotes none.
    nearest
        What the study lets one say on the matter; None if nothing.
    others
        More sentences on the matter, where the claim cannot be read.
    polarity
        What the claim says of differences between groups: `difference`, `alike`, `both`, `open`,
        `none`, `neither` (one of the last two) or `unclear`.
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
    others: tuple[Quotable, ...] = ()

    @property
    def reading(self) -> str:
        """What the claim says of differences between groups, in words."""
        if self.polarity == UNCLEAR:
            return "the checker cannot tell what this sentence says"
        return f"it says {SAYS[self.polarity]}"


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
    close = [alike] if alike is not None else []
    if not close:
        against = contradicting(reading, sentences)
        close = (
            nearest(reading, sentences, MOST if polarity.value == UNCLEAR else 1)
            if against is None
            else [sentences.of(against["finding_id"])]
        )
    return Verdict(
        None,
        close[0] if close else None,
        polarity.value,
        tuple(dict.fromkeys(told)),
        sentences.simulated,
        tuple(close[1:]),
    )


def _read(plain: str) -> tuple[Polarity, str]:
    """Return what a sentence says of groups and, where that is nothing, what it is about."""
    rule = polarity_of(plain)
    learned = learned_of(plain)
    if plain.endswith("?"):
        return _asked(rule, learned), BEYOND
    if not learned.is_sure:
        two = (learned.polarity, learned.second)
        return Polarity(UNCLEAR, unsure=two, is_either=learned.is_either), learned.topic
    if learned.polarity in (NONE, NEITHER):
        return Polarity(learned.polarity), learned.topic
    return Polarity(learned.polarity, rule.evidential), ""


def _asked(rule: Polarity, learned: Learned) -> Polarity:
    """Return what a question says, which may be a claim in the guise of one."""
    if learned.polarity in (ALIKE, DIFFERENCE, BOTH):
        return Polarity(UNCLEAR, unsure=(learned.polarity, OPEN))
    return Polarity(NONE) if learned.is_sure and learned.polarity == NONE else rule


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
