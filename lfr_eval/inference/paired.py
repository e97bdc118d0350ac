"""Stage `inference`: conditions of trials compared on the same people.

In: trials of one person each, two or more conditions (cameras) that people pass, thresholds. Out:
rates of two sides standardised to the same people, and their ratio's effective trials.

People differ, and who passes which camera need not be chance. So a camera is compared with another
within each person: with a_ic events in the m_ic passes of person i under condition c, the
difference is D = sum_i (a_iA m_iB - a_iB m_iA) / m_i, that of Mantel and Haenszel with people as
strata. Whoever passed one side only says nothing about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.cells import Floats, divide, satterthwaite

Codes = NDArray[np.intp]

FEWEST_DIFFERENCES = 3.0
"""No interval is narrower than if three passes had differed: people without any difference between
two conditions still allow for a rate of about 3 in their number (the rule of three)."""


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
class PairedContrast:
    """Two sides compared on the people who have trials on both.

    Attributes
    ----------
    rate_a, rate_b : (thresholds,)
        Rates with the same weights m_iA m_iB / m_i over people; NaN where nobody has both.
    statistic : (thresholds,)
        Studentised difference.
    effective_trials : (thresholds,)
        Independent trials of each side whose ratio would have the same variance.
    degrees : (thresholds,)
        Degrees of freedom of that variance.
    affected_a, affected_b : (thresholds,)
        Of these people, how many have an event on a side.
    people
        How many there are.
    """

    rate_a: Floats
    rate_b: Floats
    statistic: Floats
    effective_trials: Floats
    degrees: Floats
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


def paired_contrast(
    trials: PairedTrials, side: int, watchlist_size: float | None = None
) -> PairedContrast:
    """Compare a condition with all others.

    Parameters
    ----------
    trials
        What was counted.
    side
        The condition.
    watchlist_size
        References searched, where claims are to hold for watchlists like this one.

    Notes
    -----
    The variance of the log ratio is that of the linearised difference e_iA / p_A - e_iB / p_B,
    clustered by person, so that what a person's passes share under both conditions cancels. It is
    not taken below that of exchangeable passes, nor below that of three passes that differ.
    """
    m_a, m = trials.trials[:, side, None], trials.trials.sum(axis=1)[:, None]
    a, total = trials.events[:, side], trials.events.sum(axis=1)
    m_b, b = m - m_a, total - a
    both = (m_a * m_b > 0)[:, 0]
    weight = divide(m_a * m_b, m)
    mass = float(weight.sum())
    gather = sum_by(trials.person)

    def by_person(values: Floats) -> Floats:
        product: Floats = gather @ values
        return product

    n = float(np.count_nonzero(by_person(both.astype(float))))
    scored_a, scored_b = divide(a * m_b, m), divide(b * m_a, m)
    top = trials.events.shape[2]
    if not mass:
        none, zero = np.full(top, np.nan), np.zeros(top)
        return PairedContrast(none, none, zero, zero, np.full(top, np.inf), zero, zero, 0)
    rate_a, rate_b = scored_a.sum(axis=0) / mass, scored_b.sum(axis=0) / mass
    e_a, e_b = by_person(scored_a - rate_a * weight), by_person(scored_b - rate_b * weight)
    correction = n / (n - 1) if n > 1 else 1.0
    free = exchangeable_variance(trials, side)
    shared = 0.0 if watchlist_size is None else _caused(trials, side, watchlist_size)
    robust = correction * np.sum((e_a - e_b) ** 2, axis=0)
    statistic = divide((rate_a - rate_b) * mass, np.sqrt(np.maximum(robust, free) + shared))
    least = np.maximum(free, FEWEST_DIFFERENCES * np.mean(divide(m_a * m_b, m**2)[both]))
    known = (rate_a > 0) & (rate_b > 0)
    p_a, p_b = np.where(known, rate_a, 1.0), np.where(known, rate_b, 1.0)
    residual = e_a / p_a - e_b / p_b
    robust = correction * np.sum(residual**2, axis=0)
    variance = (np.maximum(robust, least / (p_a * p_b)) + shared / (p_a * p_b)) / mass**2
    spread = (1 - rate_a) / p_a + (1 - rate_b) / p_b
    # Without events on a side there is no log ratio: people are what there is.
    effective = np.where(known & (spread > 0), divide(spread, variance), n)
    squares = residual**2
    return PairedContrast(
        rate_a,
        rate_b,
        statistic,
        effective,
        satterthwaite(squares.sum(axis=0), np.sum(squares**2, axis=0), n),
        np.sum(by_person(a * both[:, None]) > 0, axis=0).astype(float),
        np.sum(by_person(b * both[:, None]) > 0, axis=0).astype(float),
        int(n),
    )


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
