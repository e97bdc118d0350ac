"""Probes to passes: the highest score over the frames decides (scores of images in, rows out)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.sides import Sides
from lfr_eval.tables import SEARCHES

Ints = NDArray[np.intp]
NOBODY = -1


@dataclass(frozen=True)
class ProbeScores:
    """What every image found in one watchlist; only acquired probes are searched.

    Attributes
    ----------
    size
        References searched.
    score, reference : (images,)
        Score and row (table `cohort`) of the best reference of somebody else; -inf and -1: none.
    mated : (images,)
        Score of the best own reference; NaN: there is none.
    rank : (images,), optional
        1 + references of others that score at least as high as the best own one.
    """

    size: int
    score: NDArray[np.float32]
    reference: Ints
    mated: NDArray[np.float32]
    rank: Ints | None = None


def frames_of(sides: Sides, found: ProbeScores) -> pd.DataFrame:
    """Return one row a frame: every probe image, acquired or not, in order of table `cohort`.

    An enrolled person whose frame was not acquired has the mated score -inf there: a failure to
    acquire is a miss.
    """
    images = sides.images
    acquired = np.zeros(len(images), bool)
    acquired[sides.probes] = True
    enrolled = images["subject_id"].isin(images["subject_id"].iloc[sides.references]).to_numpy()
    frames = pd.DataFrame(
        {
            "pass_id": images["pass_id"],
            "subject_id": images["subject_id"],
            "acquired": acquired,
            "mated_score": np.where(enrolled & ~acquired, np.float32(-np.inf), found.mated),
            "score": np.where(acquired, found.score, np.float32(-np.inf)),
            "reference": np.where(acquired, found.reference, NOBODY),
            "rank": pd.array([None] * len(images) if found.rank is None else found.rank, "Int64"),
        }
    )
    return frames[images["role"].isin(["probe", "both"]).to_numpy()]


def search_rows(sides: Sides, found: ProbeScores) -> pd.DataFrame:
    """Reduce probes to the rows of table `searches` at one watchlist size."""
    images, frames = sides.images, frames_of(sides, found)
    by_pass = frames.groupby(["pass_id", "subject_id"], sort=False)
    passes = by_pass.agg(
        frames=("acquired", "size"),
        acquired=("acquired", "sum"),
        mated_score=("mated_score", "max"),
        score=("score", "max"),
        rank=("rank", "min"),
    )
    leading = (
        frames.sort_values("score", ascending=False, kind="stable")
        .groupby(["pass_id", "subject_id"], sort=False)["reference"]
        .first()
        .reindex(passes.index)
        .to_numpy(np.intp)
    )
    named = {
        name: images[source].iloc[leading].mask(leading == NOBODY).to_numpy()
        for name, source in (("reference_id", "image_id"), ("reference_subject", "subject_id"))
    }
    return SEARCHES.conform(
        passes.reset_index().assign(watchlist_size=found.size, left_out=0, **named)
    )
