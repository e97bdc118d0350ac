"""Stage `inference`: trials of one person each, counted by cell and by condition of the trial.

In: `PersonTrials`, thresholds, the condition (camera, session) of every trial. Out: `Cells`, one
for each cell of people and condition, with the covariance between conditions: a person who passes
two cameras is in both, so that their rates are not independent evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.cells import (
    Bools,
    Cells,
    Extremes,
    Floats,
    Labels,
    divide,
    extremes_of,
    leverage_factor,
    satterthwaite,
)
from lfr_eval.inference.persons import members, sums
from lfr_eval.inference.sparse import ONE_UNIT


@dataclass(frozen=True)
class ConditionedCounter:
    """Events and trials of each person under each condition.

    Attributes
    ----------
    events : (conditions, people, thresholds)
        Events of each person.
    trials : (conditions, people)
        Trials of each person.
    """

    events: Floats
    trials: Floats

    @classmethod
    def of(
        cls, trials: PersonTrials, thresholds: Floats, condition: NDArray[np.intp], conditions: int
    ) -> ConditionedCounter:
        """Count by condition (trials,), a code from 0 to `conditions` - 1."""
        key, size = condition * trials.people + trials.person, conditions * trials.people
        events = np.empty((size, len(thresholds)))
        for column, threshold in enumerate(thresholds):
            events[:, column] = np.bincount(key[trials.events(threshold)], minlength=size)
        total = np.bincount(key, minlength=size).astype(float)
        shape = (conditions, trials.people)
        return cls(events.reshape(*shape, len(thresholds)), total.reshape(shape))

    @property
    def people(self) -> int:
        """Number of people."""
        return int(self.trials.shape[1])

    @property
    def active(self) -> Bools:
        """People with a trial."""
        active: Bools = np.any(self.trials > 0, axis=0)
        return active

    def exposed(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with a trial, (cells,)."""
        return np.bincount(labels, self.active, cells)

    def affected(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with an event, (cells, thresholds)."""
        happened = np.any(self.events > 0, axis=0).astype(float)
        return sums(members(labels, cells), happened)

    def degrees(self, labels: Labels, cells: int) -> Floats:
        """Degrees of freedom of the variance of each cell of people, (cells, thresholds)."""
        member = members(labels, cells)
        squares = self.residuals(labels, cells) ** 2
        people = sums(member, self.active[:, None].astype(float))
        return satterthwaite(member @ squares, member @ squares**2, people)

    def extremes(self, labels: Labels, cells: int) -> Extremes:
        """Return the most that one person adds under all conditions together."""
        trials = self.trials.sum(axis=0)[:, None]
        return extremes_of(self.events.sum(axis=0), trials, labels, cells)

    def residuals(self, labels: Labels, cells: int) -> Floats:
        """Events of each person, less those expected from its passes under each condition."""
        rate = self._expected(*self._totals(members(labels, cells)))
        residuals = np.zeros(self.events.shape[1:])
        for index, trials in enumerate(self.trials):
            residuals += self.events[index] - rate[labels, index] * trials[:, None]
        return residuals

    def _totals(self, member: Floats) -> tuple[Floats, Floats, Floats]:
        """Events, trials and people, (cells, conditions, thresholds or 1)."""
        events = np.stack([sums(member, own) for own in self.events], axis=1)
        trials = sums(member, self.trials.T)[..., None]
        return events, trials, sums(member, (self.trials > 0).astype(float).T)[..., None]

    @staticmethod
    def _expected(events: Floats, trials: Floats, people: Floats) -> Floats:
        """Rates that residuals are taken from; of one person under a condition, that of all."""
        whole = divide(events.sum(axis=1, keepdims=True), trials.sum(axis=1, keepdims=True))
        return np.where(people == ONE_UNIT, whole, divide(events, trials))

    def count(self, labels: Labels, cells: int) -> Cells:
        """Count events within cells and conditions; variance clustered by person across them.

        The covariance of the rates of conditions s and t in a cell of people is
        sum_i u_is (a_is - p_s m_is) u_it (a_it - p_t m_it) / (m_s m_t) with u from
        `leverage_factor`, so that every weighted sum of them has a variance that is not negative.
        """
        conditions, _, top = self.events.shape
        member = members(labels, cells)
        events, trials, people = self._totals(member)
        rate, expected = divide(events, trials), self._expected(events, trials, people)
        # Of each person under each condition, (conditions, people).
        factor = leverage_factor(self.trials, trials[labels, :, 0].T, people[labels, :, 0].T)
        covariance = np.zeros((cells, conditions, conditions, top))
        for s in range(conditions):
            for t in range(s, conditions):
                m_s, m_t = self.trials[s][:, None], self.trials[t][:, None]
                if not np.any(m_s * m_t):
                    continue
                x_s, x_t = self.events[s], self.events[t]
                p_s, p_t = expected[:, s], expected[:, t]
                both = (factor[s] * factor[t])[:, None]
                residuals = (
                    sums(member, x_s * x_t * both)
                    - p_t * sums(member, x_s * m_t * both)
                    - p_s * sums(member, x_t * m_s * both)
                    + p_s * p_t * sums(member, m_s * m_t * both)
                )
                covariance[:, s, t] = divide(residuals, trials[:, s] * trials[:, t])
                covariance[:, t, s] = covariance[:, s, t]
        own = np.arange(conditions)
        variance = np.maximum(covariance[:, own, own], divide(rate * (1 - rate), trials))
        covariance[:, own, own] = variance
        flat = (cells * conditions, -1)
        return Cells(
            events.reshape(flat),
            trials.reshape(flat),
            variance.reshape(flat),
            people.reshape(flat),
            covariance,
        )
