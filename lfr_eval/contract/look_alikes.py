"""Contract: which letters look alike, whatever their alphabet (Unicode's list in, one letter out).

Unicode Technical Standard 39 lists characters that are confused with one another. A skeleton has
one of them in the place of all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

_LETTER = re.compile(r"LATIN .*?LETTER (?:SMALL CAPITAL )?(.+?)(?: WITH .*)?$")
_OF_THEIR_OWN = """ALPHA:a BETA:b CHI:x DELTA:d ENG:n ESH:s ETH:d EZH:z GAMMA:y IOTA:i KRA:k OMEGA:w
SCHWA:e UPSILON:u"""
_CALLED = dict(each.split(":") for each in _OF_THEIR_OWN.split())
"""Latin letters with a name of their own, and the letter that they stand for or look like."""


def alike(text: str) -> str:
    r"""Return a text without capitals, each letter replaced by the one that stands for its likes.

    That is the letter or digit of ASCII, where there is one. Those of ASCII stay as they are.

    Examples
    --------
    >>> alike("f\u0435male"), alike("\u050crey"), alike("Gre\u04af"), alike("G1l0")
    ('female', 'grey', 'grey', 'g1l0')
    >>> alike("\u041f\u0430\u0432\u0435\u043b") == alike("\u03a0\u0430\u0432\u0435\u043b")
    True
    """
    folded = text.casefold()
    return folded if folded.isascii() else folded.translate(_table())


def as_it_looks(text: str) -> str:
    r"""Return a text with the letters and digits of ASCII that its other characters look like.

    A capital letter is seen as it is: Greek capital nu is an N, and the small one a v.

    Examples
    --------
    >>> as_it_looks("\u039dick Gr\u0435y")
    'Nick Grey'
    """
    return text if text.isascii() else text.translate(_looks())


@cache
def _looks() -> Mapping[int, str]:
    from confusable_homoglyphs.confusables import confusables_data

    likes = {
        one: [each["c"] for each in given if each["c"].isascii() and each["c"].isalnum()]
        for one, given in confusables_data.items()
        if len(one) == 1 and not one.isascii()
    }
    return {ord(one): given[0] for one, given in likes.items() if given}


@cache
def plain_letter(letter: str) -> str:
    r"""Return the letter from A to Z of which a Latin letter is a form, by its Unicode name.

    Strokes, hooks, tails and the turned, open or small capital letters of phonetics are no accents
    that come off, and most are no look-alikes of Unicode's list.

    Examples
    --------
    >>> "".join(map(plain_letter, "G\u027e\u0258\u028f \u00f8\u0142\u018e \u00c6\u0436"))
    'Grey ole \xc6\u0436'
    """
    found = _LETTER.match(unicodedata.name(letter, "")) if letter > "\x7f" else None
    words = found[1].split() if found else []
    named = [word.lower() if len(word) == 1 else _CALLED.get(word, "") for word in words]
    return next(filter(None, reversed(named)), letter)


@cache
def _table() -> Mapping[int, str]:
    from confusable_homoglyphs.confusables import confusables_data

    likes = {
        one: [each["c"].strip("\u200e") for each in given]
        for one, given in confusables_data.items()
        if len(one) == 1 and not one.isascii()
    }
    # Small letters decide: the Greek letters N and v are one letter, and a small one looks like v.
    order = sorted(likes, key=lambda one: one != one.casefold())
    table: dict[str, str] = {}
    for one in order:
        ascii_like = [each for each in likes[one] if each.isascii() and each.isalnum()]
        if ascii_like and _is_one(one.casefold()):
            table.setdefault(one.casefold(), ascii_like[0].casefold())
    # Letters that are like those, and then letters that have no like in ASCII.
    for one in order:
        near = [table[each.casefold()] for each in likes[one] if each.casefold() in table]
        if near and _is_one(one.casefold()):
            table.setdefault(one.casefold(), near[0])
    for one in order:
        same = [each.casefold() for each in (one, *likes[one])]
        if same[0] not in table and all(each.isalpha() and _is_one(each) for each in same):
            # One that has a like already stands for all of its likes.
            table[same[0]] = min(table.get(each, each) for each in same)
    return {ord(one): table.get(other, other) for one, other in table.items() if one != other}


def _is_one(text: str) -> bool:
    return len(text) == 1 and not text.isascii()
