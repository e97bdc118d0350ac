"""What was done to a sentence of the study: which words, and what that makes of it.

In: a sentence of a claim beside the study's sentence that it nearly is. Out: a reason for each
change, and one for what the change means: another number, unit, setting or group, the contrary, or
a verdict that is not the study's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lfr_eval.contract.names import group_words
from lfr_eval.contract.tables import EVERYBODY
from lfr_eval.finished.claims.asides import asides
from lfr_eval.finished.claims.lexicon import PHRASES, word
from lfr_eval.finished.claims.own import Changed
from lfr_eval.finished.claims.quotable import Quotable, Sentences
from lfr_eval.finished.claims.reason import Reason
from lfr_eval.finished.claims.units import unit_in, unit_of, wrong_unit
from lfr_eval.finished.claims.wording import words_of

_NEGATIONS = frozenset(
    {"no", "not", "never", "neither", "nor", "none", "cannot", "nothing", "without"}
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_OPPOSITES = (
    ("more", "less"), ("more", "fewer"), ("often", "rarely"), ("often", "seldom"),
    ("higher", "lower"), ("above", "below"), ("least", "most"), ("up", "down"),
    ("upwards", "downwards"), ("from", "below"), ("longer", "shorter"), ("within", "beyond"),
    ("within", "outside"), ("better", "worse"), ("as", "less"), ("below", "at least"),
    ("at most", "at least"), ("without", "with"), ("wider", "narrower"), ("up to", "at least"),
)  # fmt: skip
_CLAUSE = re.compile(r"[;:] |, (?=so\b|which\b|but\b)")
_VERDICT = word(PHRASES["verdict"])


@dataclass(frozen=True)
class Change:
    """Words of the study and the words that a claim has instead; either may be empty.

    Attributes
    ----------
    at
        Where they stand among the words of the study's sentence.
    """

    had: Sequence[str]
    has: Sequence[str]
    at: int

    def numbers(self) -> bool:
        """Whether there is another number on both sides."""
        return bool(_numbers(self.had)) and bool(_numbers(self.has))


def changes_of(own: Sequence[str], claim: Sequence[str]) -> list[Change]:
    """Return where a claim departs from the study's wording."""
    steps = SequenceMatcher(None, own, claim, autojunk=False).get_opcodes()
    return [Change(own[a:b], claim[c:d], a) for step, a, b, c, d in steps if step != "equal"]


def alterations(changed: Changed, source: Quotable, sentences: Sentences) -> Iterator[Reason]:
    """Yield what was changed in a sentence of the study, then what the changes mean."""
    changes = changes_of(changed.own, changed.words)
    for one in changes:
        told = _told(one, one.at + len(one.had) == len(changed.own))
        yield Reason("altered", f"Compared with {source.id}, {told}.")
    yield from dict.fromkeys(_meant(changes, changed, source, sentences))


def new_verdict(changed: Changed) -> str:
    """Return the clauses in which words were changed that say what was shown; else nothing."""
    if not any(
        _VERDICT.search(" ".join([*one.had, "|", *one.has]))
        for one in changes_of(changed.own, changed.words)
    ):
        return ""
    own = f" {' '.join(changed.own)} "
    clauses = _CLAUSE.split(changed.text)
    return " ".join(one for one in clauses if f" {' '.join(words_of(one))} " not in own)


def _told(change: Change, at_end: bool) -> str:
    """Say in a phrase which words were changed."""
    had, has = " ".join(change.had), " ".join(change.has)
    lost, won = ([w for w in side if w in _NEGATIONS] for side in (change.had, change.has))
    negation = ""
    if lost != won:
        what = "drops" if lost and not won else "adds" if won and not lost else "changes"
        negation = f"it {what} the “{' '.join(lost or won)}”: "
    if had and has:
        return f"{negation}it says “{has}” where the study says “{had}”"
    if has:
        return f"{negation}it adds “{has}”"
    where = "it leaves out the end" if at_end and len(change.had) > 2 else "it leaves out"
    return f"{negation}{where}: “{had}”"


def _meant(
    changes: Sequence[Change], changed: Changed, source: Quotable, sentences: Sentences
) -> Iterator[Reason]:
    groups = _group_words(sentences)
    swaps = [one for one in changes if _is_of(one, groups)]
    contrary = "contradicted" if source.verdict == "different" else "altered"
    if any(a.had == b.has and a.has == b.had for a in swaps for b in swaps if a is not b):
        yield Reason(contrary, "It exchanges the groups: the study says it the other way round.")
    else:
        for one in swaps:
            yield Reason("altered", f"It names other people than {source.id}: {_instead(one)}.")
    for one in changes:
        if one in swaps:
            continue
        if (units := _units(one)) is not None:
            yield wrong_unit(*units)
        elif one.numbers():
            yield _number(one, changed.own)
        elif _turned(one):
            yield Reason(contrary, f"It reverses the direction: {_instead(one)}.")
        yield from asides(" ".join(one.has))


def _instead(change: Change) -> str:
    return f"“{' '.join(change.has)}” instead of “{' '.join(change.had)}”"


def _numbers(words: Iterable[str]) -> list[str]:
    return [one for one in words if _NUMBER.fullmatch(one)]


def _number(change: Change, own: Sequence[str]) -> Reason:
    """Say what another number stands for."""
    at = next(change.at + n for n, one in enumerate(change.had) if _NUMBER.fullmatch(one))
    had, has = _numbers(change.had)[-1], _numbers(change.has)[-1]
    before, behind = list(own[max(0, at - 4) : at]), list(own[at + 1 : at + 3])
    if "threshold" in before[-1:] or before[-3:] == ["threshold", "in", "use"]:
        return Reason("mixed", f"The study says this of threshold {had}, not of {has}.")
    if before[-2:] in (["watchlist", "of"], ["watchlists", "of"]):
        return Reason("mixed", f"The study says this of a watchlist of {had}, not of {has}.")
    what, smaller = _figure(before, behind)
    way = ""
    if float(has) != float(had) and smaller:
        lower = (float(has) < float(had)) != (smaller == "larger is less")
        way = f" The claim has a {'lower' if lower else 'higher'} {what} than the study."
    return Reason("number", f"In the study the {what} is {had}, not {has}.{way}")


def _figure(before: Sequence[str], behind: Sequence[str]) -> tuple[str, str]:
    """Return what a number is, and whether a larger one is more or less; empty where neither."""
    follows = behind[0] if behind else ""
    if before[-2:] == ["1", "in"]:
        return "figure N of “1 in N”", ""
    if follows == "%" and {"interval", "confidence", "range"} & set(behind[1:]):
        return "confidence level", ""
    if follows == "of":
        return "count", ""
    if "interval" in before or {"between", "to", "from"} & set(before[-1:]):
        return "range", ""
    if before[-1:] in (["="], ["<"]) or "p" in before[-2:]:
        return "p-value", ""
    if before[-2:] == ["margin", "of"]:
        return "margin", ""
    if follows == "times":
        return "ratio", "larger is more"
    if follows == "%":
        return "rate", "larger is more"
    if before[-1:] == ["of"]:
        return "count", ""
    return "number", ""


def _units(change: Change) -> tuple[str, str] | None:
    """Return the unit of a claim and the study's where one stands for the other."""
    has, had = (unit_in(" ".join(side)) for side in (change.has, change.had))
    return (has, had) if has and had and unit_of(has) != unit_of(had) else None


def _turned(change: Change) -> bool:
    had, has = (f" {' '.join(side)} " for side in (change.had, change.has))
    return any(
        f" {one} " in had and f" {other} " in has and f" {one} " not in has
        for pair in _OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def _group_words(sentences: Sentences) -> frozenset[str]:
    """Return the words of which the names of groups are made."""
    named = {group_words(group, factor) for factor, group in sentences.groups if group != EVERYBODY}
    return frozenset(one for name in named for one in words_of(name)) | {"all", "other", "everyone"}


def _is_of(change: Change, groups: frozenset[str]) -> bool:
    """Whether one group was put in the place of another."""
    common = {"people", "and", "or"}
    sides = (set(change.had), set(change.has))
    return all(side and side <= groups | common and side - common for side in sides)
