"""A CSV file or a workbook of records in, its grids out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from lfr_eval.deployments.grid import DeploymentError, Grid, Row, heading_of, is_empty, some
from lfr_eval.deployments.totals import is_total
from lfr_eval.deployments.values import as_text

_TITLE_LINES = 12
"""Headings are looked for in so many first lines."""


def csv_grids(path: Path) -> list[Grid]:
    """Return the one grid of a CSV file; commas, semicolons or tabs, UTF-8 or Windows-1252.

    Raises
    ------
    DeploymentError
        If it holds no headings above a row with a day.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        kind = "is UTF-16 ('Unicode text' in Excel)" if utf16 else "is not a text file"
        raise DeploymentError(f"{path.name} {kind}. Save it as 'CSV UTF-8'.")
    head = "\n".join(text.splitlines()[:_TITLE_LINES])
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            lines.append((reader.line_num, cells))
    except csv.Error as error:
        raise DeploymentError(f"{path.name}, line {reader.line_num}: {error}.") from None
    return [_grid(path.name, None, lines)]


def workbook_grids(path: Path) -> list[Grid]:
    """Return a grid for each sheet of a workbook (.xlsx) that holds records.

    Raises
    ------
    DeploymentError
        If openpyxl is missing, the file is not a workbook, or no sheet holds records.
    """
    try:
        import openpyxl
    except ImportError:
        raise DeploymentError(
            f"{path.name} is a workbook: install lfr-eval[records], or save it as CSV."
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise DeploymentError(f"{path.name} is not a readable workbook ({error}).") from None
    grids: list[Grid] = []
    missing: list[str] = []
    for place, sheet in enumerate(book.worksheets, start=1):
        lines = [
            (number, [as_text(value) for value in cells])
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
        ]
        try:
            grids.append(_grid(path.name, place, lines))
        except DeploymentError:
            missing += [f"sheet '{sheet.title}'"] if any(any(row) for _, row in lines) else []
    book.close()
    if not grids:
        raise DeploymentError(f"{path.name} has no sheet with headings above a row with a day.")
    grids[0].passed_over += [f"{each}: no headings above a row with a day" for each in missing]
    return grids


def _grid(name: str, page: int | None, lines: Sequence[tuple[int, list[str]]]) -> Grid:
    kept = [(number, [cell.strip() for cell in cells]) for number, cells in lines if any(cells)]
    found = heading_of([cells for _, cells in kept[:_TITLE_LINES]])
    if found is None:
        raise DeploymentError(
            f"{name} holds no headings (with a date and three other known ones) above a row with "
            f"a day, in its first {_TITLE_LINES} lines."
        )
    first, headings = found
    grid = Grid(headings)
    grid.passed_over += [
        f"row {number}: '{' '.join(cells).strip()}' stands above the headings"
        for number, cells in kept[:first]
        if sum(map(bool, cells)) == 1 and len(headings) > 1
    ]
    needed = max(at for at, heading in enumerate(headings, 1) if heading)
    cut: list[str] = []
    for number, cells in kept[first:]:
        extra = [cell for cell in cells[len(headings) :] if cell]
        if extra:
            raise DeploymentError(
                f"{name} row {number}: {len(extra)} cells stand beyond the last heading "
                f"('{extra[0]}' is the first). A value with a comma needs quotes around it."
            )
        padded = tuple((cells + [""] * len(headings))[: len(headings)])
        if is_empty(padded):
            continue
        if is_total(padded):
            grid.passed_over.append(f"row {number}: a row of totals")
            continue
        if len(cells) < needed and page is None:
            cut.append(f"row {number} ({len(cells)})")
        grid.rows.append(Row(page, number, padded))
    if cut:
        raise DeploymentError(
            f"{name} has {needed} headings, but fewer cells in {some(cut)}. The rows may be cut "
            "off: get the file again, or add empty cells at their end if nothing is missing."
        )
    return grid
