"""1:N searches: the best watchlist reference of every pass (templates to scores).

One pass over the watchlist serves all its sizes: the references stand in random order, and the
best of the first N is the answer of a watchlist of N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.pairs import mated_scores
from lfr_eval.comparison.sides import Gallery, Sides
from lfr_eval.comparison.similarity import Similarity
from lfr_eval.tables import SEARCHES

Vectors = NDArray[np.float32]
Ints = NDArray[np.intp]
NOBODY = -1


@dataclass
class _Best:
    """The best reference so far of each probe: its exact score and its place in the gallery."""

    score: NDArray[np.float32]
    place: Ints


def search_watchlist(
    sides: Sides,
    vectors: Vectors,
    similarity: Similarity,
    gallery: Gallery,
    tile: int = 4096,
) -> pd.DataFrame:
    """Search every recognition opportunity of the cohort against every watchlist size.

    Parameters
    ----------
    vectors : (images, size)
        Prepared templates; rows of images that were not acquired are not read.

    Returns
    -------
    pandas.DataFrame
        Table `searches`. A pass without an acquired frame has score -inf, so failures to acquire
        stay in the denominator; ties go to the reference that comes first in the gallery.
    """
    margin = similarity.margin(vectors[np.union1d(gallery.rows, sides.probes)])
    found: dict[int, list[_Best]] = {size: [] for size in gallery.sizes}
    for start in range(0, len(sides.probes), tile):
        probes = sides.probes[start : start + tile]
        factors = similarity.factors(vectors[probes], 0)
        best = _Best(np.full(len(probes), -np.inf, np.float32), np.full(len(probes), NOBODY))
        begin = 0
        for size in gallery.sizes:
            for first in range(begin, size, tile):
                places = np.arange(first, min(first + tile, size))
                rows = gallery.rows[places]
                screened = similarity.screen(factors @ similarity.factors(vectors[rows], 1).T)
                screened[sides.subject[probes][:, None] == sides.subject[rows][None, :]] = -np.inf
                _improve(best, screened, places, probes, rows, vectors, similarity, margin)
            begin = size
            found[size].append(_Best(best.score.copy(), best.place.copy()))
    own = _best_mated(sides, mated_scores(sides, vectors, similarity))
    return SEARCHES.conform(
        pd.concat([_passes(sides, gallery, size, found[size], own) for size in gallery.sizes])
    )


def _improve(
    best: _Best,
    screened: NDArray[np.float32],
    places: Ints,
    probes: Ints,
    rows: Ints,
    vectors: Vectors,
    similarity: Similarity,
    margin: float,
) -> None:
    """Update the best references by those of one tile."""
    # Whatever the rounding of the screen, the best exact score is among those this close to the
    # best screening score; and it matters only if it may beat the best so far.
    bar = np.maximum(screened.max(axis=1) - 2 * margin, best.score - margin)
    probe, column = np.nonzero((screened >= bar[:, None]) & (screened > -np.inf))
    score = similarity.exact(vectors[probes[probe]], vectors[rows[column]])
    order = np.lexsort((column, -score, probe))
    leading = order[np.unique(probe[order], return_index=True)[1]]
    better = leading[score[leading] > best.score[probe[leading]]]
    best.score[probe[better]] = score[better]
    best.place[probe[better]] = places[column[better]]


def _best_mated(sides: Sides, mated: pd.DataFrame) -> pd.Series:
    """Return the highest mated score of each image, (images,); NaN where it has none."""
    # Of two images that are each reference and probe, either is the other's probe.
    swapped = mated["probe_id"].isin(sides.images.loc[sides.in_both, "image_id"])
    ends = pd.concat(
        [
            mated[["probe_id", "score"]].set_axis(["image_id", "score"], axis=1),
            mated.loc[swapped, ["reference_id", "score"]].set_axis(["image_id", "score"], axis=1),
        ]
    )
    return ends.groupby("image_id")["score"].max().reindex(sides.images["image_id"])


def _passes(
    sides: Sides, gallery: Gallery, size: int, tiles: list[_Best], own: pd.Series
) -> pd.DataFrame:
    """Reduce probes to passes: the highest score over the frames decides."""
    images = sides.images
    is_probe = images["role"].isin(["probe", "both"]).to_numpy()
    score = np.full(len(images), -np.inf, np.float32)
    place = np.full(len(images), NOBODY)
    score[sides.probes] = np.concatenate([best.score for best in tiles])
    place[sides.probes] = np.concatenate([best.place for best in tiles])
    acquired = np.zeros(len(images), bool)
    acquired[sides.probes] = True
    enrolled = images["subject_id"].isin(images["subject_id"].iloc[sides.references])
    mated = pd.Series(own.to_numpy(np.float32), index=images.index)
    mated[enrolled.to_numpy() & ~acquired] = -np.inf
    frames = pd.DataFrame(
        {
            "pass_id": images["pass_id"],
            "subject_id": images["subject_id"],
            "acquired": acquired,
            "mated_score": mated,
            "score": score,
            "place": place,
        }
    )[is_probe]
    by_pass = frames.groupby(["pass_id", "subject_id"], sort=False)
    leading = (
        frames.sort_values("score", ascending=False, kind="stable")
        .groupby(["pass_id", "subject_id"], sort=False)["place"]
        .first()
    )
    passes = by_pass.agg(
        frames=("acquired", "size"),
        acquired=("acquired", "sum"),
        mated_score=("mated_score", "max"),
        score=("score", "max"),
    )
    places = leading.reindex(passes.index).to_numpy(np.intp)
    rows = gallery.rows[places]
    nobody = places == NOBODY
    named = {
        name: images[source].iloc[rows].mask(nobody).to_numpy()
        for name, source in (("reference_id", "image_id"), ("reference_subject", "subject_id"))
    }
    return passes.reset_index().assign(watchlist_size=size, **named)
