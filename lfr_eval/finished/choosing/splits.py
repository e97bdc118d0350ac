"""Choosing: how much the choice depends on who happened to choose (repeated splits)."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lfr_eval.config import ConstraintsConfig
from lfr_eval.finished.choosing.choice import choose
from lfr_eval.finished.choosing.costs import cost_curve, crowd_cost
from lfr_eval.finished.choosing.sample import Sample, halves
from lfr_eval.finished.choosing.weighing import weigh


@dataclass(frozen=True)
class Stability:
    """What repeated splits chose.

    Attributes
    ----------
    splits
        How many.
    chosen
        How often each threshold was chosen; splits that chose none are not in it.
    kept
        Share of the choices whose estimates on the other people kept to every limit.
    bounded
        Share of the choices whose intervals on the other people did.
    """

    splits: int
    chosen: pd.Series
    kept: float | None
    bounded: float | None


def choice_of(sample: Sample, limits: ConstraintsConfig, by: str = "met") -> float | None:
    """Return the threshold that a sample chooses, by intervals (`met`) or by estimates."""
    cost = None
    if limits.objective == "cost":
        costs = cost_curve(sample, limits)
        assert costs is not None
        cost = crowd_cost(costs)
    return choose(weigh(sample, limits), by, cost)


def stability(sample: Sample, limits: ConstraintsConfig) -> Stability:
    """Choose on one part of the people and look at the others, many times."""
    chosen, kept, bounded = [], 0, 0
    for number in range(limits.splits):
        choosers, reporters = halves(sample, limits.share, limits.seed + 1 + number)
        threshold = choice_of(choosers, limits)
        if threshold is None:
            continue
        chosen.append(threshold)
        there = weigh(reporters, limits)
        there = there[there["threshold"] == threshold]
        kept += bool(there["estimate_met"].all())
        bounded += bool(there["met"].all())
    counts = pd.Series(chosen, dtype=float).value_counts().sort_index()
    if not chosen:
        return Stability(limits.splits, counts, None, None)
    return Stability(limits.splits, counts, kept / len(chosen), bounded / len(chosen))
