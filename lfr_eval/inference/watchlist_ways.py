"""Stage `inference`: the false alert rate of other watchlists, one group and threshold at a time.

In: the passes of a group and the references that each one matches. Out: the rate of a watchlist of
any size and composition in three ways, each with the residuals of people and the part of every
match, from which its variance follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lfr_eval.contract.mixing import Mix
from lfr_eval.contract.trials import Ints, WatchlistTrials
from lfr_eval.inference.cells import Bools, Floats, divide

ALMOST = 1.0 - 1e-12
"""A false match rate of 1 has no logarithm."""


@dataclass(frozen=True)
class Answer:
    """The rate of one watchlist.

    Attributes
    ----------
    rate
        False alerts per recognition opportunity.
    residual : (people,)
        What each person adds to the deviation of the rate from its expectation; they sum to 0.
    part : (matches,)
        What each match of a pass and a reference contributes to the rate, to first order.
    independent
        Variance that the rate would have if passes (or comparisons) shared nobody.
    observed
        Whether this watchlist is the one that was searched, so that its alerts were counted.
    """

    rate: float
    residual: Floats
    part: Floats
    independent: float
    observed: bool = False

    def times(self, factor: float) -> Answer:
        """Return the rate in proportion, as linear scaling has it."""
        return Answer(
            self.rate * factor,
            self.residual * factor,
            self.part * factor,
            self.independent * factor**2,
            self.observed and factor == 1,
        )


@dataclass(frozen=True)
class Exposure:
    """A group's passes and their matches with references of a mix, at one threshold.

    Attributes
    ----------
    person : (passes,)
        The person of each pass, among the people of the group alone.
    people
        People of the group with a pass.
    acquired : (passes,)
        Whether a template was made.
    available : (groups,)
        References of each group of the mix.
    unit : (people,)
        The unit of inference of each person: the person, or a cluster of people.
    own : (people, groups)
        Their own references among them.
    hit_pass, hit_reference, hit_group : (matches,)
        The matches: pass (of this group), reference, its group.
    """

    mix: Mix
    person: Ints
    people: int
    acquired: Bools
    available: Ints
    unit: Ints
    own: Floats
    hit_pass: Ints
    hit_reference: Ints
    hit_group: Ints

    @classmethod
    def of(
        cls,
        trials: WatchlistTrials,
        inside: Bools,
        mix: Mix,
        reference_group: Ints,
        threshold: float,
        clusters: Ints | None = None,
    ) -> Exposure:
        """Take the passes of the people `inside` (people,) and what they match at a threshold."""
        chosen = inside[trials.person]
        number = np.cumsum(chosen) - 1
        members, person = np.unique(trials.person[chosen], return_inverse=True)
        unit = members if clusters is None else clusters[members]
        hit = (
            (trials.hit_score >= np.float32(threshold))
            & chosen[trials.hit_pass]
            & (reference_group[trials.hit_reference] >= 0)
        )
        kinds = len(mix.groups)
        known = reference_group >= 0
        own = np.zeros((trials.people, kinds))
        owned = known & (trials.owner >= 0)
        np.add.at(own, (trials.owner[owned], reference_group[owned]), 1.0)
        return cls(
            mix=mix,
            person=person.astype(np.intp),
            people=len(members),
            acquired=trials.acquired[chosen],
            available=np.bincount(reference_group[known], minlength=kinds).astype(np.intp),
            unit=np.unique(unit, return_inverse=True)[1].ravel(),
            own=own[members],
            hit_pass=number[trials.hit_pass[hit]],
            hit_reference=trials.hit_reference[hit],
            hit_group=reference_group[trials.hit_reference[hit]],
        )

    @property
    def units(self) -> int:
        """Units of inference: people, or clusters of them."""
        return int(self.unit.max(initial=-1)) + 1

    def by_unit(self, values: Floats) -> Floats:
        """Add up values of people by unit, (units,)."""
        return np.bincount(self.unit, values, self.units)

    @property
    def passes(self) -> int:
        """Recognition opportunities."""
        return len(self.person)

    @cached_property
    def trials(self) -> Floats:
        """Recognition opportunities of each person, (people,)."""
        return np.bincount(self.person, minlength=self.people).astype(float)

    @cached_property
    def matched(self) -> tuple[Ints, Ints]:
        """Passes with a match, and for each match the place of its pass among them."""
        passes, place = np.unique(self.hit_pass, return_inverse=True)
        return passes, place

    @cached_property
    def matches(self) -> Ints:
        """Matches of each such pass with each group of the mix, (passes, groups)."""
        passes, place = self.matched
        kinds = len(self.mix.groups)
        flat = np.bincount(place * kinds + self.hit_group, minlength=len(passes) * kinds)
        return flat.reshape(len(passes), kinds)

    @cached_property
    def pairs(self) -> Ints:
        """Number of the person and reference of each match."""
        key = self.person[self.hit_pass] * (self.hit_reference.max(initial=0) + 1)
        return np.unique(key + self.hit_reference, return_inverse=True)[1]

    @cached_property
    def comparisons(self) -> Floats:
        """Comparisons of each person with each group of the mix, (people, groups)."""
        acquired = np.bincount(self.person, self.acquired, self.people)
        return np.asarray(acquired[:, None] * (self.available - self.own), float)

    @cached_property
    def matches_of_people(self) -> Floats:
        """Matches of each person with each group of the mix, (people, groups)."""
        kinds = len(self.mix.groups)
        key = self.person[self.hit_pass] * kinds + self.hit_group
        return np.bincount(key, minlength=self.people * kinds).reshape(self.people, kinds) * 1.0

    @cached_property
    def false_match_rate(self) -> Floats:
        """Share of the references of each group that an acquired pass matches, (groups,)."""
        return divide(self.matches_of_people.sum(axis=0), self.comparisons.sum(axis=0))


def resampled(exposure: Exposure, size: int) -> Answer:
    """Average over all watchlists of a size and composition that the references allow.

    A pass that matches m of the M references of a group is left in peace by n of them drawn at
    random with probability C(M - m, n) / C(M, n), the hypergeometric one: nothing is simulated.
    Drawn at random means that every reference of a group is as likely; whoever passes is left out.
    """
    drawn = exposure.mix.counts(size)
    silent = np.zeros(exposure.matches.shape)
    for group, (have, wanted) in enumerate(zip(exposure.available, drawn, strict=True)):
        table = _log_silence(exposure.matches[:, group].max(initial=0), have, wanted)
        silent[:, group] = table[exposure.matches[:, group]]
    passes, place = exposure.matched
    alert = -np.expm1(silent.sum(axis=1))
    person = exposure.person[passes]
    rate = float(alert.sum() / exposure.passes)
    alerts = np.bincount(person, alert, exposure.people)
    residual = (alerts - rate * exposure.trials) / exposure.passes
    squares = float(np.sum((alert - rate) ** 2)) + rate**2 * (exposure.passes - len(passes))
    return Answer(
        rate,
        residual,
        _alone(exposure, drawn, silent)[place, exposure.hit_group] / exposure.passes,
        squares / exposure.passes**2,
        observed=bool((drawn == exposure.available).all()),
    )


def closed_form(exposure: Exposure, size: int) -> Answer:
    """Rate of a watchlist if all comparisons of a pass were independent.

    (1 - FTA) (1 - prod_h (1 - FMR_gh)^(N_h)): FMR_gh is the share of the references of group h
    that an acquired pass of group g matches with its best frame.
    """
    drawn = exposure.mix.counts(size).astype(float)
    match = np.minimum(exposure.false_match_rate, ALMOST)
    silent = float(np.exp(np.log1p(-match) @ drawn))
    acquired = float(exposure.acquired.mean())
    # Derivatives by the rates of false matches and of acquisition, divided by their trials.
    comparisons = exposure.comparisons.sum(axis=0)
    slope = divide(acquired * silent * drawn / (1 - match), comparisons)
    matches = exposure.matches_of_people - match * exposure.comparisons
    present = np.bincount(exposure.person, exposure.acquired, exposure.people)
    residual = matches @ slope + (1 - silent) / exposure.passes * (
        present - acquired * exposure.trials
    )
    independent = float(np.sum(slope**2 * match * (1 - match) * comparisons))
    return Answer(acquired * (1 - silent), residual, slope[exposure.hit_group], independent)


def _log_silence(most: int, have: int, drawn: int) -> Floats:
    """Log of the probability that `drawn` of `have` references hold none of 0, 1, ... `most`."""
    left = have - np.arange(most)
    with np.errstate(divide="ignore"):
        steps = np.log1p(-np.minimum(drawn / np.maximum(left, 1), 1.0))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _alone(exposure: Exposure, drawn: Ints, silent: Floats) -> Floats:
    """Probability that one match of a pass is on the watchlist and no other, (passes, groups).

    What one reference adds to the rate of a random watchlist, to first order (Hájek).
    """
    result = np.zeros(silent.shape)
    for group, (have, wanted) in enumerate(zip(exposure.available, drawn, strict=True)):
        if not wanted:
            continue
        others = np.delete(silent, group, axis=1).sum(axis=1)
        matches = exposure.matches[:, group]
        table = _log_silence(max(matches.max(initial=0) - 1, 0), have - 1, wanted - 1)
        result[:, group] = wanted / have * np.exp(others + table[np.maximum(matches - 1, 0)])
    return result
