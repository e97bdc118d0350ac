"""Stage `inference`: factors that are labels of people, conditions of trials, or both crossed.

In: trials with their conditions, the people's labels, the name of a factor. Out: trials and a
grouping that can be counted like any other. A person under two conditions becomes two units, one
in each: within a group every person stands once, so a variance over units is one over people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.trials import Condition, Grouping, PersonTrials, Trials, group_people


@dataclass(frozen=True)
class Crossing:
    """A factor with at least one condition of trials, taken apart.

    Attributes
    ----------
    factor
        Its name.
    parts
        Labels of people and conditions in the order of the name.
    labels
        The parts that are labels of people.
    condition
        The other parts, combined: their values joined in the order of the name.
    """

    factor: str
    parts: tuple[str, ...]
    labels: tuple[str, ...]
    condition: Condition

    @property
    def of_trials(self) -> tuple[str, ...]:
        """The parts that are conditions of trials."""
        return tuple(part for part in self.parts if part not in self.labels)

    def name(self, labels: str, condition: str) -> str:
        """Name of the group of people with these labels under this condition."""
        values = dict(zip(self.labels, labels.split(CROSS), strict=True)) if self.labels else {}
        values |= dict(zip(self.of_trials, condition.split(CROSS), strict=True))
        return CROSS.join(values[part] for part in self.parts)


def parts_of(factors: Sequence[str]) -> tuple[str, ...]:
    """Return the single columns of factors such as `camera x ethnicity`, once each."""
    return tuple(dict.fromkeys(part for factor in factors for part in factor.split(CROSS)))


def is_of_people(factor: str, people: pd.DataFrame) -> bool:
    """Whether a factor divides people, whatever the trial."""
    return factor == OVERALL or all(part in people for part in factor.split(CROSS))


def cross(trials: Trials, people: pd.DataFrame, factor: str) -> Crossing | None:
    """Take a factor with conditions apart; None where these trials have no such condition."""
    if not isinstance(trials, PersonTrials):
        return None
    parts = tuple(factor.split(CROSS))
    known = {one.factor: one for one in trials.conditions}
    of_trials = [part for part in parts if part not in people]
    if not of_trials or any(part not in known for part in of_trials):
        return None
    labels = tuple(part for part in parts if part in people)
    return Crossing(factor, parts, labels, combine([known[part] for part in of_trials]))


def combine(conditions: Sequence[Condition]) -> Condition:
    """Return the combinations of conditions that occur, as one condition.

    Parameters
    ----------
    conditions
        At least one, of the same trials.
    """
    if len(conditions) == 1:
        return conditions[0]
    codes = np.stack([one.codes for one in conditions], axis=1)
    found, code = np.unique(codes, axis=0, return_inverse=True)
    names = tuple(
        CROSS.join(one.names[value] for one, value in zip(conditions, row, strict=True))
        for row in found
    )
    factor = CROSS.join(one.factor for one in conditions)
    return Condition(factor, names, code.reshape(-1).astype(np.intp))


def units_of(trials: Trials, people: pd.DataFrame, factor: str) -> tuple[Trials, Grouping] | None:
    """Return trials and the grouping of their people by a factor, ready to be counted.

    Returns
    -------
    trials, grouping
        For a factor with conditions the people of these trials are units: person i under
        condition c is i times the number of conditions, plus c. None where the trials do not have
        the condition.
    """
    if is_of_people(factor, people):
        return trials, group_people(people, factor)
    crossing = cross(trials, people, factor)
    if crossing is None or not isinstance(trials, PersonTrials):
        return None
    labels = group_people(people, CROSS.join(crossing.labels) if crossing.labels else OVERALL)
    condition, number = crossing.condition, len(crossing.condition.names)
    divided = replace(
        trials,
        people=trials.people * number,
        person=trials.person * number + condition.codes,
        conditions=(),
    )
    names = tuple(
        crossing.name(label, value) for label in labels.names for value in condition.names
    )
    codes = labels.codes[:, None] * number + np.arange(number)
    return divided, Grouping(factor, names, codes.reshape(-1).astype(np.intp))


def check_factors(trials: Sequence[Trials], people: pd.DataFrame, factors: Sequence[str]) -> None:
    """Refuse trials of other people, and factors that nobody and no trial has.

    Raises
    ------
    ValueError
        If trials are about more or fewer people.
    KeyError
        If a factor does not exist; the message lists those that do.
    """
    for one in trials:
        if one.people != len(people):
            raise ValueError(
                f"The trials of {one.metric} are about {one.people} people, but the people's "
                f"labels have {len(people)} rows."
            )
    given = [one for one in trials if isinstance(one, PersonTrials)]
    conditions = list(dict.fromkeys(c.factor for one in given for c in one.conditions))
    known = {OVERALL, *people.columns, *conditions}
    missing = [part for part in parts_of(factors) if part not in known]
    if missing:
        raise KeyError(
            f"No factor {missing} among the people's labels, {list(people.columns)}, or the "
            f"conditions of trials, {conditions}."
        )
