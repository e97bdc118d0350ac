"""A published PDF of records in, its grids out: ruled tables, wherever their pages break.

A heading may span several columns, stand in a table of its own above the rows, or be missing on
the pages that go on. Headings are therefore matched to columns by where they stand on the page.
What is not understood is refused with its page: a grid is never misread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lfr_eval.compute.limits import within_free_memory, within_seconds
from lfr_eval.contract.dates import DAY_IN_TEXT, looks_like_a_day
from lfr_eval.contract.words import joined, several
from lfr_eval.deployments.beside import remarks, said_beside
from lfr_eval.deployments.footnotes import raised_marks
from lfr_eval.deployments.grid import DeploymentError, Grid, Row, is_empty
from lfr_eval.deployments.headings import SKIP, Heading, plain, understand
from lfr_eval.deployments.ruled import Line, headings_above, lines_of, straighten
from lfr_eval.deployments.swapped import exchanged_columns
from lfr_eval.deployments.totals import is_total
from lfr_eval.deployments.unseen import unseen

_TEXTS = (SKIP, "force", "place", "use_case", "camera", "model_version")
"""Fields whose text may go on over the end of a page."""

MOST_PAGES, MOST_BYTES, PATIENCE = 1_000, 1 << 31, 60
"""Pages of a file, memory that it may take, and seconds for a page: packed pages have no end."""


def pdf_grids(path: Path) -> list[Grid]:
    """Return the grids of a PDF, one for each set of headings.

    Raises
    ------
    DeploymentError
        If pdfplumber is missing, the file is no PDF, or a page holds rows that cannot be read; or
        if it takes more memory or time than a real one would.
    """
    try:
        import pdfplumber
    except ImportError:
        raise DeploymentError(
            f"{path.name} is a PDF: install lfr-eval[records], or copy its table to a CSV file."
        ) from None
    reader = _Reader(path.name)
    try:
        with within_free_memory(MOST_BYTES):
            with within_seconds(PATIENCE):
                document = pdfplumber.open(path)
                pages = document.pages
            with document:
                if len(pages) > MOST_PAGES:
                    raise DeploymentError(
                        f"{path.name} has more than {MOST_PAGES:,} pages; split it."
                    )
                for number, page in enumerate(pages, start=1):
                    with within_seconds(PATIENCE):
                        reader.read(number, page)
                    page.close()
    except DeploymentError:
        raise
    except MemoryError:
        raise DeploymentError(
            f"{path.name} needs more memory than {MOST_BYTES / 2**30:g} GiB, or than this machine "
            "has free. Copy its table to a CSV file."
        ) from None
    except Exception as error:
        raise DeploymentError(f"{path.name} is not a readable PDF ({error}).") from None
    return reader.finished()


class _Reader:
    """Reads page after page; remembers the headings and columns that go on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.grids: list[Grid] = []
        self.problems: list[str] = []
        self.dated = 0
        self.notes: list[str] = []
        self.bare: list[tuple[int, int, int]] = []
        self.unread: list[Line] = []

    def read(self, number: int, page: Any) -> None:
        waiting: list[Line] = []
        seen, count = 0, 0
        places: list[float] = []
        straighten(page)
        self._seen(number, page)
        page = self._without_marks(number, page)
        for table in page.find_tables():
            above = seen
            for line in lines_of(table):
                if not line.dated:
                    if self._goes_on(line, number, waiting):
                        continue
                    waiting.append(line)
                    continue
                if waiting and self._headings(waiting, line, number):
                    waiting = []
                elif not self.grids:
                    self.problems.append(f"page {number}: rows without headings above them")
                    self.grids.append(Grid([]))
                elif seen == above:
                    self._without_headings(number, count + 1)
                self._left_over(waiting, number, seen > above)
                waiting = []
                count += 1
                seen += 1
                places.append(line.top)
                self._row(line, number, count)
            if waiting and not _may_be_headings(waiting):
                self._left_over(waiting, number, seen > above)
                waiting = []
        self._left_over(waiting, number)
        said = [*said_beside(page, self.unread, places), *remarks(page)]
        self.notes += [f"page {number}: {each}" for each in said]
        self.unread = []
        text = page.extract_text() or ""
        if not text.strip() and page.images:
            self.problems.append(
                f"page {number} is a picture without text, such as a scan; if it holds no "
                "deployments, remove it from the file"
            )
        printed = [line for line in text.splitlines() if _is_row(line)]
        if len(printed) > seen:
            ruled = f"only {several(seen, 'is', 'are')}" if seen else "none is"
            self.problems.append(
                f"page {number}: {several(len(printed), 'line looks', 'lines look')} like "
                f"deployments, but {ruled} in a ruled table; the first line is '{printed[0]}'"
            )

    def _without_headings(self, number: int, row: int) -> None:
        """Remember where rows of a page begin to stand below headings of an earlier table."""
        part = (number, len(self.grids))
        if part not in [(page, grid) for page, grid, _ in self.bare]:
            self.bare.append((*part, row))

    def _exchanged(self) -> Iterator[str]:
        """Refuse tables without headings whose columns seem to stand in another order."""
        for page, place, first in self.bare:
            grid = self.grids[place - 1]
            before = [row for row in grid.rows if (row.page or 0, row.number) < (page, first)]
            here = [row for row in grid.rows if row.page == page and row.number >= first]
            for pair in exchanged_columns(grid.headings, before, here):
                yield (
                    f"{_from(page, first)} has no headings, and two of its columns seem to be "
                    f"exchanged: {pair}"
                )

    def finished(self) -> list[Grid]:
        if not any(grid.rows for grid in self.grids) and not self.problems:
            self.problems.append("there is no ruled table with a day in its rows")
        self.problems += _unlike(self.grids)
        self.problems += self._exchanged()
        if self.problems:
            raise DeploymentError(
                *(f"{self.name}, {each}" for each in self.problems),
                f"{self.name}: if its layout is the cause, copy the table to a CSV file",
            )
        if self.bare:
            self.notes.append(
                f"{joined([_from(page, row) for page, _, row in self.bare])} without headings: the "
                "columns are taken to be those of the table before"
            )
        self.grids[0].passed_over += self.notes
        return self.grids

    def _seen(self, number: int, page: Any) -> None:
        """Refuse a page whose tables hold text that a person sees otherwise, or not at all."""
        self.problems += [f"page {number}: {each}" for each in unseen(page, page.find_tables())]

    def _without_marks(self, number: int, page: Any) -> Any:
        """Return a page without the raised marks of footnotes, which read like digits."""
        marks = {_place(char) for char in raised_marks(page.chars)}
        if marks:
            self.notes.append(
                f"page {number}: {several(len(marks), 'raised footnote mark')} left out"
            )
        return page.filter(lambda each: _place(each) not in marks) if marks else page

    def _headings(self, waiting: Sequence[Line], row: Line, number: int) -> bool:
        """Take the lines above a first row as headings, if they are."""
        headings = headings_above(waiting, row)
        fields = [heading.field for heading in understand(headings)[0]]
        if "date" not in fields or len(set(fields) - {SKIP}) < 4:
            return False
        self.grids.append(Grid(headings))
        self.dated = fields.index("date")
        bare = [f"'{text}'" for text, head in zip(row.texts, headings, strict=True) if not head]
        if bare:
            self.problems.append(f"page {number}: there is no heading above {', '.join(bare)}")
        return True

    def _row(self, line: Line, number: int, count: int) -> None:
        grid = self.grids[-1]
        if not grid.headings:
            return
        dated = [place for place, cell in enumerate(line.texts) if looks_like_a_day(cell)]
        if len(line.boxes) != len(grid.headings) or self.dated not in dated:
            cells, headings = len(line.boxes), len(grid.headings)
            why = (
                f"there is no day below the heading '{grid.headings[self.dated]}'"
                if cells == headings
                else f"{several(cells, 'cell')} below {several(headings, 'heading')}"
            )
            self.problems.append(f"page {number}, row {count}: {why} ('{' | '.join(line.texts)}')")
            return
        if is_total(line.texts):
            grid.passed_over.append(f"page {number}, row {count}: a row of totals")
            grid.totals.append((len(grid.rows), Row(number, count, line.texts)))
            return
        grid.rows.append(Row(number, count, line.texts))

    def _goes_on(self, line: Line, number: int, waiting: Sequence[Line]) -> bool:
        """Whether a line is the rest of the row before it, cut by the end of a page."""
        if is_empty(line.texts):
            return True
        if is_total(line.texts) and self.grids and self.grids[-1].rows:
            grid = self.grids[-1]
            grid.passed_over.append(f"page {number}: a row of totals")
            if len(line.texts) == len(grid.headings):
                beside = sum(row.page == number for row in grid.rows) + 1
                grid.totals.append((len(grid.rows), Row(number, beside, line.texts)))
            return True
        if waiting or not self.grids or not self.grids[-1].rows:
            return False
        rows, headings = self.grids[-1].rows, understand(self.grids[-1].headings)[0]
        if len(line.boxes) != len(headings) or rows[-1].page != number - 1:
            return False
        rest = "', '".join(filter(None, line.texts))
        counted = _counted(line.texts, headings)
        if counted is None:
            return False
        if counted:
            self.problems.append(
                f"page {number}: '{rest}' at the top of the page seems to be the rest of a row "
                f"of page {number - 1}; write the row on one page"
            )
            return True
        self.grids[-1].passed_over.append(
            f"page {number}: '{rest}' alone at the top of the page was read as the end of "
            f"'{rows[-1].cells[0]}' on page {number - 1}"
        )
        joined = zip(rows[-1].cells, line.texts, strict=True)
        whole = tuple(" ".join(filter(None, both)) for both in joined)
        rows[-1] = Row(rows[-1].page, rows[-1].number, whole)
        return True

    def _left_over(self, waiting: Sequence[Line], number: int, among: bool = False) -> None:
        """Refuse a line with counts that is neither a row nor a heading; note others among rows."""
        for line in waiting:
            text = " ".join(filter(None, line.texts))
            numbers = sum(bool(re.fullmatch(r"[\d,.]+%?", cell)) for cell in line.texts)
            headings = understand(self.grids[-1].headings)[0] if self.grids else []
            same = len(line.boxes) == len(headings) > 0
            if numbers >= 4 or (same and _counted(line.texts, headings)):
                self.problems.append(
                    f"page {number}: a row without a day ('{' | '.join(line.texts)}')"
                )
            elif text and (same or among):
                self.grids[-1].passed_over.append(f"page {number}: '{text}' is not a row of counts")
            elif text:
                self.unread.append(line)


def _from(page: int, row: int) -> str:
    return f"page {page}" if row == 1 else f"page {page} from row {row}"


def _unlike(grids: Sequence[Grid]) -> Iterator[str]:
    """Refuse tables that go on one another to the right: each row would be counted twice."""
    fields = [{heading.field for heading in understand(grid.headings)[0]} for grid in grids]
    for grid, own in zip(grids, fields, strict=True):
        lacking = ({"place", "alerts"} & set().union(*fields)) - own
        if grid.rows and lacking:
            yield (
                f"page {grid.rows[0].page}: its table has no column for "
                f"{joined(sorted(lacking))}, but another table in the file has one; join tables "
                "that belong side by side"
            )


def _counted(texts: Sequence[str], headings: Sequence[Heading]) -> bool | None:
    """Whether a line without a day has digits below a heading of numbers; None: other words."""
    below = [text for text, head in zip(texts, headings, strict=True) if head.field not in _TEXTS]
    if any(any(map(str.isdigit, text)) for text in below):
        return True
    return None if any(below) else False


def _place(thing: dict[str, Any]) -> tuple[object, ...]:
    return tuple(thing.get(name) for name in ("object_type", "x0", "top", "text"))


def _may_be_headings(waiting: Sequence[Line]) -> bool:
    words = plain(" ".join(text for line in waiting for text in line.texts)).split()
    return "date" in words and "alerts" in words


def _is_row(line: str) -> bool:
    """Whether a line of text looks like a deployment: a day, and six numbers beside it."""
    rest = DAY_IN_TEXT.sub(" ", line)
    return rest != line and len(re.findall(r"(?<![\w/])[\d,.]+%?(?!\S*/)", rest)) >= 6
