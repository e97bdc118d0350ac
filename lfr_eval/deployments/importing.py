"""Files of published records in, table `records` out; every problem named, nothing lost.

A count is read or refused, never guessed. A day that cannot be (31 June, month 14) is kept as it
is printed, for `lfr-eval deployments check` to ask about.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.dates import day
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.reading import ValueUnreadable, json_value, read_text, why_no_file
from lfr_eval.contract.tables import RECORDS
from lfr_eval.contract.words import some
from lfr_eval.deployments.blanks import Blanks, fill_blanks
from lfr_eval.deployments.clock import fill_hours, hours_of_range, time_of_day
from lfr_eval.deployments.grid import SHOWN, DeploymentError, Grid, Row, where
from lfr_eval.deployments.headings import (
    GROUP,
    OFFERED,
    SKIP,
    TIMES,
    Heading,
    by_factor,
    plain,
    told_of_columns,
    understand,
)
from lfr_eval.deployments.pdf import pdf_grids
from lfr_eval.deployments.sheets import csv_grids, workbook_grids
from lfr_eval.deployments.totals import says_a_sum, unlike_the_sums, without_totals
from lfr_eval.deployments.unclear import codes_for_places, unclear_days, unclear_hours
from lfr_eval.deployments.values import READERS, is_given, shown, text, whole

RECORD = "deployment.json"
"""The record that the live engine writes into a deployment's folder."""


@dataclass
class Imported:
    """What files of records gave: the table, and what was passed over, file by file."""

    records: pd.DataFrame
    passed_over: list[str] = field(default_factory=list)


def import_records(
    paths: Sequence[Path],
    mapping: Mapping[str, str] | None = None,
    month_first: bool | None = None,
    sheets: Sequence[str] = (),
    forces: Mapping[str, str] | None = None,
    blanks: Mapping[str, Blanks] | None = None,
) -> Imported:
    """Return table `records` of PDF, CSV, Excel and JSON files, and folders of deployments.

    Parameters
    ----------
    paths
        Files, or folders that the live engine wrote (or folders of these).
    mapping
        Heading to field of table `records`, or to `skip`, where a heading is not understood.
    month_first
        Whether 02/03/2024 is the third of February. None: days are read day first, as in Britain,
        and a file that shows another order is refused.
    sheets
        Names of the sheets of workbooks that hold deployments; none: all, if their headings agree.
    forces
        Name of a file, or "" for all others, to the force whose deployments it holds, where the
        file itself does not say.
    blanks
        Name of a file, or "" for all others, to what its empty or dashed counts mean. Not said:
        missing ones, and a file is refused whose columns have such cells and no 0.

    Raises
    ------
    DeploymentError
        If a file cannot be read; every problem is named with its file, page and row.
    """
    rows, problems, passed_over = read_rows(paths, mapping, month_first, sheets, blanks)
    _with_forces(rows, forces or {})
    there = {row["source"] for row in rows} | {path.name for path in paths}
    for option, files in (("--force", forces or {}), ("--blank", blanks or {})):
        problems += [
            f"{option} names '{name}', which is not one of the files"
            for name in files
            if name and name not in there
        ]
    if problems:
        if any("--map" in each or "is not a field" in each for each in problems):
            problems.append(f"The fields of --map are {', '.join(OFFERED)}")
        lines = some(problems, SHOWN + 1, ".\n  ")
        raise DeploymentError(f"The records cannot be imported:\n  {lines}.")
    frame = pd.DataFrame(rows, columns=RECORDS.names)
    return Imported(RECORDS.conform(frame), passed_over)


def read_rows(
    paths: Sequence[Path],
    mapping: Mapping[str, str] | None = None,
    month_first: bool | None = None,
    sheets: Sequence[str] = (),
    blanks: Mapping[str, Blanks] | None = None,
) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """Return the rows of table `records`, every problem, and what was passed over."""
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    passed_over: list[str] = []
    for path in _files(paths, problems):
        notes: list[str] = []
        try:
            digest = sha256_of(path)
            if path.suffix.lower() == ".json":
                rows.append(_deployment(path) | {"source_sha256": digest, "file_notes": None})
                continue
            here: list[dict[str, Any]] = []
            totals: list[tuple[int, dict[str, Any]]] = []
            names: dict[str, str] = {}
            for grid in _grids(path, sheets):
                headings, wrong = understand(grid.headings, mapping)
                names |= {each.field: " ".join(each.text.split()) for each in headings}
                problems += [f"{path.name}: {each}" for each in wrong]
                notes += [f"{path.name}, {each}" for each in grid.passed_over]
                notes += [f"{path.name}, {each}" for each in told_of_columns(headings, mapping)]
                for row in grid.rows:
                    here.append(_record(path.name, row, headings, problems, bool(month_first)))
                totals += [
                    (
                        len(here) - len(grid.rows) + above,
                        _record(path.name, row, headings, [], bool(month_first)),
                    )
                    for above, row in grid.totals
                    if says_a_sum(row.cells)
                ]
            if month_first is None:
                problems += unclear_days(path.name, here)
            problems += unclear_hours(path.name, here)
            problems += codes_for_places(path.name, here, names, mapping or {})
            problems += fill_hours(path.name, here, notes)
            said = (blanks or {}).get(path.name, (blanks or {}).get(""))
            problems += fill_blanks(path.name, here, said, names, notes)
            for record in [*here, *(total for _, total in totals)]:
                _add_up(record)
            notes += unlike_the_sums(path.name, here, totals, names)
            kept = without_totals(path.name, here, notes, problems)
            problems += _undated(path.name, kept)
            if month_first is not None:
                notes.append(f"{path.name}: days were read {_order(month_first)} first, as stated")
            of_file = {"source_sha256": digest, "file_notes": json.dumps(notes, ensure_ascii=False)}
            rows += [row | of_file for row in kept]
        except DeploymentError as error:
            problems += [each.rstrip(".") for each in error.problems]
        passed_over += notes
    problems += [
        f"the record id '{name}' occurs {number} times: give each file once, under its own name, "
        "and each deployment an id of its own"
        for name, number in Counter(row["record_id"] for row in rows).items()
        if number > 1
    ]
    if not rows and not problems:
        problems = ["no file holds a record of a deployment"]
    return rows, problems, passed_over


def _order(month_first: bool) -> str:
    return "month" if month_first else "day"


def _with_forces(rows: Sequence[dict[str, Any]], forces: Mapping[str, str]) -> None:
    """Fill in the forces that were stated for files."""
    for row in rows:
        stated = forces.get(row["source"], forces.get(""))
        row["force"] = row["force"] or stated


def _files(paths: Sequence[Path], problems: list[str]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(path.glob(f"**/{RECORD}"))
            if not found:
                problems.append(f"{path} holds no {RECORD}; name the files of records themselves")
            yield from found
        elif path.is_file():
            yield path
        else:
            problems.append(f"{path} {why_no_file(path)}")


def _grids(path: Path, sheets: Sequence[str]) -> list[Grid]:
    kind = path.suffix.lower()
    if kind == ".pdf":
        return pdf_grids(path)
    if kind in (".xlsx", ".xlsm"):
        return workbook_grids(path, sheets)
    if kind in (".csv", ".tsv", ".txt"):
        return csv_grids(path)
    raise DeploymentError(f"{path.name} is not a .pdf, .xlsx, .csv or .json file")


def _record(
    name: str,
    row: Row,
    headings: Sequence[Heading],
    problems: list[str],
    month_first: bool,
) -> dict[str, Any]:
    place = where(row.page, row.number, name)
    record: dict[str, Any] = dict.fromkeys(RECORDS.names)
    record |= {"record_id": f"{Path(name).stem}, {place}", "source": name}
    record |= {"page": row.page, "row": row.number}
    printed: dict[str, str] = {}
    groups: dict[str, int] = {}
    absent = False
    for heading, cell in zip(headings, row.cells, strict=True):
        if heading.field == SKIP:
            continue
        printed[heading.field] = cell
        if not is_given(cell):
            absent = absent or bool(cell)
            continue
        try:
            if heading.field.startswith(GROUP):
                groups[heading.field.removeprefix(GROUP)] = int(str(READERS["alerts"](cell)))
            elif heading.field in TIMES:
                time_of_day(cell)
            else:
                record[heading.field] = _value(heading, cell, month_first)
        except ValueUnreadable as error:
            problems.append(f"{name}, {place}: {heading.field} '{shown(cell)}' {error}")
    if record["faces_seen"] is not None and record["counting_rule"] is None:
        # A published heading says how faces were counted; the name of our own column does not.
        counted = next(heading.text for heading in headings if heading.field == "faces_seen")
        record["counting_rule"] = None if counted == "faces_seen" else text(counted)
    if groups:
        record["false_by_group"] = json.dumps(by_factor(groups), ensure_ascii=False)
    record["as_printed"] = json.dumps(printed, ensure_ascii=False)
    remarks = ["some values are not given (such as N/A)"] if absent else []
    aside = re.fullmatch(
        r"(.+?) ?\((.*(?:fault|stopped|cancelled|curtailed).*)\)", record["place"] or ""
    )
    if aside:
        record["place"] = aside.group(1)
        remarks.insert(0, aside.group(2))
    record["remark"] = "; ".join(remarks) or None
    return record


def _undated(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        if not is_given(json.loads(row["as_printed"]).get("date", "")):
            yield f"{name}, {where(row['page'], row['row'], name)}: the date is empty"


_HOURS = {"hours", "hrs", "hh"}
_MINUTES = {"minutes", "mins", "min", "mm", "m"}
"""Below hours *and minutes*, 6.05 is five past six for some and three minutes past for others."""


def _value(heading: Heading, cell: str, month_first: bool) -> object:
    if heading.field == "date":
        read = day(cell, month_first)
        return read and read.isoformat()
    words = set(plain(heading.text).split())
    between = hours_of_range(cell) if heading.field == "hours" else None
    if between is not None:
        return between
    if heading.field == "hours" and not (words & _HOURS and words & _MINUTES):
        if words & _HOURS and re.fullmatch(r"\d{1,3}(\.\d+)?", cell):
            return float(cell)
        if words & _MINUTES and not re.search("[a-z]", cell.casefold()):
            return round(whole(cell) / 60, 6)
    reader = READERS.get(heading.field, text)
    return reader(cell)


def _add_up(record: dict[str, Any]) -> None:
    """Fill in true and false alerts where both their parts are stated."""
    for kind in ("true", "false"):
        parts = [record[f"{kind}_confirmed"], record[f"{kind}_unconfirmed"]]
        if record[f"{kind}_alerts"] is None and None not in parts:
            record[f"{kind}_alerts"] = sum(parts)


def _deployment(path: Path) -> dict[str, Any]:
    """Return the record of a deployment of the live engine."""
    try:
        given = json_value(read_text(path))
        groups: dict[str, dict[str, int]] = {}
        for key, number in dict(given.get("decisions_by_group") or {}).items():
            decision, factor, group = str(key).split("/", 2)
            if decision == "false":
                groups.setdefault(factor, {})[group] = int(number)
        record = {name: given.get(name) for name in RECORDS.names}
        name = str(given["deployment_id"])
        if day(str(given["date"])) is None:
            raise DeploymentError(f"{path}: date '{given['date']}' is not a day")
    except DeploymentError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DeploymentError(f"{path} is not a record of a deployment") from None
    record |= {"record_id": name, "source": path.name, "place": None}
    record["false_by_group"] = json.dumps(groups, ensure_ascii=False) if groups else None
    _add_up(record)
    return record
