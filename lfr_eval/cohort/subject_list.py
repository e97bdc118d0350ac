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
from lfr_eval.cohort.workbooks import WORKBOOKS
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import SEPARATORS, ReadingError, read_text
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import several

IDS = frozenset(
    skeleton(name)
    for name in (
        *("subject_id", "subject", "subjects", "subject number", "person_id", "person", "people"),
        *("id", "ids", "name", "participant", "participant_id", "identity"),
    )
)
"""Headings of a column of ids."""

_SHOWN = 5


class SubjectListError(MendableError, ValueError):
    """A file does not say whose ids it holds; the message names its lines."""


def read_subjects(path: Path, column: str | None = None) -> tuple[str, ...]:
    """Return the ids in a file, in its order.

    Parameters
    ----------
    path
        A text file with one id per line, with or without a heading, or a table (CSV, Excel,
        Parquet) with a column of ids.
    column
        The column of a table; where it is not given, the one that is named as ids are.

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
            return _one_each(path, lines)
    return _of_table(path, column)


def check_ids(given: Sequence[str]) -> None:
    """Refuse ids from a command line that may each be several ids.

    Raises
    ------
    SubjectListError
        If one holds a separator.
    """
    wrong = [f"'{each}'" for each in given if _holds_several(each)]
    if wrong:
        raise SubjectListError(
            f"{', '.join(wrong)} may hold several ids. Repeat the option for each person. Put "
            "an id that contains a comma in quotes in a CSV file with the heading subject_id."
        )


def _holds_several(text: str) -> bool:
    return bool(re.search(f'[{re.escape(SEPARATORS)}"\n]', text))


def _one_each(path: Path, lines: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    wrong = [f"line {number} ('{line}')" for number, line in lines if _holds_several(line)]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise SubjectListError(
            f"{path} is a list with one id per line, but {', '.join(wrong[:_SHOWN])}{more} may "
            "hold more than one id. Give one id per line, or a table with the heading subject_id."
        )
    heading, *others = (any(map(str.isdigit, line)) for _, line in lines)
    if others and not heading and all(others):
        raise SubjectListError(
            f"{path}: line 1 ('{lines[0][1]}') looks like a heading, not like the ids below it. "
            f"If it is one, give --column '{lines[0][1]}' or remove the line."
        )
    return tuple(line for _, line in lines)


def _of_table(path: Path, column: str | None) -> tuple[str, ...]:
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
    return tuple(str(cell).strip() for cell in cells)
