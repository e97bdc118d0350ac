"""Shared by approvals: whether two written names are one person's (names in, yes or no out).

Compared without what can differ while the name is the same: Unicode form, case, accents, invisible
characters, letters of other scripts that look alike, punctuation, titles, order. It errs on the
side of one person: whoever is refused wrongly gives the full name.
"""

from __future__ import annotations

import re
import unicodedata

_TITLES = """dr prof professor doctor mr mrs ms miss mx sir dame lord lady baron baroness rev
reverend judge justice captain capt sergeant sgt inspector insp constable pc dc ds dci dcs
superintendent supt chief commander cdr commissioner officer detective deputy assistant phd md msc
bsc qc kc obe mbe cbe jr sr esq"""
TITLES = frozenset(_TITLES.split())
"""Words that say what somebody is, not who."""

_FOREIGN = "авеѕзікмнорстухѵјԛԝһԁьгпαβγεηικνορτυχωѡաօսոհցքգıɑɡɩɪʟꞵſłøđħŧŋ0134578|!$@l"
_LATIN = "abes3ikmhopctyxvjqwhdbrnabyenikvoptuxwwwounhgpqiagiilbslodhtnoieastbiisai"
_ALIKE = dict(zip(_FOREIGN, _LATIN, strict=True))
"""Letters after case folding that look like a Latin one, after the Unicode list of confusables."""


def skeleton(name: str) -> str:
    """Return what is left of a name when all that may differ is taken away.

    Unicode's normal form NFKC, case folding, and the look-alikes of Unicode Technical Standard 39.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    parts = unicodedata.normalize("NFKD", folded)
    kept = "".join(
        _ALIKE.get(one, one) if unicodedata.category(one)[0] in "LNSP" else " "
        for one in parts
        if unicodedata.category(one) not in ("Cf", "Cc", "Cn", "Co", "Cs", "Mn", "Me")
        or one in "\t\n\r"
    )
    words = re.findall(r"\w+", re.sub(r"['’`]", "", kept).replace("_", " "))
    titles = {"".join(_ALIKE.get(one, one) for one in title) for title in TITLES}
    named = [word for word in words if word not in titles] or words
    return "".join(sorted(named)).replace("rn", "m").replace("vv", "w")


def same_person(first: str, second: str) -> bool:
    """Return whether two names may be one person's."""
    return skeleton(first) == skeleton(second)
