"""Choosing: the searches of some of a study's people at one watchlist size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.config import ConfigError
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.trials import PairTrials, PersonTrials, among, group_people
from lfr_eval.finished.finished import Finished
from lfr_eval.inference import Plan
from lfr_eval.inference.clusters import clusters_of

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """What thresholds are weighed by.

    Attributes
    ----------
    name
        choosing, reporting or everybody.
    people
        One row per person.
    alerts
        Trials of FPIR; None where no watchlist was searched.
    found
        Trials of TPIR; None where nobody is enrolled.
    thresholds
        Increasing.
    plan
        Level of the intervals, and fixed or random watchlist.
    matches
        Trials of FMR; None where people were not compared with one another.
    missed
        Trials of FNMR, where no watchlist was searched.
    """

    name: str
    people: pd.DataFrame
    alerts: PersonTrials | None
    found: PersonTrials | None
    thresholds: tuple[float, ...]
    plan: Plan
    matches: PairTrials | None = None
    missed: PersonTrials | None = None

    @property
    def factors(self) -> tuple[str, ...]:
        """Factors of the plan that are labels of people, and not conditions of their passes."""
        labels = set(self.people)
        return tuple(one for one in self.plan.factors if set(one.split(CROSS)) <= labels)

    def of(self, keep: Bools, name: str) -> Sample:
        """Return the sample of the people in `keep` alone."""
        return replace(
            self,
            name=name,
            people=self.people[keep],
            alerts=_kept(self.alerts, keep),
            found=_kept(self.found, keep),
            matches=_kept(self.matches, keep),
            missed=_kept(self.missed, keep),
        )


def _kept(trials: Any, keep: Bools) -> Any:
    """Return the trials of the people in `keep`, of the same kind; None of none."""
    return None if trials is None else among(trials, keep)


def sample_of(study: Finished, size: int | None) -> Sample:
    """Return the searches of a study at a watchlist size; None: the largest.

    Raises
    ------
    ConfigError
        If the study searched no watchlist of this size. One that compared pairs of people needs
        none.
    """
    matches = study.named("FMR")
    if not study.sizes and size is None and isinstance(matches, PairTrials):
        missed = study.named("FNMR")
        assert missed is None or isinstance(missed, PersonTrials)
        return Sample(
            name="everybody",
            people=study.people,
            thresholds=study.thresholds,
            plan=study.plan,
            matches=matches,
            missed=missed,
            alerts=None,
            found=None,
        )
    if not study.sizes:
        raise ConfigError(
            f"The study {study.name} searched no watchlist, and holds no pairs of known people to "
            "choose by max_fmr: choose among thresholds of a study whose design is live, operator "
            "or complete."
        )
    wanted = study.sizes[-1] if size is None else size
    alerts = study.searched("FPIR", wanted)
    if alerts is None:
        raise ConfigError(
            f"The study {study.name} searched no watchlist of {wanted:,}; there are "
            f"{', '.join(f'{one:,}' for one in study.sizes)}."
        )
    found = study.searched("TPIR", wanted)
    assert matches is None or isinstance(matches, PairTrials)
    return Sample("everybody", study.people, alerts, found, study.thresholds, study.plan, matches)


def halves(sample: Sample, share: float, seed: int) -> tuple[Sample, Sample]:
    """Divide people at random, within groups and enrolled or not; return choosers and reporters.

    Groups are the finest of the plan's factors. Where a group's number does not divide, chance
    decides who has one more, so that no part is larger in every group. A cluster of people stays
    together, and counts for the group of the first of them.
    """
    finest = max(sample.factors, key=lambda name: name.count(CROSS), default=OVERALL)
    group = group_people(sample.people, finest).codes
    enrolled = np.zeros(len(group), np.intp)
    if sample.found is not None:
        enrolled[sample.found.person] = 1
    stratum = 2 * group + enrolled
    rng = np.random.default_rng([seed, len(group)])
    clusters = clusters_of(sample.people)
    unit = np.arange(len(group)) if clusters is None else clusters
    first, unit = np.unique(unit, return_index=True, return_inverse=True)[1:]
    choosing = np.zeros(len(first), bool)
    for code in np.unique(stratum[first]):
        members = rng.permutation(np.flatnonzero(stratum[first] == code))
        choosing[members[: int(share * len(members) + rng.random())]] = True
    if choosing.all() or not choosing.any():
        raise ConfigError(
            f"{len(group)} people cannot be divided into those who choose and others."
        )
    chosen = choosing[unit]
    return sample.of(chosen, "choosing"), sample.of(~chosen, "reporting")
