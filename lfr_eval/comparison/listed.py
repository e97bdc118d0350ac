"""A list of pairs as scores: mated and non-mated pairs, counted by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.comparison.bulk import SAMPLE as SAMPLED
from lfr_eval.comparison.bulk import bin_edges, histogram_table
from lfr_eval.comparison.narrowing import narrowed
from lfr_eval.comparison.pairs import PairScores
from lfr_eval.comparison.passes import Keep, Searches
from lfr_eval.comparison.sides import ComparisonError, Gallery, Sides
from lfr_eval.contract.tables import COMPARISONS, CORRECTIONS, MATED, NON_MATED, SAMPLE

NO_SEARCH = (
    "A list of pairs has no watchlist searches. Choose design=verification, or give all "
    "scores (matcher=scores)."
)


@dataclass(frozen=True)
class ListedPairs:
    """Pairs by their people: subject_a, subject_b, genuine, score.

    A pair that is not genuine and has the same name on both sides is counted by itself, because its
    people are unknown.
    """

    listed: pd.DataFrame
    thresholds: Sequence[float]
    shift: float = 0.0

    def pairs(self, sides: Sides, floor: float) -> PairScores:
        """Sort the pairs into mated and non-mated; only what is listed counts as a trial."""
        del sides
        score = narrowed(self.listed["score"].to_numpy(), self.thresholds)
        frame = pd.DataFrame(
            {
                "probe_subject": self.listed["subject_a"],
                "reference_subject": self.listed["subject_b"],
                "score": score,
            }
        )
        genuine = self.listed["genuine"].to_numpy(bool)
        own, others = _unnamed(frame[genuine]), frame[~genuine]
        own = own.assign(subject_id=own["probe_subject"])
        unnamed = not isinstance(self.listed["subject_a"].dtype, pd.CategoricalDtype)
        # Where each pair is by itself, its score says that there was a comparison.
        kept = others if unnamed else others[others["score"] >= np.float32(floor)]
        edges = bin_edges(score)
        sample = others if len(others) <= SAMPLED else others.sample(SAMPLED, random_state=0)
        return PairScores(
            comparisons=COMPARISONS.empty(),
            corrections=CORRECTIONS.empty() if unnamed else CORRECTIONS.conform(_counted(others)),
            mated=MATED.conform(own[MATED.names]),
            non_mated=NON_MATED.conform(_unnamed(kept)),
            histogram=histogram_table(
                edges, np.histogram(own["score"], edges)[0], np.histogram(others["score"], edges)[0]
            ),
            sample=SAMPLE.conform(sample[SAMPLE.names]),
            floor=float(kept["score"].min()) if unnamed and len(kept) else floor,
        )

    def searches(self, sides: Sides, gallery: Gallery, keep: Keep) -> Searches:
        """Refuse: a pair is no search."""
        del sides, gallery, keep
        raise ComparisonError(NO_SEARCH)

    def matches(
        self, sides: Sides, gallery: Gallery, floor: float
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Refuse: a pair is no search."""
        del sides, gallery, floor
        raise ComparisonError(NO_SEARCH)


def _unnamed(pairs: pd.DataFrame) -> pd.DataFrame:
    """Add the images, which a list of pairs does not name."""
    return pairs.assign(reference_id=None, probe_id=None)


def _counted(others: pd.DataFrame) -> pd.DataFrame:
    """Return table `corrections`: how many comparisons two people have, by name."""
    first, second = others["probe_subject"], others["reference_subject"]
    assert isinstance(first.dtype, pd.CategoricalDtype)
    people = len(first.cat.categories)
    key = first.cat.codes.to_numpy(np.int64) * people + second.cat.codes.to_numpy(np.int64)
    key, trials = np.unique(key, return_counts=True)
    a, b = (
        pd.Categorical.from_codes(codes, dtype=first.dtype)
        for codes in (key // max(people, 1), key % max(people, 1))
    )
    return pd.DataFrame({"subject_a": a, "subject_b": b, "trials": trials})
