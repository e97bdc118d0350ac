"""Stage cohort: a manifest in, the stage table `COHORT` out, or every problem of it at once.

A manifest has one row an image or template; `tables.COHORT` lists its columns, of which
`image_id`, `subject_id`, `role` and (unless there are only templates) `path` must be there. Further
columns are factors. Nothing is dropped and nothing is guessed: a missing label stays missing, and a
row that cannot be used stops the study with its row number and what to do about it.
"""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.cards import DatasetCard
from lfr_eval.cohort.codes import find_scheme
from lfr_eval.cohort.images import check_images
from lfr_eval.cohort.problems import ManifestError, Problem, problems_at
from lfr_eval.cohort.reading import TextTable, read_text_table
from lfr_eval.tables import COHORT, LABEL_SOURCES, ROLES

CARD = "dataset_card"
"""Column with the name of the card that a row belongs to."""

SOURCE = "_source"
"""Ends the name of the column that says who gave a label."""

REQUIRED = ("image_id", "subject_id", "role")
OLDEST = 120
"""Years; a higher age is taken for a mistake."""

AGE_BANDS = (
    (18, "0-17"),
    (30, "18-29"),
    (40, "30-39"),
    (50, "40-49"),
    (60, "50-59"),
    (70, "60-69"),
)
"""Upper end (exclusive) and name of each band; above the last, `70+`."""

MISSING = "NA"
"""How R and spreadsheets write a missing label; in an identifier it is a name like any other."""

_IDS = ("image_id", "subject_id", "pass_id")
_NAMES = (*_IDS, "path", "digest")


def read_manifest(
    path: Path, card: DatasetCard | None = None, *, templates_only: bool = False
) -> pd.DataFrame:
    """Read and check a manifest.

    Parameters
    ----------
    path
        CSV (UTF-8, commas, a header) or Parquet.
    card
        Names the schemes of the labels and who gave them; without one, any code is accepted.
    templates_only
        Whether there are templates and no images: paths and digests are then not read.

    Returns
    -------
    pandas.DataFrame
        The stage table `COHORT`, rows in the order of the file. `pass_id` defaults to the image.
        An empty label is missing, and so is `NA`, unless it is a code of the scheme. `age_band` is
        derived from `age` (0-17, 18-29, then tens of years, 70+) where no row has a band.
        `<factor>_source` is filled from the card, and `dataset_card` has its name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ManifestError
        If anything in it cannot be used; the message lists every problem.
    """
    return cohort_table(read_text_table(path), path.parent, card, templates_only=templates_only)


def cohort_table(
    table: TextTable, root: Path, card: DatasetCard | None = None, *, templates_only: bool = False
) -> pd.DataFrame:
    """Check the rows of a label file and return them as the stage table `COHORT`.

    Parameters
    ----------
    table
        The rows as text.
    root
        Folder that paths are relative to.
    card, templates_only
        See `read_manifest`.

    Raises
    ------
    ManifestError
        If anything cannot be used; the message lists every problem.
    """
    problems = list(table.problems)
    required = REQUIRED if templates_only else (*REQUIRED, "path")
    problems += _columns(table, required)
    if not len(table.frame) and not problems:
        remedy = "Give one row for each image."
        problems.append(Problem("no rows", "there is a header and no row", remedy))
    frame = _with_all_columns(table.frame)
    if templates_only:
        frame = frame.assign(path=pd.Series(pd.NA, frame.index, "string"))
        frame = frame.assign(digest=frame["path"])
    present = [name for name in frame.columns if name in table.frame.columns]
    frame = _labels_missing(frame, card)
    rows = TextTable(table.file, frame, table.rows)
    problems += _identifiers(rows, [name for name in required if name in present])
    problems += _roles(rows)
    problems += _codes(rows, card)
    problems += _same_person(rows)
    problems += _numbers(rows)
    problems += _times(rows)
    if not templates_only and "path" in present:
        digests, wrong = _images(rows, root)
        problems += wrong
        frame = frame.assign(digest=digests)
    if problems:
        raise ManifestError(table.file, problems)
    return COHORT.conform(_completed(frame, card))


def age_band(age: pd.Series) -> pd.Series:
    """Return the band of each age in years: 0-17, 18-29, 30-39, ... 60-69, 70+."""
    edges = [0.0, *(float(upper) for upper, _ in AGE_BANDS), np.inf]
    names = [*(name for _, name in AGE_BANDS), f"{AGE_BANDS[-1][0]}+"]
    return pd.cut(age.astype("float64"), edges, right=False, labels=names).astype("string")


def _columns(table: TextTable, required: tuple[str, ...]) -> list[Problem]:
    if table.problems and table.frame.columns.empty:
        return []
    problems = []
    for name in required:
        if name in table.frame:
            continue
        there = [str(column) for column in table.frame.columns]
        close = get_close_matches(name, there, n=1)
        remedy = (
            f"Is it '{close[0]}'? Rename it." if close else f"Columns there: {', '.join(there)}."
        )
        problems.append(Problem("missing column", "the column is missing", remedy, None, name))
    return problems


def _with_all_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every column of the contract, so that checks need no special cases."""
    absent = {
        name: pd.Series(pd.NA, frame.index, "string") for name in COHORT.names if name not in frame
    }
    return frame.assign(**absent)


def _labels_missing(frame: pd.DataFrame, card: DatasetCard | None) -> pd.DataFrame:
    labels = {}
    for name in frame.columns:
        coded = card is not None and name in card.schemes
        if name in _NAMES or name == "role":
            continue
        if coded and card is not None and MISSING in find_scheme(card.schemes[name]).names:
            continue
        labels[name] = frame[name].mask(frame[name].str.strip() == MISSING)
    return frame.assign(**labels)


def _identifiers(table: TextTable, required: list[str]) -> list[Problem]:
    problems = []
    for name in required:
        if name == "role":
            continue
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
    for name in _IDS:
        values = table.frame[name]
        spaced = values != values.str.strip()
        remedy = "Remove the spaces, which would make it another name."
        problems += problems_at(
            spaced, table.rows, name, values, "spaces", "spaces before or after the name", remedy
        )
    ids = table.frame["image_id"]
    again = ids.duplicated() & ids.notna()
    first = dict(zip(ids[::-1], table.rows[::-1].tolist(), strict=True))
    messages = [f"row {first[name]} has the same image_id" for name in ids[again]]
    remedy = "Give every image its own image_id."
    problems += problems_at(
        again, table.rows, "image_id", ids, "duplicate image_id", messages, remedy
    )
    passes, people = table.frame["pass_id"], table.frame["subject_id"]
    return problems + _disagreements(
        table,
        passes,
        people,
        "subject_id",
        "pass with two people",
        "pass '{key}' belongs to '{value}' in row {row}",
        "A pass is one person's walk: give each person's passes their own pass_id.",
    )


def _roles(table: TextTable) -> list[Problem]:
    role, subject = table.frame["role"], table.frame["subject_id"]
    if role.isna().all() and "role" not in table.frame:
        return []
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
    if not role.isna().all():
        problems += problems_at(
            role.isna(), table.rows, "role", role, "empty cells", "the cell is empty", choices
        )
    acting = set(subject[known & (role != "filler")].dropna())
    both = (role == "filler") & subject.isin(acting)
    return problems + problems_at(
        both,
        table.rows,
        "role",
        role,
        "filler who takes part",
        "this person also has images that are no fillers",
        "A filler is somebody who never passes: use role 'reference', or another subject_id.",
    )


def _codes(table: TextTable, card: DatasetCard | None) -> list[Problem]:
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
                "this does not say who gave the label",
                remedy,
            )
        if card is None or name not in card.schemes:
            continue
        scheme = find_scheme(card.schemes[name])
        if scheme.free:
            problems += _look_alikes(table, name)
            continue
        strange = values.notna() & ~values.isin(scheme.names)
        remedy = f"Codes: {', '.join(scheme.names)}; leave the cell empty where it is not known."
        message = f"not a code of '{scheme.name}'"
        problems += problems_at(strange, table.rows, name, values, "unknown code", message, remedy)
    return problems


def _look_alikes(table: TextTable, name: str) -> list[Problem]:
    """Codes that differ in case or spaces only would silently split a group."""
    values = table.frame[name]
    plain = values.str.strip().str.casefold()
    usual = values.groupby(plain).agg(lambda same: same.value_counts().index[0])
    odd = values.notna() & (values != plain.map(usual))
    messages = [f"elsewhere it is written {usual[code]!r}" for code in plain[odd]]
    remedy = "Write a code the same way everywhere."
    return problems_at(odd, table.rows, name, values, "code in two spellings", messages, remedy)


def _same_person(table: TextTable) -> list[Problem]:
    problems = []
    for name in ("gender", "ethnicity"):
        problems += _disagreements(
            table,
            table.frame["subject_id"],
            table.frame[name],
            name,
            f"person with two labels for {name}",
            "'{key}' has {value!r} in row {row}",
            "Give a person the same label in every row, or leave it empty.",
        )
    return problems


def _disagreements(
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


def _numbers(table: TextTable) -> list[Problem]:
    age, frame = table.frame["age"], table.frame["frame"]
    years = _number(age)
    remedy = "Give years as a number; a band such as 20-29 belongs in the column age_band."
    problems = problems_at(
        age.notna() & years.isna(), table.rows, "age", age, "age", "this is not a number", remedy
    )
    outside = (years < 0) | (years > OLDEST)
    message = f"no age between 0 and {OLDEST} years"
    problems += problems_at(outside, table.rows, "age", age, "age", message, "Correct or clear it.")
    number = _number(frame)
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


def _number(text: pd.Series) -> pd.Series:
    number = pd.to_numeric(text, errors="coerce").astype("float64")
    return number.where(np.isfinite(number))


def _times(table: TextTable) -> list[Problem]:
    times = table.frame["captured_at"]
    wrong = np.array([not pd.isna(time) and not _is_time(str(time)) for time in times], dtype=bool)
    remedy = "Write it as ISO 8601: 2026-03-14T09:30:00, with +00:00 where the time zone is known."
    return problems_at(
        wrong, table.rows, "captured_at", times, "time", "this is not a time in ISO 8601", remedy
    )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _images(table: TextTable, root: Path) -> tuple[pd.Series, list[Problem]]:
    """Look at every image once; return the digest of each row and what is wrong."""
    paths = table.frame["path"]
    unique = [str(path) for path in paths.dropna().unique()]
    checks = dict(zip(unique, check_images(root, unique), strict=True))
    problems = [
        Problem(check.kind, check.message, check.remedy, row, "path", path)
        for row, path in zip(table.rows.tolist(), paths, strict=True)
        if not pd.isna(path) and (check := checks[path]).kind is not None
    ]
    digests = paths.map({path: check.digest for path, check in checks.items()}).astype("string")
    stated = table.frame["digest"]
    problems += problems_at(
        stated.notna() & digests.notna() & (stated.str.lower() != digests),
        table.rows,
        "digest",
        stated,
        "changed image",
        "the image file has another SHA-256",
        "Restore the image, or correct the digest if the change was meant.",
    )
    people, role = table.frame["subject_id"], table.frame["role"]
    problems += _disagreements(
        table,
        digests,
        people,
        "subject_id",
        "one image, two people",
        "row {row} has the very same image under subject_id {value!r}",
        "Correct the subject_id, or remove the image that is not this person's.",
    )
    return digests, problems + _compared_with_itself(table, digests, people, role)


def _compared_with_itself(
    table: TextTable, digests: pd.Series, people: pd.Series, role: pd.Series
) -> list[Problem]:
    """Two rows of one image that would be compared: a mated score of 1 that proves nothing."""
    acting = (role != "filler") & digests.notna() & people.notna()
    same = pd.DataFrame({"digest": digests, "subject": people, "role": role, "row": table.rows})[
        acting
    ]
    roles = same.groupby(["digest", "subject"])["role"].transform("nunique") > 1
    repeated = same.duplicated(["digest", "subject"])
    found = same[repeated & (roles | (same["role"] == "both"))].index
    where = pd.Series(table.frame.index.isin(found), table.frame.index)
    return problems_at(
        where,
        table.rows,
        "path",
        table.frame["path"],
        "image compared with itself",
        "the very same image stands in another row of this person in another role",
        "Use one row with the role 'both', or another image.",
    )


def _completed(frame: pd.DataFrame, card: DatasetCard | None) -> pd.DataFrame:
    age = _number(frame["age"])
    derived: dict[str, pd.Series] = {
        "pass_id": frame["pass_id"].fillna(frame["image_id"]),
        "frame": _number(frame["frame"]).astype("Int64"),
        "age": age,
    }
    if frame["age_band"].isna().all():
        derived["age_band"] = age_band(age)
    if card is not None:
        derived[CARD] = pd.Series(card.name, frame.index, "string")
        for factor, source in card.label_source.items():
            known = frame.get(factor + SOURCE, pd.Series(pd.NA, frame.index, "string"))
            derived[factor + SOURCE] = known.fillna(source)
    return frame.assign(**derived)
