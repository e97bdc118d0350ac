"""Stage cohort: a folder of pictures and a table of people in, a manifest out.

All problems of both are found before the manifest is written. Nobody is left out silently: people
without pictures, and pictures of people who are not in the table, are reported.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.images import check_images
from lfr_eval.cohort.people_table import Columns, labels_of, without_labels
from lfr_eval.cohort.pictures import find_pictures, with_roles
from lfr_eval.cohort.problems import ManifestError, Problem
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import several, some
from lfr_eval.contract.writing import written_aside

ORDER = ("image_id", "subject_id", "path", "role")


@dataclass(frozen=True)
class Gathered:
    """A manifest that is not yet written.

    Attributes
    ----------
    rows
        As text, one row per image.
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
        labels, wrong, said = labels_of(read_text_table(table), columns or Columns())
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
    unlabelled = without_labels(table, labels) if table is not None and labels is not None else ""
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
