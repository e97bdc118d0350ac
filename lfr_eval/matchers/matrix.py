"""A matrix of scores, references by probes (CSV or `.npz` in, comparisons out)."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.reading import SEPARATORS, names_separator, why_no_file
from lfr_eval.contract.spelling import normal
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.number_format import (
    LARGEST,
    Decimal,
    NumberFormat,
    declared,
    format_of,
    read_as,
    shapes,
)
from lfr_eval.matchers.other_spellings import near_name
from lfr_eval.matchers.rows import SHOWN

ARRAYS = ("reference_id", "probe_id", "score")


@dataclass(frozen=True)
class Matrix:
    """Scores of references (rows) and probes (columns).

    Attributes
    ----------
    path
        The file.
    reference, probe
        Names of images.
    score : (references, probes)
        float32 or float64; NaN where there is none.
    """

    path: Path
    reference: NDArray[np.str_]
    probe: NDArray[np.str_]
    score: NDArray[np.floating]

    def comparisons(
        self, images: pd.DataFrame, left_out: Collection[str]
    ) -> tuple[pd.DataFrame, list[str]]:
        """Return the comparisons that the roles of the images require, each once; and notes.

        A cell counts for its mirror image where the matrix has no row of the reference or no column
        of the probe; and, in half a matrix, where every empty cell has a mirror image.

        Parameters
        ----------
        images
            Table `cohort`.
        left_out
            Images that are in no comparison.

        Raises
        ------
        MatcherError
            If an image is not in the manifest or is in the matrix twice, if a score that is needed
            is infinite, or if two images that are each reference and probe have two scores.
        """
        known = pd.Index(images["image_id"])
        rows, columns = (
            known.get_indexer(pd.Index(names)) for names in (self.reference, self.probe)
        )
        problems = [
            problem
            for names, places, what in (
                (self.reference, rows, "reference_id"),
                (self.probe, columns, "probe_id"),
            )
            for problem in _of_names(names, places, left_out, what, known)
        ]
        if problems:
            raise MatcherError(f"{self.path}:\n  " + "\n  ".join(problems))
        role = images["role"].to_numpy(str)
        searched, searching = sides_of(images, left_out)
        asked = (rows >= 0)[:, None] & searched[rows][:, None]
        asked = asked & ((columns >= 0) & searching[columns])
        asked &= rows[:, None] != columns
        mutual = (role[rows] == "both")[:, None] & (role[columns] == "both")
        seats = _seats(known, rows), _seats(known, columns)
        asked &= ~self._mirrored(seats, rows, columns, mutual & asked)
        back = self._turned(seats, rows, columns, asked, searched, searching)
        asked &= ~np.isnan(self.score)
        wrong = np.argwhere(asked & ~(np.abs(self.score) <= LARGEST))
        if len(wrong):
            shown = [f"{self.reference[r]} and {self.probe[c]}" for r, c in wrong[:SHOWN]]
            raise MatcherError(
                f"{self.path}: {len(wrong):,} scores are not finite numbers that float32 can hold: "
                f"{', '.join(shown)}."
            )
        row, column = np.nonzero(asked)
        notes = []
        if len(back.row):
            notes.append(back.note)
            row, column = np.append(row, back.row), np.append(column, back.column)
        reference, probe = rows[row], columns[column]
        turned = slice(len(row) - len(back.row), None)
        reference[turned], probe[turned] = probe[turned].copy(), reference[turned].copy()
        names = images["image_id"]
        frame = pd.DataFrame(
            {
                "reference_id": names.take(reference).array,
                "probe_id": names.take(probe).array,
                "score": self.score[row, column],
            }
        )
        return frame, notes

    def _turned(
        self,
        seats: tuple[NDArray[np.intp], NDArray[np.intp]],
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        asked: NDArray[np.bool_],
        searched: NDArray[np.bool_],
        searching: NDArray[np.bool_],
    ) -> _Back:
        """Return the cells of probes (rows) and references (columns) that count."""
        nothing = np.zeros(0, np.intp)
        score = self.score
        row_of, column_of = seats
        empty = asked & np.isnan(score)
        # Images without any score were not acquired; no cell of theirs has to be filled.
        told = ~np.isnan(score)
        known = np.zeros(len(row_of), bool)
        known[rows[(rows >= 0) & told.any(axis=1)]] = True
        known[columns[(columns >= 0) & told.any(axis=0)]] = True
        open_row, open_column = np.nonzero(empty)
        here = known[rows[open_row]] & known[columns[open_column]]
        open_row, open_column = open_row[here], open_column[here]
        row, column = row_of[columns[open_column]], column_of[rows[open_row]]
        there = (row >= 0) & (column >= 0)
        row, column = row[there], column[there]
        filled = ~np.isnan(score[row, column])
        # Where an image is both, its mirror image is asked for as well, and counts already.
        own = asked[row, column] & filled
        if len(filled) == len(open_row) and filled.all():
            row, column = row[~own], column[~own]
            half = len(row)
        else:
            row, column, half = nothing, nothing, 0
        no_row = (columns >= 0) & searched[columns] & (row_of[columns] < 0)
        no_column = (rows >= 0) & searching[rows] & (column_of[rows] < 0)
        turned = (rows >= 0)[:, None] & searching[rows][:, None]
        turned = turned & (columns >= 0) & searched[columns] & (no_row | no_column[:, None])
        turned &= ~asked & told & (rows[:, None] != columns)
        more_row, more_column = np.nonzero(turned)
        said = []
        if half:
            said.append(
                f"{half:,} comparisons were empty in the matrix, and each has a score the other "
                "way round, so the matrix is read as half of a symmetric matrix"
            )
        if len(more_row):
            said.append(
                f"{len(more_row):,} comparisons have the probe as row and the reference as "
                "column in the matrix, and are read that way"
            )
        note = ". ".join(one[0].upper() + one[1:] for one in said) + "."
        return _Back(np.append(row, more_row), np.append(column, more_column), note)

    def _mirrored(
        self,
        seats: tuple[NDArray[np.intp], NDArray[np.intp]],
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        mutual: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which scores of two images that are both reference and probe occur twice."""
        second = mutual & (rows[:, None] > columns)
        row_of, column_of = seats
        row, column = np.nonzero(second)
        first_row, first_column = row_of[columns[column]], column_of[rows[row]]
        there = (first_row >= 0) & (first_column >= 0)
        row, column = row[there], column[there]
        one, other = self.score[first_row[there], first_column[there]], self.score[row, column]
        apart = ~np.isnan(one) & ~np.isnan(other) & (one != other)
        if apart.any():
            at = np.flatnonzero(apart)
            shown = ", ".join(
                f"{self.reference[row[i]]} and {self.probe[column[i]]} ({other[i]} and {one[i]})"
                for i in at[:SHOWN]
            )
            raise MatcherError(
                f"{self.path}: {len(at):,} pairs have one score in each direction, and their "
                f"images are both reference and probe: {shown}. Give images that search the role "
                "probe and images that are searched the role reference."
            )
        mirrored = np.zeros(second.shape, bool)
        mirrored[row, column] = ~np.isnan(one) & ~np.isnan(other)
        return mirrored


@dataclass(frozen=True)
class _Back:
    """Cells of probes (rows) by references (columns), and what is said of them."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    note: str


def sides_of(
    images: pd.DataFrame, left_out: Collection[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which images are searched (references, fillers) and which search, (images,) each."""
    role = images["role"].to_numpy(str)
    here = ~images["image_id"].isin(left_out).to_numpy(bool)
    searched = np.isin(role, ("reference", "both", "filler")) & here
    return searched, np.isin(role, ("probe", "both")) & here


def _seats(known: pd.Index, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the row or column of each image, -1 where it has none."""
    seats = np.full(len(known), -1, np.intp)
    seats[places[places >= 0]] = np.flatnonzero(places >= 0)
    return seats


def read_matrix(path: Path, decimal: Decimal | None = None) -> Matrix:
    """Read a matrix of scores.

    Parameters
    ----------
    decimal
        What begins the decimals of a CSV file; None: as its numbers show.

    Raises
    ------
    MatcherError
        If the file is not a CSV file with probes in the header and references in the first column,
        nor an `.npz` file with reference_id, probe_id and score.
    """
    if not path.is_file():
        raise MatcherError(f"{path} {why_no_file(path)}. Give matcher.path=FILE.")
    kind = path.suffix.lower()
    if kind == ".npy":
        raise MatcherError(
            f"{path}: an .npy file does not say whose scores its rows and columns are. Save an "
            ".npz file: numpy.savez(FILE, reference_id=..., probe_id=..., score=...)."
        )
    try:
        return _npz(path) if kind == ".npz" else _csv(path, decimal)
    except (ValueError, OSError, KeyError) as error:
        raise MatcherError(f"{path} cannot be read as a matrix of scores: {error}") from error


def _npz(path: Path) -> Matrix:
    # Nothing that came from elsewhere runs code: pickled objects are not unpacked.
    with np.load(path, allow_pickle=False) as arrays:
        missing = [name for name in ARRAYS if name not in arrays]
        if missing:
            raise ValueError(f"it lacks the arrays {', '.join(missing)}")
        reference, probe, score = (arrays[name] for name in ARRAYS)
    if score.dtype.kind not in "fiu":
        raise ValueError(f"score holds {score.dtype}, not numbers")
    if score.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        score = score.astype(np.float32 if score.dtype == np.float16 else np.float64)
    if score.shape != (len(reference), len(probe)):
        raise ValueError(
            f"score has the shape {score.shape}, and there are {len(reference):,} reference_id and "
            f"{len(probe):,} probe_id"
        )
    return Matrix(path, _names(reference), _names(probe), score)


def _csv(path: Path, decimal: Decimal | None) -> Matrix:
    probe = _cells_of(path)[0]
    if decimal:
        written = declared(decimal)
    else:
        # The last row may be the one that tells how the first is to be read.
        found: set[str] = set()
        for _, _, cells in _rows(path):
            if "point" not in found or _plain(cells) is None:
                found |= shapes(pd.Series(cells, dtype="string"))
        written = format_of(found)
    reference, rows = [], []
    problems: dict[str, list[str]] = {}
    for line, name, cells in _rows(path):
        reference.append(name)
        values = _plain(cells) if written == NumberFormat() else None
        if values is not None:
            rows.append(values)
            continue
        number = read_as(pd.Series(cells, dtype="string"), written)
        rows.append(number.value.to_numpy())
        for said, wrong in number.unreadable("score"):
            for at in np.flatnonzero(wrong.to_numpy(bool)):
                where = f"row {line} ({name}, {probe[at]}, {cells[at]})"
                problems.setdefault(said, []).append(where)
    if not rows or not probe:
        raise ValueError("there is no row of scores below the header of probes")
    if problems:
        raise ValueError("; ".join(f"{said}: {_some(where)}" for said, where in problems.items()))
    return Matrix(path, _names(reference), _names(probe), np.array(rows))


def _names(given: Iterable[object]) -> NDArray[np.str_]:
    """Return names as a manifest's are read."""
    return np.array([normal(str(name)).strip() for name in given])


def _cells_of(path: Path) -> tuple[list[str], bool, str]:
    """Return the names in the header, whether a separator ends it, and the separator."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        line = next((line for line in stream if line.strip() and not names_separator(line)), "")
    separator = max(SEPARATORS, key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
    ends = len(names) > 1 and not names[-1]
    return names[1 : -1 if ends else None], ends, separator


def _plain(cells: list[str]) -> NDArray[np.float64] | None:
    """Return a row of usual numbers, NaN where a cell is empty; None where any other cell is."""
    try:
        # Python reads `1_000`; nobody else does.
        return None if "_" in "".join(cells) else np.array([cell or "nan" for cell in cells], float)
    except ValueError:
        return None


def _rows(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Yield line number, reference and cells of each row of scores."""
    probe, ends, separator = _cells_of(path)
    expected, header = len(probe) + 1, True
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=separator)
        for record in reader:
            cells = [cell.strip() for cell in record]
            if not any(cells) or (header and names_separator("".join(record))):
                continue
            if header:
                header = False
                continue
            if len(cells) != expected + ends or (ends and cells[-1]):
                raise ValueError(
                    f"row {reader.line_num} ('{cells[0]}') has {len(cells)} cells, and the header "
                    f"has {expected + ends}"
                )
            yield reader.line_num, cells[0], cells[1:expected]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(str, names[:SHOWN])) + more


def _of_names(
    names: NDArray[Any],
    places: NDArray[np.intp],
    left_out: Collection[str],
    what: str,
    known: pd.Index,
) -> list[str]:
    unknown = [name for name in names[places < 0].tolist() if name not in left_out]
    twice = pd.Series(names)[pd.Series(names).duplicated()].unique().tolist()
    problems = []
    absent = f"is not in the manifest{near_name(unknown, known)}"
    for meaning, found in ((absent, unknown), ("occurs twice", twice)):
        if found:
            problems.append(f"{what} {meaning}: {_some(found)}")
    return problems
