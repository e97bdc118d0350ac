"""Stage cohort: a folder of pictures and a table of people in, a manifest out.

All problems of both are found before the manifest is written. Nobody is left out silently: people
without pictures, and pictures of people who are not in the table, are reported.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.checks import check_dates, check_numbers
from lfr_eval.cohort.images import check_images
from lfr_eval.cohort.labels import MISSING
from lfr_eval.cohort.pictures import find_pictures, with_roles
from lfr_eval.cohort.problems import ManifestError, Problem, problems_at
from lfr_eval.cohort.reading import TextTable, read_text_table
from lfr_eval.contract.commands import shell_word
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import several, some
from lfr_eval.contract.writing import written_aside

ORDER = ("image_id", "subject_id", "path", "role")

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


@dataclass(frozen=True)
class Gathered:
    """A manifest that is not yet written.

    Attributes
    ----------
    rows
        As text, one row an image.
    notes
        Sentences on what was done and what was left out.
    unlabelled
        What to do where the table of people has no label that is known; else empty.
    """

    rows: pd.DataFrame
    notes: tuple[str, ...]
    unlabelled: str = ""


def gather(
    folder: Path,
    table: Path | None = None,
    columns: Columns | None = None,
    pattern: str | None = None,
    reference: str | None = None,
) -> Gathered:
    """Return the manifest of a folder of pictures and a table of people.

    Parameters
    ----------
    folder
        Folder of pictures. Paths are relative to it.
    table
        One row per person: CSV, Excel or Parquet. None: nobody has labels.
    columns
        Meaning of the columns.
    pattern, reference
        See `pictures.find_pictures`.

    Raises
    ------
    ManifestError, ManifestMissingError
        If the table or a picture cannot be used. Every problem is listed.
    """
    if not folder.is_dir():
        missing = Problem("folder", "there is no such folder", "Name a folder of pictures.")
        raise ManifestError(folder, [missing])
    found = find_pictures(folder, pattern, reference)
    problems, notes = list(found.problems), list(found.notes)
    rows = found.rows
    labels = None
    if table is not None:
        labels, wrong, said = _labels(read_text_table(table), columns or Columns())
        problems += wrong
        notes += said
    if len(rows):
        rows, said_of_roles = with_roles(rows)
        notes += said_of_roles
        problems += _of_pictures(folder, rows)
        if labels is not None:
            labels, said = _respelled(labels, rows["subject_id"])
            notes += said
            if rows["subject_id"].isin(labels.index).any():
                rows, said = _joined(rows, labels)
                notes += said
            elif not problems:
                problems.append(_nobody(rows, labels))
    if problems:
        raise ManifestError(folder if table is None else table, problems)
    rows = rows.assign(image_id=rows["path"].str.rpartition(".")[0])
    rows["image_id"] = rows["image_id"].mask(rows["image_id"].duplicated(keep=False), rows["path"])
    further = [name for name in rows.columns if name not in ORDER]
    unlabelled = _without_labels(table, labels) if table is not None and labels is not None else ""
    return Gathered(rows[[*ORDER, *further]], tuple(notes), unlabelled)


def write_manifest(gathered: Gathered, file: Path, folder: Path, replace: bool = False) -> None:
    """Write a manifest that only its owner can read.

    Raises
    ------
    ManifestError
        If the file exists, or is not in the folder of the pictures or a folder above it.
    """
    home, pictures = file.parent.resolve(), folder.resolve()
    problems = []
    if not pictures.is_relative_to(home):
        remedy = f"Write it to {folder / file.name}, or leave --to out."
        problems.append(
            Problem(
                "place",
                "the manifest must be in the folder of its pictures, or in one above it",
                remedy,
            )
        )
    if file.exists() and not replace:
        remedy = "Give another name with --to, or replace it with --replace."
        problems.append(Problem("place", "the file exists", remedy))
    if problems:
        raise ManifestError(file, problems)
    before = pictures.relative_to(home).as_posix()
    paths = gathered.rows["path"] if before == "." else f"{before}/" + gathered.rows["path"]
    with (
        written_aside(file, new=not replace) as aside,
        aside.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(gathered.rows.columns)
        cells = gathered.rows.assign(path=paths).astype(object)
        writer.writerows(cells.where(cells.notna(), "").itertuples(index=False))


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


def _labels(
    table: TextTable, columns: Columns
) -> tuple[pd.DataFrame | None, list[Problem], list[str]]:
    """Return the labels by person, the problems of the table, and notes on how it was read."""
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
        notes.append(f"Not read: {', '.join(unread)}. Take a column with --map NAME=COLUMN.")
    frame = pd.DataFrame({name: table.frame[column] for name, column in chosen.items()})
    problems += check_dates(table, chosen["subject_id"])
    absent = pd.Series(pd.NA, frame.index, "string")
    ages = pd.DataFrame({"age": frame.get("age", absent), "frame": absent})
    problems += check_numbers(TextTable(table.file, ages.replace(MISSING, pd.NA), table.rows))
    return _by_person(frame, table, asked, chosen, problems, notes), problems, notes


def _without_labels(table: Path, labels: pd.DataFrame) -> str:
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


def _joined(rows: pd.DataFrame, labels: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Join each person's labels to their pictures, and report people who have only one of them."""
    notes = []
    persons = list(dict.fromkeys(rows["subject_id"]))
    absent = [person for person in persons if person not in labels.index]
    if absent:
        notes.append(
            f"{several(len(absent), 'person has', 'people have')} pictures and no row in the "
            f"table: {some(absent)}. They take part without labels."
        )
    unseen = [person for person in labels.index if person not in set(persons)]
    if unseen:
        notes.append(
            f"{several(len(unseen), 'person of the table has', 'people of the table have')} no "
            f"picture: {some(unseen)}."
        )
    further = [name for name in labels.columns if name not in rows]
    return rows.join(labels[further], on="subject_id"), notes


def _respelled(labels: pd.DataFrame, persons: pd.Series) -> tuple[pd.DataFrame, list[str]]:
    """Find people whom the table writes in another way: without zeros, in capitals, with spaces."""
    notes, known = [], dict.fromkeys(persons)
    for key, said in (
        (_number, "the zeros before a number are missing"),
        (skeleton, "letter case, spaces or hyphens differ"),
    ):
        unseen = [label for label in labels.index if label not in known]
        absent = [person for person in known if person not in labels.index]
        rows, folders = _by(key, unseen), _by(key, absent)
        meant = {
            found[0]: folders[one][0]
            for one, found in rows.items()
            if one and len(found) == 1 and len(folders.get(one, ())) == 1
        }
        if meant:
            are = "person is" if len(meant) == 1 else "people are"
            notes.append(
                f"{len(meant):,} {are} written in another way in the table than in the folder "
                f"({said}), and treated as the same: {some(meant.values())}."
            )
            labels = labels.rename(index=meant)
    return labels, notes


def _number(name: str) -> str:
    return str(int(name)) if name.isdecimal() else ""


def _by(key: Callable[[str], str], names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(key(name), []).append(name)
    return found


def _nobody(rows: pd.DataFrame, labels: pd.DataFrame) -> Problem:
    pictures, table = rows["subject_id"].unique().tolist(), labels.index.tolist()
    remedy = "Name the column that identifies people with --subject, or give --pattern."
    parts = [Path(path).parts[:-1] for path in rows["path"]]
    for depth in range(1, min(map(len, parts), default=0)):
        if {each[depth] for each in parts} & set(table):
            above = "*/" * depth
            remedy = f"Their folders are further down: give --pattern '{above}{{subject}}/*'."
            break
    return Problem(
        "people",
        f"no person of the table has a picture: the table has {some(table)}, the folder "
        f"{some(pictures)}",
        remedy,
    )


def _of_pictures(folder: Path, rows: pd.DataFrame) -> Iterator[Problem]:
    checks = check_images(folder, [str(path) for path in rows["path"]])
    columns = rows["path"], rows["subject_id"], rows["role"]
    first: dict[str | None, tuple[str, str, str]] = {None: ("", "", "")}
    for path, person, role, check in zip(*columns, checks, strict=True):
        if check.kind is not None:
            yield Problem(check.kind, check.message, check.remedy, None, "path", str(path))
        elsewhere, other, acting = first.setdefault(check.digest, (path, person, role))
        if check.digest is None or elsewhere == path:
            continue
        if other != person:
            message = f"{elsewhere} is the same image, of person '{other}'"
            remedy = "Remove the image that is not this person's."
            yield Problem("one image, two people", message, remedy, None, "path", str(path))
        elif role != acting:
            message = f"{elsewhere} is the same image, so it would be compared with itself"
            remedy = "Remove one of the two."
            yield Problem("one image twice", message, remedy, None, "path", str(path))
