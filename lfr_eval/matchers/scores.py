"""Scores from a file: a vendor's comparisons, evaluated as they are (file to scores)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from copy import copy
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.matchers import MatcherCard, MatcherError

COLUMNS = ["reference_id", "probe_id", "score"]
SHOWN = 20


class ScoreFile:
    """Scores of a CSV or Parquet file with reference_id, probe_id and score.

    Parameters
    ----------
    higher_is_more_similar
        False for distances: the score is then minus the distance.

    Raises
    ------
    MatcherError
        If the file cannot be read or lacks a column.
    """

    def __init__(self, path: Path, higher_is_more_similar: bool = True) -> None:
        self._path, self._sign = path, 1.0 if higher_is_more_similar else -1.0
        self._frame = _read(path)
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        values = self._sign * self._frame["score"]
        self.card = MatcherCard(
            name="scores",
            fingerprint=hashlib.sha256(f"{content} {self._sign}".encode()).hexdigest(),
            description=f"comparison scores from a file ({len(self._frame):,} comparisons)",
            similarity="given",
            score_range=(float(values.min()), float(values.max())),
            acquisition="not told by a file of scores",
        )

    def without(self, images: Collection[str]) -> ScoreFile:
        """Return the scores without the comparisons of some images, which a plan leaves out."""
        left = copy(self)
        named = self._frame["reference_id"].isin(images) | self._frame["probe_id"].isin(images)
        left._frame = self._frame[~named]
        return left

    def scores(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return reference_id, probe_id and score (float32, higher is more alike).

        Raises
        ------
        MatcherError
            If a row names an image that the manifest does not have, a comparison of an image with
            itself or one given twice, or a score that is not a number. Every kind of problem is
            listed with the first rows that have it.
        """
        frame = self._frame
        known = set(images["image_id"])
        pair = np.sort(frame[["reference_id", "probe_id"]].to_numpy(str), axis=1)
        twice = pd.DataFrame(pair).duplicated().to_numpy()
        checks = {
            "reference_id is not in the manifest": ~frame["reference_id"].isin(known),
            "probe_id is not in the manifest": ~frame["probe_id"].isin(known),
            "compares an image with itself": frame["reference_id"] == frame["probe_id"],
            "repeats a comparison given above": pd.Series(twice, index=frame.index),
            "score is not a finite number": ~np.isfinite(frame["score"]),
        }
        problems = []
        for meaning, wrong in checks.items():
            rows = frame[wrong.astype(bool)]
            shown = [
                f"row {row.Index + 2} ({row.reference_id}, {row.probe_id}, {row.score})"
                for row in rows.head(SHOWN).itertuples()
            ]
            if shown:
                more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
                problems.append(f"{meaning}: {', '.join(shown)}{more}")
        if problems:
            raise MatcherError(f"{self._path}:\n  " + "\n  ".join(problems))
        score = (self._sign * frame["score"]).astype("float32")
        return frame[["reference_id", "probe_id"]].assign(score=score)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise MatcherError(f"{path} does not exist; give matcher.path=FILE.")
    try:
        if path.suffix in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, dtype="string", keep_default_na=False)
    except (ValueError, OSError) as error:
        raise MatcherError(f"{path} cannot be read as CSV or Parquet: {error}") from error
    missing = [column for column in COLUMNS if column not in frame]
    if missing or frame.empty:
        raise MatcherError(
            f"{path}: expected the columns {', '.join(COLUMNS)} and at least one row; "
            f"it has {', '.join(map(str, frame.columns))} and {len(frame)} rows."
        )
    score = pd.to_numeric(frame["score"], errors="coerce").astype("float64")
    ids = {name: frame[name].astype("string").fillna("") for name in COLUMNS[:2]}
    return pd.DataFrame({**ids, "score": score.to_numpy(float)})
