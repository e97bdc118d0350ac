"""The design `verification`: mated and non-mated pairs of images, decided by threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from lfr_eval import comparison
from lfr_eval.comparison import Scores, Sides
from lfr_eval.contract.tables import (
    BORDERLINE,
    COMPARISONS,
    CORRECTIONS,
    HISTOGRAM,
    MATED,
    NON_MATED,
    SAMPLE,
    Table,
)
from lfr_eval.contract.trials import Trials
from lfr_eval.inference import rates
from lfr_eval.study.designs.design import Evidence

PAIR_TABLES = (COMPARISONS, CORRECTIONS, MATED, NON_MATED, HISTOGRAM, SAMPLE)


@dataclass(frozen=True)
class Verification:
    """Every reference against every probe: FMR within, across and over all groups, and FNMR."""

    tables: tuple[Table, ...] = (*PAIR_TABLES, BORDERLINE)
    summaries: tuple[Table, ...] = ()
    watchlist_sizes: tuple[int, ...] = ()

    def opportunities(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return the images as they are: nobody is searched for."""
        return images

    def conditions(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return none: a comparison of two people has no one camera."""
        return pd.DataFrame(index=images["pass_id"].unique())

    def compare(
        self, scores: Scores, sides: Sides, thresholds: Sequence[float]
    ) -> Mapping[Table, pd.DataFrame]:
        """Return the tables of pairs: non-mated scores from the lowest threshold, or lender, up."""
        pairs = scores.pairs(sides, thresholds[0])
        made = {table: getattr(pairs, table.name) for table in PAIR_TABLES}
        return {**made, BORDERLINE: comparison.borderline(pairs, thresholds, scores.shift)}

    def trials(self, evidence: Evidence) -> list[Trials]:
        """Return the trials of FMR and FNMR: comparisons of acquired images."""
        read = evidence.read
        non_mated = read(NON_MATED)
        # Between the lowest score that was kept and the floor there is none.
        floor = min([evidence.thresholds[0], *non_mated["score"].nsmallest(1).astype(float)])
        return [
            *rates.verification_trials(
                evidence.people,
                rates.ComparedPairs(
                    comparisons=read(COMPARISONS),
                    corrections=read(CORRECTIONS),
                    mated=read(MATED),
                    non_mated=non_mated,
                    floor=floor,
                ),
                images=evidence.images,
                controls=evidence.controls,
            )
        ]

    def summarise(self, evidence: Evidence) -> Mapping[Table, pd.DataFrame]:  # noqa: ARG002
        """Return nothing: the rates say all."""
        return {}
