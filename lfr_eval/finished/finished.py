"""Finished: a sealed study read back to what its rates were inferred from.

In: a study folder. Out: `Finished`, with the trials, people, thresholds and plan of the study, so
that what is asked of it later is answered from the same evidence by the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from lfr_eval.cohort import Cohort
from lfr_eval.config import (
    REMOVED,
    DesignConfig,
    InferenceConfig,
    MatcherConfig,
    PopulationConfig,
    StudyConfig,
    ThresholdsConfig,
)
from lfr_eval.contract.folder import FolderError, StudyFolder
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import COHORT
from lfr_eval.contract.trials import PersonTrials, Trials
from lfr_eval.contract.validation import problems_of
from lfr_eval.inference import Plan
from lfr_eval.study.analysis import Analysis

Group = TypeVar(
    "Group", MatcherConfig, DesignConfig, PopulationConfig, ThresholdsConfig, InferenceConfig
)


@dataclass(frozen=True)
class Finished:
    """A finished study.

    Attributes
    ----------
    folder
        Where it is.
    record
        What the study says of itself.
    people
        The people under test, one row per person.
    trials
        The trials behind its rates.
    thresholds
        Its thresholds, increasing.
    plan
        The plan that it was analysed under.
    """

    folder: StudyFolder
    record: StudyRecord
    people: pd.DataFrame
    trials: tuple[Trials, ...]
    thresholds: tuple[float, ...]
    plan: Plan

    @cached_property
    def study_hash(self) -> str:
        """The hash that stands for the study."""
        return self.folder.study_hash()

    @property
    def name(self) -> str:
        """Name of the study's folder."""
        return self.folder.path.name

    @property
    def matcher(self) -> str:
        """Name of the matcher, or of the system that it stands for."""
        return self.record.matcher.called

    @property
    def simulated(self) -> bool:
        """Whether nobody in it exists."""
        return self.record.simulated

    @property
    def operating(self) -> float | None:
        """The threshold at which the matcher is meant to run."""
        return self.record.thresholds.operating

    @property
    def sizes(self) -> tuple[int, ...]:
        """Watchlist sizes that were searched, increasing."""
        found = {one.watchlist_size for one in self.trials if one.watchlist_size is not None}
        return tuple(sorted(found))

    def searched(self, metric: str, size: int | None) -> PersonTrials | None:
        """Return the trials of an identification metric at a watchlist size, if there are any."""
        searches = (one for one in self.trials if isinstance(one, PersonTrials))
        wanted = (metric, size, None)
        for one in searches:
            if (one.metric, one.watchlist_size, one.rank) == wanted and len(one.person):
                return one
        return None

    def named(self, metric: str) -> Trials | None:
        """Return the trials of a metric that knows no watchlist, if there are any."""
        return next((one for one in self.trials if one.metric == metric), None)


def read_finished(path: Path) -> Finished:
    """Read a finished study.

    Raises
    ------
    FolderError
        If there is none, it was changed since it was sealed, or another version made it.
    """
    folder = StudyFolder.open(path)
    folder.check_whole()
    record = folder.record()
    images, thresholds = folder.read(COHORT), record.thresholds
    everybody = Cohort(images, folder.path, (), "").people
    analysis = Analysis.of(
        folder, _config(folder), images, everybody, thresholds.values, thresholds.primary
    )
    trials = tuple(analysis.trials)
    # A look of a plan has less of the level than the plan.
    plan = replace(analysis.plan, alpha=record.inference.alpha)
    return Finished(folder, record, analysis.people, trials, analysis.thresholds, plan)


def _config(folder: StudyFolder) -> StudyConfig:
    """Return as much of the study's configuration as its trials and plan depend on."""
    recorded, study = folder.provenance(), folder.path
    matcher, inference = recorded.settings("matcher"), recorded.settings("inference")
    of_matcher = {name: matcher[name] for name in ("kind", "name", "sweep", "operating")}
    known = {name: inference[name] for name in inference if f"inference.{name}" not in REMOVED}
    return StudyConfig(
        name=str(recorded.config.get("name")),
        matcher=typed(MatcherConfig, of_matcher, study),
        design=typed(DesignConfig, recorded.settings("design"), study),
        population=typed(PopulationConfig, recorded.settings("population"), study),
        thresholds=typed(ThresholdsConfig, recorded.settings("thresholds"), study),
        inference=typed(InferenceConfig, known, study),
    )


def typed(schema: type[Group], settings: Mapping[str, Any], study: Path) -> Group:
    """Return recorded settings as a group; nobody else checks the types of what is in a file.

    Raises
    ------
    FolderError
        If there is a setting that the schema does not have, or one of another type.
    """
    try:
        made = schema(**settings)
        given = {one.name: getattr(made, one.name) for one in fields(schema)}
        return TypeAdapter(schema).validate_python(given)
    except (TypeError, ValidationError) as error:
        said = problems_of(error) if isinstance(error, ValidationError) else str(error)
        raise FolderError(
            f"The study in {study} was made by another version of lfr_eval ({said}): run it again."
        ) from error
