"""Stage `deployments`: files of records in, table `deployments` out, every problem named.

A record is a row of a CSV file with the columns of table `deployments` (all but `joined_by` and
`left_out`), or
the `deployment.json` that the live engine writes. Nothing in it says where a deployment was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.tables import DEPLOYMENTS
from lfr_eval.contract.tested import SHORTEST
from lfr_eval.deployments.grid import DeploymentError

RECORD = "deployment.json"
"""The record that the live engine writes into a deployment's folder."""

DECIDED = ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed")
COUNTS = ("watchlist_size", "alerts", *DECIDED)
JUDGED = ("joined_by", "left_out")
COLUMNS = tuple(name for name in DEPLOYMENTS.names if name not in JUDGED)


def read_deployments(paths: Sequence[Path]) -> pd.DataFrame:
    """Return table `deployments` of files, deployment folders, or folders of these.

    Raises
    ------
    DeploymentError
        If a file is missing, or a record is incomplete, impossible or there twice.
    """
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for path in paths:
        for file in _files(path, problems):
            for where, row in _rows(file, problems):
                problems += [f"{where}: {problem}" for problem in _problems(row)]
                rows.append(row)
    names = [str(row.get("deployment_id")) for row in rows]
    problems += [
        f"deployment '{name}' is there {names.count(name)} times"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if not rows and not problems:
        problems = ["there is no record of a deployment in " + ", ".join(map(str, paths))]
    if problems:
        raise DeploymentError("The records cannot be used: " + "; ".join(problems) + ".")
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).assign(**dict.fromkeys(JUDGED))
    return DEPLOYMENTS.conform(frame)


def _files(path: Path, problems: list[str]) -> list[Path]:
    if path.is_dir():
        found = sorted(path.glob(f"**/{RECORD}"))
        if not found:
            problems.append(f"{path} holds no {RECORD}")
        return found
    if not path.is_file():
        problems.append(f"{path} does not exist")
        return []
    return [path]


def _rows(file: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if file.suffix == ".json":
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            yield str(file), {name: record.get(name) for name in COLUMNS}
        except (ValueError, AttributeError):
            problems.append(f"{file} is not a record of a deployment")
        return
    try:
        frame = pd.read_csv(file, dtype="string", encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:
        problems.append(f"{file} cannot be read as CSV ({error})")
        return
    lacking = [name for name in COLUMNS if name not in frame]
    if lacking:
        problems.append(f"{file} lacks the column {', '.join(lacking)}")
        return
    for place, values in enumerate(frame[list(COLUMNS)].to_dict("records")):
        row = {str(name): None if pd.isna(value) else value for name, value in values.items()}
        # The header is row 1 of a spreadsheet.
        yield f"{file} row {place + 2}", _typed(row)


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its numbers as numbers; what is none stays text, and is named later."""
    typed = dict(row)
    for name in (*COUNTS, "faces_seen", "hours", "threshold"):
        value = row[name]
        try:
            typed[name] = None if value is None else float(value)
        except ValueError:
            typed[name] = value
    return typed


def _problems(row: dict[str, Any]) -> Iterator[str]:
    for name in ("deployment_id", "model_version", "matcher_fingerprint"):
        if not row[name]:
            yield f"{name} is empty"
    if len(row["matcher_fingerprint"] or "x" * SHORTEST) < SHORTEST:
        yield f"matcher_fingerprint '{row['matcher_fingerprint']}' is too short to name a matcher"
    try:
        date.fromisoformat(str(row["date"]))
    except ValueError:
        yield f"date '{row['date']}' is no day such as 2026-03-01"
    for name in (*COUNTS, "faces_seen"):
        optional = name == "faces_seen" and row[name] is None
        if not optional and not _is_number(row[name], whole=True):
            yield f"{name} '{row[name]}' is no whole number"
    for name in ("hours", "threshold"):
        if not _is_number(row[name], whole=False):
            yield f"{name} '{row[name]}' is no number"
    if _is_number(row["hours"], whole=False) and row["hours"] <= 0:
        yield f"hours '{row['hours']}' is not above zero"
    if row["faces_seen"] is not None and not row["counting_rule"]:
        yield "faces_seen is given without its counting_rule"
    numbers = [row[name] for name in (*DECIDED, "alerts")]
    if all(_is_number(value, whole=True) for value in numbers) and sum(numbers[:-1]) > numbers[-1]:
        yield f"{sum(numbers[:-1]):g} alerts were decided, and there were {numbers[-1]:g}"


def _is_number(value: object, whole: bool) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return False
    return abs(value) < 1e15 and (not whole or (value >= 0 and value == int(value)))
