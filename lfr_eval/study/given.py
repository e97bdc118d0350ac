"""People, scores and templates of a Python session, as the files that a study starts from.

In: DataFrames. Out: files in the private cache, named by their content, so that the same data make
the same study.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lfr_eval.contract.folder import private_folder, sha256_of
from lfr_eval.contract.places import Kept
from lfr_eval.contract.writing import written_aside
from lfr_eval.study.labels import own_labels, told_factors

FOLDER = "given"
KEPT = Kept("data given in Python", FOLDER, "*", r"(people\.csv|scores\.csv|templates\.parquet)")


def write_people(people: pd.DataFrame, cache: Path) -> Path:
    """Write a manifest and return its path.

    Parameters
    ----------
    people
        One row per image or template, with the columns of a manifest. A relative `path` is taken
        from the working directory.
    cache
        The private cache.
    """
    made = people.copy()
    if "path" in made:
        made["path"] = [
            value if pd.isna(value) else str(Path(str(value)).expanduser().absolute())
            for value in made["path"]
        ]
    content = made.to_csv(index=False).encode()
    return _kept(content, cache, "people.csv")


def write_scores(scores: pd.DataFrame, cache: Path) -> Path:
    """Write comparison scores (reference_id, probe_id, score) and return the path."""
    return _kept(scores.to_csv(index=False).encode(), cache, "scores.csv")


def write_templates(templates: pd.DataFrame, cache: Path) -> Path:
    """Write templates (image_id, template: one vector a row) and return the path."""
    stream = io.BytesIO()
    templates.to_parquet(stream, index=False)
    return _kept(stream.getvalue(), cache, "templates.parquet")


def factors_of(people: pd.DataFrame) -> list[str]:
    """Return what groups are compared by if nobody says.

    Those default factors whose labels the people have, and their own labels that have one value
    per person. Age bands are compared where there is no other label.
    """
    own = [
        name
        for name in own_labels(people)
        if name != "age_band"
        and "subject_id" in people
        and people.groupby("subject_id")[name].nunique().le(1).all()
    ]
    found = [*told_factors(people), *own]
    if not found and {"age", "age_band"} & set(people.columns):
        found = ["age_band"]
    return found


def _kept(content: bytes, cache: Path, name: str) -> Path:
    """Write a file whole; other sessions may write the same one, or read it, at this moment."""
    digest = hashlib.sha256(content).hexdigest()
    folder = cache / FOLDER / digest[:16]
    private_folder(folder.parent)
    private_folder(folder)
    file = folder / name
    if not file.is_file() or sha256_of(file) != digest:
        with written_aside(file) as aside:
            aside.write_bytes(content)
    return file


def check_frames(frames: Sequence[tuple[str, object]]) -> list[str]:
    """Return why what was given is no data to begin with, by name."""
    problems = []
    for name, value in frames:
        if value is None:
            continue
        if not isinstance(value, pd.DataFrame):
            problems.append(f"{name} must be a pandas DataFrame (got {type(value).__name__})")
        elif value.empty:
            problems.append(f"{name} has no rows")
        elif twice := sorted(map(str, value.columns[value.columns.duplicated()])):
            problems.append(f"{name} has two columns named {twice[0]!r}")
        elif odd := [column for column in value.columns if not isinstance(column, str)]:
            problems.append(f"{name} has a column named {odd[0]!r}; column names must be text")
    return problems
