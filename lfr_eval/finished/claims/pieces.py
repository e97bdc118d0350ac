"""A sentence as the pieces of words that the network knows.

In: a sentence as somebody wrote it. Out: whole words where the vocabulary has them, else the
longest pieces that it has (the greedy WordPiece rule of Schuster and Nakajima 2012).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from lfr_eval.finished.claims.wording import DASHES, QUOTES

START, END, UNKNOWN, INSIDE = "[CLS]", "[SEP]", "[UNK]", "##"
MOST = 96
"""Pieces read of a sentence, beside its start and end; most sentences have 15 to 60."""

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def pieces_of(sentence: str, vocabulary: Mapping[str, int]) -> list[int]:
    """Return the numbers of a sentence's pieces, between those of its start and its end.

    Parameters
    ----------
    vocabulary
        The number of each piece. A piece from inside a word has `##` in front.

    Examples
    --------
    >>> known = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "un": 3, "##fair": 4, "!": 5}
    >>> pieces_of("Unfair!", known)
    [0, 3, 4, 5, 1]
    """
    plain = unicodedata.normalize("NFKC", sentence).translate(DASHES | QUOTES).lower()
    bare = "".join(
        sign for sign in unicodedata.normalize("NFD", plain) if unicodedata.category(sign) != "Mn"
    )
    found = [
        number
        for word in _WORD.findall(_THOUSANDS.sub("", bare))
        for number in _of_word(word, vocabulary)
    ]
    return [vocabulary[START], *found[:MOST], vocabulary[END]]


def _of_word(word: str, vocabulary: Mapping[str, int]) -> list[int]:
    found: list[int] = []
    start = 0
    while start < len(word):
        for stop in range(len(word), start, -1):
            piece = (INSIDE if start else "") + word[start:stop]
            if piece in vocabulary:
                found.append(vocabulary[piece])
                start = stop
                break
        else:
            return [vocabulary[UNKNOWN]]
    return found
