"""Stage `inference`: trials that belong to one person each, counted by cell.

In: `PersonTrials` (FNMR, FPIR, FNIR, TPIR, FTA, FTE) and thresholds. Out: `Cells` under any
labelling of people: products of one-hot labels with the events of each person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.cells import (
    MOST_PEOPLE,
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

AT_ONCE = 2**24
"""Numbers of people times thresholds that are computed with at once: of millions of people, a few
thresholds."""


@dataclass(frozen=True)
class PersonCounter:
    """Events and trials of each person.

    Attributes
    ----------
    events : (people, thresholds)
        Events of each person.
    trials : (people,)
        Trials of each person.
    """

    events: Floats
    trials: Floats

    @classmethod
    def of(cls, trials: PersonTrials, thresholds: Floats) -> PersonCounter:
        """Count the events of each person at each threshold (ascending)."""
        total = np.bincount(trials.person, minlength=trials.people).astype(float)
        # One threshold after the other is counted, of millions of people with one trial each: by
        # column this takes far less time, and float32 holds 0 and 1 as well as float64.
        kind = np.float32 if total.max(initial=0.0) <= 1 else np.float64
        events = np.empty((trials.people, len(thresholds)), kind, order="F")
        for column, threshold in enumerate(thresholds):
            happened = trials.person[trials.events(threshold)]
            events[:, column] = np.bincount(happened, minlength=trials.people)
        return cls(events, total)

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.trials)

    @property
    def active(self) -> Bools:
        """People with a trial."""
        active: Bools = self.trials > 0
        return active

    def exposed(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with a trial, (cells,)."""
        return np.bincount(labels, self.active, cells)

    def affected(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with an event, (cells, thresholds)."""
        if self._single:
            return self.count(labels, cells).events
        count: Floats = members(labels, cells) @ (self.events > 0).astype(float)
        return count

    def degrees(self, labels: Labels, cells: int) -> Floats:
        """Degrees of freedom of the variance of each cell, (cells, thresholds)."""
        if self._single:
            found = self.count(labels, cells)
            events, rate, trials = found.events, found.rate, found.trials
            second, fourth = (
                events * (1 - rate) ** power + (trials - events) * rate**power for power in (2, 4)
            )
            return satterthwaite(second, fourth, trials)
        member = members(labels, cells)
        people = member @ self.active[:, None].astype(float)
        sums = []
        for part in self._parts():
            squares = part.residuals(labels, cells) ** 2
            sums.append((member @ squares, member @ squares**2))
        second, fourth = (np.concatenate(each, axis=1) for each in zip(*sums, strict=True))
        return satterthwaite(second, fourth, people)

    def residuals(self, labels: Labels, cells: int) -> Floats:
        """Events of each person less those expected at its cell's rate, (people, thresholds)."""
        rate = self.count(labels, cells).rate
        left: Floats = self.events - rate[labels] * self.trials[:, None]
        return left

    def extremes(self, labels: Labels, cells: int) -> Extremes:
        """Return the most that one person adds, and people with a trial that is no event."""
        if self._single:
            counted = self.count(labels, cells)
            events, without = counted.events, counted.trials - counted.events
            place = np.arange(MOST_PEOPLE)[None, :, None]
            top, top_without = (
                (place < each[:, None, :]).astype(float) for each in (events, without)
            )
            return Extremes(without, top, top_without)
        found = [
            extremes_of(part.events, self.trials[:, None], labels, cells) for part in self._parts()
        ]
        names = [field.name for field in fields(Extremes)]
        return Extremes(
            *(np.concatenate([getattr(one, name) for one in found], axis=-1) for name in names)
        )

    @cached_property
    def _single(self) -> bool:
        """Whether nobody has several trials: the numbers of events and trials then say all."""
        return bool(np.all(self.trials <= 1))

    def _parts(self) -> Iterator[PersonCounter]:
        """Yield the counter for some thresholds after others, at least once."""
        step = max(1, AT_ONCE // max(1, self.people))
        for start in range(0, max(1, self.events.shape[1]), step):
            yield replace(self, events=self.events[:, start : start + step])

    def count(self, labels: Labels, cells: int) -> Cells:
        """Count events within cells; variance clustered by person.

        V = sum u_i^2 (a_i - p m_i)^2 / (sum m_i)^2 over the n people of a cell, the ratio estimator
        of ISO/IEC 19795-1, with u_i from `leverage_factor`: n / (n - 1) where people have equal
        numbers of trials. Not below the binomial variance.
        """
        if self._single:
            return self._count_single(labels, cells)
        member = members(labels, cells)
        found = [part._count(labels, member) for part in self._parts()]
        events, variance = (
            np.concatenate([getattr(one, name) for one in found], axis=-1)
            for name in ("events", "variance")
        )
        return Cells(events, found[0].trials, variance, found[0].people)

    def _count_single(self, labels: Labels, cells: int) -> Cells:
        """Count people with one trial each, without a row of ones for every cell."""
        columns = [self.trials, *self.events.T]
        trials, *events = (
            np.bincount(labels[each > 0], minlength=cells)[:, None].astype(float)
            for each in columns
        )
        happened = np.concatenate(events, axis=-1) if events else np.zeros((cells, 0))
        rate = divide(happened, trials)
        alone = divide(rate * (1 - rate), trials)
        few = divide(trials, trials - 1, otherwise=1.0)
        return Cells(happened, trials, np.maximum(alone * few, alone), trials)

    def _count(self, labels: Labels, member: Floats) -> Cells:
        a, m = self.events, self.trials
        events = sums(member, a)
        trials, people = sums(member, m[:, None]), sums(member, (m > 0)[:, None].astype(float))
        rate = divide(events, trials)
        if np.all(m == m[0]):
            residuals = sums(member, a * a) - 2 * rate * m[0] * events + rate**2 * m[0] * trials
            residuals = residuals * divide(people, people - 1, otherwise=1.0)
        else:
            factor = leverage_factor(m, trials[labels, 0], people[labels, 0]) ** 2
            residuals = (
                sums(member, a * a * factor[:, None])
                - 2 * rate * sums(member, a * (m * factor)[:, None])
                + rate**2 * (member @ (m * m * factor))[:, None]
            )
        robust = divide(residuals, trials * trials)
        binomial = divide(rate * (1 - rate), trials)
        return Cells(events, trials, np.maximum(robust, binomial), people)


def members(labels: Labels, cells: int) -> Floats:
    """One-hot labels, (cells, people)."""
    member: Bools = labels == np.arange(cells)[:, None]
    return member.astype(float)


def sums(member: Floats, values: Floats) -> Floats:
    """Sum values (people, columns) by cell; few people have any event, so mostly sparse."""
    if np.count_nonzero(values) < 0.05 * values.size:
        product: Floats = (sparse.csr_array(values.T) @ member.T).T
        return product
    dense: Floats = member @ values
    return dense
