"""Stage cohort: a file of people who are not compared with one another in, a table out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.problems import ManifestError, Problem, problems_at
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.contract.reading import why_no_file
from lfr_eval.contract.tables import DONT_CARE


def read_dont_care(path: Path, people: Collection[str]) -> pd.DataFrame:
    """Read pairs of people whose match says nothing, such as twins.

    Parameters
    ----------
    path
        CSV (UTF-8, commas, a header) or Parquet with subject_a, subject_b and reason.
    people
        Everybody in the cohort, fillers too.

    Returns
    -------
    pandas.DataFrame
        Table `dont_care`, in an order that does not depend on that of the rows or of the two.

    Raises
    ------
    ManifestError
        If there is no such file, or a row cannot be used: a person is not in the cohort, a pair is
        listed twice or has the same person twice, or the reason is missing. All rows are listed.
    """
    if not path.is_file():
        remedy = "Give the path of a CSV or Parquet file: design.dont_care=FILE."
        raise ManifestError(path, [Problem("no file", f"the file {why_no_file(path)}", remedy)])
    table = read_text_table(path)
    frame, problems = table.frame, list(table.problems)
    problems += [
        Problem("column", "the column is missing", f"Give {', '.join(DONT_CARE.names)}.", 1, name)
        for name in DONT_CARE.names
        if name not in frame
    ]
    if problems:
        raise ManifestError(path, problems)
    first, second = frame["subject_a"], frame["subject_b"]
    low, high = (
        pd.Series(np.where((first <= second).fillna(False), *sides), frame.index, "string")
        for sides in ((first, second), (second, first))
    )
    for name, column in (("subject_a", first), ("subject_b", second)):
        problems += problems_at(
            ~column.isin(list(people)),
            table.rows,
            name,
            column,
            "unknown person",
            "this person is not in the cohort",
            "Correct the subject_id, or remove the row.",
        )
    for where, kind, message, remedy in (
        (first == second, "one person", "both are the same person", "Name two different people."),
        (
            pd.DataFrame({"a": low, "b": high}).duplicated(),
            "repeated pair",
            "an earlier row names the same two people",
            "Remove the row.",
        ),
    ):
        problems += problems_at(where, table.rows, "subject_b", second, kind, message, remedy)
    problems += problems_at(
        frame["reason"].isna(),
        table.rows,
        "reason",
        frame["reason"],
        "no reason",
        "the reason is missing",
        "Say why a match of the two says nothing: twins, same person, mislabelled.",
    )
    if problems:
        raise ManifestError(path, problems)
    pairs = pd.DataFrame({"subject_a": low, "subject_b": high, "reason": frame["reason"]})
    return DONT_CARE.conform(pairs.sort_values(["subject_a", "subject_b"]))
