"""Shared by approvals: whether two written names are one person's (names in, yes or no out).

Compared without what can differ while the name is the same: Unicode form, case, accents, invisible
characters, letters of other scripts that look alike, punctuation, titles, order. It errs on the
side of one person: whoever is refused wrongly gives the full name.
"""

from __future__ import annotations

import re
import unicodedata

from lfr_eval.contract.look_alikes import alike

_TITLES = """dr prof professor doctor mr mrs ms miss mx sir dame lord lady baron baroness rev
reverend judge justice captain capt sergeant sgt inspector insp constable pc dc ds dci dcs
superintendent supt chief commander cdr commissioner officer detective deputy assistant phd md msc
bsc qc kc obe mbe cbe jr sr esq"""
TITLES = frozenset(_TITLES.split())
"""Words that say what somebody is, not who."""

_LIKE = str.maketrans("0134578|!$@l", "oieastbiisai")
"""Digits and signs that are written for a letter, and l, which looks like a capital i."""

_STROKES = dict(zip("łøđħŧŋꞵ", "lodhtnb", strict=True))
_UNSEEN = ("Cf", "Cc", "Cn", "Co", "Cs")
_ACCENTS = frozenset((1, *range(10, 37), *range(200, 241)))
"""Combining classes of accents and points. Vowel signs of Indic scripts and Thai have others."""


def bare_name(name: str) -> str:
    """Return what is left of a name when all that may differ is taken away.

    Unicode's normal form NFKC, case, accents and look-alikes of Unicode Technical Standard 39.
    """
    # Look-alikes before accents: a stroke through a letter is no accent of Unicode's.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    seen = (one for one in parts if unicodedata.combining(one) not in _ACCENTS)
    kept = "".join(
        _STROKES.get(one, one) if unicodedata.category(one)[0] in "LNMSP" else " "
        for one in seen
        if unicodedata.category(one) not in _UNSEEN or one in "\t\n\r"
    )
    digits = "".join(str(unicodedata.digit(one, one)) for one in re.sub(r"['’`]", "", kept))
    plain = alike(digits).translate(_LIKE)
    words = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in plain).split()
    titles = {title.translate(_LIKE) for title in TITLES}
    named = [word for word in words if word not in titles] or words
    return "".join(sorted(named)).replace("rn", "m").replace("vv", "w")


def same_person(first: str, second: str) -> bool:
    """Return whether two names may be one person's."""
    return bare_name(first) == bare_name(second)
