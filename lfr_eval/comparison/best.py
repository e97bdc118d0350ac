"""The best references of each probe (a shard of probes against the watchlist in, ranks out)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.comparison.counting import Tally
from lfr_eval.comparison.dont_care import DontCare, same_person
from lfr_eval.comparison.passes import NOBODY
from lfr_eval.comparison.screening import Precision, Screen
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.comparison.tail import score_rows
from lfr_eval.comparison.tiles import Ints, Shard

ROUNDING = 2.0**-7
"""A bfloat16 number is off by less than this share of itself, whichever way it was rounded."""


@dataclass(frozen=True)
class Best:
    """The best references of the probes of a shard.

    Attributes
    ----------
    first : (1,)
        Place of the first probe.
    score, place : (sizes, probes)
        Score and place of the best of the first so many references; -inf and -1: none.
    group_score, group_place : (probes, groups, ranks)
        The best references of each group of the whole watchlist, in order.
    before_mate : (sizes, probes)
        References of others that score at least as high as the best own one; (0, probes) where
        they are not counted.
    reached : (sizes, probes, thresholds)
        References of others at or above each threshold; (0, probes, 0) where not counted.
    """

    first: NDArray[np.int64]
    score: NDArray[np.float32]
    place: NDArray[np.int32]
    group_score: NDArray[np.float32]
    group_place: NDArray[np.int32]
    before_mate: NDArray[np.int32]
    reached: NDArray[np.int32]


@dataclass(frozen=True)
class SearchJob:
    """The inputs of every shard of a search.

    Attributes
    ----------
    vectors : (images, size)
        Prepared templates.
    probes, references
        Rows of table `cohort`; references in the order of the watchlist.
    subject : (images,)
        Person of each image: people are not searched for among their own images.
    dont_care
        Nor among those of these people.
    group : (references,)
        Group of each reference, as a code below `groups`.
    sizes
        Watchlist sizes, increasing; the last one is searched whole.
    ranks
        References kept for each probe and group.
    mate : (probes,)
        Score of the best own reference of each probe; infinite: there is none.
    counted : (thresholds,)
        Ascending thresholds; where there is any, references are counted.
    """

    vectors: Vectors
    similarity: Similarity
    probes: Ints
    references: Ints
    subject: Ints
    dont_care: DontCare
    group: Ints
    groups: int
    sizes: tuple[int, ...]
    ranks: int
    mate: NDArray[np.float32]
    counted: NDArray[np.float32]
    margin: float
    precision: Precision
    tile: int

    def shards(self) -> list[Shard]:
        """Cut the probes into shards."""
        starts = range(0, len(self.probes), self.tile)
        return [
            Shard(number, (first, min(first + self.tile, len(self.probes))), (0, self.sizes[-1]))
            for number, first in enumerate(starts)
        ]

    def run(self, shard: Shard, device: str) -> Best:
        """Return the best references of the probes of a shard."""
        first, last = shard.left
        probes = self.probes[first:last]
        screen = Screen(self.similarity, self.precision, device)
        left = screen.load(self.vectors[probes], 0)
        shape = (len(probes), self.groups, self.ranks)
        score, place = np.full(shape, -np.inf, np.float32), np.full(shape, NOBODY, np.int32)
        at_size: list[tuple[NDArray[np.float32], NDArray[np.int32]]] = []
        tally = Tally(self.similarity, self.mate[first:last], self.counted)
        counts: list[tuple[Ints, Ints]] = []
        row, person = self.dont_care.partners(self.subject[probes])
        row = np.concatenate([np.arange(len(probes)), row])
        person = np.concatenate([self.subject[probes], person])
        begin = 0
        for size in self.sizes:
            for start in range(begin, size, self.tile):
                places = np.arange(start, min(start + self.tile, size))
                # The columns of a group side by side, each group in the order of the watchlist.
                places = places[np.argsort(self.group[places], kind="stable")]
                right = screen.load(self.vectors[self.references[places]], 1)
                at, column = same_person(person, self.subject[self.references[places]])
                left_out = row[at]
                for top, product in screen.products(left, right):
                    rows = slice(top, top + len(product))
                    values = product.cpu()
                    within = (left_out >= top) & (left_out < rows.stop)
                    values[left_out[within] - top, column[within]] = -np.inf
                    if len(self.counted):
                        self._count(tally, rows, values.float().numpy(), probes[rows], places)
                    for group, columns in self._groups(places):
                        self._improve(
                            score[rows, group],
                            place[rows, group],
                            values[:, columns].float().numpy(),
                            probes[rows],
                            places[columns],
                        )
            begin = size
            at_size.append(_overall(score[:, :, 0], place[:, :, 0]))
            if len(self.counted):
                counts.append((tally.before_mate.copy(), tally.reached))
        scores, places_at = (np.stack(part) for part in zip(*at_size, strict=True))
        made = (len(counts), len(probes))
        before_mate = np.array([mate for mate, _ in counts], np.int32).reshape(made)
        reached = np.array([number for _, number in counts], np.int32)
        reached = reached.reshape(*made, len(self.counted))
        return Best(np.array([first]), scores, places_at, score, place, before_mate, reached)

    def _count(
        self,
        tally: Tally,
        rows: slice,
        products: NDArray[np.float32],
        probes: Ints,
        places: Ints,
    ) -> None:
        def exact(row: Ints, column: Ints) -> NDArray[np.float32]:
            references = self.references[places[column]]
            return score_rows(self.vectors, self.similarity, probes[row], references)

        tally.add(rows, products, self._error(products), exact)

    def _groups(self, places: Ints) -> Iterator[tuple[int, slice]]:
        edges = np.searchsorted(self.group[places], np.arange(self.groups + 1))
        for group in range(self.groups):
            if edges[group] < edges[group + 1]:
                yield group, slice(int(edges[group]), int(edges[group + 1]))

    def _improve(
        self,
        score: NDArray[np.float32],
        place: NDArray[np.int32],
        products: NDArray[np.float32],
        probes: Ints,
        places: Ints,
    ) -> None:
        """Put the references of one block of one group among the best so far, in place."""
        bar = _bar(self.similarity, score[:, -1], products, self.ranks, self._error(products))
        row, column = np.divmod(
            np.flatnonzero((products >= bar[:, None]) & (products > -np.inf)), products.shape[1]
        )
        if not len(row):
            return
        references = self.references[places[column]]
        found = score_rows(self.vectors, self.similarity, probes[row], references)
        # Those of the rows that may change, with what they have; ties go to the earlier place.
        changed = np.unique(row)
        rows = np.concatenate([row, np.repeat(changed, self.ranks)])
        scores = np.concatenate([found, score[changed].ravel()])
        where = np.concatenate([places[column].astype(np.int32), place[changed].ravel()])
        order = np.lexsort((where, -scores, rows))
        begins = np.searchsorted(rows[order], changed)
        leading = order[begins[:, None] + np.arange(self.ranks)]
        score[changed], place[changed] = scores[leading], where[leading]

    def _error(self, products: NDArray[np.float32]) -> float:
        if self.precision == "float32":
            return self.margin
        finite = np.abs(products[np.isfinite(products)])
        return self.margin + ROUNDING * float(finite.max(initial=0.0))


def _bar(
    similarity: Similarity,
    last: NDArray[np.float32],
    products: NDArray[np.float32],
    ranks: int,
    error: float,
) -> NDArray[np.float32]:
    """Return for each probe the product below which no reference is among its best."""
    bar = similarity.bar(last.astype(np.float64)) - error
    fresh = np.isneginf(last)
    if fresh.any() and products.shape[1] > ranks:
        best = np.partition(products[fresh], -ranks, axis=1)[:, -ranks].astype(np.float64)
        # The best score at least this; what rounds to the same score may stand before them.
        sure = np.nextafter(similarity.score(best - error).astype(np.float32), np.float32(-np.inf))
        bar[fresh] = np.maximum(bar[fresh], similarity.bar(sure.astype(np.float64)) - error)
    return np.nextafter(bar.astype(np.float32), np.float32(-np.inf))


def _overall(
    score: NDArray[np.float32], place: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the best of all groups; ties go to the earlier place."""
    highest = score.max(axis=1)
    places = np.where(score == highest[:, None], place, np.iinfo(np.int32).max).min(axis=1)
    return highest, np.where(np.isneginf(highest), NOBODY, places).astype(np.int32)
