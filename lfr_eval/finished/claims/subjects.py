"""Whom and what a sentence is about: groups, attributes, kinds of error, settings.

In: a sentence in plain lower case and the groups of a study. Out: what it names, in the labels of
the study's tables, and which people it names that the study has no group for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lfr_eval.contract.names import group_name
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS
from lfr_eval.finished.claims.lexicon import PHRASES, word

_GENDER = re.compile(r"\b(?:gender\w*|sex|sexes|sexist|sexism)\b")
_ETHNIC = re.compile(
    r"\b(?:race|races|racial(?:ly)?|racist|racism|ethnic\w*|demographic\w*|skin|colour|minorit\w+)\b"
)
_SAID = {
    "women": r"wom[ae]n(?:'s)?|females?|girls?",
    "men": r"(?<!wo)m[ae]n(?:'s)?|males?|boys?",
}
_OTHER = word(PHRASES["strangers"])
_NARROWER = re.compile(
    r"\b(?:(?:south|east|west|south[- ]east|central) asians?|black (?:africans?|caribbeans?|"
    r"british)|"
    r"white (?:irish|british|europeans?|other)|british asians?)(?!\w)"
)
"""Groups within a group; a study of the wider group has no figures for them."""

_ALERT, _FOUND = re.compile(PHRASES["alert"]), re.compile(PHRASES["found"])
_WRONG, _RIGHT = frozenset({"FPIR", "FMR"}), frozenset({"FNIR", "TPIR", "FNMR"})


@dataclass(frozen=True)
class Subjects:
    """Whom and what a sentence is about.

    Attributes
    ----------
    groups
        Labels of the study's tables, in the order in which the sentence names them.
    strangers
        People whom it names and the study has no group for, in its own words.
    factors
        Factors that it names, by themselves or by their groups.
    metrics
        Kinds of error that it speaks of; empty where it names none.
    places
        Where each group stands first in the sentence.
    """

    groups: tuple[str, ...]
    strangers: tuple[str, ...]
    factors: frozenset[str]
    metrics: frozenset[str]
    places: dict[str, int]


def subjects_of(plain: str, groups: Iterable[tuple[str, str]]) -> Subjects:
    """Return whom and what a sentence is about.

    Parameters
    ----------
    plain
        As `wording.in_plain` gives it.
    groups
        Factor and label of every group of the study.
    """
    known = [(factor, label) for factor, label in groups if is_group(label)]
    taken = [False] * len(plain)
    named: list[tuple[int, str, str]] = []
    labels = [re.compile(_pattern(label)) for _, label in known]
    narrower = [
        found
        for found in _NARROWER.finditer(plain)
        if not any(label.fullmatch(found.group()) for label in labels)
    ]
    for found in narrower:
        taken[found.start() : found.end()] = [True] * len(found.group())
    # Longest names first, so that "Black women" is one group and not two.
    for factor, label in sorted(known, key=lambda each: -len(_pattern(each[1]))):
        for found in re.finditer(rf"\b(?:{_pattern(label)})(?!\w)", plain):
            if not any(taken[found.start() : found.end()]):
                taken[found.start() : found.end()] = [True] * len(found.group())
                named.append((found.start(), factor, label))
    strangers = [found.group() for found in narrower]
    strangers += [
        found.group()
        for found in _OTHER.finditer(plain)
        if not any(taken[found.start() : found.end()])
    ]
    named.sort()
    factors = {factor for _, factor, _ in named}
    factors |= {one for one, _ in known if CROSS not in one and _about(one, plain)}
    return Subjects(
        tuple(dict.fromkeys(label for *_, label in named)),
        tuple(dict.fromkeys(strangers)),
        frozenset(factors),
        _metrics(plain),
        {label: place for place, _, label in reversed(named)},
    )


def _about(factor: str, plain: str) -> bool:
    if factor in ("gender", "sex"):
        return _GENDER.search(plain) is not None
    if factor in ("ethnicity", "race", "ethnic_group"):
        return _ETHNIC.search(plain) is not None
    return re.search(rf"\b{re.escape(factor.replace('_', ' '))}\b", plain) is not None


def _pattern(label: str) -> str:
    """Return what people call a group of the study, as a pattern."""
    if CROSS in label:
        return r" (?:\w+ )??".join(sorted((_pattern(p) for p in label.split(CROSS)), key=_gendered))
    name = group_name(label).lower()
    if name in _SAID:
        return f"(?:{_SAID[name]})"
    spelt = re.escape(name).replace("–", "[-–]")
    return rf"{spelt}s?"


def _gendered(pattern: str) -> bool:
    """Ethnicity comes before gender in English."""
    return pattern[3:-1] in _SAID.values()


def _metrics(plain: str) -> frozenset[str]:
    wrong = _ALERT.search(plain) is not None
    rest = _ALERT.sub(" ", plain)
    right = _FOUND.search(rest) is not None
    return (_WRONG if wrong else frozenset()) | (_RIGHT if right else frozenset())
