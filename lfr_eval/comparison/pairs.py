"""1:1 comparisons: every mated score, every non-mated score from a floor up (templates to scores).

The full matrix is never kept. Shards of it are screened and their survivors scored exactly; of the
bulk below the floor a uniform sample is taken. One pass serves every threshold and every grouping.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.bulk import (
    Bulk,
    check_floor,
    choose_floor,
    histogram,
    lending_floor,
    pair_bytes,
    sample_bulk,
)
from lfr_eval.comparison.compute import Compute
from lfr_eval.comparison.screening import product_margin
from lfr_eval.comparison.shards import run_shards
from lfr_eval.comparison.sides import ComparisonError, Sides
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.comparison.tail import Tail, TailJob, join, score_rows
from lfr_eval.comparison.tiles import Ints, Plan
from lfr_eval.contract.tables import BORDERLINE, MATED, NON_MATED, SAMPLE


@dataclass(frozen=True)
class PairScores:
    """The tables of 1:1 comparisons, by name, and the floor of table `non_mated`."""

    comparisons: pd.DataFrame
    corrections: pd.DataFrame
    mated: pd.DataFrame
    non_mated: pd.DataFrame
    histogram: pd.DataFrame
    sample: pd.DataFrame
    floor: float


def compare_pairs(
    sides: Sides,
    vectors: Vectors,
    similarity: Similarity,
    floor: float | None,
    compute: Compute | None = None,
    lend: bool = False,
) -> PairScores:
    """Compare every reference with every probe.

    A pair of images that could be compared both ways round is compared once; an image is not
    compared with itself, nor are don't-care people. Ties with the floor are kept.

    Parameters
    ----------
    vectors : (images, size)
        Prepared templates, in memory or mapped from a file; rows of images that were not acquired
        are not read.
    floor
        Non-mated scores at or above it are kept; None: the lowest one, judged by a uniform
        sample, above which they fit into `compute.tail_memory`.
    compute
        With what; it does not change the result.
    lend
        Whether to keep scores below the floor that lend to thresholds with few events.

    Raises
    ------
    ComparisonError
        If the scores above the floor do not fit into the memory, or the disk is full.
    """
    plan = Plan.of(sides)
    mated = mated_scores(sides, vectors, similarity)
    bulk = sample_bulk(plan, len(mated), vectors, similarity)
    compute = compute or Compute()
    if floor is None:
        floor = choose_floor(bulk, sides.images, compute.tail_memory)
    if lend:
        floor = min(floor, lending_floor(bulk, sides.images, compute.tail_memory))
    tail = exact_tail(sides, plan, vectors, similarity, floor, bulk, compute)
    own = mated["score"].to_numpy(np.float32)
    return PairScores(
        comparisons=sides.counts(),
        corrections=sides.left_out(),
        mated=mated,
        non_mated=_table(sides, NON_MATED.names, tail.left, tail.right, tail.score),
        histogram=histogram(bulk, floor, tail.score, own),
        sample=_table(sides, SAMPLE.names, bulk.left, bulk.right, bulk.score),
        floor=floor,
    )


def exact_tail(
    sides: Sides,
    plan: Plan,
    vectors: Vectors,
    similarity: Similarity,
    floor: float,
    bulk: Bulk,
    compute: Compute,
) -> Tail:
    """Return every non-mated comparison at or above the floor, in order of rows.

    Raises
    ------
    ComparisonError
        If it does not fit into the memory, or the disk is full.
    """
    check_floor(bulk, sides.images, floor, compute.tail_memory)
    # Twice what the pilot allows, so that its error stops no run.
    limit = 2 * max(compute.tail_memory, 2**26) // pair_bytes(sides.images)
    return tail_of(plan, vectors, similarity, floor, limit, compute)


def tail_of(
    plan: Plan,
    vectors: Vectors,
    similarity: Similarity,
    floor: float,
    limit: int,
    compute: Compute,
) -> Tail:
    """Return every non-mated comparison of a plan at or above the floor, in order of rows.

    Raises
    ------
    ComparisonError
        If there are more than `limit`, or the disk is full.
    """
    precision = compute.choose(vectors, plan.rows, similarity, plan.comparisons)
    margin = product_margin(vectors, plan.rows, similarity, precision)
    job = TailJob(vectors, similarity, plan, floor, margin, precision, compute.tile)
    parts: list[Tail] = []
    key = _key(plan, vectors, similarity, floor, compute.tile) if compute.scratch else ""
    with compute.shard_folder(key) as folder:
        shards = plan.shards(compute.tile)
        for part in run_shards(compute.executor, job, shards, Tail, folder):
            parts.append(part)
            if (found := sum(len(one.score) for one in parts)) > limit:
                raise ComparisonError(
                    f"More than {found:,} comparisons score {floor:g} or above, which is more "
                    "than compute.tail_memory allows. Start the sweep higher "
                    "(thresholds.sweep=[start, stop, step]), or raise compute.tail_memory."
                )
        return join(parts)


def mated_scores(sides: Sides, vectors: Vectors, similarity: Similarity) -> pd.DataFrame:
    """Return table `mated`: every comparison of a reference and a probe of one person."""
    references, probes = (
        pd.DataFrame({"row": rows, "person": sides.subject[rows]})
        for rows in (sides.references, sides.probes)
    )
    pairs = references.merge(probes, on="person")
    left, right = pairs["row_x"].to_numpy(np.intp), pairs["row_y"].to_numpy(np.intp)
    # Two images that are each reference and probe meet twice; the order of rows picks one.
    counted = ~(sides.in_both[left] & sides.in_both[right]) | (left < right)
    left, right = left[counted], right[counted]
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    score = score_rows(vectors, similarity, left, right)
    return MATED.conform(_table(sides, MATED.names, left, right, score))


def borderline(pairs: PairScores, thresholds: Sequence[float], within: float = 0.0) -> pd.DataFrame:
    """Return table `borderline`: comparisons that rounding keeps from telling from a threshold.

    A score and a threshold decide alike in float32 and in float64 unless both round to the same
    float32 number, because rounding is monotone. Those are counted, and with them the scores that
    templates stored in a narrower type may have moved across the threshold.

    Parameters
    ----------
    thresholds
        None below the floor of the pairs. Nearer to the floor than `within`, those above are
        counted only.
    within
        How far storing templates may have moved a score.
    """
    at, rows = np.asarray(thresholds, np.float32), []
    for kind, table in (("mated", pairs.mated), ("non_mated", pairs.non_mated)):
        score = np.sort(table["score"].to_numpy(np.float32))
        first = np.searchsorted(score, at - np.float32(within), "left")
        last = np.searchsorted(score, at + np.float32(within), "right")
        rows += [
            (kind, threshold, within, int(count))
            for threshold, count in zip(thresholds, last - first, strict=True)
        ]
    return BORDERLINE.build(rows)


def _table(
    sides: Sides,
    names: Sequence[str],
    left: Ints | NDArray[np.int32],
    right: Ints | NDArray[np.int32],
    score: NDArray[np.float32],
) -> pd.DataFrame:
    """Return the columns `names` of a score table."""
    image, subject = sides.images["image_id"], sides.images["subject_id"]
    sources = {
        "reference_id": (image, left),
        "probe_id": (image, right),
        "reference_subject": (subject, left),
        "probe_subject": (subject, right),
        "subject_id": (subject, left),
    }
    columns = {
        name: source.take(rows).array for name, (source, rows) in sources.items() if name in names
    }
    return pd.DataFrame({**columns, "score": score})[list(names)]


def _key(plan: Plan, vectors: Vectors, similarity: Similarity, floor: float, tile: int) -> str:
    """Hash what the shards depend on; precision and executor do not matter to them."""
    total = hashlib.sha256(f"{similarity} {floor!r} {tile} {vectors.shape}".encode())
    for rows in (plan.left, plan.right, plan.subject, plan.dont_care.one, plan.dont_care.other):
        total.update(np.ascontiguousarray(rows, np.int64).data)
    hash_templates(total, vectors, plan.rows)
    return total.hexdigest()[:32]


def hash_templates(total: hashlib._Hash, vectors: Vectors, rows: Ints) -> None:
    """Add the templates of some rows to a hash."""
    for start in range(0, len(rows), 4096):
        total.update(np.ascontiguousarray(vectors[rows[start : start + 4096]]).data)
