"""1:1 comparisons: every mated score, every non-mated score from a floor up (templates to scores).

The full matrix is never kept: tiles of references against probes are screened, survivors are
scored exactly, and the rest is counted in a histogram.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.sides import Sides
from lfr_eval.comparison.similarity import Similarity
from lfr_eval.tables import CORRECTIONS, HISTOGRAM, MATED, NON_MATED

BINS = 200
Vectors = NDArray[np.float32]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class PairScores:
    """The tables of 1:1 comparisons: comparisons, corrections, mated, non_mated, histogram."""

    comparisons: pd.DataFrame
    corrections: pd.DataFrame
    mated: pd.DataFrame
    non_mated: pd.DataFrame
    histogram: pd.DataFrame


def compare_pairs(
    sides: Sides, vectors: Vectors, similarity: Similarity, floor: float, tile: int = 4096
) -> PairScores:
    """Compare every reference with every probe.

    A pair of images that could be compared both ways round is compared once; an image is not
    compared with itself.

    Parameters
    ----------
    vectors : (images, size)
        Prepared templates; rows of images that were not acquired are not read.
    floor
        Non-mated scores at or above it are kept.
    tile
        References and probes compared at once.
    """
    margin = similarity.margin(vectors[np.union1d(sides.references, sides.probes)])
    mated = mated_scores(sides, vectors, similarity)
    hits = []
    edges = np.linspace(*_histogram_range(vectors, sides, similarity), BINS + 1)
    counts = np.zeros(BINS, np.int64)
    for left, right, screened in _tiles(sides, vectors, similarity, tile):
        counts += np.histogram(screened, edges)[0]
        rows, columns = np.nonzero(screened >= np.float32(floor - margin))
        hit = _score(vectors, similarity, left[rows], right[columns])
        reached = hit[2] >= np.float32(floor)
        hits.append((hit[0][reached], hit[1][reached], hit[2][reached]))
    return PairScores(
        comparisons=sides.counts(),
        corrections=CORRECTIONS.empty(),
        mated=mated,
        non_mated=NON_MATED.conform(_named(sides, hits)[NON_MATED.names]),
        histogram=histogram(edges, mated["score"].to_numpy(np.float32), counts),
    )


def mated_scores(sides: Sides, vectors: Vectors, similarity: Similarity) -> pd.DataFrame:
    """Return table `mated`: every comparison of a reference and a probe of one person."""
    scored = [_score(vectors, similarity, left, right) for left, right in _mated_pairs(sides)]
    return MATED.conform(_named(sides, scored)[MATED.names])


def histogram(
    edges: NDArray[np.float64], mated: NDArray[np.float32], non_mated: NDArray[np.int64]
) -> pd.DataFrame:
    """Return table `histogram` from mated scores and counts of non-mated scores."""
    inside = np.clip(mated, edges[0], edges[-1])
    parts = [("mated", np.histogram(inside, edges)[0]), ("non_mated", non_mated)]
    return HISTOGRAM.conform(
        pd.concat(
            pd.DataFrame({"kind": kind, "lower": edges[:-1], "upper": edges[1:], "count": count})
            for kind, count in parts
        )
    )


def _mated_pairs(sides: Sides) -> Iterator[tuple[Ints, Ints]]:
    both = sides.in_both
    references = pd.Series(sides.references).groupby(sides.subject[sides.references])
    own = {person: rows.to_numpy(np.intp) for person, rows in references}
    for person, rows in pd.Series(sides.probes).groupby(sides.subject[sides.probes]):
        left, right = np.meshgrid(own.get(person, np.empty(0, np.intp)), rows, indexing="ij")
        wanted = _counted(left, right, both)
        yield left[wanted], right[wanted]


def _tiles(
    sides: Sides, vectors: Vectors, similarity: Similarity, tile: int
) -> Iterator[tuple[Ints, Ints, Vectors]]:
    """Yield references, probes and screening scores; -inf where a comparison does not count."""
    both = sides.in_both
    for i in range(0, len(sides.references), tile):
        left = sides.references[i : i + tile]
        left_factors = similarity.factors(vectors[left], 0)
        for j in range(0, len(sides.probes), tile):
            right = sides.probes[j : j + tile]
            screened = similarity.screen(left_factors @ similarity.factors(vectors[right], 1).T)
            same = sides.subject[left][:, None] == sides.subject[right][None, :]
            screened[same | ~_counted(left[:, None], right[None, :], both)] = -np.inf
            yield left, right, screened


def _counted(left: Ints, right: Ints, both: NDArray[np.bool_]) -> NDArray[np.bool_]:
    # Two images that are each reference and probe meet twice; the order of rows picks one.
    return ~(both[left] & both[right]) | (left < right)


def _score(
    vectors: Vectors, similarity: Similarity, left: Ints, right: Ints
) -> tuple[Ints, Ints, NDArray[np.float32]]:
    return left, right, similarity.exact(vectors[left], vectors[right])


def _named(sides: Sides, parts: list[tuple[Ints, Ints, NDArray[np.float32]]]) -> pd.DataFrame:
    empty: tuple[Ints, Ints, NDArray[np.float32]] = (
        np.empty(0, np.intp),
        np.empty(0, np.intp),
        np.empty(0, np.float32),
    )
    left, right, score = (np.concatenate(part) for part in zip(empty, *parts, strict=True))
    # One order whatever the tiles were.
    order = np.lexsort((right, left))
    image, subject = sides.images["image_id"], sides.images["subject_id"]
    return pd.DataFrame(
        {
            "reference_id": image.iloc[left[order]].to_numpy(),
            "probe_id": image.iloc[right[order]].to_numpy(),
            "reference_subject": subject.iloc[left[order]].to_numpy(),
            "probe_subject": subject.iloc[right[order]].to_numpy(),
            "subject_id": subject.iloc[left[order]].to_numpy(),
            "score": score[order],
        }
    )


def _histogram_range(vectors: Vectors, sides: Sides, similarity: Similarity) -> tuple[float, float]:
    rows = np.concatenate([sides.references[:500], sides.probes[:500]])
    pilot = similarity.screen(
        similarity.factors(vectors[rows], 0) @ similarity.factors(vectors[rows], 1).T
    )
    return float(np.floor(pilot.min() * 10) / 10), float(np.ceil(pilot.max() * 10) / 10)
