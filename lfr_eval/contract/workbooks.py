"""Contract: the first sheet of an Excel workbook (file in, rows of values out)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import iterparse

import numpy as np
import pandas as pd

from lfr_eval.contract.archives import check_unpacked, swollen
from lfr_eval.contract.csv_lines import SEARCHED, above_header
from lfr_eval.contract.spreadsheets import without_values
from lfr_eval.contract.words import some

WORKBOOKS = (".xlsx", ".xlsm")
MOST_CELLS = 30_000_000
"""Cells of a sheet up to the last one of each row; a million rows of 30 columns."""
MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14
"""Rows and columns of a sheet, as in Excel."""
MOST_JOINED = 1 << 20
"""Cells that merged cells and links of a sheet may cover; openpyxl makes each of them."""


class WorkbookUnreadable(ValueError):
    """A workbook cannot be read; the message says why.

    Attributes
    ----------
    remedy
        What to do about it.
    """

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


@dataclass(frozen=True)
class Sheet:
    """The first sheet of a workbook.

    Attributes
    ----------
    rows
        Row number and values of each row that is not empty, the header first, all of one length.
    notes
        What of the workbook is not read, in sentences.
    which
        Of several sheets which one is read, and what to do if it is the wrong one; else empty.
    """

    rows: Sequence[tuple[int, list[Any]]]
    notes: tuple[str, ...]
    which: str


def read_workbook(path: Path) -> Sheet:
    """Read the first sheet. Titles are left out: rows above the header with one cell, the first.

    Raises
    ------
    WorkbookUnreadable
        If openpyxl is missing, the file is damaged, or a formula has no value.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise WorkbookUnreadable(
            "reading Excel files needs openpyxl",
            "Install it with pip install 'lfr-eval[excel]', or save the table as CSV UTF-8.",
        ) from error
    too_large = swollen(path)
    if too_large is not None:
        raise WorkbookUnreadable(too_large, "Save the table as CSV UTF-8.")
    try:
        with closing(load_workbook(path, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            rows = list(_rows(sheet, path))
            titles = [other.title for other in book.worksheets]
            with closing(load_workbook(path, read_only=True)) as formulas:
                formulas.worksheets[0].reset_dimensions()
                lacking = list(without_values(formulas.worksheets[0], sheet))
    except WorkbookUnreadable:
        raise
    except Exception as error:
        # A damaged workbook raises errors of zip, of XML and of openpyxl itself.
        raise WorkbookUnreadable(
            f"not readable as Excel ({str(error) or type(error).__name__})",
            "Save it again as .xlsx, or as CSV UTF-8.",
        ) from error
    if lacking:
        raise WorkbookUnreadable(
            f"not readable as Excel ({some(lacking, apart='; ')})",
            "Or save the table as CSV UTF-8.",
        )
    filled = [(row, cells) for row, cells in rows if any(map(cell_text, cells))]
    width = max((len(cells) for _, cells in filled), default=0)
    filled = [(row, cells + [None] * (width - len(cells))) for row, cells in filled]
    above = _titles(filled)
    notes, which = above_header(above), ""
    if len(titles) > 1:
        first = f"Of {len(titles)} sheets, the first is read: '{titles[0]}'."
        others = ", ".join(f"'{title}'" for title in titles[1:])
        which = f"{first} If the table is on another one ({others}), move that to the front."
        notes = (*notes, first)
    return Sheet(filled[above:], notes, which)


def _rows(sheet: Any, path: Path) -> Iterator[tuple[int, list[Any]]]:
    held = texts = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        held += len(cells)
        if held > MOST_CELLS or number > MOST_ROWS:
            raise WorkbookUnreadable(
                f"a sheet has more than {MOST_CELLS:,} cells, or {MOST_ROWS:,} rows, up to row "
                f"{number:,}",
                "Delete the empty columns and rows beside the table, or save it as CSV UTF-8.",
            )
        # One text may stand in many cells, and the archive holds it once.
        texts += sum(len(cell) for cell in cells if isinstance(cell, str))
        check_unpacked(path, texts)
        yield number, list(cells)


def _check_joined(sheet: Any) -> None:
    """Check that merged cells and links of a sheet do not cover all of it.

    Raises
    ------
    WorkbookUnreadable
        If they do.
    """
    from openpyxl.utils import range_boundaries

    covered = 0
    with sheet._get_source() as source:
        for _, part in iterparse(source):
            if part.tag.rpartition("}")[2] in ("mergeCell", "hyperlink") and part.get("ref"):
                left, top, right, bottom = range_boundaries(part.get("ref"))
                # A range of whole columns, A:C, names no rows, and one of whole rows no columns.
                columns = right - left + 1 if left else MOST_COLUMNS
                covered += columns * (bottom - top + 1 if top else MOST_ROWS)
            if covered > MOST_JOINED:
                raise WorkbookUnreadable(
                    f"merged cells or links of sheet '{sheet.title}' cover more than "
                    f"{MOST_JOINED:,} cells",
                    "Unmerge the cells and remove the links, or save the table as CSV UTF-8.",
                )
            part.clear()


def extents(path: Path) -> Mapping[str, tuple[int, int]]:
    """Return the last row and column of each sheet that hold something, by its name.

    Cells that are only formatted reach further, sometimes over a million rows.

    Raises
    ------
    WorkbookUnreadable, Swollen
        If a sheet is far larger than a real one would be.
    """
    from openpyxl import load_workbook

    found = {}
    with closing(load_workbook(path, read_only=True)) as book:
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            last_row = last_column = 0
            _check_joined(sheet)
            for number, cells in _rows(sheet, path):
                places = [at for at, value in enumerate(cells, 1) if value not in (None, "")]
                if places:
                    last_row, last_column = number, max(last_column, places[-1])
            found[sheet.title] = last_row, last_column
    return found


def _titles(rows: Sequence[tuple[int, list[Any]]]) -> int:
    for place, (_, cells) in enumerate(rows[:SEARCHED]):
        if not cell_text(cells[0]):
            return 0
        if any(map(cell_text, cells[1:])):
            return place
    return 0


def cell_text(value: Any) -> str | None:
    """Return a cell as text, whole numbers without a point; None where it is empty."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return None
        # A column of whole numbers with gaps arrives as floats: 7, not 7.0, is what was meant.
        return f"{value:.0f}" if value == value // 1 else str(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    text = str(value)
    return text if text.strip() else None
