"""A sentence in a plainer form that means the same, for the models to read.

In: a sentence in plain lower case. Out: the same without the words that address somebody or say who
made the claim; "they say it is fair. it is not" as "it is untrue that it is fair"; "bias: none
found" as "no bias found".
"""

from __future__ import annotations

import re

from lfr_eval.finished.claims.lexicon import families

_SHAPES = families("shapes")
_FRAME = re.compile(rf"^(?:{_SHAPES['frame']})[,:]? ")
_TAG = re.compile(_SHAPES["tag"])
_FLAT = re.compile(rf"^(.+?)[.;,] (?:{_SHAPES['flat']})[.! ]*$")
_CAUTIOUS = re.compile(_SHAPES["cautious"])
_LABEL = re.compile(
    rf"^((?:\w+ ){{0,2}}\w+)[?:] (?:{_SHAPES['none']})\b ?((?:detected|found|observed|seen)?\.?)$"
)
_FRAMES = 3
"""Frames within one another that are taken away at most."""


def is_tagged(plain: str) -> bool:
    """Whether a sentence ends in a question that asks for a nod, such as "is not it?"."""
    return _TAG.search(plain) is not None


def reworded(plain: str) -> str:
    """Return a sentence in a plainer form that means the same.

    Examples
    --------
    >>> reworded("members were told that women are missed more often.")
    'women are missed more often.'
    >>> reworded("they told us it was fair. it is not.")
    'it is untrue that they told us it was fair.'
    >>> reworded("bias: none detected.")
    'no bias detected.'
    """
    plain = _TAG.sub(".", plain)
    for _ in range(_FRAMES):
        plain = _FRAME.sub("", plain, count=1)
    if found := _LABEL.match(plain):
        return f"no {found.group(1)} {found.group(2)}".strip()
    found = _FLAT.match(plain)
    if found and not _CAUTIOUS.search(found.group(1)):
        return f"it is untrue that {found.group(1)}."
    return plain
