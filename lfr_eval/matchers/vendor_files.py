"""A vendor's file as it stands (CSV, Excel, Parquet or JSON in; cells with row numbers out)."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.archives import read_parquet
from lfr_eval.contract.csv_lines import (
    INDEX_SKIPPED,
    is_index,
    lines_above,
    separator_of,
    unread_of,
)
from lfr_eval.contract.encodings import BEGINS, why_no_table, why_no_utf8
from lfr_eval.contract.reading import json_value, why_no_file
from lfr_eval.contract.workbooks import WORKBOOKS, WorkbookUnreadable, cell_text, read_workbook
from lfr_eval.matchers import MatcherError

ROW = "row"
"""Column with the row as a spreadsheet shows it, or the row of a Parquet file from 1."""
PARQUET, LINES = (".parquet", ".pq"), (".jsonl", ".ndjson", ".json")
NOTES = "notes"
"""In `attrs` of the rows: sentences on what of the file was not read."""
_MORE = "\0more"


def read_frame(path: Path, read: Collection[str] = ()) -> pd.DataFrame:
    """Return the cells of a file as they stand, and `ROW`; `attrs[NOTES]` says what is not read.

    Parameters
    ----------
    read
        Columns of which no cell may be a list.

    Raises
    ------
    MatcherError
        If the file cannot be read.
    """
    if not path.is_file():
        raise MatcherError(f"{path} {why_no_file(path)}. Give matcher.path=FILE.")
    kind = path.suffix.lower()
    try:
        if kind in PARQUET:
            frame = read_parquet(path)
            frame.attrs = {}  # pandas restores what the writer of the file put there.
            return frame.assign(**{ROW: np.arange(1, len(frame) + 1)})
        if kind in WORKBOOKS:
            return frame_of_workbook(path).rename_axis(None).reset_index(names=ROW)
        return _json(path, read) if kind in LINES else _csv(path)
    except WorkbookUnreadable as error:
        raise MatcherError(f"{path}: {error}. {error.remedy}") from error
    except UnicodeDecodeError as error:
        raise MatcherError(f"{path}: {why_no_utf8(path.read_bytes())}.") from error
    except (ValueError, OSError) as error:
        what = "Parquet" if kind in PARQUET else "JSON" if kind in LINES else "CSV"
        raise MatcherError(f"{path} cannot be read as {what}: {error}") from error


def frame_of_workbook(path: Path) -> pd.DataFrame:
    """Return the first sheet of an Excel file by row number; `attrs[NOTES]` says what is not read.

    Raises
    ------
    WorkbookUnreadable
        If it cannot be read.
    """
    sheet = read_workbook(path)
    if not sheet.rows:
        raise WorkbookUnreadable("the sheet is empty", "Move the table to the first sheet.")
    names = [(cell_text(name) or "").strip() for name in sheet.rows[0][1]]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise WorkbookUnreadable(
            f"several columns have the name {', '.join(twice)}", "Keep one of each."
        )
    columns = zip(*(cells for _, cells in sheet.rows[1:]), strict=True)
    frame = pd.DataFrame(
        {
            name: _cells([one if _is_number(one) else cell_text(one) for one in column])
            for name, column in zip(names, columns, strict=False)
        }
    )
    frame.index = pd.Index([row for row, _ in sheet.rows[1:]])
    frame.attrs[NOTES] = list(sheet.notes)
    return frame


def check_text(path: Path) -> None:
    """Refuse a file that is not a table in UTF-8.

    Raises
    ------
    ValueError
        If it is in another encoding, or packed.
    """
    with path.open("rb") as stream:
        why = why_no_table(stream.read(BEGINS))
    if why is not None:
        raise ValueError(" ".join((f"{why[0]}.", why[1])).rstrip("."))


def _csv(path: Path) -> pd.DataFrame:
    check_text(path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        blank = lines_above(stream)
        stream.seek(0)
        notes = unread_of(islice(stream, blank))
        header = next(stream, "")
        if not header.strip():
            raise ValueError("the file is empty")
        separator = separator_of(header)
        # A name in quotes may go on in the next line.
        try:
            names = next(csv.reader(chain([header], stream), delimiter=separator, strict=True))
        except csv.Error as error:
            said = f"row {blank + 1} has a double quote that is not closed or not doubled"
            raise ValueError(said) from error
    names = [re.sub(r"\s*\n\s*", " ", name).strip() for name in names]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise ValueError(f"several columns have the name {', '.join(twice)}; keep one of each")
    unnamed = [name or f"{_MORE}{at}" for at, name in enumerate(names)]
    try:
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
    except pd.errors.ParserError as error:
        row = re.search(r"in line (\d+), saw", str(error))
        if row is None:
            raise
        raise ValueError(headless(names) or _longer(int(row[1]), separator)) from error
    frame = frame.assign(**{ROW: np.arange(len(frame)) + blank + 2})
    # A line that is empty has nothing in its first cell and no others.
    frame = frame[_any_filled(frame, [*unnamed, _MORE])]
    index = len(unnamed) > 1 and is_index(names[0], frame[unnamed[0]].fillna("").str.strip())
    if index:
        frame = frame.drop(columns=unnamed[0])
    frame.attrs[NOTES] = [*notes, *[INDEX_SKIPPED] * index]
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
                + " (of a matrix of scores, give matcher.shape=matrix)"
                * (filled[0] == 1)
            )
        raise ValueError(headless(names) or _longer(row, separator))
    return frame.drop(columns=beyond)


def _longer(row: int, separator: str) -> str:
    return (
        f"row {row} has more cells than the header has names; put values with {separator!r} in "
        "double quotes, and delete rows above the header"
    )


def _any_filled(frame: pd.DataFrame, names: Sequence[Hashable]) -> NDArray[np.bool_]:
    filled = np.zeros(len(frame), bool)
    for name in names:
        filled |= (frame[name] != "").to_numpy(bool)
    return filled


def headless(names: Sequence[str]) -> str:
    """Say that a header is missing where a name of a column is a number, as a value would be."""
    words = names[0].split() if len(names) == 1 else names
    number = next((name for name in words if re.fullmatch(r"[+-]?\d*\.?\d+", name)), None)
    if number is None:
        return ""
    whole = "".join("n" if word.isdecimal() else "t" for word in words)
    if whole in ("n", "nn", "tnn", "tntn"):
        return (
            f"the first row ({' '.join(words)}) is one of a list of pairs without scores, as LFW "
            "and RFW publish it. Write one row for each pair with its score, below the header "
            "score, genuine, subject_a, subject_b"
        )
    return (
        f"the first row holds the value {number}, so it does not seem to be a header; write the "
        "names of the columns above it"
    )


def _json(path: Path, read: Collection[str]) -> pd.DataFrame:
    content = path.read_bytes()
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
        entries = json_value(content)
        objects: Iterator[tuple[int, object]] = enumerate(entries, start=1)
    else:
        # Only a line feed ends a line: other separators may stand inside a value.
        lines = enumerate(content.split(b"\n"), start=1)
        objects = ((row, _object(row, line)) for row, line in lines if line.strip())
        objects = _unwrapped(content, objects)
    found, rows = [], []
    for row, value in objects:
        if not isinstance(value, dict):
            raise ValueError(f"row {row} is not an object in braces")
        found.append(dict(_flat(value)))
        rows.append(row)
        lists = [name for name in read if isinstance(found[-1].get(name), list)]
        if lists:
            raise ValueError(f"row {row}: '{lists[0]}' is a list; give one text or number")
    names = list(dict.fromkeys(name for value in found for name in value))
    cells = {name: _cells([value.get(name) for value in found]) for name in names}
    return pd.DataFrame({**cells, ROW: rows})


def _unwrapped(
    content: bytes, objects: Iterator[tuple[int, object]]
) -> Iterator[tuple[int, object]]:
    """Refuse one object that holds the rows as a list, beside what it says of all of them."""
    try:
        whole = json_value(content)
    except ValueError:
        return objects
    held = whole.items() if isinstance(whole, dict) else ()
    lists = [name for name, one in held if isinstance(one, list) and one and type(one[0]) is dict]
    if lists:
        raise ValueError(
            f"it is one JSON object, whose rows seem to be in the list '{lists[0]}'. Write only "
            "that list to the file"
        )
    return objects


def _object(row: int, line: bytes) -> object:
    try:
        return json_value(line)
    except ValueError as error:
        raise ValueError(
            f"row {row} cannot be read ({error}). Write one object per line, or a list of objects"
        ) from error


def _flat(value: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield the entries of an object, those of objects within it under names such as `a.b`."""
    for key, one in value.items():
        if isinstance(one, dict):
            yield from _flat(one, f"{above}{key}.")
        else:
            yield f"{above}{key}", one


def _cells(values: list[object]) -> pd.Series:
    """Return numbers as they are, unless a text is among them."""
    if not all(value is None or _is_number(value) for value in values):
        values = [_text(value) for value in values]
    return pd.Series(values, dtype=object)


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
