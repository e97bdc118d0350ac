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

from lfr_eval.contract.spelling import normal
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.number_format import (
    LARGEST,
    Decimal,
    declared,
    format_of,
    read_as,
    shapes,
)
from lfr_eval.matchers.rows import SEPARATORS, SHOWN

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

    def comparisons(self, images: pd.DataFrame, left_out: Collection[str]) -> pd.DataFrame:
        """Return the comparisons that the roles of the images require, each once.

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
            for problem in _of_names(names, places, left_out, what)
        ]
        if problems:
            raise MatcherError(f"{self.path}:\n  " + "\n  ".join(problems))
        role = images["role"].to_numpy(str)
        out = np.isin(known, list(left_out))
        searched = np.isin(role, ("reference", "both", "filler")) & ~out
        searching = np.isin(role, ("probe", "both")) & ~out
        asked = (rows >= 0)[:, None] & searched[rows][:, None]
        asked = asked & ((columns >= 0) & searching[columns])
        asked &= rows[:, None] != columns
        mutual = (role[rows] == "both")[:, None] & (role[columns] == "both")
        asked &= ~self._mirrored(known, rows, columns, mutual & asked)
        asked &= ~np.isnan(self.score)
        wrong = np.argwhere(asked & ~(np.abs(self.score) <= LARGEST))
        if len(wrong):
            shown = [f"{self.reference[r]} and {self.probe[c]}" for r, c in wrong[:SHOWN]]
            raise MatcherError(
                f"{self.path}: {len(wrong):,} scores are not finite numbers that float32 can hold: "
                f"{', '.join(shown)}."
            )
        row, column = np.nonzero(asked)
        names = images["image_id"]
        return pd.DataFrame(
            {
                "reference_id": names.take(rows[row]).array,
                "probe_id": names.take(columns[column]).array,
                "score": self.score[row, column],
            }
        )

    def _mirrored(
        self,
        known: pd.Index,
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        mutual: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which scores of two images that are both reference and probe occur twice."""
        second = mutual & (rows[:, None] > columns)
        row_of, column_of = np.full(len(known), -1), np.full(len(known), -1)
        row_of[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
        column_of[columns[columns >= 0]] = np.flatnonzero(columns >= 0)
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
        raise MatcherError(f"{path} does not exist. Give matcher.path=FILE.")
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
        written = format_of({one for _, _, cells in _rows(path) for one in shapes(cells)})
    reference, rows = [], []
    problems: dict[str, list[str]] = {}
    for line, name, cells in _rows(path):
        number = read_as(cells, written)
        reference.append(name)
        rows.append(number.value.to_numpy())
        for said, wrong in number.unreadable("score"):
            for at in cells.index[wrong.to_numpy(bool)]:
                where = f"row {line} ({name}, {probe[at]}, {cells[at]})"
                problems.setdefault(said, []).append(where)
    if not rows or not probe:
        raise ValueError("there is no row of scores below a header of probes")
    if problems:
        raise ValueError("; ".join(f"{said}: {_some(where)}" for said, where in problems.items()))
    return Matrix(path, _names(reference), _names(probe), np.array(rows))


def _names(given: Iterable[object]) -> NDArray[np.str_]:
    """Return names as a manifest's are read."""
    return np.array([normal(str(name)).strip() for name in given])


def _cells_of(path: Path) -> tuple[list[str], bool, str]:
    """Return the names in the header, whether a separator ends it, and the separator."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        line = next((line for line in stream if line.strip()), "")
    separator = max(SEPARATORS, key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
    ends = len(names) > 1 and not names[-1]
    return names[1 : -1 if ends else None], ends, separator


def _rows(path: Path) -> Iterator[tuple[int, str, pd.Series]]:
    """Yield line number, reference and cells of each row of scores."""
    probe, ends, separator = _cells_of(path)
    expected, header = len(probe) + 1, True
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=separator)
        for record in reader:
            cells = [cell.strip() for cell in record]
            if not any(cells):
                continue
            if header:
                header = False
                continue
            if len(cells) != expected + ends or (ends and cells[-1]):
                raise ValueError(
                    f"row {reader.line_num} ('{cells[0]}') has {len(cells)} cells, and the header "
                    f"has {expected + ends}"
                )
            yield reader.line_num, cells[0], pd.Series(cells[1:expected], dtype="string")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(str, names[:SHOWN])) + more


def _of_names(
    names: NDArray[Any], places: NDArray[np.intp], left_out: Collection[str], what: str
) -> list[str]:
    unknown = [name for name in names[places < 0].tolist() if name not in left_out]
    twice = pd.Series(names)[pd.Series(names).duplicated()].unique().tolist()
    problems = []
    for meaning, found in (("is not in the manifest", unknown), ("occurs twice", twice)):
        if found:
            problems.append(f"{what} {meaning}: {_some(found)}")
    return problems
