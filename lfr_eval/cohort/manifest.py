"""Stage cohort: a manifest in, the stage table `COHORT` out, or every problem of it at once.

A manifest has one row per image or template. `tables.COHORT` lists its columns, of which
`image_id`, `subject_id`, `role` and (unless there are only templates) `path` are required. Further
columns are factors. Nothing is dropped or guessed: a missing label stays missing, and a row that
cannot be used stops the study with its row number and a remedy.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.checks import (
    SOURCE,
    check_codes,
    check_flags,
    check_identifiers,
    check_numbers,
    check_persons,
    check_roles,
    check_times,
    disagreements,
    flags,
    numbers,
)
from lfr_eval.cohort.images import check_images
from lfr_eval.cohort.problems import ManifestError, Problem, problems_at
from lfr_eval.cohort.reading import TextTable
from lfr_eval.cohort.times import TIME_OF_DAY, time_of_day
from lfr_eval.contract.dates import Order, read_times
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.tables import COHORT

CARD = "dataset_card"
"""Column with the name of a row's dataset card."""

REQUIRED = ("image_id", "subject_id", "role")

AGE_BANDS = (
    (18, "0-17"),
    (30, "18-29"),
    (40, "30-39"),
    (50, "40-49"),
    (60, "50-59"),
    (70, "60-69"),
)
"""Upper end (exclusive) and name of each band; above the last, `70+`."""


def cohort_table(
    table: TextTable,
    root: Path,
    card: DatasetCard | None = None,
    *,
    templates_only: bool = False,
    dates: Order | None = None,
) -> pd.DataFrame:
    """Check the rows of a label file and return them as the stage table `COHORT`.

    Parameters
    ----------
    table
        The rows as text, with one spelling for each label.
    root
        Folder that paths are relative to.
    card
        Names the schemes of the labels and who assigned them. Without a card, any code is accepted.
    templates_only
        Whether there are templates and no images: paths and digests are then not read.
    dates
        How days are written in numbers; None: as the column shows, and refused where it does not.

    Returns
    -------
    pandas.DataFrame
        Rows in the order of the file. `pass_id` defaults to the image. An empty label is missing,
        and so is `NA`, unless it is a code of the scheme. Labels have one spelling each (see
        `cohort.labels`). `age_band` is derived from `age` (0-17, 18-29, then tens of years, 70+)
        where no row has a band. `time_of_day` is derived from `captured_at` where there is no such
        column (see `cohort.times`). `<factor>_source` is filled from the card, and `dataset_card`
        has its name.

    Raises
    ------
    ManifestError
        If anything cannot be used. The message lists every problem.
    """
    problems = list(table.problems)
    required = REQUIRED if templates_only else (*REQUIRED, "path")
    problems += _columns(table, required)
    if not len(table.frame) and not problems:
        remedy = "Give one row for each image."
        problems.append(Problem("no rows", "there is a header but no row", remedy))
    frame = _with_all_columns(table.frame)
    if templates_only:
        frame = frame.assign(path=pd.Series(pd.NA, frame.index, "string"))
        frame = frame.assign(digest=frame["path"])
    present = [name for name in frame.columns if name in table.frame.columns]
    rows = TextTable(table.file, frame, table.rows)
    problems += check_identifiers(rows, [name for name in required if name in present])
    problems += check_roles(rows)
    problems += check_codes(rows, card)
    problems += check_persons(rows)
    problems += check_numbers(rows)
    times = read_times(frame["captured_at"].str.strip(), dates)
    problems += check_times(rows, times)
    frame = frame.assign(captured_at=times.iso)
    problems += check_flags(rows)
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
        there = {_joined(str(column)): str(column) for column in table.frame.columns}
        close = get_close_matches(_joined(name), there, n=1)
        remedy = (
            f"Is it '{there[close[0]]}'? Rename it."
            if close
            else f"Rename the column that holds it. {table.columns_there}"
        )
        problems.append(Problem("missing column", "the column is missing", remedy, None, name))
    return problems


def _joined(name: str) -> str:
    """Return a name without what its parts may be joined by: `ImageID` is `image_id`."""
    return skeleton(name).replace(" ", "")


def _with_all_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every column of the contract, so that checks need no special cases."""
    absent = {
        name: pd.Series(pd.NA, frame.index, "string") for name in COHORT.names if name not in frame
    }
    return frame.assign(**absent)


def _images(table: TextTable, root: Path) -> tuple[pd.Series, list[Problem]]:
    """Check every image once, and return the digest of each row and the problems."""
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
    problems += disagreements(
        table,
        digests,
        people,
        "subject_id",
        "one image, two people",
        "row {row} has the same image under subject_id {value!r}",
        "Correct the subject_id, or remove the image that is not this person's.",
    )
    return digests, problems + _compared_with_itself(table, digests, people, role)


def _compared_with_itself(
    table: TextTable, digests: pd.Series, people: pd.Series, role: pd.Series
) -> list[Problem]:
    """Find images that would be compared with themselves, which gives a meaningless score of 1."""
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
        "this person has the same image in another row, with another role",
        "Use one row with the role 'both', or another image.",
    )


def _completed(frame: pd.DataFrame, card: DatasetCard | None) -> pd.DataFrame:
    age = numbers(frame["age"])
    derived: dict[str, pd.Series] = {
        "pass_id": frame["pass_id"].fillna(frame["image_id"]),
        "frame": numbers(frame["frame"]).astype("Int64"),
        "age": age,
        "acquired": flags(frame["acquired"]),
    }
    if TIME_OF_DAY not in frame and frame["captured_at"].notna().any():
        derived[TIME_OF_DAY] = time_of_day(frame["captured_at"], derived["pass_id"])
    sources = {} if card is None else dict(card.label_source)
    if frame["age_band"].isna().all():
        derived["age_band"] = age_band(age)
        if "age" in sources:
            sources["age_band"] = sources["age"]
    if card is not None:
        derived[CARD] = pd.Series(card.name, frame.index, "string")
        for factor, source in sources.items():
            known = frame.get(factor + SOURCE, pd.Series(pd.NA, frame.index, "string"))
            derived[factor + SOURCE] = known.fillna(source)
    return frame.assign(**derived)
