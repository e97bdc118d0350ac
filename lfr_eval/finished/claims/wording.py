"""How two wordings differ: the same but for typography, or which words, numbers and negations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

NEGATIONS = frozenset(
    {"no", "not", "never", "neither", "nor", "none", "cannot", "nothing", "without"}
)
DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
QUOTES = {ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"'}
# A number, a word (`east_asian/white` and `n't` are parts of one), or a sign that means something.
WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d]+(?:['/-][^\W\d]+)*|[%<>∞]")


def words_of(text: str) -> list[str]:
    """Return the words of a sentence, without what typography alone decides.

    Case, spaces, punctuation, the kind of quotation marks and dashes, and thousands separators
    do not matter; numbers, `%` and `<` do.

    Examples
    --------
    >>> words_of("At threshold 0.60,  1 in 6,000 — “not shown”.")
    ['at', 'threshold', '0.60', '1', 'in', '6000', 'not', 'shown']
    """
    plain = unicodedata.normalize("NFKC", text).translate(DASHES | QUOTES).lower()
    plain = re.sub(r"(?<=\d)[, ](?=\d{3}\b)", "", plain)
    plain = re.sub(r"(?<=[a-z])n't\b", " not", plain).replace("can not", "cannot")
    plain = re.sub(r"\bper ?cent\b", "%", plain)
    return WORD.findall(plain.replace("_", " "))


def alikeness(one: list[str], other: list[str]) -> float:
    """Return how alike two wordings are, from 0 to 1, in order."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def differences(claim: list[str], study: list[str]) -> Iterator[str]:
    """Yield one phrase for each place where a claim departs from the study's wording."""
    steps = SequenceMatcher(None, study, claim, autojunk=False).get_opcodes()
    for step, first, last, start, end in steps:
        had, has = study[first:last], claim[start:end]
        if step != "equal":
            yield _difference(had, has, last == len(study))


def _difference(had: list[str], has: list[str], at_end: bool) -> str:
    lost, won = (_negations(one) for one in (had, has))
    if lost != won:
        which = lost or won
        what = "loses" if lost and not won else "adds" if won and not lost else "changes"
        negation = f"it {what} the “{' '.join(which)}”: "
    else:
        negation = ""
    if had and has:
        return f"{negation}it says “{' '.join(has)}” where the study says “{' '.join(had)}”"
    if has:
        return f"{negation}it adds “{' '.join(has)}”"
    where = "it leaves out the end" if at_end and len(had) > 2 else "it leaves out"
    return f"{negation}{where}: “{' '.join(had)}”"


def _negations(words: list[str]) -> list[str]:
    return [word for word in words if word in NEGATIONS]
