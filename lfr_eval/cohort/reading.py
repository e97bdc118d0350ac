"""Stage cohort: a label file (CSV, Excel or Parquet) in, a table of text with row numbers out.

Everything is read as text, so that the identifier '001' stays '001' and a person called 'NA' stays
a person. Names are in Unicode's composed form, without invisible characters. Row numbers are those
that a spreadsheet shows.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.cohort.problems import ManifestMissingError, Problem
from lfr_eval.cohort.workbooks import cells_of_parquet, cells_of_workbook
from lfr_eval.contract.csv_lines import (
    INDEX_SKIPPED,
    is_index,
    is_note,
    lines_above,
    separator_of,
    unread_of,
)
from lfr_eval.contract.encodings import BEGINS, why_no_table
from lfr_eval.contract.reading import why_no_file
from lfr_eval.contract.spelling import normal
from lfr_eval.contract.words import several, some
from lfr_eval.contract.workbooks import WORKBOOKS

PARQUET_SUFFIXES = (".parquet", ".pq")
AS_WRITTEN = ("path", "digest")
"""Columns with names of files, which are kept byte for byte."""


MOST_NAMES = 40
"""Columns in a message."""


@dataclass(frozen=True)
class TextTable:
    """A label file as text.

    Attributes
    ----------
    file
        The file.
    frame
        Its cells as text; an empty cell is missing.
    rows : (rows,)
        Row number of each line of the table, as a spreadsheet shows it.
    problems
        Problems found while reading.
    notes
        Changes made while reading, in sentences without identities.
    sheets
        Which sheet of several is read, and how to have another one read; else empty.
    """

    file: Path
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    sheets: str = ""

    @property
    def columns_there(self) -> str:
        """The remedy for a missing column: which columns there are, and on which sheet."""
        there = f"Columns there: {some(self.frame.columns, MOST_NAMES)}."
        return f"{there} {self.sheets}" if self.sheets else there


def read_text_table(path: Path) -> TextTable:
    """Read a label file as text.

    Parameters
    ----------
    path
        The file. `.parquet` and `.pq` are read as Parquet, `.xlsx` and `.xlsm` as Excel (the first
        sheet), everything else as CSV: UTF-8, a header, separated by commas, semicolons, tabs or
        bars.

    Raises
    ------
    ManifestMissingError
        If there is no such file; the message names it.
    """
    if not path.is_file():
        raise ManifestMissingError(
            f"The table '{path}' {why_no_file(path)}. Give the path of a CSV, Excel or Parquet "
            "file."
        )
    kind = path.suffix.lower()
    if kind in PARQUET_SUFFIXES:
        columns, notes = cells_of_parquet(path)
        if isinstance(columns, Problem):
            return _nothing(path, columns)
        # A Parquet file has no header line: its first row is row 1.
        first = next(iter(columns.values()), [])
        rows = np.arange(1, len(first) + 1, dtype=np.int64)
        return _normal(TextTable(path, _frame(columns, len(first)), rows, (), notes))
    if kind in WORKBOOKS:
        records, notes, sheets = cells_of_workbook(path)
        if isinstance(records, Problem):
            return _nothing(path, records)
        table = _table(path, records, [])
        return _normal(replace(table, notes=(*notes, *table.notes), sheets=sheets))
    return _normal(_csv(path))


def _csv(path: Path) -> TextTable:
    raw = path.read_bytes()
    if why := why_no_table(raw[:BEGINS]):
        return _nothing(path, Problem("kind of file", *why))
    # surrogateescape carries undecodable bytes to the cell they are in, which can then be named.
    text = raw.decode("utf-8-sig", errors="surrogateescape")
    # Lines above the header become empty ones, so that rows keep their numbers.
    lines = list(io.StringIO(text, newline=""))
    above = lines_above(lines)
    notes = unread_of(lines[:above])
    text = "\n" * above + "".join(lines[above:])
    separator = separator_of(next((line for line in text.splitlines() if line.strip()), ""))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    try:
        for row, record in enumerate(reader, start=1):
            if any(cell.strip() for cell in record):
                records.append((row, record))
    except csv.Error as error:
        line = reader.line_num
        problems.append(
            Problem(
                "CSV syntax", f"not readable as CSV from line {line} on ({error})", _QUOTES, line
            )
        )
    table = _table(path, records, problems)
    return replace(table, notes=(*notes, *table.notes))


_QUOTES = "Check that every double quote is closed, and doubled inside a quoted value."


def _table(path: Path, records: list[tuple[int, list[str]]], problems: list[Problem]) -> TextTable:
    """Return rows, the header first, as a table."""
    if not records:
        empty = Problem("no rows", "the file is empty", "Give a header and one row for each image.")
        return TextTable(path, pd.DataFrame(), np.empty(0, np.int64), (*problems, empty))
    header, body = _without_empty_end(records[0][1], records[1:])
    notes: tuple[str, ...] = ()
    if is_index(header[0], (cells[0].strip() for _, cells in body)):
        header, body = header[1:], [(row, cells[1:]) for row, cells in body]
        notes = (INDEX_SKIPPED,)
    body, below = _without_notes(header, body)
    problems += [*_header_problems(header, records[0][0], body), *below]
    problems += [
        Problem(
            "row length",
            f"{len(cells)} cells where the header has {len(header)}",
            "Put values that contain the separator in double quotes and give every row the "
            "header's columns.",
            row,
        )
        for row, cells in body
        if len(cells) != len(header)
    ]
    width = len(header)
    cells = [(cells + [""] * width)[:width] for _, cells in body]
    rows = np.array([row for row, _ in body], dtype=np.int64)
    columns: dict[str, list[str | None]] = {}
    for at, name in enumerate(header):
        column, undecoded = _decoded([record[at] for record in cells], rows, name)
        columns.setdefault(name.encode("utf-8", "replace").decode(), column)
        problems += undecoded
    frame = _frame(columns, len(body))
    return TextTable(path, frame.drop(columns="", errors="ignore"), rows, tuple(problems), notes)


def _without_empty_end(
    header: list[str], body: Sequence[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Remove columns of empty cells at the end of rows, which some exports add."""
    width = len(header)
    while (
        width > 1
        and not header[width - 1].strip()
        and not any("".join(cells[width - 1 : width]).strip() for _, cells in body)
    ):
        width -= 1
    cut = [
        (row, cells[:width] if not "".join(cells[width:]).strip() else cells) for row, cells in body
    ]
    return header[:width], cut


def _without_notes(
    header: list[str], body: list[tuple[int, list[str]]]
) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """Remove the notes below a table, and return a problem for each: nobody knows what they are."""
    problems = []
    while len(body) > 1 and is_note(body[-1][1], len(header)):
        row, cells = body[-1]
        first = next(cell.strip() for cell in cells if cell.strip())
        said = "the row seems to be a note or a total below the table"
        problems.append(Problem("below the table", said, "Delete it.", row, None, first))
        body = body[:-1]
    return body, problems[::-1]


def _header_problems(
    header: list[str], row: int, body: Sequence[tuple[int, list[str]]]
) -> list[Problem]:
    below = [cell.strip() for cell in body[0][1]] if body else []
    words = all(cell and not cell[0].isdigit() for cell in below)
    if not all(map(str.strip, header)) and len(header) == len({*below}) and words:
        said = f"some columns have no name here, and row {body[0][0]} seems to be the header"
        return [Problem("column name", said, "Delete the rows above it.", row, None, some(below))]
    problems = []
    for name, number in Counter(header).items():
        if not name.strip():
            problems.append(
                Problem(
                    "column name",
                    f"column {header.index(name) + 1} has no name",
                    "Name it or delete it.",
                    row,
                )
            )
        elif number > 1:
            message = f"{number} columns have this name"
            problems.append(Problem("column name", message, "Keep one of them.", row, name))
    return problems


def _decoded(
    cells: list[str], rows: NDArray[np.int64], name: str
) -> tuple[list[str | None], list[Problem]]:
    """Return the cells, empty ones as missing, and a problem for each that is not UTF-8."""
    problems = []
    for at, cell in enumerate(cells):
        if not cell.isascii() and any("\udc80" <= mark <= "\udcff" for mark in cell):
            cells[at] = cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            problems.append(
                Problem(
                    "encoding",
                    "the text is not UTF-8",
                    "Save as 'CSV UTF-8'.",
                    int(rows[at]),
                    name,
                    cells[at],
                )
            )
    return [cell if cell and not cell.isspace() else None for cell in cells], problems


def _frame(columns: dict[str, list[str | None]], rows: int) -> pd.DataFrame:
    return pd.DataFrame(columns, index=range(rows), dtype="string")


def _normal(table: TextTable) -> TextTable:
    """Read every name in one form, and report where this merges several names."""
    columns, notes, problems = {}, list(table.notes), list(table.problems)
    for name in map(str, table.frame.columns):
        column, known = table.frame[name], normal(name).strip()
        written = [] if known in AS_WRITTEN else _not_normal(column)
        if written:
            read = {text: normal(text) for text in written}
            joined = len(read) - len({*read.values()} - {*column.unique()})
            column = column.replace(read).mask(
                column.isin([t for t in read if not read[t].strip()])
            )
            words = f"{several(len(read), 'value')} of column '{known}' had invisible characters"
            notes.append(
                f"{words} or letters in several Unicode forms, and are read in one form"
                + (
                    f"; {several(joined, 'of them is', 'of them are')} the same as another."
                    if joined
                    else "."
                )
            )
        if known in columns:
            message = "two columns have this name after invisible characters are removed"
            problems.append(Problem("column name", message, "Keep one of them.", 1, known))
        columns[known] = column
    frame = pd.DataFrame(columns, index=table.frame.index)
    return replace(table, frame=frame, notes=tuple(notes), problems=tuple(problems))


def _not_normal(column: pd.Series) -> list[str]:
    written = dict.fromkeys(one for one in column.tolist() if isinstance(one, str))
    return [text for text in written if normal(text) != text]


def _nothing(path: Path, problem: Problem) -> TextTable:
    return TextTable(path, pd.DataFrame(), np.empty(0, np.int64), (problem,))
