"""A claim against the sentences of a study."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lfr_eval.finished.claims.alterations import alterations, new_verdict
from lfr_eval.finished.claims.evidence import Reading, contradicting, nearest, on_subjects
from lfr_eval.finished.claims.figures import Figures, figures_of
from lfr_eval.finished.claims.kinds import is_evidential
from lfr_eval.finished.claims.learned import BEYOND, learned_of
from lfr_eval.finished.claims.lexicon import PHRASES
from lfr_eval.finished.claims.own import Changed, Own, own_of
from lfr_eval.finished.claims.polarity import (
    ALIKE,
    BOTH,
    DIFFERENCE,
    NEITHER,
    NONE,
    OPEN,
    UNCLEAR,
    Polarity,
)
from lfr_eval.finished.claims.quotable import Quotable, Sentences
from lfr_eval.finished.claims.reason import ASKED, SAYS, Reason
from lfr_eval.finished.claims.reasons import beside, claimed, reasons_of
from lfr_eval.finished.claims.rewording import is_tagged
from lfr_eval.finished.claims.subjects import subjects_of
from lfr_eval.finished.claims.wording import in_plain, sentences_in, words_of

MOST = 3
"""Sentences that may be quoted instead of one that cannot be read, at most."""

OWN = "own"
"""What a claim says that is made of the study's sentences alone: as much of what they say."""

_LEADING = re.compile(PHRASES["leading"])
_BRACKETS = re.compile(r" ?\([^()]*\)")


@dataclass(frozen=True)
class Verdict:
    """What can be said of a claim.

    Attributes
    ----------
    quoted
        The text of the study that the claim quotes word for word, or several of them; None if it
        quotes none.
    nearest
        What the study lets one say on the matter; None if nothing.
    others
        More sentences on the matter, where the claim cannot be read or is from several.
    polarity
        What the claim says of differences between groups: `difference`, `alike`, `both`, `open`,
        `none`, `neither` (one of the last two), `unclear`, or `own`: part of what the study says.
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
        if self.polarity == OWN:
            return "it says part of what the study says, in the study's own words"
        return f"it says {SAYS[self.polarity]}"


def check_claim(claim: str, sentences: Sentences) -> Verdict:
    """Say whether a claim is what a study says, word for word, or why it is not.

    Parameters
    ----------
    claim
        Sentences, which are the study's where they are texts of it, each whole. Typography and line
        breaks do not matter.
    """
    own = own_of(claim, sentences)
    if own.whole and own.may_stand_together:
        return Verdict(_quoted(own), own.texts[0], OWN, (), sentences.simulated)
    told = list(_left_out(own))
    if own.texts and not own.changed and not own.foreign:
        reasons, polarity, close = told, OWN, list(own.texts)
    else:
        reading = _reading(claim, " ".join(own.foreign), sentences)
        polarity = reading.polarity.value
        close = list(own.texts)
        reasons = [reason for one in own.changed for reason in _changed(one, own, sentences)]
        reasons += told
        if own.foreign:
            reasons += reasons_of(reading, sentences, bool(reasons))
        else:
            polarity = _read(in_plain(own.changed[0].text))[0].value
        if not close:
            against = contradicting(reading, sentences)
            close = (
                nearest(reading, sentences, MOST if polarity == UNCLEAR else 1)
                if against is None
                else [sentences.of(against["finding_id"])]
            )
    if _LEADING.fullmatch(in_plain(claim)) or is_tagged(in_plain(claim)):
        reasons.append(ASKED)
    return Verdict(
        None,
        close[0] if close else None,
        polarity,
        tuple(dict.fromkeys(reasons)),
        sentences.simulated,
        tuple(close[1 : MOST + 1]),
    )


def _quoted(own: Own) -> Quotable:
    """Return the texts that a claim quotes as one."""
    if len(own.texts) == 1:
        return own.texts[0]
    names, texts = zip(*((one.id, one.text) for one in own.texts), strict=True)
    return Quotable(", ".join(names), " ".join(texts))


def _left_out(own: Own) -> Iterator[Reason]:
    """Say what a claim leaves out of the texts that it quotes."""
    for text, missing in zip(own.texts, own.missing, strict=True):
        if missing:
            listed = " ".join(missing)
            yield Reason("altered", f"It quotes {text.id}, but it leaves out: “{listed}”")
    if own.texts and not own.changed and not own.foreign and not any(own.missing):
        yield Reason(
            "altered",
            "It has the study's own sentences in another order, or has one of them twice."
            if not own.whole
            else "It joins sentences of the brief, which hold at one setting, with others. Quote "
            "them separately.",
        )


def _changed(one: Changed, own: Own, sentences: Sentences) -> Iterator[Reason]:
    """Say what was changed in a sentence of the study, and what that makes of it."""
    holders = [sentences.all[number] for number in sentences.holders[one.own]]
    source = next(text for text in own.texts if text in holders)
    yield from alterations(one, source, sentences)
    reading = _reading(one.text, one.text, sentences)
    if clauses := new_verdict(one):
        # What stands in brackets bounds the verdict and is not one.
        polarity = _read(in_plain(_BRACKETS.sub("", clauses)))[0]
        yield from claimed(replace(reading, polarity=polarity), sentences)
    added = tuple(beside(reading, sentences))
    if added:
        before = _reading(_text_of(one, source), _text_of(one, source), sentences)
        due = {reason.kind for reason in beside(before, sentences)}
        yield from (reason for reason in added if reason.kind not in due)


def _text_of(one: Changed, source: Quotable) -> str:
    """Return the study's sentence as it stands in its text."""
    return next(each for each in sentences_in(source.text) if tuple(words_of(each)) == one.own)


def _reading(claim: str, part: str, sentences: Sentences) -> Reading:
    """Return what a part of a claim reads as; its setting may stand in the rest."""
    plain = in_plain(part)
    led = _LEADING.fullmatch(plain)
    plain = led.group(1) if led else plain
    polarity, topic = _read(plain)
    subjects = subjects_of(plain, sentences.groups)
    findings = on_subjects(subjects, sentences)
    figures = figures_of(plain, sentences.rates, findings)
    if claim != part:
        figures = _settled(figures, figures_of(in_plain(claim), sentences.rates, findings))
    return Reading(plain, polarity, topic, subjects, figures)


def _settled(figures: Figures, whole: Figures) -> Figures:
    return replace(
        figures,
        thresholds=figures.thresholds or whole.thresholds,
        sizes=figures.sizes or whole.sizes,
    )


def _read(plain: str) -> tuple[Polarity, str]:
    """Return what a sentence says of groups and, where that is nothing, what it is about."""
    learned = learned_of(plain)
    if plain.endswith("?") and not is_tagged(plain):
        # A question may be a claim in the guise of one.
        claims = learned.polarity in (ALIKE, DIFFERENCE, BOTH)
        return (
            Polarity(UNCLEAR, unsure=(learned.polarity, OPEN)) if claims else Polarity(NEITHER)
        ), BEYOND
    if not learned.is_sure:
        two = (learned.polarity, learned.second)
        return Polarity(UNCLEAR, unsure=two, is_either=learned.is_either), learned.topic
    if learned.polarity in (OPEN, NONE, NEITHER):
        return Polarity(learned.polarity), learned.topic
    return Polarity(learned.polarity, is_evidential(plain)), ""
