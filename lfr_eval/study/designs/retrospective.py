"""The design `retrospective`: one probe image against a large reference set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from lfr_eval import comparison
from lfr_eval.comparison import Scores, Sides
from lfr_eval.contract.tables import CANDIDATE_COUNTS, CANDIDATE_LISTS, SEARCHES, Table
from lfr_eval.contract.trials import Trials
from lfr_eval.inference import rates
from lfr_eval.study.designs.design import Evidence
from lfr_eval.study.designs.searches import SEARCH_TABLES, Live


@dataclass(frozen=True)
class Retrospective(Live):
    """An image is searched for afterwards: its mate must be high enough on the list, or score so.

    A trial is one probe image, whatever pass it is of, be it acquired or not. By policy, a mate is
    found if its score reaches the threshold, if it is among the first candidates, or if both.

    Attributes
    ----------
    list_length
        How many candidates a given list holds; None where every reference is compared.
    """

    list_length: int | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """Searches with ranks, candidates, everybody who is matched, and how many candidates."""
        return (*SEARCH_TABLES, CANDIDATE_COUNTS)

    @property
    def summaries(self) -> tuple[Table, ...]:
        """How long candidate lists are."""
        return (CANDIDATE_LISTS,)

    def opportunities(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return the images with every one of them a search of its own."""
        return images.assign(pass_id=images["image_id"])

    def compare(
        self, scores: Scores, sides: Sides, thresholds: Sequence[float]
    ) -> Mapping[Table, pd.DataFrame]:
        """Search every probe image against every size, and count the candidates."""
        made, found = self.search(scores, sides, thresholds)
        counts = comparison.candidate_counts(sides, found.found, thresholds)
        return {**made, CANDIDATE_COUNTS: counts}

    def trials(self, evidence: Evidence) -> list[Trials]:
        """Return the trials of every policy; a list without threshold is never empty: no FPIR."""
        policies = self.settings.policies
        trials: list[Trials] = []
        if "threshold" in policies:
            trials += self._by_threshold(evidence)
        elif "threshold and rank" in policies:
            trials += [one for one in self._by_threshold(evidence) if one.metric == "FPIR"]
        for policy, by_threshold in (("threshold and rank", True), ("rank", False)):
            if policy in policies:
                trials += rates.rank_trials(
                    evidence.people,
                    evidence.read(SEARCHES),
                    self.settings.ranks,
                    by_threshold,
                    evidence.images,
                    evidence.controls,
                )
        return trials

    def _by_threshold(self, evidence: Evidence) -> list[Trials]:
        """Return the trials by threshold; a list that is never empty has no false alerts."""
        trials = super().trials(evidence)
        if self.list_length is None or evidence.thresholds[-1] > self.floor:
            return trials
        return [one for one in trials if one.metric != "FPIR"]

    def summarise(self, evidence: Evidence) -> Mapping[Table, pd.DataFrame]:
        """Return how long candidate lists are."""
        table = rates.candidate_lists(
            evidence.people,
            evidence.read(SEARCHES),
            evidence.read(CANDIDATE_COUNTS),
            self.factors,
            evidence.thresholds,
        )
        return {CANDIDATE_LISTS: table}
