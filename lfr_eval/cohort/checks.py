"""Stage cohort: the rows of a manifest as text in, problems of their labels out.

Each check looks at every row and returns its problems; none of them changes or drops a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.codes import find_scheme
from lfr_eval.cohort.problems import Problem, problems_at
from lfr_eval.cohort.reading import TextTable
from lfr_eval.contract.dates import TIME_OF_DAY, Times
from lfr_eval.contract.tables import LABEL_SOURCES, ROLES
from lfr_eval.contract.workbooks import WORKBOOKS

SOURCE = "_source"
"""Ending of the column that says who assigned a label."""

OLDEST = 120
"""Highest age in years. A higher one is refused as a mistake."""

IDS = ("image_id", "subject_id", "pass_id")

YES, NO = ("yes", "y", "true", "1", "1.0"), ("no", "n", "false", "0", "0.0")
"""Words for whether the system made a template, in upper or lower case."""


def check_identifiers(table: TextTable, required: Sequence[str]) -> list[Problem]:
    """Find empty required cells, names with spaces, duplicate images and shared passes."""
    problems = []
    for name in required:
        values = table.frame[name]
        problems += problems_at(
            values.isna(),
            table.rows,
            name,
            values,
            "empty cells",
            "the cell is empty",
            "Fill it in.",
        )
    for name in IDS:
        values = table.frame[name]
        spaced = values != values.str.strip()
        remedy = "Remove the spaces, because they would make it another name."
        problems += problems_at(
            spaced, table.rows, name, values, "spaces", "spaces before or after the name", remedy
        )
        problems += check_dates(table, name)
    ids = table.frame["image_id"]
    again = ids.duplicated() & ids.notna()
    first = dict(zip(ids[::-1], table.rows[::-1].tolist(), strict=True))
    messages = [f"row {first[name]} has the same image_id" for name in ids[again]]
    remedy = "Give every image its own image_id."
    problems += problems_at(
        again, table.rows, "image_id", ids, "duplicate image_id", messages, remedy
    )
    passes, people = table.frame["pass_id"], table.frame["subject_id"]
    return problems + disagreements(
        table,
        passes,
        people,
        "subject_id",
        "pass with two people",
        "pass '{key}' belongs to '{value}' in row {row}",
        "A pass belongs to one person: give the passes of each person their own pass_id.",
    )


def check_dates(table: TextTable, column: str) -> list[Problem]:
    """Find names that Excel has turned into dates, such as 12-03."""
    if table.file.suffix.lower() not in WORKBOOKS:
        return []
    values = table.frame[column]
    message = "Excel has made a date of this name"
    remedy = "Format the column as text in Excel and type the name again."
    dated = values.str.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00")
    return problems_at(dated, table.rows, column, values, "date", message, remedy)


def check_roles(table: TextTable) -> list[Problem]:
    """Find unknown roles, and fillers who also take part."""
    role, subject = table.frame["role"], table.frame["subject_id"]
    choices = f"Use one of {', '.join(ROLES)}."
    known = role.isin(ROLES)
    problems = problems_at(
        ~known & role.notna(),
        table.rows,
        "role",
        role,
        "unknown role",
        "this is not a role",
        choices,
    )
    acting = set(subject[known & (role != "filler")].dropna())
    both = (role == "filler") & subject.isin(acting)
    return problems + problems_at(
        both,
        table.rows,
        "role",
        role,
        "filler who takes part",
        "this person also has images with other roles",
        "A filler never passes. Use the role 'reference', or another subject_id.",
    )


def check_codes(table: TextTable, card: DatasetCard | None) -> list[Problem]:
    """Find unknown codes and label sources."""
    problems = []
    for name in table.frame.columns:
        values = table.frame[name]
        if name.endswith(SOURCE):
            remedy = f"Use one of {', '.join(LABEL_SOURCES)}."
            problems += problems_at(
                values.notna() & ~values.isin(LABEL_SOURCES),
                table.rows,
                name,
                values,
                "unknown label source",
                "this does not say who assigned the label",
                remedy,
            )
        if card is None or name not in card.schemes:
            continue
        scheme = find_scheme(card.schemes[name])
        if scheme.free:
            continue
        strange = values.notna() & ~values.isin(scheme.names)
        remedy = f"Codes: {', '.join(scheme.names)}; leave the cell empty where it is not known."
        message = f"not a code of '{scheme.name}'"
        problems += problems_at(strange, table.rows, name, values, "unknown code", message, remedy)
    return problems


def check_persons(table: TextTable) -> list[Problem]:
    """Find people with two labels for gender or ethnicity."""
    problems = []
    for name in ("gender", "ethnicity"):
        problems += disagreements(
            table,
            table.frame["subject_id"],
            table.frame[name],
            name,
            f"person with two labels for {name}",
            "'{key}' has {value!r} in row {row}",
            "Give a person the same label in every row, or leave it empty.",
        )
    return problems


def disagreements(
    table: TextTable,
    keys: pd.Series,
    values: pd.Series,
    column: str,
    kind: str,
    message: str,
    remedy: str,
) -> list[Problem]:
    """Report rows whose value differs from that of the first row with the same key."""
    filled = pd.DataFrame({"key": keys, "value": values, "row": table.rows}).dropna()
    first = filled.drop_duplicates("key").set_index("key")
    expected = keys.map(first["value"])
    differs = values.notna() & expected.notna() & (values != expected)
    where = differs.fillna(False)
    rows = keys[where].map(first["row"])
    messages = [
        message.format(key=key, value=str(value), row=row)
        for key, value, row in zip(keys[where], expected[where], rows, strict=True)
    ]
    return problems_at(differs, table.rows, column, values, kind, messages, remedy)


def check_numbers(table: TextTable) -> list[Problem]:
    """Find invalid ages and frame numbers."""
    age, frame = table.frame["age"], table.frame["frame"]
    years = numbers(age)
    remedy = "Give years as a number. A band such as 20-29 belongs in the column age_band."
    problems = problems_at(
        age.notna() & years.isna(), table.rows, "age", age, "age", "this is not a number", remedy
    )
    outside = (years < 0) | (years > OLDEST)
    message = f"this is not an age between 0 and {OLDEST} years"
    problems += problems_at(outside, table.rows, "age", age, "age", message, "Correct or clear it.")
    number = numbers(frame)
    wrong = frame.notna() & ~((number >= 0) & (number % 1 == 0))
    return problems + problems_at(
        wrong,
        table.rows,
        "frame",
        frame,
        "frame",
        "this is not a whole number",
        "Number frames 0, 1, 2.",
    )


def numbers(text: pd.Series) -> pd.Series:
    """Return the finite numbers in the texts; missing where there is none."""
    number = pd.to_numeric(text, errors="coerce").astype("float64")
    return number.where(np.isfinite(number))


def flags(text: pd.Series) -> pd.Series:
    """Return yes or no as the texts say; missing where they say neither."""
    plain = text.str.strip().str.casefold()
    return plain.isin(YES).astype("boolean").mask(~plain.isin([*YES, *NO]))


def check_flags(table: TextTable) -> list[Problem]:
    """Find values of `acquired` that are neither yes nor no."""
    told = table.frame["acquired"]
    wrong = told.notna() & flags(told).isna()
    remedy = "Write yes or no, or leave the cell empty where it is not known."
    message = "this is neither yes nor no"
    return problems_at(wrong, table.rows, "acquired", told, "acquired", message, remedy)


def check_times(table: TextTable, written: Times) -> list[Problem]:
    """Find times that cannot be read, and days that could be two."""
    times, iso = table.frame["captured_at"], written.iso
    unread = iso.isin([time for time in iso.dropna().unique() if not _is_time(time)])
    remedy = (
        "Write it as 2026-03-14T09:30:00, with +00:00 where the time zone is known, or as "
        '14/03/2026 09:30:00. In Excel, the number format yyyy-mm-dd"T"hh:mm:ss does it for the '
        "whole column."
    )
    bare = {one for one in times.dropna().unique() if TIME_OF_DAY.fullmatch(one.strip())}
    no_day = times.isin(list(bare))
    told = "Say how the file writes days: dataset.dates=day-first or dataset.dates=month-first."
    problems = []
    for wrong, said, how in (
        (no_day, "the time has no date", "Write date and time in one cell: 2026-03-14T09:30:00."),
        (unread & ~no_day & ~written.unclear, "this is not a time", remedy),
        (written.unclear, written.why, told),
    ):
        problems += problems_at(wrong, table.rows, "captured_at", times, "time", said, how)
    return problems


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
