"""Planning: power of one comparison in a factor of three groups or more, as the study tests it.

In: groups, of which the first has the higher rate and the second is the reference group. Out: the
share of studies whose comparison of these two is claimed. A study first tests all groups at once.
If that rejects, each comparison with the reference group has alpha / (k - 2) of k groups. To plan
each at alpha / (k - 1) and without the first test would print 81 % where 91 % is reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.minimum import FEWEST_PEOPLE, enough_evidence
from lfr_eval.inference.mover import Compared, p_value, ratio_ends
from lfr_eval.inference.omnibus import DRAWS, critical_values, null_contrasts, signed_deviates
from lfr_eval.inference.precision import Evidence, precision_of
from lfr_eval.planning.drawn import Group, last, studies_of

HIGHER, REFERENCE = 0, 1
_DRAWS = 20_000
"""Draws of rates with a normal distribution, where events are many."""
_BOUNDED = 20
"""Studies of which the bounds of the test of all groups are computed: they hardly differ."""
_SEED = 20260101


def share_different(groups: Sequence[Group], alpha: float, most: int, opened: float = 1.0) -> float:
    """Share of drawn studies that claim the first group to differ from the second.

    Parameters
    ----------
    groups
        Higher rate, reference group, others.
    alpha
        Level of all tests of the factor together.
    most
        Most studies to draw.
    opened
        Share of that level that its comparisons have once the test of all groups has rejected.
    """
    evidence = _evidence(groups, most)
    reference = evidence[REFERENCE]
    tested = np.stack([_testable(one, reference) for one in _compared(evidence)])
    level = _opened(np.count_nonzero(tested, axis=0), len(groups), alpha * opened)
    low, high = _ends(evidence[HIGHER], reference, 1 - level)
    found = tested[0] & ((low > 1) | (high < 1))
    if np.any(found):
        found[found] = _all_at_once([one.take(found) for one in evidence], alpha)
    return float(np.mean(found))


def share_equivalent(groups: Sequence[Group], alpha: float, margin: float, most: int) -> float:
    """Share of drawn studies that claim the first two groups to be equivalent, as Holm allows."""
    evidence = _evidence(groups, most)
    reference = evidence[REFERENCE]
    compared = list(_compared(evidence))
    tested = np.stack([_testable(one, reference) for one in compared])

    def within(level: float) -> Bools:
        ends = [_ends(one, reference, 1 - 2 * level) for one in compared]
        return tested & np.stack([(low > 1 / margin) & (high < margin) for low, high in ends])

    return float(np.mean(_holm(within, len(compared), alpha)))


def normal_share_different(
    rates: Sequence[float], trials: Sequence[float], alpha: float, opened: float = 1.0
) -> float:
    """Share of studies that claim a difference where events are many: rates drawn as normal."""
    p, n = np.array(rates), np.array(trials)
    drawn = _normal(p, n)
    z = (drawn[HIGHER] - drawn[REFERENCE]) / _pooled_error(p[:2], n[:2])
    level = alpha * opened / (len(p) - 2)
    found: Bools = np.abs(z) > -_quantile(level / 2)
    total = n.sum()
    rest = ((n @ drawn)[None] - n[:, None] * drawn) / (total - n)[:, None]
    others = (n @ p - n * p) / (total - n)
    error = [_pooled_error(np.array([p[g], others[g]]), np.array([n[g], total - n[g]]))
             for g in range(len(p))]  # fmt: skip
    deviates = (drawn - rest) / np.array(error)[:, None]
    return float(np.mean(found & _stands_out(deviates, n[:, None], n[:, None], alpha)))


def normal_share_equivalent(
    rates: Sequence[float], trials: Sequence[float], alpha: float, margin: float
) -> float:
    """Share of studies that claim equivalence where events are many: log rates drawn as normal."""
    p, n = np.array(rates), np.array(trials)
    noise = np.sqrt((1 - p) / (n * p))
    rng = np.random.default_rng(_SEED)
    log = np.log(p)[:, None] + noise[:, None] * rng.standard_normal((len(p), _DRAWS))
    compared = [HIGHER, *range(REFERENCE + 1, len(p))]
    apart = np.abs(log[compared] - log[REFERENCE])
    error = np.hypot(noise[compared], noise[REFERENCE])[:, None]

    def within(level: float) -> Bools:
        inside: Bools = apart < math.log(margin) + _quantile(level) * error
        return inside

    return float(np.mean(_holm(within, len(compared), alpha)))


def _evidence(groups: Sequence[Group], most: int) -> list[Evidence]:
    """Draw every group, each with its own seed, at the thresholds that any of them needs."""
    sweep = any(len(group.levels) > 1 for group in groups)
    alike = [replace(group, sweep=sweep) for group in groups]
    studies = studies_of(alike, most)
    return [group.evidence(studies, place + 1) for place, group in enumerate(alike)]


def _compared(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the groups that are compared with the reference group."""
    return [one for place, one in enumerate(evidence) if place != REFERENCE]


def _testable(one: Evidence, other: Evidence) -> Bools:
    here = slice(-1, None)
    found: Bools = enough_evidence(one.at(here), other.at(here))[:, 0]
    return found


def _ends(one: Evidence, other: Evidence, level: Floats | float) -> tuple[Floats, Floats]:
    sides = Compared(last(precision_of(one)), last(precision_of(other)))
    low, high = ratio_ends(sides, level)
    return np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=np.inf)


def _opened(tested: Floats, groups: int, alpha: float) -> Floats:
    """Level of a comparison with the reference group once the test of all groups has rejected.

    If k groups are not all alike, at most k - 2 comparisons with the reference group are true
    (Shaffer 1986); not so where some comparisons could not be tested.
    """
    whole = tested == groups - 1
    level: Floats = alpha / np.maximum(np.where(whole, tested - 1, tested), 1)
    return level


def _all_at_once(evidence: Sequence[Evidence], alpha: float) -> Bools:
    """Whether the test of all groups rejects, one entry a study."""
    asked = [place for place, one in enumerate(evidence) if one.people[0, 0] >= FEWEST_PEOPLE]
    if len(asked) < 3:
        return np.ones(evidence[0].events.shape[0], bool)  # It is the comparison itself.
    deviates = []
    for place in asked:
        one, rest = evidence[place], _pooled([e for g, e in enumerate(evidence) if g != place])
        sides = Compared(last(precision_of(one)), last(precision_of(rest)))
        p = np.where(_testable(one, rest), p_value(sides), np.nan)
        deviates.append(signed_deviates(p, sides.a.rate - sides.b.rate))
    worth = [last(precision_of(evidence[place])) for place in asked]
    trials, effective = (
        np.stack(values) for values in ([one.trials for one in worth],
                                        [one.effective_trials for one in worth])
    )  # fmt: skip
    return _stands_out(np.stack(deviates), trials, effective, alpha)


def _stands_out(deviates: Floats, trials: Floats, effective: Floats, alpha: float) -> Bools:
    """Whether `omnibus` would reject, by the mean of its bounds in some of the studies.

    Parameters
    ----------
    deviates, trials, effective : (groups, studies)
    """
    studies = deviates.shape[1]
    trials, effective = (np.broadcast_to(one, deviates.shape) for one in (trials, effective))
    normal = np.random.default_rng(_SEED).standard_normal((DRAWS, len(deviates)))
    some = np.unique(np.linspace(0, studies - 1, _BOUNDED).astype(int))
    nulls = (null_contrasts(normal, trials[:, at], effective[:, at]) for at in some)
    largest, squares = np.mean([critical_values(null, alpha) for null in nulls], axis=0)
    found: Bools = np.abs(deviates).max(axis=0) > largest
    found |= np.sum(deviates**2, axis=0) > squares
    return found


def _holm(claimed: Callable[[float], Bools], tests: int, alpha: float) -> Bools:
    """Whether the first of several comparisons is claimed by Holm's procedure, in every study.

    Parameters
    ----------
    claimed
        Which comparisons (tests, studies) are claimed at a level of their own.
    """
    at = np.stack([claimed(alpha / step) for step in range(tests, 0, -1)])
    number = np.zeros(at.shape[-1], int)
    every = np.arange(at.shape[-1])
    for _ in range(tests):
        step = np.minimum(number, tests - 1)
        number = np.maximum(number, at[step, :, every].sum(axis=1))
    found: Bools = at[np.minimum(number, tests - 1), 0, every]
    return found


def _pooled(parts: Sequence[Evidence]) -> Evidence:
    """Take independent groups together, study by study, as the rest of a group."""
    n = np.stack([part.trials for part in parts])
    total = n.sum(axis=0)
    variances = np.stack([part.variance for part in parts]) * n**2
    squares = variances**2 / np.stack([part.degrees for part in parts])

    def summed(name: str) -> Floats:
        added: Floats = sum(getattr(part, name) for part in parts)
        return added

    def most(name: str) -> Floats:
        highest: Floats = np.max([getattr(part, name) for part in parts], axis=0)
        return highest

    return Evidence(
        summed("events"), total, divide(variances.sum(axis=0), total**2),
        divide(variances.sum(axis=0) ** 2, squares.sum(axis=0), otherwise=np.inf),
        most("largest"), most("largest_without"), summed("people"), summed("affected"),
        summed("affected_without"), parts[0].pairs, parts[0].falling,
    )  # fmt: skip


def _normal(rates: Floats, trials: Floats) -> Floats:
    """Draw rates, (groups, draws)."""
    rng = np.random.default_rng(_SEED)
    noise = rng.standard_normal((len(rates), _DRAWS))
    drawn: Floats = rates[:, None] + np.sqrt(rates * (1 - rates) / trials)[:, None] * noise
    return drawn


def _pooled_error(rates: Floats, trials: Floats) -> float:
    """Return the standard error of the difference of two proportions if they are equal."""
    pooled = float(rates @ trials / trials.sum())
    return math.sqrt(pooled * (1 - pooled) * float(np.sum(1 / trials)))


def _quantile(level: float) -> float:
    return float(special.ndtri(level))
