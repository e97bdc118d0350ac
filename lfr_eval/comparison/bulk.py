"""The bulk of the non-mated scores: a uniform sample, a histogram, and the floor of the tail.

Nothing here depends on tiles: the sample is drawn by place from all comparisons that count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.sides import ComparisonError
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.comparison.tail import score_rows
from lfr_eval.comparison.tiles import Ints, Plan
from lfr_eval.contract.lending import most_pairs
from lfr_eval.contract.tables import HISTOGRAM

BINS = 200
SAMPLE = 2**18
"""Comparisons in the sample: a bin with 1 % of them is off by 2 % (one standard deviation)."""

ROW_BYTES = 12
"""A comparison of the tail as it is gathered: two rows and a score."""

ASSEMBLED = 3
"""Memory of the tail while it is merged and named, in multiples of its table."""


@dataclass(frozen=True)
class Bulk:
    """A uniform sample of the non-mated comparisons, or all of them.

    Attributes
    ----------
    left, right : (sampled,)
        Rows of table `cohort`.
    score : (sampled,), float32
        Exact scores.
    comparisons
        How many non-mated comparisons there are.
    """

    left: Ints
    right: Ints
    score: NDArray[np.float32]
    comparisons: int

    @property
    def complete(self) -> bool:
        """Whether the sample holds all comparisons."""
        return len(self.score) == self.comparisons

    def share(self, floor: float) -> float:
        """Return the estimated share of scores at or above a floor, one event added.

        One more than was seen, so that a tail the sample did not reach is not taken for empty.
        """
        if self.complete:
            return float(np.mean(self.score >= np.float32(floor))) if self.comparisons else 0.0
        return float((np.sum(self.score >= np.float32(floor)) + 1) / len(self.score))


def sample_bulk(plan: Plan, mated: int, vectors: Vectors, similarity: Similarity) -> Bulk:
    """Score a uniform sample of the non-mated comparisons, drawn with replacement.

    If there are few, all are scored.

    Parameters
    ----------
    mated
        How many mated comparisons there are.
    vectors : (images, size)
        Prepared templates.
    """
    comparisons, products = plan.comparisons - mated, len(plan.left) * len(plan.right)
    if products <= SAMPLE:
        left, right = np.divmod(np.arange(products), max(len(plan.right), 1))
        counts = plan.non_mated(left, right)
        left, right = left[counts], right[counts]
    else:
        left, right = _draw(plan, comparisons)
    rows = plan.left[left], plan.right[right]
    return Bulk(*rows, score_rows(vectors, similarity, *rows), comparisons)


def _draw(plan: Plan, comparisons: int) -> tuple[Ints, Ints]:
    rng = np.random.default_rng(0)
    drawn, left, right = 0, [], []
    while drawn < SAMPLE and comparisons:
        rows = rng.integers(len(plan.left), size=SAMPLE)
        columns = rng.integers(len(plan.right), size=SAMPLE)
        counts = plan.non_mated(rows, columns)
        left.append(rows[counts])
        right.append(columns[counts])
        drawn += int(counts.sum())
    if not left:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    return np.concatenate(left)[:SAMPLE], np.concatenate(right)[:SAMPLE]


def histogram(
    bulk: Bulk,
    floor: float,
    tail: NDArray[np.float32],
    mated: NDArray[np.float32],
) -> pd.DataFrame:
    """Return table `histogram`: exact from the floor up; below it the sample, scaled to the total.

    Parameters
    ----------
    tail
        Non-mated scores at or above the floor, all of them.
    mated
        All mated scores.
    """
    below = bulk.score[bulk.score < np.float32(floor)]
    edges = bin_edges(np.concatenate([below, tail, mated]))
    rest = bulk.comparisons - len(tail)
    # Rounded sums make rounded counts that add up to the total.
    shares = np.cumsum(np.histogram(below, edges)[0]) / max(len(below), 1)
    scaled = np.diff(np.rint(shares * rest), prepend=0.0).astype(np.int64)
    return histogram_table(
        edges, np.histogram(mated, edges)[0], scaled + np.histogram(tail, edges)[0]
    )


def bin_edges(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the edges of the bins that hold all scores, from tenth to tenth."""
    if not len(scores):
        return np.linspace(-0.5, 0.5, BINS + 1)
    low = np.floor(float(scores.min()) * 10) / 10
    high = np.ceil(float(scores.max()) * 10) / 10
    return np.linspace(low, high if high > low else low + 0.1, BINS + 1)


def histogram_table(
    edges: NDArray[np.float64], mated: NDArray[np.int64], non_mated: NDArray[np.int64]
) -> pd.DataFrame:
    """Return table `histogram` from counts in bins."""
    return HISTOGRAM.conform(
        pd.concat(
            pd.DataFrame({"kind": kind, "lower": edges[:-1], "upper": edges[1:], "count": count})
            for kind, count in (("mated", mated), ("non_mated", non_mated))
        )
    )


def pair_bytes(images: pd.DataFrame) -> int:
    """Return the memory of one comparison of the tail until it is in table `non_mated`."""
    names = sum(
        16 + int(images[column].str.len().mean() or 0) for column in ("image_id", "subject_id")
    )
    return ROW_BYTES + ASSEMBLED * (2 * names + 4)


def choose_floor(bulk: Bulk, images: pd.DataFrame, memory: int) -> float:
    """Return the lowest floor, in the scores of the sample, whose tail fits into the memory.

    Parameters
    ----------
    memory
        Bytes that the tail may take.
    """
    fitting = memory / pair_bytes(images) / max(bulk.comparisons, 1)
    if fitting >= 1.0:
        return float(bulk.score.min(initial=np.inf)) if bulk.complete else -np.inf
    score = np.sort(bulk.score)[::-1]
    # As many of the sample as fit, less three standard deviations of that number and one event.
    expected = fitting * len(score)
    taken = int(expected - 3.0 * np.sqrt(expected)) - 1
    return float(score[max(taken, 0)])


def lending_floor(bulk: Bulk, images: pd.DataFrame, memory: int) -> float:
    """Return a floor above which are the scores that lend to thresholds with few events.

    It depends on the scores, not on the thresholds of a study (`contract.lending`); where the
    sample decides, with room for its error. Infinite where they would not fit into the memory.
    """
    wanted = most_pairs(bulk.comparisons) / max(bulk.comparisons, 1) * len(bulk.score)
    spare = 0.0 if bulk.complete else 4.0 * np.sqrt(wanted) + 4.0
    place = min(int(wanted + spare), len(bulk.score)) - 1
    if place < 0:
        return np.inf
    floor = float(np.sort(bulk.score)[::-1][place])
    return floor if _fits(bulk, images, floor, memory) else np.inf


def _fits(bulk: Bulk, images: pd.DataFrame, floor: float, memory: int) -> bool:
    expected = bulk.share(floor) * bulk.comparisons * pair_bytes(images)
    # Below 64 MB not even the pilot's error matters.
    return expected <= max(memory, 2**26)


def check_floor(bulk: Bulk, images: pd.DataFrame, floor: float, memory: int) -> None:
    """Check that the tail above a given floor is likely to fit into the memory.

    Raises
    ------
    ComparisonError
        If it is not; the message names the lowest threshold that would fit.
    """
    if _fits(bulk, images, floor, memory):
        return
    expected = bulk.share(floor) * bulk.comparisons * pair_bytes(images)
    fits = choose_floor(bulk, images, memory)
    raise ComparisonError(
        f"The comparisons at or above the lowest threshold, {floor:g}, would take about "
        f"{expected / 1e9:,.1f} GB, and compute.tail_memory allows {memory / 1e9:,.1f} GB. Start "
        f"the sweep at {np.ceil(fits * 1000) / 1000:g} or above "
        "(thresholds.sweep=[start, stop, step]), or raise compute.tail_memory."
    )
