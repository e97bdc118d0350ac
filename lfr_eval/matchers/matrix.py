"""A matrix of scores, references by probes (a `Matrix` in, comparisons out)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.words import some
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.number_format import LARGEST
from lfr_eval.matchers.other_spellings import UNKNOWN_IMAGE, near_name


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
        seats = self._seated(images, left_out)
        role, rows, columns = images["role"].to_numpy(str), seats.rows, seats.columns
        asked = (rows >= 0)[:, None] & seats.searched[rows][:, None]
        asked = asked & ((columns >= 0) & seats.searching[columns])
        asked &= rows[:, None] != columns
        mutual = (role[rows] == "both")[:, None] & (role[columns] == "both")
        asked &= ~self._mirrored(seats, mutual & asked)
        back = self._turned(seats, asked)
        asked &= ~np.isnan(self.score)
        wrong = np.argwhere(asked & ~(np.abs(self.score) <= LARGEST))
        if len(wrong):
            shown = some(wrong, say=lambda at: f"{self.reference[at[0]]} and {self.probe[at[1]]}")
            raise MatcherError(
                f"{self.path}: {len(wrong):,} scores are not finite numbers that float32 can hold: "
                f"{shown}. Leave the cell empty where there is no score."
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

    def _seated(self, images: pd.DataFrame, left_out: Collection[str]) -> _Seats:
        """Return where the images sit; unknown and repeated names are refused."""
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
        row_of, column_of = (_turned_round(len(known), places) for places in (rows, columns))
        return _Seats(rows, columns, row_of, column_of, *sides_of(images, left_out))

    def _turned(self, seats: _Seats, asked: NDArray[np.bool_]) -> _Back:
        """Return the cells of probes (rows) and references (columns) that count."""
        nothing = np.zeros(0, np.intp)
        score = self.score
        rows, columns, row_of, column_of = seats.places
        searched, searching = seats.searched, seats.searching
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

    def _mirrored(self, seats: _Seats, mutual: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which scores of two images that are both reference and probe occur twice."""
        rows, columns, row_of, column_of = seats.places
        second = mutual & (rows[:, None] > columns)
        row, column = np.nonzero(second)
        first_row, first_column = row_of[columns[column]], column_of[rows[row]]
        there = (first_row >= 0) & (first_column >= 0)
        row, column = row[there], column[there]
        one, other = self.score[first_row[there], first_column[there]], self.score[row, column]
        apart = ~np.isnan(one) & ~np.isnan(other) & (one != other)
        if apart.any():
            at = np.flatnonzero(apart)

            def said(i: np.integer) -> str:
                pair = f"{self.reference[row[i]]} and {self.probe[column[i]]}"
                return f"{pair} ({other[i]} and {one[i]})"

            raise MatcherError(
                f"{self.path}: {len(at):,} pairs have one score in each direction, and their "
                f"images are both reference and probe: {some(at, say=said)}. Give images that "
                "search the role probe and images that are searched the role reference."
            )
        mirrored = np.zeros(second.shape, bool)
        mirrored[row, column] = ~np.isnan(one) & ~np.isnan(other)
        return mirrored


@dataclass(frozen=True)
class _Seats:
    """Where images sit in a matrix, and what they do.

    Attributes
    ----------
    rows, columns
        The image of each row and of each column, by its place in the cohort; -1: none.
    row_of, column_of : (images,)
        The row and the column of each image; -1: none.
    searched, searching : (images,)
        Which images are searched, and which search.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    row_of: NDArray[np.intp]
    column_of: NDArray[np.intp]
    searched: NDArray[np.bool_]
    searching: NDArray[np.bool_]

    @property
    def places(self) -> tuple[NDArray[np.intp], ...]:
        """Images of rows and columns, rows and columns of images."""
        return self.rows, self.columns, self.row_of, self.column_of


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


def _turned_round(images: int, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the row or column of each image, -1 where it has none."""
    seats = np.full(images, -1, np.intp)
    seats[places[places >= 0]] = np.flatnonzero(places >= 0)
    return seats


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
    absent = f"is not in the manifest{near_name(unknown, known) or UNKNOWN_IMAGE}"
    for meaning, found in ((absent, unknown), ("occurs twice (keep one)", twice)):
        if found:
            problems.append(f"{what} {meaning}: {some(found)}")
    return problems
