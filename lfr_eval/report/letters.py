"""Stage report: labels that no font of the printed documents has (labels in, stand-ins out).

A missing glyph is printed as �, so groups whose labels have no other letters would look alike. Each
such label gets a number and its first code point in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

from lfr_eval.contract.words import joined

REPLACED = "\N{REPLACEMENT CHARACTER}"
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
"""Fonts that typst gets beside its own: no font of the machine, so that all print the same."""


def stand_ins(labels: Iterable[str], kind: str = "group") -> dict[str, str]:
    """Return what is printed in the place of labels with a letter that no font has.

    Examples
    --------
    >>> stand_ins(["Black", "女", "黑人"])
    {'女': 'group 1 (U+5973)', '黑人': 'group 2 (U+9ED1…)'}
    """
    missing = [label for label in dict.fromkeys(labels) if printable(label) != label]
    return {
        label: f"{kind} {place} ({_codes(label, 1)})"
        for place, label in enumerate(missing, start=1)
    }


def stand_in_words(found: Mapping[str, str], shown: bool = False) -> str:
    """Say which stand-ins are printed; empty where none is.

    The labels are `shown` where they can be read, as on a terminal.
    """
    if not found:
        return ""
    named = [
        f"{name.split(' (')[0]} for {f'{label} ' if shown else ''}{_codes(label)}"
        for label, name in found.items()
    ]
    return (
        "The fonts of the PDF do not have the letters of some labels. It prints these names "
        f"instead: {joined(named)}. The labels themselves are shown in report.html."
    )


def standing_in(text: str, found: Mapping[str, str]) -> str:
    """Return text with stand-ins for labels: "in group 女" becomes "in group 1 (U+5973)"."""
    if not found or text.isascii():
        return text
    longest_first = sorted(found, key=len, reverse=True)
    pattern = f"(?:group )?({'|'.join(map(re.escape, longest_first))})"
    return re.sub(pattern, lambda match: found[match[1]], text)


def printable(text: str) -> str:
    """Return text with a mark in the place of every character that no font has."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each == "\n" or ord(each) in _glyphs() else REPLACED for each in text)


def _codes(label: str, most: int = 12) -> str:
    """Return the code points of the letters that no font has, or the first of them."""
    codes = [f"U+{ord(each):04X}" for each in label if printable(each) != each]
    return " ".join(codes[:most]) + ("…" if len(codes) > most else "")


@cache
def _glyphs() -> frozenset[int]:
    # The page's charts are measured in this font, and it has more glyphs than the text's.
    return frozenset(FT2Font(str(FONTS / "DejaVuSans.ttf")).get_charmap())
