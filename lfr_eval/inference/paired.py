"""Stage `inference`: conditions of trials compared on the same people.

In: trials of one person each, two or more conditions (cameras) that people pass, thresholds. Out:
evidence of two sides standardised to the same people, and how their errors go together.

People differ, and who passes which camera need not be chance. So a camera is compared with another
within each person: with a_ic events in the m_ic passes of person i under condition c, the
difference is D = sum_i (a_iA m_iB - a_iB m_iA) / m_i, that of Mantel and Haenszel with people as
strata. Whoever passed one side only says nothing about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.cells import (
    MOST_PEOPLE,
    Codes,
    Floats,
    divide,
    leverage_factor,
    satterthwaite,
)
from lfr_eval.inference.mover import LARGEST_CORRELATION
from lfr_eval.inference.precision import (
    ENOUGH_EVENTS,
    Evidence,
    Lenders,
    nearest_lender,
    precision_of,
)

FEWEST_DISCORDANT = 6
"""People whose outcomes differ between two sides, else untestable: with five the exact sign test
cannot reach 5 %."""


@dataclass(frozen=True)
class PairedTrials:
    """Trials counted by person, by what people are compared within, and by condition.

    Attributes
    ----------
    events : (blocks, conditions, thresholds)
        A block is a person, or a person within a stratum of control conditions.
    trials : (blocks, conditions)
        Trials.
    person : (blocks,)
        The person of each block.
    block, condition, steps : (trials,)
        For exchanging: block and condition of each trial, and at how many thresholds, counted
        from the lowest, its score reaches the threshold.
    below
        Whether an event is a score below the threshold.
    cause : (trials,)
        The watchlist person who caused the score, -1 for nobody; empty where no trial has one.
    """

    events: Floats
    trials: Floats
    person: Codes
    block: Codes
    condition: Codes
    steps: Codes
    below: bool
    cause: Codes

    @classmethod
    def of(
        cls,
        trials: PersonTrials,
        thresholds: Floats,
        condition: Codes,
        conditions: int,
        within: Codes | None = None,
    ) -> PairedTrials:
        """Count trials under each condition (trials,), a code from 0 to `conditions` - 1.

        Parameters
        ----------
        within : (trials,), optional
            Code of a control condition that passes are exchanged within.
        """
        key = trials.person
        if within is not None:
            key = key * (int(within.max(initial=0)) + 1) + within
        blocks, block = np.unique(key, return_inverse=True)
        order = np.argsort(block, kind="stable")
        cuts = np.asarray(thresholds, np.float32)
        steps = np.searchsorted(cuts, trials.score.astype(np.float32), side="right")
        person = np.zeros(len(blocks), np.intp)
        person[block] = trials.person
        below = not trials.event_at_or_above
        events = count_events(block, condition, steps, (len(blocks), conditions, len(cuts)), below)
        total = np.bincount(block * conditions + condition, minlength=len(blocks) * conditions)
        return cls(
            events,
            total.reshape(len(blocks), conditions).astype(float),
            person,
            block[order].astype(np.intp),
            condition[order],
            steps[order].astype(np.intp),
            below,
            np.empty(0, np.intp) if trials.reference is None else trials.reference[order],
        )

    def only(self, pair: Sequence[int]) -> PairedTrials:
        """Return the trials under two of the conditions, which become 0 and 1."""
        new = np.full(self.trials.shape[1], -1)
        new[list(pair)] = np.arange(len(pair))
        keep = new[self.condition] >= 0
        return PairedTrials(
            self.events[:, list(pair)],
            self.trials[:, list(pair)],
            self.person,
            self.block[keep],
            new[self.condition[keep]],
            self.steps[keep],
            self.below,
            self.cause[keep] if len(self.cause) else self.cause,
        )

    @property
    def shared(self) -> bool:
        """Whether anybody has trials under two conditions."""
        return bool(np.any(np.count_nonzero(self.trials, axis=1) > 1))


@dataclass(frozen=True)
class PairedSides:
    """Two sides compared on the people who have trials on both.

    Attributes
    ----------
    a, b
        Evidence, one row each: rates with the same weights m_iA m_iB / m_i over people.
    correlation : (1, thresholds)
        Correlation of the two rates' errors, not above what people's own passes allow; that of
        the nearest score with ten events on both sides where there are fewer.
    degrees : (thresholds,)
        Degrees of freedom of the variance of the difference, there or here.
    discordant : (thresholds,)
        People whose shares of events differ between the sides.
    top : (MOST_PEOPLE, thresholds)
        Weighted events of the people with most, on the side with the higher rate.
    affected_a, affected_b : (thresholds,)
        Of these people, how many have an event on a side.
    people
        How many there are.
    """

    a: Evidence
    b: Evidence
    correlation: Floats
    degrees: Floats
    discordant: Floats
    top: Floats
    affected_a: Floats
    affected_b: Floats
    people: int


def count_events(
    block: Codes, condition: Codes, steps: Codes, shape: tuple[int, int, int], below: bool
) -> Floats:
    """Count events by block, condition and threshold, `shape`."""
    blocks, conditions, top = shape
    key = (block * conditions + condition) * (top + 1) + steps
    found = np.bincount(key, minlength=blocks * conditions * (top + 1))
    table = found.reshape(blocks, conditions, top + 1)
    if below:
        return np.cumsum(table, axis=2)[:, :, :-1].astype(float)
    return np.cumsum(table[:, :, ::-1], axis=2)[:, :, -2::-1].astype(float)


def paired_sides(
    trials: PairedTrials,
    side: int,
    falling: bool,
    watchlist_size: float | None = None,
    clusters: Codes | None = None,
    lending: PairedSides | None = None,
    lenders: Lenders | None = None,
) -> PairedSides | None:
    """Compare a condition with all others; None where nobody has trials of both.

    Parameters
    ----------
    trials
        What was counted.
    side
        The condition.
    falling
        Whether events become fewer as the threshold rises.
    watchlist_size
        References searched, where claims are to hold for watchlists like this one.
    clusters : (people,), optional
        The cluster of each person, where clusters are the unit of inference.
    lending, lenders
        The same sides at the scores that lend.

    Notes
    -----
    With residuals e_iA and e_iB of person i on both sides, the variances are sum e_iA^2 and
    sum e_iB^2, and the covariance is sum e_iA e_iB: what a person's passes share under both
    conditions cancels in the difference. The covariance is taken no larger than leaves the
    difference the variance of exchangeable passes, sum_i m_iA m_iB a_i (m_i - a_i) / (m_i^2
    (m_i - 1)), as in the test of Cochran, Mantel and Haenszel.
    """
    m_a, m = trials.trials[:, side, None], trials.trials.sum(axis=1)[:, None]
    a, total = trials.events[:, side], trials.events.sum(axis=1)
    m_b, b = m - m_a, total - a
    both = (m_a * m_b > 0)[:, 0]
    weight = divide(m_a * m_b, m)
    mass = float(weight.sum())
    if not mass:
        return None
    unit = trials.person if clusters is None else clusters[trials.person]
    gather = sum_by(np.unique(unit, return_inverse=True)[1].ravel())

    def by_unit(values: Floats) -> Floats:
        product: Floats = gather @ values
        return product

    n = float(np.count_nonzero(by_unit(both.astype(float))))
    scored_a, scored_b = divide(a * m_b, m), divide(b * m_a, m)
    rate_a, rate_b = scored_a.sum(axis=0) / mass, scored_b.sum(axis=0) / mass
    e_a, e_b = by_unit(scored_a - rate_a * weight), by_unit(scored_b - rate_b * weight)
    # Leaving one person (or cluster) out at a time, as everywhere.
    factor = leverage_factor(by_unit(weight), np.array(mass), np.array(n))
    free = exchangeable_variance(trials, side)
    shared = 0.0 if watchlist_size is None else _caused(trials, side, watchlist_size)
    v_a, v_b, apart = (np.sum((factor * e) ** 2, axis=0) for e in (e_a, e_b, e_a - e_b))
    least = np.maximum(apart, free) + shared
    covariance = (v_a + v_b - least) / 2
    # Trials of one person each that would give the weighted rates the same binomial variance.
    worth_a = mass**2 / float(np.sum(m_a * divide(m_b, m) ** 2))
    worth_b = mass**2 / float(np.sum(m_b * divide(m_a, m) ** 2))
    unit_a, unit_b, unit_weight = by_unit(scored_a), by_unit(scored_b), by_unit(weight)
    rows = [
        side.evidence(mass, n, falling)
        for side in (
            _Side(unit_a, unit_weight, e_a, v_a, rate_a, worth_a),
            _Side(unit_b, unit_weight, e_b, v_b, rate_b, worth_b),
        )
    ]
    if lending is not None and lenders is not None:
        rows = [
            row.borrowing(lender, lenders)
            for row, lender in zip(rows, (lending.a, lending.b), strict=True)
        ]
    squares = (e_a - e_b) ** 2
    higher = np.where(rate_a >= rate_b, unit_a * worth_a / mass, unit_b * worth_b / mass)
    used_a, used_b = (precision_of(row) for row in rows)
    spread = np.sqrt(
        used_a.rate * (1 - used_a.rate) * divide(1.0, used_a.effective_trials)
        * used_b.rate * (1 - used_b.rate) * divide(1.0, used_b.effective_trials)
    )  # fmt: skip
    correlation = np.clip(divide(covariance / mass**2, spread), -1.0, LARGEST_CORRELATION)
    degrees = satterthwaite(squares.sum(axis=0), np.sum(squares**2, axis=0), n)
    # Few events say nothing of the covariance. What they do not borrow is taken as none.
    few = np.minimum(rows[0].events, rows[1].events)[0] < ENOUGH_EVENTS
    correlation = np.where(few, np.minimum(correlation, 0.0), correlation)
    if lending is not None and lenders is not None:
        lent, lent_degrees = _lent(lending, lenders, falling)
        # It leaves the difference no less than its own variance, as above.
        most = divide(used_a.variance + used_b.variance - least / mass**2, 2 * spread)
        borrowed = few & ~np.isnan(lent)
        correlation = np.where(borrowed, np.minimum(lent, most), correlation)
        degrees = np.where(borrowed, lent_degrees, degrees)
    return PairedSides(
        rows[0],
        rows[1],
        correlation,
        degrees,
        np.count_nonzero(np.abs(unit_a - unit_b) > 1e-9, axis=0).astype(float),
        _longest(higher),
        np.sum(by_unit(a * both[:, None]) > 0, axis=0).astype(float),
        np.sum(by_unit(b * both[:, None]) > 0, axis=0).astype(float),
        int(np.count_nonzero(sum_by(trials.person) @ both.astype(float))),
    )


def _lent(lending: PairedSides, lenders: Lenders, falling: bool) -> tuple[Floats, Floats]:
    """Correlation, and degrees of freedom, at the nearest lender where both sides have ten events.

    NaN where there is none. Design effects are lent unscaled, and the correlation goes with them.
    """
    enough = np.minimum(lending.a.events, lending.b.events)[0] >= ENOUGH_EVENTS
    nearest = nearest_lender(enough, lenders, falling)
    correlation, degrees = (
        np.append(values, np.nan)[nearest] for values in (lending.correlation, lending.degrees)
    )
    return correlation, degrees


@dataclass(frozen=True)
class _Side:
    """What one condition counted, by unit of the variance, and what it is worth."""

    scored: Floats
    weight: Floats
    residual: Floats
    variance: Floats
    rate: Floats
    worth: float

    def evidence(self, mass: float, people: float, falling: bool) -> Evidence:
        """Return it as one row, on the scale of its worth."""
        squares, scale = self.residual**2, self.worth / mass
        without, rate = self.weight - self.scored, self.rate
        return Evidence(
            (rate * self.worth)[None],
            np.full((1, len(rate)), self.worth),
            np.maximum(self.variance / mass**2, rate * (1 - rate) / self.worth)[None],
            satterthwaite(squares.sum(axis=0), np.sum(squares**2, axis=0), people)[None],
            (self.scored.max(axis=0) * scale)[None],
            (without.max(axis=0) * scale)[None],
            np.array([[people]]),
            np.count_nonzero(self.scored > 0, axis=0).astype(float)[None],
            np.count_nonzero(without > 1e-9, axis=0).astype(float)[None],
            pairs=False,
            falling=falling,
        )


def _longest(values: Floats) -> Floats:
    found = np.zeros((MOST_PEOPLE, values.shape[1]))
    most = -np.sort(-values, axis=0)[:MOST_PEOPLE]
    found[: len(most)] = most
    return found


def exchangeable_variance(trials: PairedTrials, side: int) -> Floats:
    """Variance of D if each person's passes were dealt to the conditions by chance, (thresholds,).

    sum_i m_iA m_iB a_i (m_i - a_i) / (m_i^2 (m_i - 1)), as in the test of Cochran, Mantel and
    Haenszel.
    """
    m_a, m = trials.trials[:, side, None], trials.trials.sum(axis=1)[:, None]
    a = trials.events.sum(axis=1)
    each = divide(m_a * (m - m_a) * a * (m - a), m**2 * (m - 1))
    total: Floats = each.sum(axis=0)
    return total


def _caused(trials: PairedTrials, side: int, size: float) -> Floats:
    """Return what drawing the watchlist anew adds to the variance of D, (thresholds,).

    Sums of squares over references, less those over pairs of a person and a reference (Cameron,
    Gelbach & Miller 2011): the same reference may cause alerts at several cameras.
    """
    m_a, m = trials.trials[:, side], trials.trials.sum(axis=1)
    share = divide(m_a, m)[trials.block]
    weight = np.where(trials.condition == side, 1.0 - share, -share)
    extra = np.zeros(trials.events.shape[2])
    person = trials.person[trials.block]
    for step in range(len(extra)):
        caused = (trials.steps > step) & (trials.cause >= 0)
        cause, own = trials.cause[caused], weight[caused]
        if not len(cause):
            continue
        _, pair = np.unique(person[caused] * (int(cause.max()) + 1) + cause, return_inverse=True)
        between = np.sum(np.bincount(cause, own) ** 2) - own.sum() ** 2 / size
        extra[step] = max(between - np.sum(np.bincount(pair, own) ** 2), 0.0)
    return extra


def sum_by(code: Codes) -> sparse.csr_array:
    """Matrix that sums rows by code, (codes, rows)."""
    shape = (int(code.max(initial=-1)) + 1, len(code))
    return sparse.csr_array((np.ones(len(code)), (code, np.arange(len(code)))), shape=shape)


def constant_for_people(trials: PersonTrials, condition: Codes) -> Codes | None:
    """Return the condition of each person where nobody has two, -1 without trials; else None."""
    found = np.full(trials.people, -1)
    found[trials.person] = condition
    return found if np.array_equal(found[trials.person], condition) else None
