"""The sorted sentences, and small changes to them that change nothing of what they say."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lfr_eval.finished.claims.learned import BOTH, NEITHER, REASONS

EXAMPLES, HELD_OUT = (Path(__file__).parent / name for name in ("examples.csv", "held_out.csv"))
"""Sentences to learn from, and those of voices that nothing is learned from."""

_ALIKE = (
    ("black", "asian", "brown", "white", "south asian", "east asian", "bangladeshi",
     "afro-caribbean", "mixed-race", "chinese", "african", "somali"),
    ("women", "men"), ("woman", "man"), ("female", "male"), ("young", "old"),
    ("younger", "older"), ("pensioners", "teenagers", "students", "children"),
    ("ethnicity", "race", "skin colour", "ethnic background", "skin tone", "age", "gender"),
    ("racial", "ethnic"), ("racism", "racial bias"),
)  # fmt: skip
"""Words that can stand for one another without changing what a sentence claims."""

_KIND = {word: kind for kind in _ALIKE for word in kind}
_NAMED = re.compile(r"\b(" + "|".join(sorted(_KIND, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_THRESHOLD = re.compile(r"0\.[56]\d?")
_THRESHOLDS = ("0.55", "0.56", "0.58", "0.6", "0.60", "0.62", "0.64")
_LONG = 5


class Example(NamedTuple):
    """A sorted sentence.

    Attributes
    ----------
    sentence, source
        The sentence and the voice that it comes from.
    reading
        One of `learned.READINGS`.
    reasons
        For each of `learned.REASONS`: 1 or 0 whether it must be named, None where it may be.
    """

    sentence: str
    source: str
    reading: str
    reasons: tuple[float | None, ...]


def read_examples(path: Path = EXAMPLES) -> list[Example]:
    """Return the sorted sentences.

    The column `reasons` has those that must be named and `also` those that may, parted by `;`. A
    question mark says that nobody has sorted this one.
    """
    with path.open(encoding="utf-8", newline="") as file:
        return [_example(row) for row in csv.DictReader(file)]


def _example(row: dict[str, str]) -> Example:
    must, may = row["reasons"].split(";"), row["also"].split(";")
    reasons = tuple(
        1.0 if one in must else None if one in may or "?" in must else 0.0 for one in REASONS
    )
    return Example(row["sentence"], row["source"], row["reading"], reasons)


def varied(sentence: str, rng: random.Random) -> str:
    """Return a sentence with other groups or thresholds, less punctuation or a slip of the pen."""
    if rng.random() < 0.7:
        sentence = _other_groups(sentence, rng)
    if rng.random() < 0.3:
        sentence = _THRESHOLD.sub(lambda _: rng.choice(_THRESHOLDS), sentence)
    if rng.random() < 0.2:
        sentence = sentence.rstrip(".")
    if rng.random() < 0.15:
        sentence = sentence.replace("'", "")
    return _slipped(sentence, rng) if rng.random() < 0.15 else sentence


def joined(one: Example, other: Example, rng: random.Random) -> Example:
    """Return two sentences as one: what either claims, it claims, and both where they disagree."""
    told = {one.reading, other.reading} - {NEITHER}
    reading = NEITHER if not told else told.pop() if len(told) == 1 else BOTH
    link = rng.choice((".", ";", ", and", ", but", ", while", ", yet", ", whereas", " although"))
    text = f"{one.sentence.rstrip(' .')}{link} {other.sentence}"
    reasons = (
        1.0 if 1 in pair else None if None in pair else 0.0
        for pair in zip(one.reasons, other.reasons, strict=True)
    )
    return Example(text, one.source, reading, tuple(reasons))


def _other_groups(sentence: str, rng: random.Random) -> str:
    told: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        name = found.group().lower()
        if name not in told:
            free = [
                one
                for one in _KIND[name]
                if one not in told.values() and one not in sentence.lower()
            ]
            told[name] = rng.choice(free or [name])
        return told[name]

    return _NAMED.sub(other, sentence)


def _slipped(sentence: str, rng: random.Random) -> str:
    words = sentence.split(" ")
    long = [at for at, word in enumerate(words) if len(word) > _LONG and word.isalpha()]
    if not long:
        return sentence
    at = rng.choice(long)
    words[at] = rng.choice(list(_slips(words[at], rng.randrange(1, len(words[at]) - 2))))
    return " ".join(words)


def _slips(word: str, at: int) -> Iterator[str]:
    before, one, other, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    yield f"{before}{other}{one}{rest}"
    yield f"{before}{other}{rest}"
    yield f"{before}{one}{one}{other}{rest}"
