"""Stage `inference`: what groups are compared within, from labels of people and of trials.

In: trials, the people's labels, a plan with control factors. Out: `Controls`, the strata of people
and the conditions of trials, and which control factors these trials know nothing of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.trials import PersonTrials, Trials, group_people
from lfr_eval.inference.factors import parts_of
from lfr_eval.inference.plan import Plan

MOST_CONDITIONS = 50
"""Beyond it a factor names trials rather than conditions, hardly any condition has trials of two
groups, and covariances take long."""


@dataclass(frozen=True)
class Controls:
    """Strata that groups are compared within.

    Attributes
    ----------
    stratum : (people,)
        The stratum of each person.
    strata
        How many there are.
    condition : (trials,)
        The condition of each trial; empty where there is one only.
    conditions
        How many there are.
    of_people, of_trials, missing
        Control factors that are labels of people, conditions of these trials, and neither.
    """

    stratum: NDArray[np.intp]
    strata: int
    condition: NDArray[np.intp]
    conditions: int
    of_people: tuple[str, ...]
    of_trials: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def words(self) -> str:
        """What a test says of them."""
        held = (*self.of_people, *self.of_trials)
        return (f", within {' and '.join(held)}" if held else "") + (
            f"; these trials have no {' or '.join(self.missing)}" if self.missing else ""
        )


def no_controls(trials: Trials) -> Controls:
    """Everybody in one stratum."""
    stratum = np.zeros(trials.people, np.intp)
    return Controls(stratum, 1, np.empty(0, np.intp), 1, (), (), ())


def controls_of(trials: Trials, people: pd.DataFrame, plan: Plan) -> Controls:
    """Divide people and trials by the control factors of a plan.

    Raises
    ------
    ValueError
        If trials have more conditions than can be compared within.
    """
    parts = parts_of(plan.strata)
    given = trials.conditions if isinstance(trials, PersonTrials) else ()
    known = {one.factor: one for one in given}
    of_people = tuple(part for part in parts if part in people)
    of_trials = tuple(part for part in parts if part not in people and part in known)
    strata = group_people(people, CROSS.join(of_people)) if of_people else None
    combined = pd.DataFrame({part: known[part].codes for part in of_trials})
    condition: NDArray[np.intp] = np.empty(0, np.intp)
    conditions = 1
    if of_trials and len(combined):
        condition = np.asarray(combined.groupby(list(of_trials)).ngroup(), np.intp)
        conditions = int(condition.max()) + 1
    if conditions > MOST_CONDITIONS:
        raise ValueError(
            f"The 'strata' parameter of Plan must leave at most {MOST_CONDITIONS} conditions of "
            f"trials. Got {conditions} combinations of {of_trials} instead."
        )
    return Controls(
        strata.codes if strata else np.zeros(trials.people, np.intp),
        len(strata.names) if strata else 1,
        condition,
        conditions,
        of_people,
        of_trials,
        tuple(part for part in parts if part not in (*of_people, *of_trials)),
    )
