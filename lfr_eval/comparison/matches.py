"""All references of the watchlist that a pass matches (templates to scores).

A search keeps the best reference; how a rate grows with the watchlist, and what another
composition would do, depends on how many match, and of whom.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.comparison.bulk import pair_bytes
from lfr_eval.comparison.compute import Compute
from lfr_eval.comparison.pairs import tail_of
from lfr_eval.comparison.sides import Gallery, Sides
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.comparison.tiles import Plan
from lfr_eval.contract.tables import WATCHLIST_MATCHES


def watchlist_matches(
    sides: Sides,
    vectors: Vectors,
    similarity: Similarity,
    gallery: Gallery,
    floor: float,
    compute: Compute | None = None,
) -> pd.DataFrame:
    """Return table `watchlist_matches`: whom every pass matches among everybody on the list.

    Parameters
    ----------
    vectors : (images, size)
        Prepared templates; rows of images that were not acquired are not read.
    floor
        Scores at or above it are kept.
    compute
        With what; it does not change the result.

    Raises
    ------
    ComparisonError
        If the scores above the floor do not fit into `compute.tail_memory`, or the disk is full.
    """
    compute = compute or Compute()
    # A search has a direction even where an image is reference and probe: nothing is mirrored.
    plan = Plan(np.sort(gallery.rows), sides.probes, sides.subject, 0, sides.dont_care, 0)
    limit = max(compute.tail_memory, 2**26) // pair_bytes(sides.images)
    tail = tail_of(plan, vectors, similarity, floor, limit, compute)
    place = np.empty(len(sides.images), np.int64)
    place[gallery.rows] = np.arange(len(gallery.rows))
    probes = sides.images[["pass_id", "subject_id"]].take(tail.right)
    return best_frames(probes.assign(place=place[tail.left], score=tail.score))


def best_frames(matches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pass and reference: the best frame of the pass decides."""
    best = matches.groupby(["pass_id", "subject_id", "place"])["score"].max()
    return WATCHLIST_MATCHES.conform(best.reset_index())
