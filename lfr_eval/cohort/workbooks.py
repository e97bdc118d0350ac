"""Stage cohort: Excel and Parquet tables in, their cells as text out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.cohort.problems import Problem
from lfr_eval.contract.archives import read_parquet
from lfr_eval.contract.words import several
from lfr_eval.contract.workbooks import WorkbookUnreadable, cell_text, read_workbook

Columns = dict[str, list[str | None]]
Records = list[tuple[int, list[str]]]


def cells_of_parquet(path: Path) -> tuple[Columns | Problem, tuple[str, ...]]:
    """Return the columns of a Parquet file as text, and a note on columns left out.

    A column of lists or structures (a box, landmarks, a template) is not a label and is left out.
    """
    try:
        frame = read_parquet(path)
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

    Also returned: notes, and for a file of several sheets which one is read.
    """
    try:
        sheet = read_workbook(path)
    except WorkbookUnreadable as error:
        return Problem("Excel", str(error), error.remedy), (), ""
    return (
        [(row, [cell_text(one) or "" for one in c]) for row, c in sheet.rows],
        sheet.notes,
        sheet.which,
    )


def as_text(column: pd.Series) -> list[str | None] | None:
    """Return a column as text, whole numbers without a point; None for lists and structures."""
    texts: list[str | None] = []
    for value in column.astype(object):
        if not _is_scalar(value):
            return None
        texts.append(cell_text(value))
    return texts


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (list, tuple, set, frozenset, Mapping, np.ndarray, bytes))
