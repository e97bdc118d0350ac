"""What a study analyses: one frozen object, made when a study runs and when it is read again.

In: configuration, cohort table and study folder. Out: `Analysis`, whose evidence and trials are
read from the folder's score tables once, when they are first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import ACQUISITION
from lfr_eval.contract.trials import PersonTrials, Trials
from lfr_eval.inference import Plan, rates
from lfr_eval.study.designs import Design, Evidence, design_of
from lfr_eval.study.planned import parts_of, plan_of
from lfr_eval.study.sweep import list_length


@dataclass(frozen=True)
class Analysis:
    """How the scores of one study become trials.

    Attributes
    ----------
    folder
        Where the study's tables are.
    config
        The configuration of the study.
    design
        What is compared and counted.
    images
        Table `cohort`.
    people
        The people under test, one row for each person, one column for each label.
    thresholds
        Increasing.
    plan
        What is claimed, and how.
    """

    folder: StudyFolder
    config: StudyConfig
    design: Design
    images: pd.DataFrame
    people: pd.DataFrame
    thresholds: tuple[float, ...]
    plan: Plan

    @classmethod
    def of(
        cls,
        folder: StudyFolder,
        config: StudyConfig,
        images: pd.DataFrame,
        everybody: pd.DataFrame,
        thresholds: Sequence[float],
        primary: Sequence[float],
    ) -> Analysis:
        """Return the analysis that a configuration asks for.

        Parameters
        ----------
        images
            Table `cohort`.
        everybody
            One row for each person of it, with column `filler`.
        thresholds, primary
            All thresholds, and those at which findings are primary.

        Raises
        ------
        ConfigError
            If the images do not fit the design, or the plan names labels that nobody has.
        """
        design, people = design_of(config), tested(everybody)
        opportunities = design.opportunities(images)
        searched = design.conditions(opportunities).columns.tolist()
        passes = rates.pass_conditions(opportunities)
        plan = plan_of(config, people, primary, searched, passes)
        return cls(folder, config, design, images, people, tuple(thresholds), plan)

    @cached_property
    def evidence(self) -> Evidence:
        """What the study has to count, from its score tables."""
        return Evidence(
            self.folder.read,
            self.people,
            self.design.opportunities(self.images),
            self.folder.read(ACQUISITION)["acquired"].to_numpy(bool),
            parts_of([*self.plan.factors, *self.plan.strata, *self.plan.adjust]),
            self.thresholds,
        )

    @cached_property
    def trials(self) -> list[Trials]:
        """The trials of every rate that the design reports."""
        return self.design.trials(self.evidence)

    @cached_property
    def full_lists(self) -> frozenset[float]:
        """Thresholds at which every candidate list holds somebody else: none is a false alert."""
        if list_length(self.config) is None:
            return frozenset()
        of_people = [one for one in self.trials if isinstance(one, PersonTrials)]
        alerts = [one for one in of_people if one.metric == "FPIR"]
        return frozenset(
            at for at in self.thresholds if alerts and all(one.events(at).all() for one in alerts)
        )

    def answered(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table of results without false alerts of lists that are all full."""
        alerts = table["metric"].str.split(" + ", regex=False).map(lambda of: "FPIR" in of)
        return table[~(alerts.astype(bool) & table["threshold"].isin(self.full_lists)).to_numpy()]


def tested(everybody: pd.DataFrame) -> pd.DataFrame:
    """Return the people under test, without those who are on the watchlist only."""
    people = everybody.drop(columns="filler")
    fillers = everybody["filler"].to_numpy(bool)
    return people[~fillers] if fillers.any() else people
