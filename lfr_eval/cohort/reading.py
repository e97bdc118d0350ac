"""Stage cohort: a label file (CSV or Parquet) in, a table of text with row numbers out.

Everything is read as text, so that the identifier '001' stays '001' and the person called 'NA'
stays a person. Row numbers are those that a spreadsheet shows.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.cohort.problems import ManifestMissingError, Problem

PARQUET_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True)
class TextTable:
    """A label file as text.

    Attributes
    ----------
    file
        Where it came from.
    frame
        Its cells as text; an empty cell is missing.
    rows : (rows,)
        Row number of each line of the table, as a spreadsheet shows it.
    problems
        What could not be read.
    """

    file: Path
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    problems: tuple[Problem, ...] = ()


def read_text_table(path: Path) -> TextTable:
    """Read a CSV (UTF-8, commas, a header) or Parquet file as text.

    Parameters
    ----------
    path
        A file; `.parquet` and `.pq` are read as Parquet, everything else as CSV.

    Raises
    ------
    ManifestMissingError
        If there is no such file; the message names it.
    """
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise ManifestMissingError(
            f"The manifest '{path}' {reason}. Give the path of a CSV or Parquet file."
        )
    return _parquet(path) if path.suffix.lower() in PARQUET_SUFFIXES else _csv(path)


def _csv(path: Path) -> TextTable:
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _nothing(path, "encoding", "the file is UTF-16", "Save it as 'CSV UTF-8'.")
    # surrogateescape carries undecodable bytes to the cell they are in, which can then be named.
    text = raw.decode("utf-8-sig", errors="surrogateescape")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    try:
        for row, record in enumerate(reader, start=1):
            if record:
                records.append((row, record))
    except csv.Error as error:
        line = reader.line_num
        problems.append(
            Problem(
                "CSV syntax", f"not readable as CSV from line {line} on ({error})", _QUOTES, line
            )
        )
    if not records:
        remedy = "Give a header and one row for each image."
        return TextTable(path, pd.DataFrame(), np.empty(0, np.int64), (*problems, _empty(remedy)))
    header, body = records[0][1], records[1:]
    problems += _header_problems(header)
    problems += [
        Problem(
            "row length",
            f"{len(cells)} cells where the header has {len(header)}",
            "Put values with commas in double quotes and give every row the header's columns.",
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
    frame = pd.DataFrame(columns, index=range(len(body)), dtype="string")
    return TextTable(path, frame.drop(columns="", errors="ignore"), rows, tuple(problems))


_QUOTES = "Check that every double quote is closed, and doubled inside a quoted value."


def _header_problems(header: list[str]) -> list[Problem]:
    problems = []
    if len(header) == 1 and (mark := next((m for m in ";\t|" if m in header[0]), None)):
        message = f"the columns are separated by {mark!r}"
        problems.append(Problem("separator", message, "Save the file with commas.", 1))
    for name in dict.fromkeys(header):
        if not name.strip():
            problems.append(
                Problem(
                    "column name",
                    f"column {header.index(name) + 1} has no name",
                    "Name it or delete it (pandas writes such a column unless index=False).",
                    1,
                )
            )
        elif header.count(name) > 1:
            message = f"{header.count(name)} columns have this name"
            problems.append(Problem("column name", message, "Keep one of them.", 1, name))
    return problems


def _decoded(
    cells: list[str], rows: NDArray[np.int64], name: str
) -> tuple[list[str | None], list[Problem]]:
    """Return the cells with empty ones missing, and the problem of each that is not UTF-8."""
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


def _parquet(path: Path) -> TextTable:
    try:
        frame = pd.read_parquet(path)
    except Exception as error:
        return _nothing(path, "Parquet", f"not readable as Parquet ({error})", "Write it again.")
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    text = {str(name): _as_text(frame[name]) for name in frame.columns}
    table = pd.DataFrame(text, index=range(len(frame)), dtype="string")
    # A Parquet file has no header line: its first row is row 1.
    return TextTable(path, table, np.arange(1, len(frame) + 1, dtype=np.int64))


def _as_text(column: pd.Series) -> list[str | None]:
    if pd.api.types.is_float_dtype(column.dtype):
        # A column of whole numbers with gaps arrives as floats: 7, not 7.0, is what was meant.
        filled = column.dropna()
        if bool(np.isfinite(filled.to_numpy(dtype=float)).all()) and bool((filled % 1 == 0).all()):
            column = column.astype("Int64")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return [None if pd.isna(value) else value.isoformat() for value in column]
    return [None if pd.isna(value) or not str(value).strip() else str(value) for value in column]


def _empty(remedy: str) -> Problem:
    return Problem("no rows", "the file is empty", remedy)


def _nothing(path: Path, kind: str, message: str, remedy: str) -> TextTable:
    problem = Problem(kind, message, remedy)
    return TextTable(path, pd.DataFrame(), np.empty(0, np.int64), (problem,))
