"""Rows of a vendor's file (CSV, Excel, Parquet or JSON in; text with row numbers out).

Scores, alerts and pairs come as vendors write them: with other column names, semicolons, blank
lines, or a comma at the end of every row. A file that cannot be read without guessing is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from pandas.api.types import infer_dtype

from lfr_eval.contract.csv_lines import is_foot
from lfr_eval.contract.spelling import normal, skeleton
from lfr_eval.contract.words import some
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.number_format import shape
from lfr_eval.matchers.vendor_files import NOTES, ROW, headless, read_frame

OTHERS = "others"
"""In `attrs` of the rows: columns of the file that are not read."""
FIRST, LEAST = 20, 4
"""Rows and columns by which a matrix is recognised."""
LENGTH = 60
"""Characters of a note in a message."""
MOST_NAMES = 40
"""Columns in a message."""
SYSTEMS = frozenset(
    ("system", "algorithm", "matcher", "model", "vendor", "engine", "network", "backbone")
)
"""Names of columns that say which system a row comes from, with or without `name` or `id`."""
LOGGED = frozenset(("pass id", "time", "camera"))
PAIRED = frozenset(("genuine", "impostor", "same", "subject a", "subject b"))
"""Names of columns of logs and lists that are given as scores, as `skeleton` leaves them."""
NUMBERS = ("score", "threshold")
"""Columns that keep their type where the file holds numbers."""
NUMERIC = ("integer", "floating", "mixed-integer-float", "boolean")


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
        CSV, Excel (`.xlsx`), Parquet (`.parquet`, `.pq`) or JSON: a list of objects, or one object
        per line (`.json`, `.jsonl`, `.ndjson`). Nested objects have columns such as `match.score`.
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
        readers must know, and `attrs[OTHERS]` the columns that are not read.

    Raises
    ------
    MatcherError
        If the file cannot be read, lacks a column, or holds the output of several systems.
    """
    theirs = dict(columns or {})
    frame = read_frame(path, {theirs.get(name, name) for name in (*required, *optional)})
    if frame.empty and not may_be_empty:
        raise MatcherError(f"{path} has no row below its header.")
    return _named(path, frame, required, optional, theirs)


def columns_with(path: Path, known: Collection[str]) -> list[str]:
    """Return the columns of a file whose cells are all among known names."""
    frame = read_frame(path).drop(columns=ROW)
    cells = {str(name): {*frame[name].dropna().map(str)} - {""} for name in frame}
    return [name for name, found in cells.items() if found and found <= set(known)]


def listed(rows: pd.DataFrame, columns: Sequence[str]) -> str:
    """Return the first rows in words, and the number of further rows."""

    def said(at: int) -> str:
        row = rows.iloc[at]
        cells = ("empty" if row[name] == "" else str(row[name]) for name in columns)
        return f"row {int(row[ROW])} ({', '.join(cells)})"

    return some(range(len(rows)), say=said)


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
    likely = {skeleton(name): name for name in there}
    paired = bool(PAIRED & {*likely})
    if (missing or problems) and headless(there):
        problems = [headless(there)]
    elif (
        {"reference_id", "probe_id"} <= {*missing}
        and not paired
        and _is_matrix(frame.drop(columns=ROW))
    ):
        raise MatcherError(
            f"{path} seems to be a matrix of scores ({len(frame):,} rows and {len(there):,} "
            "columns). Give matcher.shape=matrix."
        )
    elif missing:
        meant = {name: likely.get(skeleton(name), "THEIRS") for name in missing}
        example = ", ".join(f"{name}: {theirs}" for name, theirs in meant.items())
        problems.append(
            f"expected the columns {', '.join(required)}; {', '.join(missing)} is missing. If the "
            f"file has another name for it, give 'matcher.columns={{{example}}}'"
            + "; if it is a matrix, give matcher.shape=matrix" * ("probe_id" in missing)
            + "; if it is a log of alerts, give matcher=alerts and matcher.floor"
            * ("probe_id" in missing and bool(LOGGED & {*likely}))
            + "; if it is a list of pairs, give dataset=pairs and matcher=pairs"
            * ("probe_id" in missing and paired)
            + "; if it has ranks and no scores, give 'matcher.columns={score: rank}', "
            "matcher.higher_is=worse and, for lists of ten, matcher.floor=-10"
            * ("score" in missing and "rank" in there)
        )
    if problems and len(there) == 1 and " " in there[0]:
        problems = [
            "the columns seem to be separated by spaces; write commas, semicolons or tabs between "
            "them",
            *filter(None, [headless(there)]),
        ]
    if problems:
        raise MatcherError(f"{path}: {'; '.join(problems)}. It has {some(there, MOST_NAMES)}.")
    _check_one_system(path, frame, [name for name in there if name not in columns.values()])
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
    _check_foot(path, frame.drop(columns=ROW), rows, required)
    rows.attrs[NOTES] = frame.attrs.get(NOTES, [])
    read = {columns.get(name, name) for name in taken}
    rows.attrs[OTHERS] = [name for name in there if name not in read]
    return rows


def _is_matrix(frame: pd.DataFrame) -> bool:
    """Whether all columns but the first are scores, in the first rows."""
    cells = frame.iloc[:FIRST, 1:].astype("string").fillna("")
    told = [str(cell) for cell in cells.to_numpy().ravel() if cell != ""]
    return len(frame.columns) >= LEAST and bool(told) and all(map(shape, told))


def _check_foot(
    path: Path, frame: pd.DataFrame, rows: pd.DataFrame, required: Sequence[str]
) -> None:
    """Refuse notes and totals below the table as one problem, not for every cell they lack."""
    found = []
    for at in range(len(rows) - 1, 0, -1):
        cells = frame.iloc[at].astype("string").fillna("").tolist()
        told = {name: str(rows[name].iloc[at]) for name in required}
        lacks = any(not one or (name in NUMBERS and not shape(one)) for name, one in told.items())
        if not lacks or not is_foot(cells):
            break
        text = next(cell.strip() for cell in cells if cell.strip())
        found.append(f"row {int(rows[ROW].iloc[at])} ('{text[:LENGTH]}')")
    if found:
        seem = "seem to be notes or totals below the table. Delete them."
        if len(found) == 1:
            seem = "seems to be a note or a total below the table. Delete it."
        raise MatcherError(f"{path}: {', '.join(found[::-1])} {seem}")


def _check_one_system(path: Path, frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse a file in which a column that is not read says that rows are of several systems."""
    for name in names:
        words = skeleton(name).split(" ")
        if len(words) > 1 and words[-1] in ("name", "id"):
            words = words[:-1]
        if words[-1] not in SYSTEMS or len(words) > 1:
            continue
        found = [one for one in frame[name].dropna().astype(str).unique() if one.strip()]
        if len(found) > 1:
            raise MatcherError(
                f"{path}: column '{name}' names {len(found):,} systems ({some(found)}), "
                "but a study tests one. Write the rows of each system to a separate file. If the "
                "column means something else, rename it."
            )
