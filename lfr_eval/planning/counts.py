"""Planning: power of tests on two counts of equal groups, by listing every outcome.

In: independent trials a group and two true rates. Out: the probability that the test declares a
difference, or equivalence. Nothing is approximated but the binomial itself: trials that depend on
one another enter as fewer independent ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.minimum import FEWEST_AFFECTED, FEWEST_EVENTS, FEWEST_PEOPLE
from lfr_eval.inference.precision import independent

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Counts = NDArray[np.intp]

NEGLIGIBLE = 1e-10
"""Outcomes less likely than this, in either tail, are left out."""


def power_of_this_test(
    trials: int | tuple[int, int], rate_a: float, rate_b: float, alpha: float
) -> float:
    """Power of the comparison of two groups with one trial a person.

    Below the least evidence (six events in all, three people with one in the group that has more)
    the verdict is `untestable`, and no difference is found.

    Parameters
    ----------
    trials
        Independent trials of each group, or of both.
    rate_a, rate_b
        True rates.
    alpha
        Level of the test.
    """
    n, m = (trials, trials) if isinstance(trials, int) else trials
    (a, chance_a), (b, chance_b) = _outcomes(n, rate_a), _outcomes(m, rate_b)
    apart = _rejected((n, m), a, b, 1.0, alpha / 2)
    apart |= _rejected((m, n), b, a, 1.0, alpha / 2).T
    often = _sum(a, b) > (n + m) / 2
    rare_a, rare_b = np.where(often, (n - a)[:, None], a[:, None]), np.where(often, m - b, b)
    most = np.where(rare_a / n >= rare_b / m, rare_a, rare_b)
    enough = (rare_a + rare_b >= FEWEST_EVENTS) & (most >= FEWEST_AFFECTED)
    return float(chance_a @ (apart & enough & (min(n, m) >= FEWEST_PEOPLE)) @ chance_b)


def power_of_fisher(people: int, rate_a: float, rate_b: float, alpha: float) -> float:
    """Power of Fisher's exact test on people with an event, of two groups of equal size.

    Examples
    --------
    Of 133 people a group, base rate 0.5 %, a fivefold difference is found in one study of 15:

    >>> round(power_of_fisher(133, 0.025, 0.005, 0.05), 3)
    0.067
    """
    return _conditional_power(people, rate_a, rate_b, alpha)


def power_of_equivalence(
    trials: int, rate_a: float, rate_b: float, margin: float, alpha: float
) -> float:
    """Probability that both one-sided tests reject: the verdict `equivalent`.

    Parameters
    ----------
    trials
        Independent trials of each group.
    rate_a, rate_b
        True rates.
    margin
        Equivalence margin, a ratio.
    alpha
        Level of each test.
    """
    (a, chance_a), (b, chance_b) = _outcomes(trials, rate_a), _outcomes(trials, rate_b)
    within = _rejected((trials, trials), a, b, 1 / margin, alpha)
    within &= _rejected((trials, trials), b, a, 1 / margin, alpha).T
    return float(chance_a @ within @ chance_b)


def _rejected(trials: tuple[int, int], a: Counts, b: Counts, ratio: float, level: float) -> Bools:
    """Whether a ratio is rejected from below at a one-sided level, for every two outcomes."""
    n, m = trials
    below = a / n - lower_ends(independent(a, np.full(len(a), float(n))), level)
    above = ratio * (upper_ends(independent(b, np.full(len(b), float(m))), level) - b / m)
    gap = a[:, None] / n - ratio * b[None, :] / m
    found: Bools = (gap > 0) & (gap**2 > below[:, None] ** 2 + above[None, :] ** 2)
    return found


def _sum(a: Counts, b: Counts) -> Counts:
    total: Counts = np.add.outer(a, b)
    return total


def _conditional_power(trials: int, rate_a: float, rate_b: float, alpha: float) -> float:
    (a, chance_a), (b, chance_b) = _outcomes(trials, rate_a), _outcomes(trials, rate_b)
    total = a[:, None] + b[None, :]
    critical = _critical(int(total.max()), trials, alpha)
    rejected = np.minimum(a[:, None], b[None, :]) <= critical[total]
    return float(chance_a @ rejected @ chance_b)


def _critical(most: int, trials: int, alpha: float) -> NDArray[np.intp]:
    """Largest number of events on one side that rejects, by total from 0 to `most`; -1: none."""
    total = np.arange(most + 1)[:, None]
    x = np.arange(most // 2 + 1)[None, :]

    def ways(n: int, k: NDArray[np.intp]) -> Floats:
        inside = np.clip(k, 0, n)
        log: Floats = (
            special.gammaln(n + 1) - special.gammaln(inside + 1) - special.gammaln(n - inside + 1)
        )
        return np.where((k >= 0) & (k <= n), log, -np.inf)

    chance = np.exp(ways(trials, x) + ways(trials, total - x) - ways(2 * trials, total))
    lower = np.cumsum(chance, axis=1)
    # Two equal groups: the other tail is the same, so p-values are doubled.
    p_value = 2 * lower
    rejected = (p_value < alpha) & (2 * x < total)
    largest: NDArray[np.intp] = np.count_nonzero(rejected, axis=1) - 1
    return largest


def _outcomes(trials: int, rate: float) -> tuple[NDArray[np.intp], Floats]:
    low = int(stats.binom.ppf(NEGLIGIBLE, trials, rate))
    high = int(stats.binom.isf(NEGLIGIBLE, trials, rate)) + 1
    events = np.arange(max(low, 0), min(high, trials) + 1)
    return events, stats.binom.pmf(events, trials, rate)
