"""A CSV file or a workbook of records in, its grids out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

from lfr_eval.contract.archives import swollen
from lfr_eval.contract.csv_lines import is_note, separator_of
from lfr_eval.contract.dates import looks_like_a_day
from lfr_eval.contract.encodings import wide_encoding
from lfr_eval.contract.spreadsheets import without_values
from lfr_eval.contract.words import several, some
from lfr_eval.contract.workbooks import extents
from lfr_eval.deployments.grid import SHOWN, DeploymentError, Grid, Row, heading_of, is_empty
from lfr_eval.deployments.headings import SKIP, plain, understand
from lfr_eval.deployments.totals import is_total
from lfr_eval.deployments.values import as_shown, as_text, shown


class _NoTableError(DeploymentError):
    """Nothing here is a table of records."""


_TITLE_LINES = 12
"""Headings are looked for in so many first lines."""


def csv_grids(path: Path) -> list[Grid]:
    """Return the one grid of a CSV file; commas, semicolons, tabs or bars, UTF-8 or Windows-1252.

    Raises
    ------
    DeploymentError
        If it holds no headings above a row with a day.
    """
    data = path.read_bytes()
    text, word = data.decode("utf-8-sig", errors="replace"), None
    if "\ufffd" in text:
        text = data.decode("cp1252", errors="replace")
        word = None if "\0" in text else _misread(text)
    if word is not None or _TWICE.search(text):
        raise DeploymentError(
            f"{path.name} is not in UTF-8, or was saved in a wrong encoding: a "
            f"word in it reads '{word or _misread(text)}'. Save the original as 'CSV UTF-8'."
        )
    if "\0" in text:
        wide = wide_encoding(data)
        kind = f"is {wide} ('Unicode text' in Excel)" if wide else "is not a text file"
        raise DeploymentError(f"{path.name} {kind}. Save it as 'CSV UTF-8'.")
    head = "\n".join(text.splitlines()[:_TITLE_LINES])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(head))
    lines: list[tuple[int, list[str]]] = []
    try:
        for row, cells in enumerate(reader, start=1):  # A cell may go over several lines.
            lines.append((row, [as_shown(cell) for cell in cells]))
    except csv.Error as error:
        raise DeploymentError(f"{path.name}, line {reader.line_num}: {error}.") from None
    try:
        return [_grid(None, lines)]
    except DeploymentError as error:
        raise DeploymentError(*(f"{path.name}, {each}" for each in error.problems)) from None


def workbook_grids(path: Path, wanted: Sequence[str] = ()) -> list[Grid]:
    """Return a grid for each sheet of a workbook (.xlsx) that holds records.

    Parameters
    ----------
    wanted
        Names of sheets to read; none: those whose headings mean the same. A sheet of sums beside
        one of deployments would count everything twice.

    Raises
    ------
    DeploymentError
        If openpyxl is missing, the file is not a workbook, no sheet holds records, sheets differ,
        or a sheet has formulas without values or merged rows.
    """
    try:
        import openpyxl
    except ImportError:
        raise DeploymentError(
            f"{path.name} is a workbook: install lfr-eval[records], or save it as CSV."
        ) from None
    too_large = swollen(path)
    if too_large is not None:
        raise DeploymentError(f"{path.name} is not a readable workbook ({too_large}).")
    try:
        filled = extents(path)
        book = openpyxl.load_workbook(path, data_only=True)
        formulas = openpyxl.load_workbook(path)
    except Exception as error:
        raise DeploymentError(f"{path.name} is not a readable workbook ({error}).") from None
    names = [sheet.title for sheet in book.worksheets]
    unknown = [f"'{name}'" for name in wanted if name not in names]
    if unknown:
        there = ", ".join(f"'{name}'" for name in names)
        raise DeploymentError(f"{path.name} has no sheet {', '.join(unknown)}; it has {there}.")
    grids: dict[str, Grid] = {}
    missing: list[str] = []
    problems: list[str] = []
    for place, sheet in enumerate(book.worksheets, start=1):
        if wanted and sheet.title not in wanted:
            missing.append(f"sheet '{sheet.title}' was not asked for")
            continue
        if not wanted and sheet.sheet_state != "visible":
            missing.append(f"sheet '{sheet.title}' is hidden and was not read")
            continue
        rows, columns = filled[sheet.title]
        lines = [
            (number, [as_text(cell.value, cell.number_format) for cell in cells])
            for number, cells in enumerate(sheet.iter_rows(max_row=rows, max_col=columns), start=1)
        ]
        try:
            grid = _grid(place, lines, _fill_merged(sheet, lines))
        except _NoTableError:
            if any(any(row) for _, row in lines):
                missing.append(f"sheet '{sheet.title}': no headings above a row with a day")
            continue
        except DeploymentError as error:
            problems += [f"sheet '{sheet.title}', {each}" for each in error.problems]
            continue
        grids[sheet.title] = grid
        problems += _unlike_its_cells(formulas[sheet.title], sheet, grid, filled[sheet.title])
    if problems:
        raise DeploymentError(*(f"{path.name}, {each}" for each in problems))
    if not grids:
        raise DeploymentError(f"{path.name} has no sheet with headings above a row with a day.")
    _check_alike(path.name, grids, wanted)
    first = next(iter(grids.values()))
    if len(grids) > 1:
        read = ", ".join(
            f"'{name}' ({several(len(grid.rows), 'row')})" for name, grid in grids.items()
        )
        first.passed_over.append(f"sheets read: {read}")
    first.passed_over += missing
    return list(grids.values())


def _fill_merged(sheet: Any, lines: Sequence[tuple[int, list[str]]]) -> bool:
    """Repeat a heading in each column that it is merged over; whether there is one."""
    found = False
    rows = takewhile(lambda line: not any(map(looks_like_a_day, line[1])), lines)
    last = max((number for number, _ in rows), default=0)
    for each in sheet.merged_cells.ranges:
        if each.max_col > each.min_col and each.min_row <= last:
            _, cells = lines[each.min_row - 1]
            beside = slice(each.min_col - 1, each.max_col)
            alone = sum(map(bool, cells)) == 1
            if not alone or 2 * len(cells[beside]) <= len(cells):  # Else it is a title.
                cells[beside] = cells[beside][:1] * len(cells[beside])
                found = True
    return found


def _unlike_its_cells(
    formulas: Any, sheet: Any, grid: Grid, filled: tuple[int, int]
) -> Iterator[str]:
    """Yield what a sheet shows that its cells do not hold; note hidden rows and comments."""
    rows = {row.number for row in grid.rows}
    yield from without_values(formulas, sheet, *filled)
    for merged in sheet.merged_cells.ranges:
        inside = rows & set(range(merged.min_row, merged.max_row + 1))
        if merged.max_row > merged.min_row and inside:
            yield (
                f"sheet '{sheet.title}', cells {merged.coord} are merged; unmerge them and write "
                "the value into each row that it belongs to"
            )
    told: set[int] = set()
    for row in sorted(rows):
        (cells,) = sheet.iter_rows(min_row=row, max_row=row, max_col=filled[1])
        for cell in cells:
            given = cell.value is not None
            struck, faint = given and cell.font.strike, given and _is_white(cell)
            if (struck or faint) and row not in told:
                told.add(row)
                yield (
                    f"sheet '{sheet.title}', cell {cell.coordinate} is "
                    f"{'struck through' if struck else 'white on white'} ('{cell.value}'); delete "
                    "what does not count, and show what does"
                )
            if cell.comment is not None:
                said = " ".join(cell.comment.text.split())[:80]
                grid.passed_over.append(f"a comment at {cell.coordinate} says: {said}")
    unseen = [name for name, each in sheet.column_dimensions.items() if each.hidden]
    if unseen:
        grid.passed_over.append(
            f"hidden columns of sheet '{sheet.title}' were read: {some(sorted(unseen), SHOWN)}"
        )
    hidden = sorted(number for number in rows if sheet.row_dimensions[number].hidden)
    if hidden:
        grid.passed_over.append(
            f"hidden rows of sheet '{sheet.title}' were read: {some(hidden, SHOWN)}"
        )


def _is_white(cell: Any) -> bool:
    filled = cell.fill.fill_type is not None
    return bool(
        cell.font.color is not None and str(cell.font.color.rgb)[2:] == "FFFFFF" and not filled
    )


def _check_alike(name: str, grids: Mapping[str, Grid], wanted: Sequence[str]) -> None:
    meant = {
        sheet: {heading.field for heading in understand(grid.headings)[0]} - {SKIP}
        for sheet, grid in grids.items()
    }
    if not wanted and any(fields != meant[next(iter(meant))] for fields in meant.values()):
        named = " and ".join(f"'{sheet}'" for sheet in meant)
        raise DeploymentError(
            f"{name}: the headings of the sheets {named} differ, and one may sum up another. Say "
            "which hold deployments: --sheet NAME (may be repeated)."
        )


def _grid(page: int | None, lines: Sequence[tuple[int, list[str]]], merged: bool = False) -> Grid:
    """Return the grid of a file's lines; every problem names its row."""
    kept = [(number, [cell.strip() for cell in cells]) for number, cells in lines if any(cells)]
    found = heading_of([cells for _, cells in kept[:_TITLE_LINES]], merged)
    if found is None:
        for (_, above), (number, below) in pairwise(kept[: _TITLE_LINES + 1]):
            _check_day(above, number, below)
        raise _NoTableError(
            f"the first {_TITLE_LINES} lines: there are no headings (a date and three other known "
            "ones) above a row with a day"
        )
    first, headings = found
    grid = Grid(headings)
    grid.passed_over += [
        f"row {number}: '{' '.join(cells).strip()}' stands above the headings"
        for number, cells in kept[:first]
        if sum(map(bool, cells)) == 1 and len(headings) > 1
    ]
    kept, notes, problems = _without_notes(kept, first, len(headings))
    grid.passed_over += notes
    lines_above = [_words(cells) for _, cells in kept[:first] if sum(map(bool, cells)) > 1]
    needed = max(at for at, heading in enumerate(headings, 1) if heading)
    for number, cells in kept[first:]:
        extra = [cell for cell in cells[len(headings) :] if cell]
        if extra:
            are = "cell stands" if len(extra) == 1 else "cells stand"
            problems.append(
                f"row {number}: {len(extra)} {are} beyond the last heading ('{extra[0]}' is the "
                "first). A value with a comma needs quotes around it"
            )
            continue
        padded = tuple((cells + [""] * len(headings))[: len(headings)])
        if is_empty(padded):
            continue
        if _words(padded) in lines_above:
            grid.passed_over.append(f"row {number}: the headings again")
            continue
        bare = [cell for cell, head in zip(padded, headings, strict=True) if cell and not head]
        if bare:
            problems.append(f"row {number}: there is no heading above '{bare[0]}'. Write one")
            continue
        if is_total(padded):
            grid.passed_over.append(f"row {number}: a row of totals")
            grid.totals.append((len(grid.rows), Row(page, number, padded)))
            continue
        if len(cells) < needed and page is None:
            problems.append(
                f"row {number}: {several(len(cells), 'cell')} below {needed} headings. The row may "
                "be cut off: get the file again. Add empty cells at its end if nothing is missing"
            )
        grid.rows.append(Row(page, number, padded))
    if problems:
        raise DeploymentError(*problems)
    return grid


def _check_day(above: Sequence[str], number: int, below: Sequence[str]) -> None:
    """Refuse the row below headings whose date cannot be read as a day."""
    fields = [heading.field for heading in understand(above)[0]]
    if "date" not in fields or len(set(fields) - {SKIP}) < 4:
        return
    at = fields.index("date")
    cell = below[at] if at < len(below) else ""
    if re.fullmatch(r"[3-7]\d{4}", cell):
        raise DeploymentError(
            f"row {number}: '{above[at]}' is {cell}, the number by which a spreadsheet stores a "
            "day. Format the column as a date such as 2027-01-05, and save it again"
        )
    raise DeploymentError(
        f"row {number}: '{above[at]}' is '{shown(cell)}', which is not a day such as 28/06/24 or "
        "2024-06-28"
    )


def _words(cells: Sequence[str]) -> list[str]:
    """Return the words of a line's cells, without empty ones at its end."""
    return "|".join(map(plain, cells)).rstrip("|").split("|")


def _without_notes(
    kept: list[tuple[int, list[str]]], first: int, width: int
) -> tuple[list[tuple[int, list[str]]], list[str], list[str]]:
    """Return the lines without notes below the table, these, and what may be a row or a note."""
    notes, said, unclear = set(), [], []
    for number, cells in reversed(kept[first:]):
        padded = tuple((cells + [""] * width)[:width])
        if is_empty(padded) or is_total(padded):
            continue
        # A deployment that was called off has a day; a row that is cut off has fewer cells.
        few = sum(map(bool, padded)) <= width // 4 and len(cells) >= width
        note, (text, *others) = is_note(cells, width), filter(None, cells)
        if not note and (not few or any(map(looks_like_a_day, cells))):
            break
        notes.add(number)
        if note and not any(cell[0].isdigit() for cell in others):
            said.append(f"row {number}: '{' '.join((text, *others))}' below the table was not read")
        else:
            unclear.append(
                f"row {number}: '{text}' may be a deployment or a note below the table. Complete "
                "the row of a deployment; delete a note, or write it into one cell"
            )
    return [line for line in kept if line[0] not in notes], said[::-1], unclear[::-1]


_ENGLISH = frozenset(
    "\u00e1\u00e0\u00e2\u00e4\u00e5\u00e9\u00e8\u00ea\u00eb\u00ed\u00ec\u00ee\u00ef\u00f3\u00f2\u00f4\u00f6\u00f8\u00fa\u00f9\u00fb\u00fc\u00e7\u00f1\u00e6\u0153\u00df\u0175\u0177"
)
"""Letters beside A to Z in names of British places and people, Welsh and Gaelic ones included."""
_TWICE = re.compile("\u00e2\u20ac|\u00c3[\u0080-\u00bf]|\ufffd")
"""What UTF-8 becomes when it is read as Windows-1252 and saved again, or what is unreadable."""


def _misread(text: str) -> str | None:
    """Return the first word with letters that no English text has, as of a wrong encoding."""
    words: list[str] = re.findall(r"[^\s,;]*[^\x00-\x7f][^\s,;]*", text)
    for word in words:
        odd = any(
            mark.isalpha()
            and not mark.isascii()
            and (mark.lower() not in _ENGLISH or (mark.isupper() and before.islower()))
            for before, mark in zip(f" {word}", word, strict=False)
        )
        if odd or _TWICE.search(word):
            return word
    return None
