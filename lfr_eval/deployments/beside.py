"""A page of a PDF in, a note on its text beside the rows out: what is not read is not lost.

A footnote, a total below the table or a remark such as "figures exclude Croydon" may change what
the rows mean. A person is told where it stands and how it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lfr_eval.contract.words import several, some
from lfr_eval.deployments.ruled import Box, Line

_LINES, _LETTERS = 12, 200
"""Lines that are quoted, and letters of each."""


def said_beside(page: Any, unread: Sequence[Line], rows: Sequence[float]) -> Iterator[str]:
    """Say which lines of a page were not read, by where they stand.

    Parameters
    ----------
    page
        Of pdfplumber.
    unread
        Lines of its ruled tables that are neither headings nor rows.
    rows
        How far below the top of the page its rows stand; empty: it has none.
    """
    tables = page.find_tables()
    boxes = [table.bbox for table in tables]
    # The shaded background of a heading is a table inside the one that was read.
    lines = [
        (line.top, " ".join(filter(None, line.texts)))
        for line in unread
        if sum(_holds(box, line.boxes[0]) for box in boxes) < 2
    ]
    cells = [cell for table in tables for cell in table.cells]
    lines += _outside(page, cells)
    places: dict[str, list[str]] = {}
    for top, text in sorted(lines):
        where = (
            "on a page without rows"
            if not rows
            else "above the rows"
            if top < min(rows)
            else "below the rows"
            if top > max(rows)
            else "beside or between the rows"
        )
        places.setdefault(where, []).append(text)
    for where, texts in places.items():
        were = "was" if len(texts) == 1 else "were"
        quoted = some(texts, _LINES, "; ", lambda text: f"'{text[:_LETTERS]}'")
        yield f"{several(len(texts), 'line')} of text {where} {were} not read: {quoted}"


def _outside(page: Any, cells: Sequence[Box]) -> Iterator[tuple[float, str]]:
    """Yield the lines of text that stand in no cell, and how far below the top of the page."""
    left, top, right, bottom = np.array(cells, float).reshape(-1, 4).T

    def is_outside(thing: dict[str, Any]) -> bool:
        if thing["object_type"] != "char":
            return False
        x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
        return not np.any((left <= x) & (x < right) & (top <= y) & (y < bottom))

    for line in page.filter(is_outside).extract_text_lines(return_chars=False):
        yield line["top"], line["text"]


def _holds(outer: Box, box: Box) -> bool:
    """Whether the middle of a box is in another one."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= x < outer[2] and outer[1] <= y < outer[3]


def remarks(page: Any) -> Iterator[str]:
    """Yield what comments, filled-in fields and texts drawn above a page say."""
    for each in page.annots:
        data = each.get("data") or {}
        kind = str(data.get("Subtype", "")).strip("/'")
        text = each.get("contents") or _value(data.get("V"))
        if kind != "Link" and text:
            what = "a form field" if kind == "Widget" else "a comment"
            yield f"{what} was not read: '{' '.join(text.split())[:_LETTERS]}'"


def _value(value: object) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else ""
