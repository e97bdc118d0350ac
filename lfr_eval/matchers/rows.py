"""Rows of a vendor's file (CSV, Parquet, JSON lines in; text with row numbers out).

Scores, alerts and pairs come as vendors write them: with other column names, semicolons, blank
lines, or a comma at the end of every row. A file that cannot be read without guessing is refused.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import NoneType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype

from lfr_eval.contract.reading import (
    INDEX_SKIPPED,
    SEPARATORS,
    is_index,
    json_value,
    lines_above,
    why_no_file,
)
from lfr_eval.contract.spelling import normal
from lfr_eval.matchers import MatcherError

ROW = "row"
"""Column with the line number as an editor shows it, or the row of a Parquet file from 1."""

SHOWN = 20
PARQUET, LINES = (".parquet", ".pq"), (".jsonl", ".ndjson")
NUMBERS = ("score", "threshold")
"""Columns that keep their type where the file holds numbers."""
NUMERIC = ("integer", "floating", "mixed-integer-float", "boolean")

NOTES = "notes"
"""In `attrs` of the rows: sentences on what of the file was not read."""

_MORE = "\0more"


def read_rows(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    *,
    may_be_empty: bool = False,
) -> pd.DataFrame:
    """Read some columns of a file as text.

    Parameters
    ----------
    path
        CSV, Parquet (`.parquet`, `.pq`) or JSON lines (`.jsonl`, `.ndjson`).
    required, optional
        Names of the columns to read. Other columns are ignored.
    columns
        Other names of columns: our name to the file's.
    may_be_empty
        Whether a header without rows is valid, as in a log without alerts.

    Returns
    -------
    DataFrame
        The required columns, the optional ones that exist, and `ROW`. Cells are text without
        surrounding spaces; a Parquet column of numbers keeps its type. `attrs[NOTES]` holds what
        readers must know.

    Raises
    ------
    MatcherError
        If the file cannot be read, or lacks a column.
    """
    theirs = dict(columns or {})
    frame = _frame(path, {theirs.get(name, name) for name in (*required, *optional)})
    if frame.empty and not may_be_empty:
        raise MatcherError(f"{path} has no row below its header.")
    return _named(path, frame, required, optional, theirs)


def columns_with(path: Path, known: Collection[str]) -> list[str]:
    """Return the columns of a file whose cells are all among known names."""
    frame = _frame(path).drop(columns=ROW)
    cells = {str(name): {*frame[name].dropna().map(str)} - {""} for name in frame}
    return [name for name, found in cells.items() if found and found <= set(known)]


def listed(rows: pd.DataFrame, columns: Sequence[str]) -> str:
    """Return the first rows in words, and the number of further rows."""
    shown = [
        f"row {int(row[ROW])} ({', '.join(str(row[name]) for name in columns)})"
        for row in rows.head(SHOWN).to_dict("records")
    ]
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return f"{', '.join(shown)}{more}"


def refuse(path: Path, frame: pd.DataFrame, checks: Iterable[tuple[str, pd.Series]]) -> None:
    """Raise one error that lists the rows found by every check.

    Parameters
    ----------
    checks
        Description of each problem, and the rows that have it.

    Raises
    ------
    MatcherError
        If any row has a problem.
    """
    shown = [name for name in frame.columns if name != ROW]
    problems = [
        f"{meaning}: {listed(frame[wrong.to_numpy(bool)], shown)}"
        for meaning, wrong in checks
        if wrong.any()
    ]
    if problems:
        raise MatcherError(f"{path}:\n  " + "\n  ".join(problems))


def _frame(path: Path, read: Collection[str] = ()) -> pd.DataFrame:
    if not path.is_file():
        raise MatcherError(f"{path} {why_no_file(path)}. Give matcher.path=FILE.")
    kind = path.suffix.lower()
    try:
        if kind in PARQUET:
            frame = pd.read_parquet(path)
            frame.attrs = {}  # pandas restores what the writer of the file put there.
            return frame.assign(**{ROW: np.arange(1, len(frame) + 1)})
        return _json_lines(path, read) if kind in LINES else _csv(path)
    except (ValueError, OSError) as error:
        what = "Parquet" if kind in PARQUET else "JSON lines" if kind in LINES else "CSV"
        raise MatcherError(f"{path} cannot be read as {what}: {error}") from error


def _csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as stream:
        if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise ValueError("the file is UTF-16. Save it as 'CSV UTF-8'")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        blank = lines_above(stream)
        stream.seek(0)
        header = next(islice(stream, blank, None), "")
    if not header.strip():
        raise ValueError("the file is empty")
    separator = max(SEPARATORS, key=header.count)
    names = [name.strip() for name in next(csv.reader(io.StringIO(header), delimiter=separator))]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise ValueError(f"several columns have the name {', '.join(twice)}; keep one of each")
    unnamed = [name or f"{_MORE}{at}" for at, name in enumerate(names)]
    frame = pd.read_csv(
        path,
        sep=separator,
        header=None,
        names=[*unnamed, _MORE],
        skiprows=blank + 1,
        skip_blank_lines=False,
        skipinitialspace=True,
        dtype="string",
        keep_default_na=False,
        encoding="utf-8-sig",
    )
    frame = frame.assign(**{ROW: np.arange(len(frame)) + blank + 2})
    # A line that is empty has nothing in its first cell and no others.
    frame = frame[_any_filled(frame, [*unnamed, _MORE])]
    index = len(unnamed) > 1 and is_index(names[0], frame[unnamed[0]].fillna("").str.strip())
    if index:
        frame = frame.drop(columns=unnamed[0])
    frame.attrs[NOTES] = [INDEX_SKIPPED] if index else []
    beyond = [name for name in frame if str(name).startswith(_MORE)]
    extra = frame[_any_filled(frame, beyond)]
    if len(extra):
        row = extra[ROW].iloc[0]
        unnamed_at = [at for at, name in enumerate(names, 1) if not name]
        filled = [at for at in unnamed_at if extra[unnamed[at - 1]].fillna("").ne("").any()]
        if filled and not extra[_MORE].fillna("").ne("").any():
            raise ValueError(
                f"column {filled[0]} has no name, but row {row} has a value there; name the column "
                "or delete it"
            )
        raise ValueError(
            f"row {row} has more cells than the header has names; put values with "
            f"{separator!r} in double quotes"
        )
    return frame.drop(columns=beyond)


def _any_filled(frame: pd.DataFrame, names: Sequence[Hashable]) -> NDArray[np.bool_]:
    filled = np.zeros(len(frame), bool)
    for name in names:
        filled |= (frame[name] != "").to_numpy(bool)
    return filled


def _json_lines(path: Path, read: Collection[str]) -> pd.DataFrame:
    found, rows = [], []
    # Only a line feed ends a line: other separators may stand inside a value.
    for row, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json_value(line)
        except ValueError as error:
            raise ValueError(f"row {row} cannot be read ({error})") from error
        if not isinstance(value, dict):
            raise ValueError(f"row {row} is not an object in braces")
        nested = [name for name in read if isinstance(value.get(name), dict | list)]
        if nested:
            raise ValueError(
                f"row {row}: '{nested[0]}' is a list or an object; give one text or number"
            )
        found.append(value)
        rows.append(row)
    names = list(dict.fromkeys(name for value in found for name in value))
    cells = {name: _cells([value.get(name) for value in found]) for name in names}
    return pd.DataFrame({**cells, ROW: rows})


def _cells(values: list[object]) -> pd.Series:
    """Return numbers as they are, unless a text is among them."""
    if not all(type(value) in (int, float, NoneType) for value in values):
        values = [_text(value) for value in values]
    return pd.Series(values, dtype=object)


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _composed(text: pd.Series) -> pd.Series:
    """Return names as a manifest's are read: in Unicode's composed form, without unseen signs."""
    odd = {name: normal(name) for name in text.unique() if not name.isascii()}
    return text.replace(odd) if odd else text


def _named(
    path: Path,
    frame: pd.DataFrame,
    required: Sequence[str],
    optional: Sequence[str],
    columns: Mapping[str, str],
) -> pd.DataFrame:
    there = [str(name) for name in frame.columns if name != ROW]
    wanted = [*required, *optional]
    problems = [
        f"matcher.columns names '{name}', which is not one of {', '.join(wanted)}"
        for name in columns
        if name not in wanted
    ]
    problems += [
        f"matcher.columns gives '{theirs}' for '{name}', but the file has no such column"
        for name, theirs in columns.items()
        if name in wanted and theirs not in there
    ]
    missing = [name for name in required if name not in columns and name not in there]
    if missing:
        example = ", ".join(f"{name}: THEIRS" for name in missing)
        problems.append(
            f"expected the columns {', '.join(required)}; {', '.join(missing)} is missing. If the "
            f"file has another name for it, give 'matcher.columns={{{example}}}'"
        )
    if problems:
        raise MatcherError(f"{path}: {'; '.join(problems)}. It has {', '.join(there)}.")
    taken = {}
    for name in wanted:
        theirs = columns.get(name, name)
        if theirs in there:
            column = frame[theirs]
            if name not in NUMBERS:
                column = _composed(column.astype("string").fillna("")).str.strip()
            elif infer_dtype(column, skipna=True) in NUMERIC:
                column = pd.to_numeric(column)
            else:
                column = column.astype("string").fillna("").str.strip()
            taken[name] = column
    rows = pd.DataFrame({**taken, ROW: frame[ROW]}).reset_index(drop=True)
    rows.attrs[NOTES] = frame.attrs.get(NOTES, [])
    return rows
