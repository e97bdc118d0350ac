"""What a CSV file holds beside its table: lines above the header, notes below, row numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from itertools import islice

from lfr_eval.contract.words import several

SEPARATORS = ",;\t|"
"""What may separate the cells of a CSV file."""
SEARCHED = 20
"""Lines with text among which the header must be."""


def lines_above(lines: Iterable[str]) -> int:
    """Return how many lines of a CSV file are above its header.

    These are empty lines, a line that names the separator, comments that begin with `#`, and
    titles: lines with text in the first cell only. The header is the first line with text in two
    cells. A file without such a line has no titles.
    """
    filled = ((at, line) for at, line in enumerate(lines) if line.strip())
    first = [(at, line) for at, line in islice(filled, SEARCHED) if not names_separator(line)]
    rows = [(at, line, _cells(line)) for at, line in first]
    comment = [len(line.strip()) > 1 and cells[0].startswith("#") for _, line, cells in rows]
    for place, (at, line, cells) in enumerate(rows):
        if line.count('"') % 2 or not cells[0].strip():
            return at
        if comment[place]:
            # `#id,score` is a header if the rows below have as many cells.
            below = next((c for (_, _, c), is_ in zip(rows, comment, strict=True) if not is_), [])
            if len(cells) > 1 and len(cells) == len(below):
                return at
        elif sum(bool(cell.strip()) for cell in cells) > 1:
            return at
    kept = [at for (at, _, _), is_ in zip(rows, comment, strict=True) if not is_] or [
        at for at, _, _ in rows
    ]
    return kept[0] if kept else 0


def separator_of(line: str) -> str:
    """Return the separator that is most frequent in a line outside quotes, a comma in doubt.

    In a file separated by semicolons, a name in quotes may contain commas.
    """
    bare = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=lambda mark: (bare.count(mark), mark == ","))


def _cells(line: str) -> list[str]:
    mark = separator_of(line)
    try:
        return next(csv.reader([line.strip("\r\n")], delimiter=mark), [""]) or [""]
    except csv.Error:  # The reader of the whole file says what is wrong, and where.
        return line.split(mark)


INDEX_SKIPPED = (
    "The first column has no name and numbers the rows, as pandas writes it: it is not read."
)


def is_index(name: str, cells: Iterable[str]) -> bool:
    """Whether the first column of a table only numbers its rows, as pandas writes it.

    It has no name and holds whole numbers that rise: rows may have been left out, none reordered.
    """
    if name.strip() not in ("", "Unnamed: 0"):
        return False
    last = -1
    for cell in cells:
        if not re.fullmatch(r"[0-9]{1,18}", cell) or int(cell) <= last:
            return False
        last = int(cell)
    return last >= 0


_NOTE = re.compile(
    r"(?:notes?|n\.?b\.?|sources?|totals?|footnotes?|published|prepared|produced|compiled|updated|version|sums?|means?|averages?)\b|[*\u2020\u2021]",
    re.I,
)
"""How a note below a table begins."""
_LONG = 4
"""Words of a cell that is a note where all other cells of its row are empty."""


def is_note(cells: Iterable[str], width: int) -> bool:
    """Whether the last row of a table seems to be a note below it.

    Parameters
    ----------
    cells
        As they stand; a note with commas has as many cells as commas separate.
    width
        Number of headings.
    """
    row = list(cells)
    filled = [cell.strip() for cell in row if cell.strip()]
    odd = len(row) != width or len(filled) <= width // 2
    called = odd and bool(filled) and _NOTE.match(filled[0]) is not None
    return width > 1 and (called or (len(filled) == 1 and len(filled[0].split()) >= _LONG))


def is_foot(cells: Iterable[str]) -> bool:
    """Whether the last row of a table of numbers, which cannot be read, is a note or a total."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    sentence = len(filled) == 1 and " " in filled[0]
    return bool(filled) and (sentence or _NOTE.match(filled[0]) is not None)


def unread_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Return a note on lines above the header of a CSV file, if any of them says something."""
    return above_header(sum(bool(line.strip()) and not names_separator(line) for line in lines))


def above_header(count: int) -> tuple[str, ...]:
    """Return a note on rows above the header, if there are any."""
    are = "is" if count == 1 else "are"
    return (f"{several(count, 'row')} above the header {are} not read.",) if count else ()


def names_separator(line: str) -> bool:
    """Whether a line of a CSV file only names the separator for Excel, such as `sep=;`."""
    return re.fullmatch(r'"?sep=.?"?', line.strip().casefold()) is not None
