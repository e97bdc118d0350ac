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
from lfr_eval.contract.tables import CORRECTIONS, MATED, NON_MATED, SAMPLE

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
        score = narrowed(self.listed["score"].to_numpy(), self.thresholds)
        frame = self.listed.assign(score=score, reference_id=None, probe_id=None)
        frame = frame.rename(
            columns={"subject_a": "probe_subject", "subject_b": "reference_subject"}
        )
        own = frame[frame["genuine"]].assign(subject_id=frame["probe_subject"])
        others = frame[~frame["genuine"]]
        people = others[["probe_subject", "reference_subject"]]
        counts = people.value_counts().rename("trials").reset_index()
        counts.columns = pd.Index(CORRECTIONS.names)
        edges = bin_edges(score)
        sample = others if len(others) <= SAMPLED else others.sample(SAMPLED, random_state=0)
        return PairScores(
            comparisons=sides.counts(),
            corrections=CORRECTIONS.conform(counts.sort_values(["subject_a", "subject_b"])),
            mated=MATED.conform(own[MATED.names]),
            non_mated=NON_MATED.conform(
                others.loc[others["score"] >= np.float32(floor), NON_MATED.names]
            ),
            histogram=histogram_table(
                edges, np.histogram(own["score"], edges)[0], np.histogram(others["score"], edges)[0]
            ),
            sample=SAMPLE.conform(sample[SAMPLE.names]),
            floor=floor,
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
