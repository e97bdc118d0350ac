"""Scores from a file: a vendor's comparisons, used as they are (file to scores)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from copy import copy
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.words import joined, several, some, threshold_text
from lfr_eval.matchers import MatcherCard, MatcherError
from lfr_eval.matchers.matrix import Matrix, sides_of
from lfr_eval.matchers.matrix_files import read_matrix
from lfr_eval.matchers.number_format import Decimal, read_numbers
from lfr_eval.matchers.other_spellings import UNKNOWN_IMAGE, near_name
from lfr_eval.matchers.rows import read_rows, refuse
from lfr_eval.matchers.vendor_files import NOTES, ROW

COLUMNS = ("reference_id", "probe_id", "score")
ARRAYS = (".npz", ".npy")


class ScoreFile:
    """Scores of a file: one row per comparison, or a matrix of references by probes.

    Parameters
    ----------
    columns
        Other names of columns in a list: our name to the file's.
    higher_is
        `better`, or `worse` for distances: the score is then minus the distance.
    decimal
        Decimal mark of numbers in text, `point` or `comma`; the other mark may separate
        thousands. None: read from the numbers, and refused where a number could mean two things.
    shape
        `list`: reference_id, probe_id and score in CSV, Parquet or JSON lines. `matrix`: a CSV file
        with probes in the header and references in the first column; or an `.npz` file with the
        arrays reference_id, probe_id and score, whatever the shape says.
    floor
        Lowest score that the system reports: comparisons without a score were below it. None: the
        file has every score.
    missing
        What to do with comparisons without a score: `refused`, or `not_compared` (no rate counts
        them).

    Attributes
    ----------
    notes
        How `scores` has read the file, in sentences.

    Raises
    ------
    MatcherError
        If the file cannot be read or lacks a column.
    """

    def __init__(
        self,
        path: Path,
        columns: Mapping[str, str] | None = None,
        higher_is: Literal["better", "worse"] = "better",
        shape: Literal["list", "matrix"] = "list",
        decimal: Decimal | None = None,
        floor: float | None = None,
        missing: Literal["refused", "not_compared"] = "refused",
    ) -> None:
        self._path, self._sign = path, -1 if higher_is == "worse" else 1
        self.floor, self.missing = floor, missing
        self.notes: list[str] = []
        self.told: tuple[str, ...] = ()
        self._thousands: str | None = None
        self._left_out: frozenset[str] = frozenset()
        self._given: Matrix | pd.DataFrame
        self._wrong: list[tuple[str, pd.Series]] = []
        if shape == "matrix" or path.suffix.lower() in ARRAYS:
            self._given = read_matrix(path, decimal)
            values = self._given.score
            count = int(np.isfinite(values).sum())
        else:
            rows = read_rows(path, COLUMNS, columns=columns)
            self.told = tuple(rows.attrs[NOTES])
            number = read_numbers(rows["score"], decimal)
            self._given = rows.assign(value=number.value)
            self._thousands = number.written.note
            self._wrong = [(said, wrong) for said, wrong in number.checks("score") if wrong.any()]
            values, count = self._given["value"].to_numpy(), len(rows)
        there = values[~np.isnan(values)]
        if not there.size and not self._wrong:
            raise MatcherError(
                f"{path} has no scores: the column or matrix of scores is empty. Export the file "
                "again."
            )
        # What cannot be read is refused by `scores`; until then the range is unknown.
        known = (-np.inf, np.inf) if self._wrong else (there.min(), there.max())
        ends = sorted(float(self._sign * end) for end in known)
        content = sha256_of(path)
        if floor is not None:
            ends[0] = min(floor, ends[0])
        settings: tuple[object, ...] = (content, self._sign, sorted((columns or {}).items()), shape)
        settings = (*settings, *filter(None, [decimal]), *([] if floor is None else [floor]))
        self.card = MatcherCard(
            name="scores",
            fingerprint=hashlib.sha256(repr(settings).encode()).hexdigest(),
            description=f"comparison scores from a file ({count:,} comparisons)",
            similarity="given",
            score_range=(ends[0], ends[1]),
            acquisition="an image counts as acquired if the file has a score of it, unless the "
            "manifest says",
        )

    def without(self, images: Collection[str]) -> ScoreFile:
        """Return the scores without the comparisons of images that a plan excludes."""
        left = copy(self)
        left._left_out = self._left_out | frozenset(images)
        return left

    def scores(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return reference_id, probe_id and score: higher is more alike.

        Scores that the file holds as float32 stay float32; all others are float64.

        Parameters
        ----------
        images
            Table `cohort`. A comparison without a score is left out where `acquired` says that one
            of its images gave no template.

        Raises
        ------
        MatcherError
            If a row names an image that is not in the manifest, compares an image with itself,
            repeats a comparison, or has a score that is not a number. Every kind of problem is
            listed with its first rows.
        """
        if isinstance(self._given, Matrix):
            frame, self.notes = self._given.comparisons(images, self._left_out)
        else:
            frame, self.notes = self._listed(images, self._given)
        if frame.empty:
            raise MatcherError(
                f"{self._path} has no comparison of a reference with a probe of the manifest. "
                "Check the names of images and the manifest's column role."
            )
        if self._thousands:
            self.notes.append(f"The file of scores: {self._thousands}.")
        frame = frame.assign(score=self._sign * frame["score"])
        if self.floor is not None and (frame["score"].min() < self.floor):
            raise MatcherError(
                f"{self._path} has the score {threshold_text(float(frame['score'].min()))}, below "
                f"matcher.floor={threshold_text(self.floor)}. Give the lowest score that the "
                "system reports, or leave out matcher.floor if the file is complete."
            )
        return frame

    def _listed(self, images: pd.DataFrame, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
        if self._left_out:
            gone = frame["reference_id"].isin(self._left_out) | frame["probe_id"].isin(
                self._left_out
            )
            frame = frame[~gone]
        known = pd.Index(images["image_id"])
        reference, probe = (known.get_indexer(pd.Index(frame[name])) for name in COLUMNS[:2])
        pair = np.minimum(reference, probe) * len(known) + np.maximum(reference, probe)
        there = (reference >= 0) & (probe >= 0)
        twice = there & pd.Series(pair).duplicated().to_numpy()
        failed = _failed(images)
        unacquired = there & (failed[reference] | failed[probe])
        wrong = [(said, rows.loc[frame.index].to_numpy(bool)) for said, rows in self._wrong]
        unread = np.zeros(len(frame), bool)
        for _, rows in wrong:
            unread |= rows
        empty = frame["value"].isna().to_numpy(bool) & ~unread
        checks = (
            *wrong,
            *(
                (
                    f"{name} is not in the manifest"
                    f"{near_name(frame[name][place < 0], known) or UNKNOWN_IMAGE}",
                    place < 0,
                )
                for name, place in zip(COLUMNS, (reference, probe), strict=False)
            ),
            ("compares an image with itself (leave the row out)", there & (reference == probe)),
            (
                _again(frame, reference, pair, twice & (reference != probe)),
                twice & (reference != probe),
            ),
            (
                "there is no score (if no template could be made of an image, write 'no' in the "
                "manifest's column acquired)",
                empty & ~unacquired,
            ),
            (
                "there is a score, and the manifest says that no template was made of an image "
                "(correct acquired there, or leave the cell empty)",
                unacquired & ~empty,
            ),
        )
        shown = frame[[*COLUMNS, ROW]]
        refuse(self._path, shown, [(said, pd.Series(rows, frame.index)) for said, rows in checks])
        searched, searching = sides_of(images, self._left_out)
        forth = searched[reference] & searching[probe]
        back = searching[reference] & searched[probe] & ~forth
        names = images["image_id"]
        first, second = np.where(back, probe, reference), np.where(back, reference, probe)
        kept = (forth | back) & ~empty
        notes = []
        if (~(forth | back)).any():
            notes.append(
                f"{several(int((~(forth | back)).sum()), 'comparison')} of {len(frame):,} in the "
                "file of scores do not compare a reference with a probe (see the manifest's column "
                "role) and do not count."
            )
        made = pd.DataFrame(
            {
                "reference_id": names.take(first[kept]).array,
                "probe_id": names.take(second[kept]).array,
                "score": frame["value"].to_numpy()[kept],
            }
        )
        return made, notes


def _again(
    frame: pd.DataFrame,
    reference: NDArray[np.intp],
    pair: NDArray[np.intp],
    twice: NDArray[np.bool_],
) -> str:
    """Say which rows were before those that repeat a comparison, and how they differ."""
    if not twice.any():
        return ""
    first = pd.Series(np.arange(len(pair))).groupby(pair).transform("min").to_numpy()[twice]
    rows = frame[ROW].to_numpy()[first]
    value = frame["value"].to_numpy()
    turned = int((reference[twice] != reference[first]).sum())
    one, other = value[twice], value[first]
    apart = int(((one != other) & ~(np.isnan(one) & np.isnan(other))).sum())
    how = [
        *([f"{turned:,} the other way round"] if turned else []),
        f"{apart:,} with another score" if apart else "all with the same score",
    ]
    return (
        f"repeats an earlier comparison ({several(len(rows), 'row')}: {joined(how)}; the earlier "
        f"ones are in row {some(rows.tolist())}; give each pair of images once)"
    )


def _failed(images: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which images have no template according to the manifest, (images,)."""
    if "acquired" not in images:
        return np.zeros(len(images), bool)
    return (~images["acquired"].fillna(True).astype(bool)).to_numpy()
