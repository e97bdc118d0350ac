"""Probes to passes: the highest score over the frames decides (scores of images in, rows out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.sides import Gallery, Sides
from lfr_eval.contract.tables import CANDIDATE_COUNTS, OVERALL, SEARCHES

Ints = NDArray[np.intp]
NOBODY = -1
UNRANKED = -1
"""References before a mate that a list of candidates does not name."""


@dataclass(frozen=True)
class Keep:
    """What is kept of a search.

    Attributes
    ----------
    factor
        Divides the watchlist into groups: a column of table `cohort`, or several joined by ` x `.
    candidates
        Best references kept for each probe in each group; scores of a file have none.
    counted
        Ascending thresholds at which all candidates are counted, and with them the rank of the
        best own reference.
    """

    factor: str = OVERALL
    candidates: int = 1
    counted: tuple[float, ...] = ()


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
    before_mate : (images,), optional
        References of others that score at least as high as the best own one, `UNRANKED` where that
        is not known; None: not counted.
    reached : (images, thresholds), optional
        References of others at or above each threshold; None: not counted.
    """

    size: int
    score: NDArray[np.float32]
    reference: Ints
    mated: NDArray[np.float32]
    before_mate: Ints | None = None
    reached: Ints | None = None


@dataclass(frozen=True)
class Searches:
    """The tables of 1:N searches, by name, and what each image found, by watchlist size.

    Table `alerts` is given if a log says when alerts were raised; else it follows from the frames.
    """

    searches: pd.DataFrame
    candidates: pd.DataFrame
    found: list[ProbeScores]
    alerts: pd.DataFrame | None = None


def frames_of(sides: Sides, found: ProbeScores) -> pd.DataFrame:
    """Return one row a frame: every probe image, acquired or not, in order of table `cohort`.

    An enrolled person whose frame was not acquired has the mated score -inf there: a failure to
    acquire is a miss.
    """
    images = sides.images
    acquired = np.zeros(len(images), bool)
    acquired[sides.probes] = True
    enrolled = images["subject_id"].isin(images["subject_id"].iloc[sides.references]).to_numpy()
    ranked = ~np.isnan(found.mated) & acquired & (found.before_mate is not None)
    before = np.zeros(len(images), np.intp) if found.before_mate is None else found.before_mate
    ranked &= before != UNRANKED
    frames = pd.DataFrame(
        {
            "pass_id": images["pass_id"],
            "subject_id": images["subject_id"],
            "acquired": acquired,
            "mated_score": np.where(enrolled & ~acquired, np.float32(-np.inf), found.mated),
            "score": np.where(acquired, found.score, np.float32(-np.inf)),
            "reference": np.where(acquired, found.reference, NOBODY),
            "rank": pd.Series(before + 1, images.index, "Int64").where(ranked),
        }
    )
    return frames[images["role"].isin(["probe", "both"]).to_numpy()]


def search_table(sides: Sides, gallery: Gallery, found: Sequence[ProbeScores]) -> pd.DataFrame:
    """Return table `searches`: probes reduced to passes, at every watchlist size."""
    return SEARCHES.conform(pd.concat([_at_size(sides, gallery, one) for one in found]))


def _at_size(sides: Sides, gallery: Gallery, found: ProbeScores) -> pd.DataFrame:
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
    left_out = sides.dont_care.held_by(sides.subject[gallery.rows[: found.size]])
    # A person's passes are searched alike, so any frame of the pass tells who passes.
    person = sides.subject[by_pass["score"].head(1).index]
    return passes.reset_index().assign(
        watchlist_size=found.size, left_out=left_out[person], **named
    )


def candidate_counts(
    sides: Sides, found: Sequence[ProbeScores], thresholds: Sequence[float]
) -> pd.DataFrame:
    """Return table `candidate_counts` of searches that counted; a probe is a pass by itself."""
    images, parts = sides.images, [CANDIDATE_COUNTS.empty()]
    for one in found:
        if one.reached is None:
            continue
        row, column = np.nonzero(one.reached)
        parts.append(
            pd.DataFrame(
                {
                    "pass_id": images["pass_id"].take(row).array,
                    "subject_id": images["subject_id"].take(row).array,
                    "watchlist_size": one.size,
                    "threshold": np.asarray(thresholds, float)[column],
                    "candidates": one.reached[row, column],
                }
            )
        )
    return CANDIDATE_COUNTS.conform(pd.concat(parts))
