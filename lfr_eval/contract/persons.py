"""Shared by approvals: whether two written names are one person's (names in, yes or no out).

Compared without what can differ while the name is the same: Unicode form, case, accents, invisible
characters, letters of other scripts that look alike, other forms of a Latin letter, punctuation,
titles, order, and numbers such as those on a collar, unless both names have one. It errs on the
side of one person: whoever is refused wrongly gives the full name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

from lfr_eval.contract.look_alikes import alike, as_it_looks, plain_letter

_TITLES = """dr prof professor doctor mr mrs ms miss mx sir dame lord lady baron baroness rev
reverend judge justice captain capt sergeant sgt inspector insp constable pc dc ds dci dcs
superintendent supt chief commander cdr commissioner officer detective deputy assistant phd md msc
bsc qc kc obe mbe cbe jr sr esq acting temporary cllr councillor hon di dcc acc pcso chair chairman
chairwoman chairperson"""
TITLES = frozenset(_TITLES.split())
"""Words that say what somebody is, not who."""

_LIKE = str.maketrans("01345678|!$@l", "oieasgtbiisai")
"""Digits and signs that are written for a letter, and l, which looks like a capital i."""

_NUMBER = re.compile(
    rf"(?<![^\W_])(?:(?:{'|'.join(sorted(TITLES))})?(\d{{2,}})|[a-z]{{0,2}}(\d{{3,}})[a-z]{{0,2}})"
    r"(?![^\W_])"
)
"""A number of an officer: 12, PC1234, 1234AB. A single digit may be written for a letter."""

_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks without a shape (Unicode, Default_Ignorable_Code_Point)."""
_ENCLOSED = re.compile(r"(?:LETTER|INDICATOR SYMBOL LETTER) ([A-Z])")
_UNSEEN = ("Cf", "Cc", "Cn", "Co", "Cs")
_ACCENTS = frozenset((1, *range(10, 37), *range(200, 241)))
"""Combining classes of accents and points. Vowel signs of Indic scripts and Thai have others."""


def bare_name(name: str) -> str:
    """Return what is left of a name when all that may differ is taken away.

    Unicode's normal form NFKC, case, accents and look-alikes of Unicode Technical Standard 39.
    """
    return _joined(sorted(_without_titles(_words(_folded(name)))))


def _folded(name: str, first: str = "small") -> str:
    """Return a name in small letters without accents; look-alikes and forms are one letter.

    Parameters
    ----------
    first
        How a letter is read that is one by its `look`, another as a `small` letter, or another by
        the `form` that its name says: a v with a hook looks like u.
    """
    shown = "".join(map(_opened, _FILLERS.sub("", name)))
    if first == "look":
        shown = as_it_looks(unicodedata.normalize("NFC", shown))
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", shown).casefold())
    seen = (one for one in parts if unicodedata.combining(one) not in _ACCENTS)
    kept = "".join(
        one if unicodedata.category(one)[0] in "LNMSP" else " "
        for one in seen
        if unicodedata.category(one) not in _UNSEEN or one in "\t\n\r"
    )
    digits = "".join(str(unicodedata.digit(one, one)) for one in re.sub(r"['\u2019`]", "", kept))
    if first == "form":
        return alike("".join(map(plain_letter, digits)))
    return "".join(map(plain_letter, alike(digits)))


def _words(folded: str) -> list[str]:
    plain = folded.translate(_LIKE)
    return "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in plain).split()


def _opened(sign: str) -> str:
    """Return the letter in a sign of a letter in a circle, a square or brackets; others as is."""
    found = _ENCLOSED.search(unicodedata.name(sign, "")) if sign > "\u249b" else None
    return found[1] if found and unicodedata.category(sign) == "So" else sign


def _without_titles(words: Sequence[str]) -> Sequence[str]:
    titles = {title.translate(_LIKE) for title in TITLES}
    return [word for word in words if word not in titles] or words


def same_person(first: str, second: str) -> bool:
    """Return whether two names may be one person's.

    Words may stand in another order or begin elsewhere: D r G rey is Dr Grey.
    """
    return any(
        _same(one, other) for one, other in zip(_readings(first), _readings(second), strict=True)
    )


def _same(first: str, second: str) -> bool:
    one, other = map(_without_number, (first, second))
    numbers = [set(map(_digits, _NUMBER.finditer(name))) for name in (first, second)]
    if one and other:
        return not _ways(one).isdisjoint(_ways(other)) and not (
            all(numbers) and numbers[0].isdisjoint(numbers[1])
        )
    return not numbers[0].isdisjoint(numbers[1]) or not _ways(first).isdisjoint(_ways(second))


def perhaps_one(names: Iterable[str]) -> str:
    """Say which of the names of different people may be one person's; empty if none.

    A name may be shortened to initials or to a part of it, such as a surname.

    Examples
    --------
    >>> perhaps_one(["A. Grey", "Dr White", "Anna Grey", "Bob Grey"])
    "'A. Grey' and 'Anna Grey' may be one person, because one name may be short for the other."
    >>> perhaps_one(["A. Grey", "Anna Grey", "Ada Grey"]).split(", ")[1]
    "and so may 'A. Grey' and 'Ada Grey'"
    """
    pairs = [
        f"'{one}' and '{other}'"
        for one, other in combinations(dict.fromkeys(names), 2)
        if not same_person(one, other) and any(map(_shortened, _readings(one), _readings(other)))
    ]
    if not pairs:
        return ""
    said = f"{pairs[0]} may be one person" + "".join(f", and so may {two}" for two in pairs[1:])
    return f"{said}, because one name may be short for the other."


def _shortened(first: str, second: str) -> bool:
    """Whether each word of one folded name is a word of the other, or the initial of one."""
    bare = (_without_titles(_words(_without_number(each))) for each in (first, second))
    short, long = sorted(map(list, bare), key=len)
    for word in sorted(short, key=len, reverse=True):
        fits = [
            each
            for each in long
            if each == word or (each[0] == word[0] and 1 in map(len, (each, word)))
        ]
        if not fits:
            return False
        long.remove(word if word in fits else fits[0])
    return bool(short)


def named(name: str) -> bool:
    """Return whether a text holds a name, and not only a number and titles.

    Examples
    --------
    >>> named("PC 1234"), named("PC 1234 Grey"), named("Dr Grey")
    (False, True, True)
    """
    return bool(_without_number(_folded(name)))


@lru_cache(maxsize=1024)
def _readings(name: str) -> tuple[str, ...]:
    return tuple(_folded(name, first) for first in ("look", "small", "form"))


def _without_number(folded: str) -> str:
    """Return a folded name without the numbers of officers; empty if only a title is left."""
    rest = _NUMBER.sub(" ", folded)
    if rest == folded:
        return folded
    titles = {title.translate(_LIKE) for title in TITLES}
    return rest if set(_words(rest)) - titles else ""


def _digits(found: re.Match[str]) -> str:
    return (found[1] or found[2]).lstrip("0")


@lru_cache(maxsize=1024)
def _ways(folded: str) -> frozenset[str]:
    words = _words(folded)
    return frozenset(
        _joined(each) for some in (words, _without_titles(words)) for each in (some, sorted(some))
    )


def _joined(words: Sequence[str]) -> str:
    return "".join(words).replace("rn", "m").replace("vv", "w")
