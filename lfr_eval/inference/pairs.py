"""Stage `inference`: comparisons between two people, counted by cell.

In: `PairTrials` (FMR) and thresholds. Out: `Cells` under any labelling of people. Only the
comparisons that reached the lowest threshold are touched: they are the edges of a sparse graph of
people, sorted once by person and descending score, so that one cumulative sum gives each person's
number of false matches at every threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lfr_eval.contract.trials import PairTrials
from lfr_eval.inference.cells import (
    Bools,
    Cells,
    Codes,
    Extremes,
    Floats,
    Labels,
    divide,
    extremes_of,
    satterthwaite,
    shared_variance,
    sharing_correction,
)
from lfr_eval.inference.pair_sizes import Images, Sizes, looked_up


@dataclass(frozen=True)
class PairCounter:
    """False matches between people as a directed graph, each edge in both directions.

    Attributes
    ----------
    images
        From which the comparisons of people follow.
    node, other : (edges,)
        The two people; sorted by node, then by descending bin.
    bin : (edges,)
        Index of the highest threshold that the edge's comparisons reach.
    weight : (edges,)
        Comparisons between the two in this bin.
    squares : (edges,)
        By how much the edge raises the square of the pair's number of false matches.
    comparisons : (edges,)
        Comparisons between the two in all, matched or not.
    thresholds
        Number of thresholds.
    """

    images: Images
    node: Codes
    other: Codes
    bin: Codes
    weight: Floats
    squares: Floats
    comparisons: Floats
    thresholds: int

    @classmethod
    def of(cls, trials: PairTrials, thresholds: Floats) -> PairCounter:
        """Build the graph for ascending thresholds, none below the floor of the trials."""
        n = trials.people
        steps = np.asarray(thresholds, np.float32)
        level = np.searchsorted(steps, np.asarray(trials.score, np.float32), "right") - 1
        hit = (level >= 0) & (trials.first != trials.second)
        low = np.minimum(trials.first, trials.second)[hit]
        high = np.maximum(trials.first, trials.second)[hit]
        top = len(steps)
        # One key a pair and bin, bins descending, so that unique() sorts as needed.
        key = (low * n + high) * top + (top - 1 - level[hit])
        key, count = np.unique(key, return_counts=True)
        pair, level = key // top, top - 1 - key % top
        low, high, weight = pair // n, pair % n, count.astype(float)
        before = _running(pair, weight)
        squares = weight * (2 * before + weight)
        images = Images.of(trials)
        fixed = looked_up(images.first * n + images.second, images.correction, pair)
        joined = images.between(low, high) + fixed
        node, other = np.concatenate([low, high]), np.concatenate([high, low])
        bins = np.concatenate([level, level])
        order = np.lexsort((-bins, node))
        return cls(
            images,
            node[order],
            other[order],
            bins[order],
            np.tile(weight, 2)[order],
            np.tile(squares, 2)[order],
            np.tile(joined, 2)[order],
            top,
        )

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.images.counts)

    @property
    def active(self) -> Bools:
        """People with an image, or with comparisons of their own."""
        return self.images.active

    def count(self, labels: Labels, cells: int) -> Cells:
        """Count events within cells; dyadic cluster-robust variance.

        `shared_variance` with e_ij = F_ij - p C_ij and r_i = sum_j e_ij; not below the variance
        that independent comparisons would have.
        """
        size = self.sizes(labels, cells)
        events, people, pairs = self.residual_squares(labels, cells, size)
        rate = divide(events, size.trials)
        sharing = size.person_squares - size.pair_squares
        robust = shared_variance(people, pairs, sharing, size.trials)
        floor = divide(rate * (1 - rate), size.trials)
        alike = divide(4 * size.trials**2, size.person_squares)
        return Cells(events, size.trials, np.maximum(robust, floor), size.people, alike=alike)

    def residual_squares(
        self, labels: Labels, cells: int, size: Sizes
    ) -> tuple[Floats, Floats, Floats]:
        """Count events, and sum the squared residuals of people and of pairs of people."""
        top, edge = self.thresholds, self._within(labels)
        node, weight = self.node[edge], self.weight[edge]
        before = _running(node, weight, self._single)
        key = labels[node] * top + self.bin[edge]

        def at_or_above(values: Floats | None) -> Floats:
            binned = np.bincount(key, values, cells * top).reshape(cells, top)
            return np.cumsum(binned[:, ::-1], axis=1)[:, ::-1]

        ends = at_or_above(None if self._single else weight)
        events = ends / 2
        degree_squares = at_or_above(weight * (2 * before + weight))
        pair_squares = events if self._single else at_or_above(self.squares[edge]) / 2
        if self.images.uniform:
            # Everybody has the same images: each C_ij is one number, each C_i another.
            joined = events * (self.comparisons[0] if len(self.comparisons) else 0.0)
            crossed = ends * size.coefficients_total
        else:
            joined = at_or_above(weight * self.comparisons[edge]) / 2
            crossed = np.zeros_like(events)
            for column in range(4):
                part = at_or_above(weight * self.images.traits[node, column])
                crossed += size.coefficients[:, column, None] * part
            if len(self.images.correction):
                crossed += at_or_above(weight * size.added[node])
        rate = divide(events, size.trials)
        people = degree_squares - 2 * rate * crossed + rate**2 * size.person_squares
        pairs = pair_squares - 2 * rate * joined + rate**2 * size.pair_squares
        return events, people, pairs

    def few_people(self, labels: Labels, cells: int) -> Floats:
        """Return `sharing_correction` of each cell, (cells, 1)."""
        size = self.sizes(labels, cells)
        return sharing_correction(size.person_squares - size.pair_squares, size.trials)

    def degrees(self, labels: Labels, cells: int) -> Floats:
        """Degrees of freedom of the variance of each cell, (cells, thresholds)."""
        squares = self.residuals(labels, cells) ** 2
        member = (labels[None, :] == np.arange(cells)[:, None]).astype(float)
        people = member @ self.active[:, None].astype(float)
        return satterthwaite(member @ squares, member @ squares**2, people)

    def extremes(self, labels: Labels, cells: int) -> Extremes:
        """Return the most false matches of one person, and people with another comparison."""
        compared = self.compared(labels, cells)[:, None]
        return extremes_of(self.matches(labels), compared, labels, cells)

    def residuals(self, labels: Labels, cells: int) -> Floats:
        """Each person's false matches within its cell less the expected, (people, thresholds)."""
        rate = self.count(labels, cells).rate
        left: Floats = self.matches(labels) - rate[labels] * self.compared(labels, cells)[:, None]
        return left

    def matches(self, labels: Labels) -> Floats:
        """Each person's false matches within its cell, (people, thresholds)."""
        same = self._within(labels)
        matches = np.bincount(
            self.node[same] * self.thresholds + self.bin[same],
            self.weight[same],
            self.people * self.thresholds,
        ).reshape(self.people, self.thresholds)
        found: Floats = np.cumsum(matches[:, ::-1], axis=1)[:, ::-1]
        return found

    def exposed(self, labels: Labels, cells: int) -> Floats:
        """People of each cell who were compared with somebody in it, (cells,)."""
        return np.bincount(labels, self.compared(labels, cells) > 0.5, cells)

    def compared(self, labels: Labels, cells: int) -> Floats:
        """Comparisons of each person within its cell, (people,)."""
        size = self.sizes(labels, cells)
        implied: Floats = np.einsum("nk,nk->n", size.coefficients[labels], self.images.traits)
        return implied + size.added if len(size.added) else implied

    def comparisons_of_two(self) -> tuple[float, float]:
        """Comparisons of everybody, and how many two people have, weighted by comparisons."""
        size = self.sizes(np.zeros(self.people, np.intp), 1)
        total = size.trials.item()
        return total, float(divide(size.pair_squares.item(), total, otherwise=1.0))

    def affected(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with a false match in it, (cells, thresholds)."""
        same = self._within(labels)
        highest = np.full(self.people, -1)
        np.maximum.at(highest, self.node[same], self.bin[same])
        return count_reached(highest, labels, cells, self.thresholds)

    def _within(self, labels: Labels) -> Codes:
        """Return the index of every edge within a cell."""
        return np.flatnonzero(labels[self.node] == labels[self.other])

    @cached_property
    def _single(self) -> bool:
        return bool(np.all(self.squares == 1))

    def sizes(self, labels: Labels, cells: int) -> Sizes:
        """Sum over the comparisons within each cell what does not depend on scores."""
        return self.images.sizes(labels, cells)


def _running(group: Codes, weight: Floats, single: bool = False) -> Floats:
    """Return the sum of earlier weights within each run of equal groups."""
    if not len(group):
        return np.zeros(0)
    start = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    length = np.diff(start, append=len(group))
    before = np.arange(len(group)) if single else np.cumsum(weight) - weight
    running: Floats = before - np.repeat(before[start], length)
    return running


def count_reached(highest: Codes, labels: Labels, cells: int, thresholds: int) -> Floats:
    """Count people by cell whose highest bin reaches each threshold, (cells, thresholds)."""
    some = highest >= 0
    binned = np.bincount(
        labels[some] * thresholds + highest[some], minlength=cells * thresholds
    ).reshape(cells, thresholds)
    return np.cumsum(binned[:, ::-1], axis=1)[:, ::-1].astype(float)
