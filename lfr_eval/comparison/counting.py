"""How many references reach certain scores (screened products of a block in, counts out).

Ranks and lengths of candidate lists need every reference that reaches a score, not just the best.
A product says of nearly all of them on which side of the score they are; those within the margin
are scored exactly, so that the counts are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lfr_eval.comparison.similarity import Similarity

Ints = NDArray[np.intp]
Singles = NDArray[np.float32]
Scoring = Callable[[Ints, Ints], Singles]
"""Returns the exact scores of rows and columns of a block."""


@dataclass
class Tally:
    """Counts of the references of other people, of the probes of a shard, block after block.

    Attributes
    ----------
    mate : (probes,)
        Score of the best own reference; infinite: there is none.
    thresholds : (thresholds,)
        Ascending.
    before_mate : (probes,)
        References at or above the own score.
    steps : (probes, thresholds + 1)
        References by the number of thresholds that they reach.
    """

    similarity: Similarity
    mate: Singles
    thresholds: Singles
    before_mate: Ints = field(init=False)
    steps: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.before_mate = np.zeros(len(self.mate), np.intp)
        self.steps = np.zeros((len(self.mate), len(self.thresholds) + 1), np.intp)

    @property
    def reached(self) -> Ints:
        """References at or above each threshold, (probes, thresholds)."""
        return np.cumsum(self.steps[:, :0:-1], axis=1)[:, ::-1]

    def add(self, rows: slice, products: Singles, error: float, exact: Scoring) -> None:
        """Count a block.

        Parameters
        ----------
        rows
            Its probes.
        products : (rows, references)
            Screening products; -inf: not searched.
        error
            How far a product may be off.
        exact
            Scores rows and columns of the block.
        """
        self._add_before_mate(rows, products, error, exact)
        if len(self.thresholds):
            self._add_steps(rows, products, error, exact)

    def _add_before_mate(
        self, rows: slice, products: Singles, error: float, exact: Scoring
    ) -> None:
        mate = self.mate[rows]
        low, high = self._bars(mate, error)
        sure = products >= high[:, None]
        count = np.count_nonzero(sure, axis=1)
        row, column = np.divmod(
            np.flatnonzero((products >= low[:, None]) & ~sure), products.shape[1]
        )
        row, column = _searched(products, row, column)
        reached = exact(row, column) >= mate[row]
        self.before_mate[rows] += count + np.bincount(row[reached], minlength=len(mate))

    def _add_steps(self, rows: slice, products: Singles, error: float, exact: Scoring) -> None:
        low, high = self._bars(self.thresholds, error)
        row, column = np.divmod(np.flatnonzero(products >= low[0]), products.shape[1])
        row, column = _searched(products, row, column)
        product = products[row, column]
        step = np.searchsorted(high, product, "right")
        unsure = np.flatnonzero(step != np.searchsorted(low, product, "right"))
        score = exact(row[unsure], column[unsure])
        step[unsure] = np.searchsorted(self.thresholds, score, "right")
        width = self.steps.shape[1]
        binned = np.bincount(row * width + step, minlength=len(products) * width)
        self.steps[rows] += binned.reshape(-1, width)

    def _bars(self, scores: Singles, error: float) -> tuple[Singles, Singles]:
        """Return the products from which on a reference may reach a score, and surely does.

        A score is rounded to float32, so it may have been half a unit in the last place lower.
        """
        low, high = (
            self.similarity.bar(np.nextafter(scores, towards).astype(np.float64))
            for towards in (np.float32(-np.inf), np.float32(np.inf))
        )
        # Whoever has no mate has an infinite score to reach, which no scale makes finite.
        with np.errstate(over="ignore"):
            return (
                np.nextafter((low - error).astype(np.float32), np.float32(-np.inf)),
                np.nextafter((high + error).astype(np.float32), np.float32(np.inf)),
            )


def _searched(products: Singles, row: Ints, column: Ints) -> tuple[Ints, Ints]:
    searched = products[row, column] > -np.inf
    return row[searched], column[searched]
