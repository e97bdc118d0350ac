"""Characters of a PDF's page in, the raised marks of footnotes out, which read like digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

_SMALL = 0.8
"""A character of so small a part of the size before it, and above its line, is a footnote mark."""


def raised_marks(chars: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the raised characters beside larger ones, and the digits that are drawn small."""
    widths: dict[tuple[object, ...], list[float]] = {}
    for char in chars:
        if char["text"].isdecimal():
            for digit in ("", char["text"]):
                kind = char["fontname"], round(char["size"], 1), digit
                widths.setdefault(kind, []).append(char["width"])
    usual = {kind: median(found) for kind, found in widths.items()}
    before: dict[str, Any] | None = None
    for char in chars:
        # A letter is not read as part of a number, and is the text of a footnote more often.
        if before is not None and not char["text"].isalpha():
            size = before["size"]
            beside = -size / 2 < char["x0"] - before["x1"] < size and (
                before["top"] - size / 2 < char["top"] < before["bottom"]
            )
            raised = char["size"] < _SMALL * size and char["bottom"] < before["bottom"]
            if beside and char["text"].strip() and (raised or _is_narrow(char, usual)):
                yield char
                before = {**before, "x1": char["x1"]}  # A mark may have several characters.
                continue
        before = char


def _is_narrow(char: dict[str, Any], usual: Mapping[tuple[object, ...], float]) -> bool:
    """Whether a digit is one of a font's own raised digits: narrower than the others.

    In some fonts, 1 is narrower than other digits, so it is compared with other ones only.
    """
    if not char["text"].isdecimal():
        return False
    others = "1" if char["text"] == "1" else ""
    return bool(char["width"] < _SMALL * usual[char["fontname"], round(char["size"], 1), others])
