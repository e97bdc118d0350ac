"""A page of a PDF in, the lines of its ruled tables out: cells with their boxes and texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lfr_eval.contract.dates import looks_like_a_day
from lfr_eval.deployments.turned import is_turned, turned_text
from lfr_eval.deployments.values import as_shown

_PARTS = frozenset(("confirmed", "unconfirmed", "arrest", "arrests", "other", "no", "action"))
"""Words that stand below a heading of several columns."""

_LEVEL = 0.1
"""Points by which the ends of a level rule differ at most."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Line:
    """A row of a ruled table: its cells' boxes and texts, left to right."""

    boxes: tuple[Box, ...]
    texts: tuple[str, ...]

    @property
    def top(self) -> float:
        """Its upper edge on the page."""
        return min(box[1] for box in self.boxes)

    @property
    def dated(self) -> bool:
        """Whether a day stands in one of its cells."""
        return any(map(looks_like_a_day, self.texts))


def straighten(page: Any) -> None:
    """Draw rules level that are so but for rounding, as on pages that are shown turned."""
    for line in page.lines:
        if abs(line["bottom"] - line["top"]) < _LEVEL:
            line["bottom"] = line["top"]
        elif abs(line["x1"] - line["x0"]) < _LEVEL:
            line["x1"] = line["x0"]


def lines_of(table: Any) -> Iterator[Line]:
    """Yield the lines of a table that pdfplumber found, from top to bottom."""
    chars = table.page.chars if any(map(is_turned, table.page.chars)) else []
    for row, cells in zip(table.rows, table.extract(), strict=True):
        pairs = [(box, cell) for box, cell in zip(row.cells, cells, strict=True) if box]
        if pairs:
            boxes = [box for box, _ in pairs]
            yield Line(
                tuple(boxes),
                tuple(turned_text(chars, box) or _on_one_line(text or "") for box, text in pairs),
            )


def _on_one_line(text: str) -> str:
    """Return the text of a cell; two numbers one above the other are not one number."""
    apart = re.sub(r"(?<=\d)[ \t]*\n\s*(?=\d)", " / ", as_shown(text))
    return " ".join(apart.split())


def headings_above(waiting: Sequence[Line], row: Line) -> list[str]:
    """Return the heading above each cell of the first row, from top to bottom."""
    parts: list[list[tuple[float, str]]] = [[] for _ in row.boxes]
    centres = [(box[0] + box[2]) / 2 for box in row.boxes]
    for line in waiting:
        for box, text in zip(line.boxes, line.texts, strict=True):
            if not text:
                continue
            covered = [at for at, x in enumerate(centres) if box[0] <= x <= box[2]]
            if not covered:
                middle = (box[0] + box[2]) / 2
                covered = [min(range(len(centres)), key=lambda at: abs(centres[at] - middle))]
            words = text.split()
            apart = len(words) == len(covered) > 1 and {w.casefold() for w in words} <= _PARTS
            for place, at in enumerate(covered):
                parts[at].append((box[1], words[place] if apart else text))
    return [" ".join(text for _, text in sorted(part, key=lambda p: p[0])) for part in parts]
