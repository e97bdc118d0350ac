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
# A number with its sign, a word (`east_asian/white` and `n't` are parts of one), or any sign that
# could mean something. Only stops, commas, brackets, quotation marks and dashes mean nothing.
WORD = re.compile(
    r"(?<![\w)])-?\d+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d]+(?:['/-][^\W\d]+)*|[^\s\w.,;:!()\"'=-]"
)

_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: number for number, word in enumerate(_UNITS.split())}
_SMALL |= {word: 10 * number for number, word in enumerate(_TENS.split(), 2)}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_ONE = "|".join([*_SMALL, *_LARGE])
_NUMBER = re.compile(rf"\b(?:{_ONE})(?:(?:[ -]|[ ]and[ ])(?:{_ONE}))*\b")
_SCALED = re.compile(r"\b(\d+(?:\.\d+)?)[ -](hundred|thousand|million|billion)\b")
_TIMES = {
    r"\btwice\b|\bdouble\b|\btwo-?fold\b": "2 times",
    r"\bthrice\b|\btriple\b|\bthree-?fold\b": "3 times",
    r"\b(\d+(?:\.\d+)?)[ -]?fold\b": r"\1 times",
    r"\bonce (?:in|for)(?: every)? (?=\d)|\b1/(?=\d{3})": "1 in ",
    r"\b(\d+) (?:of|[a-z]+ [a-z]+ for) every (?=\d)": r"\1 in ",
}


def words_of(text: str) -> list[str]:
    """Return the words of a sentence, without what typography alone decides.

    Case, spaces, punctuation, the kind of quotation marks and dashes, and thousands separators
    do not matter; numbers and signs such as `%`, `<` and `?` do.

    Examples
    --------
    >>> words_of("At threshold 0.60,  1 in 6,000 — “not shown”.")
    ['at', 'threshold', '0.60', '1', 'in', '6000', 'not', 'shown']
    >>> words_of("p ≤ 0.05 at −0.2?")
    ['p', '≤', '0.05', 'at', '-0.2', '?']
    """
    plain = unicodedata.normalize("NFKC", text).translate(DASHES | QUOTES).lower()
    plain = re.sub(r"(?<=\d)[, ](?=\d{3}\b)", "", plain)
    plain = re.sub(r"(?<=[a-z])n't\b", " not", plain).replace("can not", "cannot")
    plain = re.sub(r"\bper ?cent\b", "%", plain)
    return WORD.findall(plain.replace("_", " "))


def in_plain(text: str) -> str:
    """Return a sentence for reading: lower case, numbers in digits, its stops and commas kept.

    Examples
    --------
    >>> in_plain("It isn't one in six thousand; twice, 4 per cent.")
    'it is not 1 in 6000; 2 times, 4 %.'
    """
    plain = unicodedata.normalize("NFKC", text).translate(DASHES | QUOTES).lower()
    plain = re.sub(r"(?<=\d)[, ](?=\d{3}\b)", "", plain)
    plain = re.sub(r"\bcan't\b|\bcan not\b", "cannot", plain).replace("won't", "will not")
    plain = re.sub(r"(?<=[a-z])n't\b", " not", plain)
    plain = re.sub(r"\ba (?=(?:hundred|thousand|million|billion)\b)", "one ", plain)
    plain = _NUMBER.sub(lambda found: _digits(found.group()), plain)
    plain = _SCALED.sub(lambda m: f"{float(m.group(1)) * _LARGE[m.group(2)]:.12g}", plain)
    for pattern, times in _TIMES.items():
        plain = re.sub(pattern, times, plain)
    plain = re.sub(r"\s*(?:\bper ?cent(?:age points?)?\b|%)", " %", plain)
    return re.sub(r"\s+", " ", plain.replace("_", " ")).strip(" \"'")


def _digits(words: str) -> str:
    """Return a number in words as digits: "six thousand" is 6000, "hundred" alone stays."""
    total, part = 0, 0
    parts = [word for word in re.split(r"[ -]", words) if word != "and"]
    if parts[0] in _LARGE:
        return words
    for word in parts:
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part *= 100
        else:
            total, part = total + part * _LARGE[word], 0
    return str(total + part)


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
