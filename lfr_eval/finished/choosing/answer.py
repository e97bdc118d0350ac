"""Choosing: the whole answer (a finished study and limits in, an `Answer` out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.trials import group_people
from lfr_eval.contract.words import joined
from lfr_eval.finished.choosing.choice import Region, regions
from lfr_eval.finished.choosing.costs import cost_curve
from lfr_eval.finished.choosing.sample import Sample, halves, sample_of
from lfr_eval.finished.choosing.sensitivity import by_crowd, by_drift, by_size
from lfr_eval.finished.choosing.splits import Stability, choice_of, stability
from lfr_eval.finished.choosing.weighing import rates_of, weigh
from lfr_eval.finished.finished import Finished


@dataclass(frozen=True)
class Answer:
    """What was chosen, by whom, and what is behind it.

    Attributes
    ----------
    limits
        The constraints, with the watchlist size that they were judged at.
    points
        Table `operating_points`: choosing and reporting people, and everybody.
    chosen
        The threshold that the choosing people chose; None: no threshold keeps to the limits.
    by_estimates
        What they would have chosen by estimates alone.
    by_everybody
        What everybody would choose: nobody is left to report on it.
    refused
        Why thresholds were refused, by neighbouring thresholds.
    size
        Of the watchlist; None in a study of pairs.
    report
        Rates at the chosen threshold (rows of table `rates`) of the people who did not choose it.
    sizes, crowds, drifts
        Sensitivity; `crowds` and `drifts` are None without a chosen threshold or a watchlist.
    costs
        The cost curve of everybody; None where no costs were given.
    """

    study: Finished
    limits: ConstraintsConfig
    size: int | None
    people: tuple[int, int]
    points: pd.DataFrame
    chosen: float | None
    by_estimates: float | None
    by_everybody: float | None
    refused: tuple[Region, ...]
    report: pd.DataFrame | None
    stability: Stability
    sizes: pd.DataFrame
    crowds: pd.DataFrame | None
    drifts: pd.DataFrame | None
    costs: pd.DataFrame | None

    @property
    def confirmed(self) -> bool | None:
        """Whether the people who did not choose bound the chosen threshold too; None: no choice."""
        return None if self.chosen is None else bool(self.reported["met"].all())

    @property
    def reported(self) -> pd.DataFrame:
        """Rows of `points` of the reporting people at the chosen threshold."""
        rows = self.points[self.points["people"].eq("reporting").to_numpy(bool)]
        return rows[rows["threshold"].isin([self.chosen]).to_numpy(bool)]


def answer(study: Finished, limits: ConstraintsConfig) -> Answer:
    """Choose an operating threshold of a study under constraints.

    Raises
    ------
    ConfigError
        If the study does not hold what the constraints are about.
    """
    everybody = sample_of(study, limits.watchlist_size)
    limits = replace(limits, factors=factors_of(everybody, limits.factors))
    choosers, reporters = halves(everybody, limits.share, limits.seed)
    weighed = [weigh(sample, limits) for sample in (choosers, reporters, everybody)]
    chosen = choice_of(choosers, limits)
    searched = None if everybody.alerts is None else chosen
    return Answer(
        study=study,
        limits=limits,
        size=None if everybody.alerts is None else everybody.alerts.watchlist_size,
        people=(len(choosers.people), len(reporters.people)),
        points=pd.concat(weighed, ignore_index=True),
        chosen=chosen,
        by_estimates=choice_of(choosers, limits, "estimate_met"),
        by_everybody=choice_of(everybody, limits),
        refused=tuple(regions(weighed[0])),
        report=None if chosen is None else _rates_at(reporters, limits, chosen),
        stability=stability(everybody, limits),
        sizes=by_size(study, limits, chosen),
        crowds=None if searched is None else by_crowd(everybody, limits, searched),
        drifts=None if searched is None else by_drift(everybody, limits, searched),
        costs=cost_curve(everybody, limits),
    )


def factors_of(sample: Sample, asked: Sequence[str]) -> list[str]:
    """Return the factors whose groups must keep to the limits.

    Where nobody chose any, these are everybody and the labels that the study compares.

    Raises
    ------
    ConfigError
        If nobody has a label for one: its limit would hold for no group.
    """
    singles = [factor for factor in sample.factors if CROSS not in factor]
    if list(asked) == ConstraintsConfig().factors:
        return [OVERALL, *singles]
    empty = [
        factor
        for factor in asked
        if set(factor.split(CROSS)) <= set(sample.people)
        and not any(map(is_group, group_people(sample.people, factor).names))
    ]
    if empty:
        raise ConfigError(
            f"factors names {joined(empty)}, for which nobody in the study has a label, so that "
            f"no group would have to keep to the limits. The study compares "
            f"{joined(singles) or 'no groups'}."
        )
    return list(asked)


def _rates_at(sample: Sample, limits: ConstraintsConfig, threshold: float) -> pd.DataFrame:
    both = (sample.alerts, sample.found) if sample.alerts else (sample.matches, sample.missed)
    rates = pd.concat([rates_of(sample, one, limits.factors) for one in both if one is not None])
    return rates[rates["threshold"] == threshold].reset_index(drop=True)
