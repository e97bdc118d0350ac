"""Stage `publishing`: what counts as small, and what a withheld count costs (minimum, plan in)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.finished.publishing.counts import Floats, Groups, Layers
from lfr_eval.finished.publishing.linked import Counts, Flags
from lfr_eval.finished.publishing.withholding import small

ACQUISITION = ("FTA", "FTE")
PAIRS = ("FMR", "FNMR")
SEARCHED = ("FPIR", "FNIR", "TPIR")
RISING = ("FNIR", "FNMR")
"""Metrics that rise with the threshold."""
PLAN_COST = 10.0


@dataclass(frozen=True)
class Rule:
    """What is small, and which thresholds are spared where there is a choice."""

    minimum: int
    plan: tuple[float, ...]
    attempted: tuple[str, ...] = ()
    """One-to-one metrics that count the comparisons attempted, which tell no failures."""

    def tells_failures(self, metric: str) -> bool:
        """Whether the number of comparisons of a metric tells how many images failed."""
        return metric in PAIRS and metric not in self.attempted

    def small(self, counts: Counts, total: Counts | None = None) -> Flags:
        """Whether counts, or what is left of the total, are small."""
        few = small(counts, self.minimum)
        return few if total is None else few | small(total - counts, self.minimum)

    def costs(self, groups: Groups, layers: Layers) -> Floats:
        """Return what is lost with each cell."""
        planned = [
            PLAN_COST if np.isnan(at) or any(same_threshold(at, one) for one in self.plan) else 1.0
            for _, at in layers.keys
        ]
        costs: Floats = np.outer(groups.costs, planned)[layers.there]
        return costs
