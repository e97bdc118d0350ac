"""A sentence as the models of `learned.py` see it: its words, and the kinds that they belong to.

In: a sentence in plain lower case. Out: five views of it, and its words in order with their kinds.
Kinds (`kinds.toml`) let a model read words that no sentence has taught it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_READ = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
_KIND: dict[str, str] = {}
for _kind, _words in _READ.items():
    for _word in _words.split():
        _KIND.setdefault(_word.replace("_", " "), _kind.upper())

_PHRASE = re.compile(
    rf"\b(?:{'|'.join(re.escape(one) for one in sorted(_KIND, key=len)[::-1] if ' ' in one)})\b"
)
_TOKEN = re.compile(r"#[\w'-]+|[a-z]+(?:['-][a-z]+)*|\d[\d.,]*|[.;:!?,]")
_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*|\d[\d.,]*|[%?]")
_RATE = re.compile(r"\b1 in (?:every )?(\d[\d.]*)|\b(\d[\d.]*) %")
_LEAST, _MOST = 4, 6
"""Letters of a stem at least, and of what may follow it at most."""

_LONG = 8
"""Kinds that are looked at together at most."""

_TURNS = frozenset({"NOT", "DENY", "REMOVE", "FEW"})
_SAME = frozenset({"SAME", "AS"})
_CLAIMED = _SAME | frozenset({"DIFFER", "WORSE", "BETTER", "MORE", "LESS"})
_BEARING = (
    _TURNS | _CLAIMED | {"THAN", "OPEN", "ALTHOUGH", "GROUP", "ALL", "EVIDENCE", ".", ";", "?"}
)
"""Kinds that decide whether a sentence says that groups differ."""

_END = re.compile(r" [.;] ?")


Told = tuple[str, str]
"""A word, or a phrase of a kind with `_` between its words, and its kind; `-` where it has none."""


class Views(NamedTuple):
    """A sentence, seen in five ways.

    Attributes
    ----------
    words
        Its words, with one word for all groups and one for all numbers.
    kinds
        The kinds of its words; words of no kind are left out.
    mixed
        The kind of each word that has one, in place of the word.
    bearing
        The kinds that decide whether groups differ, and the ends of its clauses.
    turned
        What each part of it claims first, whether that is reversed an even or an odd number of
        times, and the kinds that decide this, as one word.
    """

    words: str
    kinds: str
    mixed: str
    bearing: str
    turned: str


def views_of(plain: str) -> Views:
    """Return a sentence as the models see it.

    Parameters
    ----------
    plain
        As `wording.in_plain` gives it.

    Examples
    --------
    >>> views_of("it is a myth that women are misread.").kinds
    'BE DENY GROUP BE WORSE . GROUPS1'
    """
    told = told_of(plain)
    mixed = [one if kind == "-" else kind for one, kind in told]
    rates = {one or other for one, other in _RATE.findall(plain)}
    if len(_RATE.findall(plain)) > 1:
        mixed.append("RATES_DIFFER" if len(rates) > 1 else "RATES_EQUAL")
    kinds = [one for one in mixed if not one.islower()]
    once = [one for at, one in enumerate(kinds) if one != "GROUP" or kinds[at - 1 : at] != [one]]
    named = {one for one, kind in told if kind == "GROUP"}
    return Views(
        " ".join(
            "group" if _KIND.get(one) == "GROUP" else "9" if one[0].isdigit() else one
            for one in _WORD.findall(plain)
        ),
        " ".join([*once, f"GROUPS{min(3, len(named))}"]),
        " ".join(mixed),
        " ".join(one for one in once if one in _BEARING),
        " ".join(one for part in _END.split(" ".join(once)) for one in _turned(part.split())),
    )


def told_of(plain: str) -> list[Told]:
    """Return the words of a sentence in their order, each with its kind.

    Examples
    --------
    >>> told_of("women are on a par.")
    [('women', 'GROUP'), ('are', 'BE'), ('on_a_par', 'SAME'), ('.', '.')]
    """
    words = _TOKEN.findall(_PHRASE.sub(lambda found: f"#{found.group().replace(' ', '_')}", plain))
    return [(one.strip("#"), _kind_of(one)) for one in words]


def is_evidential(plain: str) -> bool:
    """Whether a sentence speaks of something that was not found or not shown.

    Examples
    --------
    >>> is_evidential("there is no evidence of bias.")
    True
    """
    return {"NOT", "EVIDENCE"} <= {kind for _, kind in told_of(plain)}


def _turned(kinds: list[str]) -> Iterator[str]:
    """Yield what each part claims first, and how often that is reversed, as one word."""
    kept = [one for one in kinds if one in _CLAIMED or one in _TURNS or one in ("OPEN", "ALTHOUGH")]
    first = next((one for one in kept if one in _CLAIMED), None)
    if first is not None:
        claimed = "SAME" if first in _SAME else "DIFFER"
        turns = sum(one in _TURNS for one in kept)
        yield f"{claimed}_{'ODD' if turns % 2 else 'EVEN'}"
        yield f"{claimed}_{min(turns, 3)}"
        yield "_".join(kept[:_LONG])


def _kind_of(token: str) -> str:
    """Return a word's kind, a sign as it is, `1` or `9` for a number but 0, or `-`."""
    if token[0] == "#":
        token = token[1:]
        if (phrase := token.replace("_", " ")) in _KIND:
            return _KIND[phrase]
    if token[0].isdigit():
        return {"0": "NOT", "1": "1"}.get(token, "9")
    if not token[0].isalpha() or token in _KIND:
        return _KIND.get(token, token)
    for length in range(len(token), max(_LEAST, len(token) - _MOST) - 1, -1):
        if f"{token[:length]}*" in _KIND:
            return _KIND[f"{token[:length]}*"]
    for part in token.split("-"):
        if part in _KIND:
            return _KIND[part]
    for end in ("'s", "s", "ed", "ly", "ing"):
        if token.endswith(end) and token.removesuffix(end) in _KIND:
            return _KIND[token.removesuffix(end)]
    return "-"
