"""Stage cohort: Excel and Parquet tables in, their cells as text out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.cohort.problems import Problem
from lfr_eval.contract.reading import SEARCHED
from lfr_eval.contract.spreadsheets import without_values
from lfr_eval.contract.words import several

WORKBOOKS = (".xlsx", ".xlsm")
SHOWN = 5
"""Formulas in a message."""

Columns = dict[str, list[str | None]]
Records = list[tuple[int, list[str]]]


def cells_of_parquet(path: Path) -> tuple[Columns | Problem, tuple[str, ...]]:
    """Return the columns of a Parquet file as text, and a note on columns left out.

    A column of lists or structures (a box, landmarks, a template) is not a label and is left out.
    """
    try:
        frame = pd.read_parquet(path)
    except Exception as error:
        message = f"not readable as Parquet ({error})"
        return Problem("Parquet", message, "Write it again."), ()
    for level, name in enumerate(frame.index.names):
        if name is not None and name not in frame.columns:
            frame = frame.assign(**{str(name): frame.index.get_level_values(level)})
    columns: Columns = {}
    left_out = []
    for name in frame.columns:
        text = as_text(frame[name])
        if text is None:
            left_out.append(f"'{name}'")
        else:
            columns[str(name)] = text
    notes: tuple[str, ...] = ()
    if left_out:
        notes = (
            f"{several(len(left_out), 'column')} of lists or other values that are not labels "
            f"{'is' if len(left_out) == 1 else 'are'} left out: {', '.join(left_out)}.",
        )
    return columns, notes


def cells_of_workbook(path: Path) -> tuple[Records | Problem, tuple[str, ...], str]:
    """Return the rows of the first sheet of an Excel file as text, with their row numbers.

    Also returned: notes, and for a file of several sheets which one is read. Titles are left out:
    rows above the header with text in the first cell only.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        remedy = "Install it with pip install 'lfr-eval[excel]', or save the table as CSV UTF-8."
        return Problem("Excel", "reading Excel files needs openpyxl", remedy), (), ""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = [
            (row, [_cell(value) or "" for value in values])
            for row, values in enumerate(sheet.iter_rows(values_only=True), start=1)
        ]
        titles = [other.title for other in book.worksheets]
        formulas = load_workbook(path, read_only=True)
        formulas.worksheets[0].reset_dimensions()
        lacking = list(without_values(formulas.worksheets[0], sheet))
        book.close()
        formulas.close()
    except Exception as error:
        # A damaged workbook raises errors of zip, of XML and of openpyxl itself.
        message = f"not readable as Excel ({str(error) or type(error).__name__})"
        return Problem("Excel", message, "Save it again as .xlsx, or as CSV UTF-8."), (), ""
    if lacking:
        more = f" (and {len(lacking) - SHOWN:,} more)" if len(lacking) > SHOWN else ""
        message = f"not readable as Excel ({'. '.join(lacking[:SHOWN])}{more})"
        return Problem("Excel", message, "Or save the table as CSV UTF-8."), (), ""
    filled = [(row, cells) for row, cells in rows if any(cell.strip() for cell in cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    filled = [(row, cells + [""] * (width - len(cells))) for row, cells in filled]
    titles_above = _titles(filled)
    notes, sheets = above_header(titles_above), ""
    if len(titles) > 1:
        first = f"Of {len(titles)} sheets, the first is read: '{titles[0]}'."
        others = ", ".join(f"'{title}'" for title in titles[1:])
        sheets = f"{first} If the table is on another one ({others}), move that to the front."
        notes = (*notes, first)
    return filled[titles_above:], notes, sheets


def above_header(count: int) -> tuple[str, ...]:
    """Return a note on rows above the header."""
    are = "is" if count == 1 else "are"
    return (f"{several(count, 'row')} above the header {are} not read.",) if count else ()


def _titles(rows: Records) -> int:
    for place, (_, cells) in enumerate(rows[:SEARCHED]):
        if not cells[0].strip():
            return 0
        if any(cell.strip() for cell in cells[1:]):
            return place
    return 0


def as_text(column: pd.Series) -> list[str | None] | None:
    """Return a column as text, whole numbers without a point; None for lists and structures."""
    texts: list[str | None] = []
    for value in column.astype(object):
        if not _is_scalar(value):
            return None
        texts.append(_cell(value))
    return texts


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (list, tuple, set, frozenset, Mapping, np.ndarray, bytes))


def _cell(value: Any) -> str | None:
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
