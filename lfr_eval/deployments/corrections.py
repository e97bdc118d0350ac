"""Doubts about records in, a file of suggestions out; confirmed ones are laid over the records.

The records themselves are never changed. A suggestion counts once somebody has written "yes" and
their name beside it.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from lfr_eval.contract.dates import day
from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.spreadsheets import as_given, harmless
from lfr_eval.contract.tables import RECORDS
from lfr_eval.contract.writing import written_aside
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.values import READERS

COLUMNS = ("record_id", "column", "value", "suggestion", "reason", "confirmed", "by")
YES, NO = "yes", "no"


def corrections_path(records: Path) -> Path:
    """Return where the corrections of a file of records stand: beside it."""
    return records.with_suffix(".corrections.csv")


def write_suggestions(checks: pd.DataFrame, path: Path) -> int:
    """Write the doubts about single records for a person to confirm; return how many.

    What was confirmed in the file before is kept.

    Raises
    ------
    DeploymentError
        If the file holds other columns.
    """
    earlier = (
        {(row["record_id"], row["column"]): row for row in _read(path)} if path.is_file() else {}
    )
    rows = dict(earlier)
    for doubt in checks[checks["record_id"].notna()].to_dict("records"):
        key = (doubt["record_id"], doubt["column"])
        if key not in earlier:
            texts = {name: "" if pd.isna(doubt[name]) else str(doubt[name]) for name in COLUMNS[:5]}
            rows[key] = {**texts, "confirmed": "", "by": ""}
    with written_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({k: harmless(v) for k, v in row.items()} for row in rows.values())
    return len(rows)


def corrected(records: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the records with the confirmed corrections, and these in sentences.

    Raises
    ------
    DeploymentError
        If a correction does not fit its record; every problem is named with its row.
    """
    records = records.reset_index(drop=True)
    places = {name: place for place, name in enumerate(records["record_id"])}
    changed = records.copy()
    said: list[str] = []
    problems: list[str] = []
    for number, row in enumerate(_read(path), start=2):
        answer = row["confirmed"].strip().casefold()
        if answer in ("", NO):
            continue
        name, column, fit = row["record_id"], row["column"], row["suggestion"].strip()
        where = f"{path.name} row {number}"
        if answer != YES:
            problems.append(f"{where}: confirmed is '{row['confirmed']}'; write {YES} or {NO}")
        elif not row["by"].strip():
            problems.append(f"{where}: nobody is named under 'by'")
        elif name not in places or column not in RECORDS.names:
            problems.append(f"{where}: there is no '{column}' of a record '{name}'")
        else:
            was = records[column].astype("string").fillna("").tolist()[places[name]]
            shown = str(was)
            if shown not in (row["value"], "") and not _same(shown, row["value"]):
                problems.append(
                    f"{where}: {column} is '{shown}' in the records, not '{row['value']}'"
                )
                continue
            try:
                values = changed[column].tolist()
                values[places[name]] = _value(column, fit)
                changed[column] = pd.Series(values, changed.index, dtype=changed[column].dtype)
            except ValueUnreadable as error:
                problems.append(f"{where}: the suggestion '{fit}' {error}")
                continue
            said.append(
                f"{name}: {column} was {row['value'] or 'not given'}, is {fit}: {row['reason']} "
                f"Confirmed by {row['by'].strip()}."
            )
    if problems:
        raise DeploymentError("The corrections cannot be used: " + "; ".join(problems) + ".")
    return RECORDS.conform(changed), said


def _value(column: str, text: str) -> object:
    if column == "date":
        read = day(text)
        if read is None:
            raise ValueUnreadable("is not a day")
        return read.isoformat()
    reader = READERS.get(column)
    if reader is None:
        return text
    return reader(text)


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise DeploymentError(f"{path} lacks the columns {', '.join(missing)}.")
        return [{name: as_given(row[name] or "") for name in COLUMNS} for row in reader]
