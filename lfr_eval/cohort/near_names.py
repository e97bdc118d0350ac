"""Names and ids that may be misspellings of one another (a name in, its near ones out).

A register that is asked under another spelling must not answer only "nobody". Near names are
offered as such, and never counted as the same.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence

from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import joined, some

NEAR = 0.8
"""Names that share at least this proportion of letters are offered for one another."""

_LEGAL = frozenset(
    (
        *("ltd", "limited", "plc", "llp", "inc", "incorporated", "corp", "corporation", "co"),
        *("company", "gmbh", "ag", "sa", "bv", "the", "and", "of"),
    )
)
"""Words that say what an organisation is, or join others."""


def near_id(subject: str) -> str:
    r"""Return an id without what may be lost when it is copied by hand.

    That is case, accents, spaces, punctuation, letters that look alike, and zeros before a number.

    Examples
    --------
    >>> near_id("P-0017") == near_id("p17"), near_id("Jos\u00e9") == near_id("jose")
    (True, True)
    >>> near_id("P-17") == near_id("P-170"), near_id("P-1-2") == near_id("P-12")
    (False, False)
    """
    parts = re.findall(r"\d+|[^\W\d_]+", _bare(subject))
    # Neighbouring numbers stay apart: 1-2 is not 12.
    joined = ""
    for part in (each.lstrip("0") or "0" if each.isdigit() else each for each in parts):
        joined += "-" * (joined[-1:].isdigit() and part[0].isdigit()) + part
    return joined or subject


def written_alike(subjects: Sequence[str]) -> list[list[str]]:
    """Return the ids that have one near form, such as 12345 and 0012345, in the order given."""
    groups: dict[str, list[str]] = {}
    for subject in subjects:
        groups.setdefault(near_id(subject), []).append(subject)
    return [group for group in groups.values() if len(group) > 1]


def told_alike(subjects: Sequence[str], rows: Sequence[int] = ()) -> tuple[str, ...]:
    """Say that ids may be one person's, written in several ways; no id is told.

    Parameters
    ----------
    subjects, rows
        The id in each row of a file, and the numbers of the rows, if they can be named.
    """
    alike = written_alike(list(dict.fromkeys(subjects)))
    if not alike:
        return ()
    where = f"{sum(map(len, alike)):,} ids"
    if rows:
        first = dict(zip(reversed(subjects), reversed(rows), strict=True))
        each = [joined([str(first[name]) for name in group]) for group in alike]
        where = f"rows {some(each, apart='; rows ')}"
    return (
        f"Some subject ids are nearly the same, and each counts as another person ({where}). "
        "If they are one person, give that person one id.",
    )


def spellings(subject: str) -> tuple[str, ...]:
    """Return an id, its near form, and the ways of writing it that entries without one may hold.

    The near form is marked, so that it cannot be another person's id.
    """
    return subject, f"near\0{near_id(subject)}", subject.upper(), subject.lower(), subject.title()


def near_names(wanted: str, names: Sequence[str]) -> list[str]:
    """Return which names resemble one, in the order given.

    A name does if it is the same but for its legal form, if all words of one are in the other, if
    one is the initials of the other, or if most letters agree.

    Examples
    --------
    >>> near_names("Acme Limited", ["Acme Ltd", "ACME Security", "Borough of Camden"])
    ['Acme Ltd', 'ACME Security']
    >>> near_names("MPS", ["Metropolitan Police Service"]), near_names("Acme", ["Apex"])
    (['Metropolitan Police Service'], [])
    """
    mine = _words(wanted)
    return [name for name in names if _resemble(mine, _words(name))]


def _resemble(one: Sequence[str], other: Sequence[str]) -> bool:
    small, large = sorted((set(one), set(other)), key=len)
    if small <= large:
        return True
    if "".join(one) in ("".join(other), _initials(other)) or "".join(other) == _initials(one):
        return True
    return difflib.SequenceMatcher(None, " ".join(one), " ".join(other)).ratio() >= NEAR


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0] for word in words)


def _words(name: str) -> list[str]:
    words = re.findall(r"\w+", re.sub(r"['\u2018\u2019\u02bc.]", "", _bare(name)))
    return [word for word in words if word not in _LEGAL] or words


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFKD", skeleton(text))
    return "".join(each for each in parts if not unicodedata.combining(each))
