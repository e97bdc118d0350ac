"""Sources of scores: templates that are compared here, or a file (sides in, tables out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from lfr_eval.comparison.compute import Compute
from lfr_eval.comparison.given import matches_of_scores, pairs_of_scores, searches_of_scores
from lfr_eval.comparison.matches import watchlist_matches
from lfr_eval.comparison.pairs import PairScores, compare_pairs
from lfr_eval.comparison.passes import Keep, Searches
from lfr_eval.comparison.search import search_watchlist
from lfr_eval.comparison.sides import Gallery, Sides, watchlist_table
from lfr_eval.comparison.similarity import Similarity, Vectors


class Scores(Protocol):
    """Gives a design its scores, in the same form whatever their source."""

    @property
    def shift(self) -> float:
        """How far a score may be from that of the templates as they were made."""

    def pairs(self, sides: Sides, floor: float) -> PairScores:
        """Return 1:1 comparisons; non-mated ones from the floor up, and those that lend."""

    def searches(self, sides: Sides, gallery: Gallery, keep: Keep) -> Searches:
        """Return 1:N searches; what is kept of them beside the highest scores, `keep` says."""

    def matches(
        self, sides: Sides, gallery: Gallery, floor: float
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return tables `watchlist` and `watchlist_matches`, the latter from the floor up."""


@dataclass(frozen=True)
class TemplateScores:
    """Scores of prepared templates, (images, size), by a similarity."""

    vectors: Vectors
    similarity: Similarity
    compute: Compute
    shift: float = 0.0

    def pairs(self, sides: Sides, floor: float) -> PairScores:
        """Compare every reference with every probe."""
        return compare_pairs(sides, self.vectors, self.similarity, floor, self.compute, lend=True)

    def searches(self, sides: Sides, gallery: Gallery, keep: Keep) -> Searches:
        """Search every pass against every watchlist size."""
        return search_watchlist(sides, self.vectors, self.similarity, gallery, self.compute, keep)

    def matches(
        self, sides: Sides, gallery: Gallery, floor: float
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Compare every pass with everybody who may be on the watchlist."""
        matches = watchlist_matches(
            sides, self.vectors, self.similarity, gallery, floor, self.compute
        )
        return watchlist_table(sides, gallery), matches


@dataclass(frozen=True)
class GivenScores:
    """Scores of a file.

    Attributes
    ----------
    scores
        reference_id, probe_id, score.
    thresholds
        Those of the study.
    told_all
        Whether a comparison without a score was not made; otherwise its score was too low.
    """

    scores: pd.DataFrame
    thresholds: Sequence[float] = ()
    told_all: bool = True
    shift: float = 0.0

    def pairs(self, sides: Sides, floor: float) -> PairScores:
        """Sort the given comparisons into mated and non-mated."""
        return pairs_of_scores(sides, self.scores, floor, self.thresholds, self.told_all, lend=True)

    def searches(self, sides: Sides, gallery: Gallery, keep: Keep) -> Searches:
        """Search the given comparisons; there is no table of candidates."""
        return searches_of_scores(
            sides, self.scores, gallery, keep.counted, self.thresholds, self.told_all
        )

    def matches(
        self, sides: Sides, gallery: Gallery, floor: float
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Sort out the given comparisons, as far as the file goes."""
        return matches_of_scores(sides, self.scores, gallery, floor, self.thresholds, self.told_all)
