"""A page of a PDF in, the text out that it holds and does not show: a reader would be misled.

A figure in white, below a white box or struck through is in the file, but a person sees another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np

_FAINT = 0.12
"""Text whose brightness differs less from its background cannot be seen (0 black, 1 white)."""

_EDGE = 0.25
"""A line that crosses a letter between these parts of its height strikes it through."""

Thing = dict[str, Any]


def unseen(page: Any, tables: Sequence[Any]) -> Iterator[str]:
    """Yield the text in the tables of a page that a person does not see as it is, and why.

    Parameters
    ----------
    page
        Of pdfplumber, as it was read.
    tables
        Its ruled tables.
    """
    boxes = np.array([table.bbox for table in tables]).reshape(-1, 4)
    written = [
        (char, at)
        for char, at in zip(page.chars, _order(page, "LTChar", page.chars), strict=True)
        if char["text"].strip()
    ]
    if not written or not len(boxes):
        return
    x, y = (
        np.array([(char[low] + char[high]) / 2 for char, _ in written])
        for low, high in (("x0", "x1"), ("top", "bottom"))
    )
    x0, top, x1, bottom = boxes.T[:, :, None]
    inside = ((x0 <= x) & (x <= x1) & (top <= y) & (y <= bottom)).any(axis=0)
    at = np.array([place for _, place in written])
    own = np.array([_brightness(char["non_stroking_color"]) for char, _ in written])
    behind, covered = np.ones(len(written)), np.zeros(len(written), dtype=bool)
    for rect, place in zip(page.rects, _order(page, "LTRect", page.rects), strict=True):
        bright = _brightness(rect["non_stroking_color"])
        if not rect["fill"] or np.isnan(bright):
            continue
        over = (rect["x0"] <= x) & (x <= rect["x1"]) & (rect["top"] <= y) & (y <= rect["bottom"])
        covered |= over & (at < place)
        behind[over & (at > place)] = bright
    faint = np.abs(own - behind) < _FAINT
    struck = np.zeros(len(written), dtype=bool)
    tall = np.array([char["bottom"] - char["top"] for char, _ in written])
    for line in page.horizontal_edges:
        crossed = (line["x0"] <= x) & (x <= line["x1"])
        struck |= crossed & (np.abs(y - line["top"]) < (0.5 - _EDGE) * tall)
    for which, why in (
        (faint, "in the colour of its background"),
        (covered, "below a filled box"),
        (struck, "struck through"),
    ):
        hidden = which & inside
        if hidden.any():
            text = "".join(
                char["text"] for (char, _), one in zip(written, hidden, strict=True) if one
            )
            yield f"text {why} ('{text[:40]}')"


def _order(page: Any, kind: str, things: Sequence[Thing]) -> list[int]:
    """Return when each thing is drawn; all at once if the file does not show it."""
    places = [at for at, each in enumerate(_drawn(page.layout)) if type(each).__name__ == kind]
    return places if len(places) == len(things) else [0] * len(things)


def _drawn(layout: Any) -> Iterator[Any]:
    for each in layout:
        yield each
        if type(each).__name__ == "LTFigure":
            yield from _drawn(each)


def _brightness(colour: object) -> float:
    """Return how bright a colour is, from 0 to 1; NaN where it is a pattern."""
    parts = [colour] if isinstance(colour, Real) else colour
    if parts is None:
        return 0.0
    if not isinstance(parts, list | tuple) or not all(isinstance(each, Real) for each in parts):
        return float("nan")
    values = [float(str(each)) for each in parts]
    if len(values) == 1:
        return values[0]
    if len(values) == 4:
        values = [(1 - each) * (1 - values[3]) for each in values[:3]]
    return float(np.dot([0.299, 0.587, 0.114], values)) if len(values) == 3 else float("nan")
