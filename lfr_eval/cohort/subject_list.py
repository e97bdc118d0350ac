"""Ids of people from a file: a list with one id per line, or a column of a table.

A line that holds more than one id is refused: read as one id, it would name somebody who does not
exist, and the people meant would not be found again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lfr_eval.cohort.problems import ManifestMissingError
from lfr_eval.cohort.reading import PARQUET_SUFFIXES, read_text_table
from lfr_eval.contract.csv_lines import SEPARATORS
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import ReadingError, read_text
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import several, some
from lfr_eval.contract.workbooks import WORKBOOKS

IDS = frozenset(
    skeleton(name)
    for name in (
        *("subject_id", "subject", "subjects", "subject number", "person_id", "person", "people"),
        *("id", "ids", "name", "participant", "participant_id", "identity"),
    )
)
"""Headings of a column of ids."""

AS_WRITTEN = "If each of these is a single id, give --as-written."

_BETWEEN = r"[\s,;|/&+:()\[\]{}<>\"]"
"""What may stand between two ids of one line."""
_RANGE = re.compile(r"(.*?)(\d+)\s*(?:-|\u2013|\u2014|\.\.+)\s*(.*?)(\d+)")


class SubjectListError(MendableError, ValueError):
    """A file does not say whose ids it holds; the message names its lines."""


def read_subjects(
    path: Path, column: str | None = None, as_written: bool = False
) -> tuple[str, ...]:
    """Return the ids in a file, in its order.

    Parameters
    ----------
    path
        A text file with one id per line, with or without a heading, or a table (CSV, Excel,
        Parquet) with a column of ids.
    column
        The column of a table; where it is not given, the one that is named as ids are.
    as_written
        Whether each line or cell is one id, whatever it holds.

    Raises
    ------
    SubjectListError
        If it cannot be read, or a line may hold more than an id.
    """
    kind = path.suffix.lower()
    if column is None and kind not in (*PARQUET_SUFFIXES, *WORKBOOKS):
        try:
            text = read_text(path)
        except ReadingError as error:
            raise SubjectListError(str(error)) from error
        lines = [(n, each.strip()) for n, each in enumerate(text.splitlines(), 1) if each.strip()]
        first = lines[0][1] if lines else ""
        if not lines:
            raise SubjectListError(f"{path} is empty. Give one id per line.")
        if skeleton(first.strip('"')) not in IDS and not _holds_several(first.strip('"')):
            return _one_each(path, lines, as_written)
    return _of_table(path, column, as_written)


def check_ids(given: Sequence[str]) -> None:
    """Refuse ids from a command line that may each be several ids, or none.

    Raises
    ------
    SubjectListError
        If one holds a space, a separator or a range, or is a comment or a number with a decimal.
    """
    wrong = [f"'{each}' {why}" for each in given if (why := _why_no_id(each))]
    if wrong:
        raise SubjectListError(
            f"{'; '.join(wrong)}. Repeat --subject for each person. {AS_WRITTEN}"
        )


def _why_no_id(text: str, in_table: bool = False) -> str:
    """Return why a line or a cell is not plainly one id, or nothing.

    A cell of a column of ids may hold a name with spaces, so it is refused only where its parts
    look like ids themselves: with digits, and written alike.
    """
    if text.startswith("#") and not in_table:
        return "looks like a comment"
    if re.fullmatch(r"\d+\.0+", text):
        return "is a number with decimals, as spreadsheets write it: remove the decimals"
    ends = _RANGE.fullmatch(text)
    if ends is not None:
        first, low, second, high = ends.groups()
        alike = first == second or (not second and len(low) == len(high))
        if alike and int(low[-18:]) < int(high[-18:]):
            return "may be a range of ids"
    parts = [part for part in re.split(f"{_BETWEEN}+", text) if part]
    shapes = [re.sub(r"\d+", "0", part) for part in parts if re.search(r"\d", part)]
    if len(shapes) > len(set(shapes)) or (re.search(_BETWEEN, text) and not in_table):
        return "may hold several ids"
    return ""


def _holds_several(text: str) -> bool:
    return bool(re.search(f'[{re.escape(SEPARATORS)}"\n]', text))


def _check_each(path: Path, what: str, ids: Sequence[tuple[int, str]]) -> None:
    wrong = [
        f"{what} {number} ('{text}') {why}"
        for number, text in ids
        if (why := _why_no_id(text, in_table=what == "row"))
    ]
    if wrong:
        raise SubjectListError(
            f"{path}: {some(wrong, apart='; ')}. Give one id per {what}. {AS_WRITTEN}"
        )


def _one_each(path: Path, lines: Sequence[tuple[int, str]], as_written: bool) -> tuple[str, ...]:
    if as_written:
        return tuple(line for _, line in lines)
    _check_each(path, "line", lines)
    heading, *others = (any(map(str.isdigit, line)) for _, line in lines)
    if others and not heading and all(others):
        raise SubjectListError(
            f"{path}: line 1 ('{lines[0][1]}') looks like a heading, not like the ids below it. "
            f"If it is one, give --column '{lines[0][1]}' or remove the line."
        )
    return tuple(line for _, line in lines)


def _of_table(path: Path, column: str | None, as_written: bool) -> tuple[str, ...]:
    try:
        table = read_text_table(path)
    except ManifestMissingError as error:
        raise SubjectListError(str(error)) from error
    if table.problems:
        raise SubjectListError(f"{path} cannot be read: {table.problems[0]}")
    names = [str(name) for name in table.frame.columns]
    wanted = IDS if column is None else {skeleton(column)}
    found = [name for name in names if skeleton(name) in wanted]
    if column is None and len(found) > 1:
        found = [name for name in found if skeleton(name) == skeleton("subject_id")]
    if len(found) != 1:
        asked = "no column of ids" if column is None else f"no column '{column}'"
        raise SubjectListError(
            f"{path} is a table with {several(len(names), 'heading')} ({', '.join(names)}) and "
            f"{asked}. Name the column of ids with --column."
        )
    cells = table.frame[found[0]]
    empty = [int(row) for row, cell in zip(table.rows, cells.isna(), strict=True) if cell]
    if empty or not len(cells):
        where = f"row {empty[0]} has no id" if empty else "it has no rows"
        raise SubjectListError(f"{path}, column {found[0]}: {where}.")
    ids = [str(cell).strip() for cell in cells]
    if not as_written:
        _check_each(path, "row", list(zip(table.rows.tolist(), ids, strict=True)))
    return tuple(ids)
