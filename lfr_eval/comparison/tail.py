"""The exact tail: every non-mated comparison at or above a floor (a shard in, its hits out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.comparison.screening import Bar, Precision, Screen
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.comparison.tiles import Ints, Plan, Shard

AT_ONCE = 256
"""Pairs scored at once: both templates of each fit into the second-level cache."""


@dataclass(frozen=True)
class Tail:
    """Non-mated comparisons at or above a floor.

    Attributes
    ----------
    left, right : (hits,), int32
        Rows of table `cohort`: reference and probe.
    score : (hits,), float32
    """

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    score: NDArray[np.float32]


@dataclass(frozen=True)
class TailJob:
    """The inputs of every shard.

    Attributes
    ----------
    vectors : (images, size)
        Prepared templates, in memory or mapped from a file.
    floor
        The lowest score that is kept.
    margin
        How far a screening product may be off.
    tile
        Right templates multiplied at once.
    """

    vectors: Vectors
    similarity: Similarity
    plan: Plan
    floor: float
    margin: float
    precision: Precision
    tile: int

    def run(self, shard: Shard, device: str) -> Tail:
        """Return the hits of a shard in one order, whatever the tiles."""
        screen = Screen(self.similarity, self.precision, device)
        # A score that rounds to the floor may itself be half a unit in the last place below it.
        below = np.nextafter(np.float32(self.floor), np.float32(-np.inf))
        bar = Bar.at(float(self.similarity.bar(np.asarray(below, np.float64))) - self.margin)
        plan, (begin, end), found = self.plan, shard.left, []
        left = screen.load(self.vectors[plan.left[begin:end]], 0)
        for first in range(shard.right[0], shard.right[1], self.tile):
            last = min(first + self.tile, shard.right[1])
            right = screen.load(self.vectors[plan.right[first:last]], 1)
            for start, product in screen.products(left, right):
                rows, columns = bar.reached(product)
                rows += begin + start
                columns += first
                counts = plan.non_mated(rows, columns)
                found.append(self._decide(rows[counts], columns[counts]))
        return join(found)

    def _decide(self, left: Ints, right: Ints) -> Tail:
        left, right = self.plan.left[left], self.plan.right[right]
        score = score_rows(self.vectors, self.similarity, left, right)
        reached = score >= np.float32(self.floor)
        return Tail(left[reached].astype(np.int32), right[reached].astype(np.int32), score[reached])


def score_rows(
    vectors: Vectors, similarity: Similarity, left: Ints, right: Ints
) -> NDArray[np.float32]:
    """Return the exact scores of pairs of rows, a few at a time."""
    score = np.empty(len(left), np.float32)
    for start in range(0, len(left), AT_ONCE):
        pairs = slice(start, start + AT_ONCE)
        score[pairs] = similarity.exact(vectors[left[pairs]], vectors[right[pairs]])
    return score


def join(parts: Sequence[Tail]) -> Tail:
    """Merge tails into one, in order of rows: the same whatever the parts and their order."""
    empty = Tail(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
    left, right, score = (
        np.concatenate([getattr(part, name) for part in (empty, *parts)])
        for name in ("left", "right", "score")
    )
    order = np.lexsort((right, left))
    return Tail(left[order], right[order], score[order])
