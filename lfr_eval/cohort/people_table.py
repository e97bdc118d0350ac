"""Stage cohort: a table of people in, the labels of each person out.

Which column holds what is told, or recognised by its usual names; what was not read is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.checks import check_dates, check_numbers
from lfr_eval.cohort.labels import MISSING
from lfr_eval.cohort.problems import Problem, problems_at
from lfr_eval.cohort.reading import TextTable, read_text_table
from lfr_eval.contract.commands import shell_word
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import several, some

GUESSED = {
    "subject_id": (
        *("subject_id", "subject", "person", "person_id", "participant", "participant_id"),
        *("volunteer", "id", "name", "identity"),
    ),
    "gender": (
        *("gender", "sex", "gender identity", "what is your sex", "what is your gender"),
        *("what is your gender identity", "which gender do you identify as", "self-defined gender"),
    ),
    "ethnicity": (
        *("ethnicity", "ethnic group", "ethnic origin", "ethnic background", "race"),
        *("what is your ethnic group", "what is your ethnicity", "what is your ethnic background"),
        *("self-defined ethnicity", "ethnic identity", "ethnic group or background"),
    ),
    "age": ("age", "age in years", "years"),
    "age_band": ("age_band", "age band", "age group"),
}
"""Usual names of the columns of a table, and questions of a census, used if no others are given.
Case and a question mark do not count."""

LIKELY = {"gender": ("gender", "sex"), "ethnicity": ("ethnic", "race", "heritage")}
"""Words of a heading that may be that of a label, where no heading is a usual name."""

PASSING = ("age", "age_band")
"""Labels that a person may outgrow between two pictures."""


@dataclass(frozen=True)
class Columns:
    """Columns of the table and their meaning.

    Attributes
    ----------
    subject, gender, ethnicity
        Names of columns; None to look for the usual ones.
    others
        Further labels: name in the manifest, and column of the table.
    """

    subject: str | None = None
    gender: str | None = None
    ethnicity: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)


def usual_columns(
    there: Sequence[str], chosen: Mapping[str, str], without: Sequence[str] = ()
) -> dict[str, str]:
    """Return columns that have a usual name of what nobody chose a column for.

    Parameters
    ----------
    there
        The columns of a table.
    chosen
        Name in a manifest -> its column, where that is known.
    without
        Names for which no column is to be guessed.
    """
    found: dict[str, str] = {}
    for name, usual in GUESSED.items():
        if name in chosen or name in without:
            continue
        meant = {skeleton(one) for one in usual}
        taken = {*chosen.values(), *found.values()}
        for one in there:
            if one not in taken and skeleton(one).rstrip(" ?:*") in meant:
                found[name] = one
                break
    return found


def labels_of(
    table: TextTable, columns: Columns
) -> tuple[pd.DataFrame | None, list[Problem], list[str]]:
    """Return the labels by person, the problems of the table, and notes on how it was read.

    Parameters
    ----------
    table
        One row per person.
    columns
        Meaning of its columns.

    Returns
    -------
    frame or None
        One row per person, a column for each label; None where the persons are not known.
    """
    problems, notes = list(table.problems), list(table.notes)
    if problems and table.frame.columns.empty:
        return None, problems, notes
    there = [str(name) for name in table.frame.columns]
    asked = {"subject_id": columns.subject, "gender": columns.gender} | {
        "ethnicity": columns.ethnicity,
        **columns.others,
    }
    chosen: dict[str, str] = {}
    for name, column in asked.items():
        if column is None:
            continue
        match = [one for one in there if one == column] or [
            one for one in there if skeleton(one) == skeleton(column)
        ]
        if match:
            chosen[name] = match[0]
        else:
            remedy = table.columns_there
            problems.append(Problem("missing column", "there is no such column", remedy, 1, column))
    chosen |= usual_columns(there, chosen, [name for name in asked if asked[name] is not None])
    if "subject_id" not in chosen:
        if columns.subject is None:
            remedy = f"Name it with --subject COLUMN. {table.columns_there}"
            problems.append(
                Problem(
                    "missing column", "it is unclear which column identifies the person", remedy, 1
                )
            )
        return None, problems, notes
    told = ", ".join(f"{name} from '{column}'" for name, column in chosen.items())
    notes.append(f"Read {told}.")
    unread = [f"'{name}'" for name in there if name not in chosen.values()]
    if unread:
        notes.append(f"Not read: {', '.join(unread)}. To read a column, add --map NAME=COLUMN.")
    frame = pd.DataFrame({name: table.frame[column] for name, column in chosen.items()})
    problems += check_dates(table, chosen["subject_id"])
    absent = pd.Series(pd.NA, frame.index, "string")
    ages = pd.DataFrame({"age": frame.get("age", absent), "frame": absent})
    problems += check_numbers(TextTable(table.file, ages.replace(MISSING, pd.NA), table.rows))
    return _by_person(frame, table, asked, chosen, problems, notes), problems, notes


def without_labels(table: Path, labels: pd.DataFrame) -> str:
    """Say which options give labels, where no column of the table was taken for one."""
    if len(labels.columns):
        return ""
    there = [str(name) for name in read_text_table(table).frame.columns]
    options = []
    for label, words in LIKELY.items():
        likely = [name for name in there if any(word in skeleton(name) for word in words)]
        options.append(f"--{label} {shell_word(likely[0] if likely else 'COLUMN')}")
    return (
        f"No column of {table.name} was recognised as a label, so no groups can be compared. Say "
        f"which columns hold labels, and replace the manifest: {' '.join(options)} --replace. "
        f"Columns there: {', '.join(there)}."
    )


def _by_person(
    frame: pd.DataFrame,
    table: TextTable,
    asked: Mapping[str, str | None],
    chosen: Mapping[str, str],
    problems: list[Problem],
    notes: list[str],
) -> pd.DataFrame:
    """Return one row per person; what is wrong and what was left out is added to the two lists."""
    persons = frame["subject_id"].str.strip()
    problems += problems_at(
        persons.isna(), table.rows, "subject_id", persons, "empty cells",
        "the person is missing", "Fill it in, or remove the row.",
    )  # fmt: skip
    again = persons.duplicated(keep=False) & persons.notna()
    labels = frame.drop(columns="subject_id")
    unlike = labels.assign(person=persons)[again].groupby("person").transform("nunique").gt(1)
    unlike = unlike.reindex(frame.index, fill_value=False)
    for name in unlike.columns[unlike.any()]:
        if name in PASSING and not asked.get(name):
            people = some(persons[unlike[name]].unique())
            notes.append(
                f"Column '{chosen[name]}' is left out: it has several values for {people}, so it "
                "is not a label of people."
            )
            labels, unlike[name] = labels.drop(columns=name), False
            continue
        torn = persons[unlike[name]]
        told = [f"person '{person}' has another label in another row" for person in torn]
        problems += problems_at(
            unlike[name], table.rows, chosen[name], labels[name], "person with two labels", told,
            "Write one label for each person. If it differs between pictures, write a manifest "
            "with a row for each picture (docs/people.md).",
        )  # fmt: skip
    repeated = int((persons.duplicated() & persons.notna()).sum())
    if repeated and not unlike.any(axis=None):
        notes.append(
            f"{several(repeated, 'row repeats', 'rows repeat')} a person with the same labels."
        )
    return labels.groupby(persons).first()
