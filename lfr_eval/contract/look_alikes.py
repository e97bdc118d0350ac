"""Contract: which letters look alike, whatever their alphabet (Unicode's list in, one letter out).

Unicode Technical Standard 39 lists characters that are confused with one another. A skeleton has
one of them in the place of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache


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
