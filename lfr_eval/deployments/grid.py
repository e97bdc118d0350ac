"""What a file of records is before anything is understood: headings, and rows of printed cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lfr_eval.contract.dates import looks_like_a_day
from lfr_eval.contract.errors import MendableError
from lfr_eval.deployments.headings import understand
from lfr_eval.deployments.values import is_given

SHOWN = 20
"""Most problems that are printed; the rest are counted."""


class DeploymentError(MendableError, ValueError):
    """Records cannot be used; the message lists every problem.

    Parameters
    ----------
    *problems
        Each in a sentence of its own, or in a part of one with its file and its place there.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """A row as it is printed: its page (or sheet), its number there, and its cells."""

    page: int | None
    number: int
    cells: tuple[str, ...]


@dataclass
class Grid:
    """A table of a file: its headings, and the rows below them.

    `passed_over` says of every other row why it is none, so that nothing is lost in silence;
    `totals` are those that say that they add up others, and the number of rows above each.
    """

    headings: list[str]
    rows: list[Row] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    totals: list[tuple[int, Row]] = field(default_factory=list)


def where(page: int | None, number: int, source: str = "") -> str:
    """Return the place of a row in words: on a page, or on a sheet of a workbook."""
    kind = "sheet" if source.lower().endswith((".xlsx", ".xlsm")) else "page"
    return f"row {number}" if page is None else f"{kind} {page}, row {number}"


def heading_of(
    lines: Sequence[Sequence[str]], merged: bool = False
) -> tuple[int, list[str]] | None:
    """Return how many of the first lines are a title or headings, and the headings, or None.

    Headings may stand on several lines ("Total" over "Alerts"), and a heading may stand above
    several columns ("True Alerts" above "Confirmed" and "Unconfirmed"): a spreadsheet then leaves
    the cells beside it empty.

    Parameters
    ----------
    lines
        Cells of the first lines of a table, as printed.
    merged
        Whether a heading above several columns stands in each of their cells already.
    """
    if not any(looks_like_a_day(cell) for cells in lines for cell in cells):
        return None
    # A row that lacks its day is a row all the same, and no line of headings.
    first = next(place for place, cells in enumerate(lines) if _holds_counts(cells))
    for start in range(first):
        titles = [cells for cells in lines[start : first - 1] if any(cells[1:])]
        above = [*(titles if merged else map(_spread, titles)), lines[first - 1]]
        width = max(map(len, above))
        joined = [
            " ".join(line[at] for line in above if at < len(line) and line[at]).strip()
            for at in range(width)
        ]
        fields = {heading.field for heading in understand(joined)[0]}
        if "date" in fields and len(fields) >= 4:
            return first, joined
    return None


def _holds_counts(cells: Sequence[str]) -> bool:
    counts = sum(bool(re.fullmatch(r"[\d,.]+%?", cell.strip())) for cell in cells)
    return counts >= 2 or any(map(looks_like_a_day, cells))


def _spread(cells: Sequence[str]) -> list[str]:
    """Repeat a heading over the empty cells to its right."""
    spread: list[str] = []
    for cell in cells:
        spread.append(cell if cell or not spread else spread[-1])
    return spread


def is_empty(cells: Sequence[str]) -> bool:
    """Whether nothing is printed in a row."""
    return not any(is_given(cell) for cell in cells)
