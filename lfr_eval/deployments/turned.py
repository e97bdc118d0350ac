"""Cells of a PDF whose text is turned on its side, as headings of narrow columns are (text out)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

_GAP = 0.2
"""A gap of so much of the size of the letters is a space."""

Box = tuple[float, float, float, float]


def turned_text(chars: Sequence[dict[str, Any]], box: Box) -> str | None:
    """Return the text of a cell that is turned by a quarter; None where it stands upright.

    Parameters
    ----------
    chars
        Characters of the page, with the matrix that places them.
    box
        Of the cell: left, top, right, bottom.
    """
    x0, top, x1, bottom = box
    inside = [
        char
        for char in chars
        if x0 <= (char["x0"] + char["x1"]) / 2 <= x1
        and top <= (char["top"] + char["bottom"]) / 2 <= bottom
    ]
    written = [char for char in inside if char["text"].strip()]
    if not written or not all(map(is_turned, written)):
        return None
    upwards = written[0]["matrix"][1] > 0
    lines: list[list[dict[str, Any]]] = []
    for char in sorted(written, key=lambda each: each["x0"] if upwards else -each["x1"]):
        middle = (char["x0"] + char["x1"]) / 2
        if lines and abs(middle - (lines[-1][0]["x0"] + lines[-1][0]["x1"]) / 2) < _size(char) / 2:
            lines[-1].append(char)
        else:
            lines.append([char])
    return " ".join(_line(line, upwards) for line in lines)


def _line(chars: list[dict[str, Any]], upwards: bool) -> str:
    chars.sort(key=lambda char: -char["bottom"] if upwards else char["top"])
    text = chars[0]["text"]
    for before, char in pairwise(chars):
        gap = before["top"] - char["bottom"] if upwards else char["top"] - before["bottom"]
        text += (" " if gap > _GAP * _size(char) else "") + char["text"]
    return str(text)


def is_turned(char: dict[str, Any]) -> bool:
    """Whether a character stands on its side in the file."""
    across, along = abs(char["matrix"][0]), abs(char["matrix"][1])
    return bool(along > 2 * across)


def _size(char: dict[str, Any]) -> float:
    return float(char["x1"] - char["x0"])
