"""A text as words, as sentences, and in plain letters: what is left without its typography."""

from __future__ import annotations

import re
import unicodedata

Words = tuple[str, ...]
"""The words of one sentence."""

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[^\W_a-z])")
"""Where a sentence ends and another begins."""

_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff•‣▪◦"))
"""Signs that a page or a list has and nobody types: soft hyphens, marks without width, bullets."""

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


def _typed(text: str) -> str:
    """Return a text with the signs of a keyboard only."""
    return unicodedata.normalize("NFKC", text).translate(DASHES | QUOTES | _UNSEEN)


def sentences_in(text: str) -> list[str]:
    """Return the sentences of a text, whatever its spaces and line breaks.

    Examples
    --------
    >>> sentences_in("It was 1 in 2.5   passes. (Exploratory.)")
    ['It was 1 in 2.5 passes.', '(Exploratory.)']
    """
    return _END.split(" ".join(_typed(text).split()))


def parts_of(text: str) -> tuple[Words, ...]:
    """Return the words of each sentence of a text."""
    return tuple(words for one in sentences_in(text) if (words := tuple(words_of(one))))


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
    plain = _typed(text).lower()
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
    plain = _typed(text).lower()
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
