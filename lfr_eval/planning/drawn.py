"""Planning: power of the tests on trials that share people, by drawing many studies at once.

In: people and true rates of two groups, how much their trials share. Out: the share of studies in
which `inference` claims a difference, or equivalence. A study must estimate how much trials repeat
one another, and this costs power; taking the design effect as known printed 80 % where 70 % was
reached. Only people with an event, and pairs of people who match, are drawn: few, where rates are
small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lfr_eval.inference.cells import leverage_factor, satterthwaite, shared_variance
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared, ratio_ends
from lfr_eval.inference.precision import Evidence, Precision, precision_of

Floats = NDArray[Any]

STUDIES = 2000
"""Studies for a power; the standard error of 80 % is then 0.9 points."""

LEVELS = (8.0, 4.0, 2.0, 1.0)
"""Rates at the thresholds of a sweep, as multiples of the planned one: what a study may borrow."""

NEED_NO_SWEEP = 60
"""Expected events from which a design effect is hardly ever borrowed."""

MOST_DRAWN = 2_000_000
"""People or pairs drawn for one power; beyond it there are fewer studies, 500 at the least."""

FEWEST_STUDIES = 500
_SEED = 20260101


@dataclass(frozen=True)
class Group:
    """One group of a planned study.

    Attributes
    ----------
    people
        How many people.
    rate
        True rate.
    passes
        Trials of one person; not read for comparisons.
    correlation
        Of the passes of one person (beta-binomial events).
    spread
        For comparisons between two people: coefficient of variation of people's log-normal
        tendency to be falsely matched. None: trials have one person.
    sweep
        Whether to draw the whole sweep in any case, as where another group of the study needs it.
    """

    people: int
    rate: float
    passes: int
    correlation: float
    spread: float | None = None
    sweep: bool = False

    @property
    def levels(self) -> tuple[float, ...]:
        """Thresholds to draw: the sweep only where something may be borrowed from it."""
        trials = self.people * self.passes
        if self.spread is not None:
            trials = self.people * (self.people - 1) // 2
        enough = trials * min(self.rate, 1 - self.rate) >= NEED_NO_SWEEP
        return LEVELS[-1:] if enough and not self.sweep else LEVELS

    @property
    def touched(self) -> _Touched:
        """Its people with an event at the lowest threshold."""
        return _touched(self.rate, self.passes, self.correlation, self.levels)

    def evidence(self, studies: int, seed: int) -> Evidence:
        """Draw studies, one a row."""
        return _drawn(self, studies, seed)

    @property
    def cost(self) -> float:
        """People and events that one study draws."""
        if self.spread is None:
            return self.people * self.touched.share
        pairs = self.people * (self.people - 1) / 2
        return self.people + pairs * self.rate * self.levels[0]


# A search over ratios asks for the same groups with the lower rate again and again.
@lru_cache(maxsize=64)
def _drawn(group: Group, studies: int, seed: int) -> Evidence:
    rng = np.random.default_rng([_SEED, seed])
    return (_passes if group.spread is None else _comparisons)(group, studies, rng)


def share_found(
    higher: Group, lower: Group, level: float, margin: float | None = None, most: int = STUDIES
) -> tuple[float, float]:
    """Return the share of studies that claim a difference, or equivalence, and its error.

    Parameters
    ----------
    level
        Level of the two-sided test, or (with a margin) of each one-sided test.
    margin
        Equivalence margin, a ratio; None: a difference is claimed.
    most
        Most studies to draw.
    """
    studies = studies_of((higher, lower), most)
    one, two = higher.evidence(studies, 1), lower.evidence(studies, 2)
    sides = Compared(last(precision_of(one)), last(precision_of(two)))
    ends = ratio_ends(sides, 1 - level if margin is None else 1 - 2 * level)
    low, high = (np.nan_to_num(end, nan=1.0) for end in ends)
    if margin is None:
        found = (low > 1) | (high < 1)
    else:
        found = sides.defined & (low > 1 / margin) & (high < margin)
    here = slice(-1, None)
    found &= enough_evidence(one.at(here), two.at(here))[:, 0]
    share = float(np.mean(found))
    return share, math.sqrt(share * (1 - share) / studies)


def studies_of(groups: Sequence[Group], most: int) -> int:
    """How many studies of these groups to draw, `most` at the most."""
    cost = max(sum(group.cost for group in groups), 1.0)
    return int(np.clip(MOST_DRAWN / cost, min(FEWEST_STUDIES, most), most))


def last(precision: Precision) -> Precision:
    """Take the planned threshold, the last of the sweep."""
    return precision.take((slice(None), -1))


POOL = 100_000
"""People with an event that a group's people are drawn from."""


@dataclass(frozen=True)
class _Touched:
    """People with an event at the lowest threshold.

    Attributes
    ----------
    share
        Of all people.
    events : (POOL, levels)
        Their events at every threshold.
    """

    share: float
    events: Floats


@lru_cache(maxsize=64)
def _touched(rate: float, passes: int, correlation: float, levels: tuple[float, ...]) -> _Touched:
    """Draw people with beta-binomial events, of which there is at least one."""
    if correlation >= 1:
        chance, weight = np.array([1.0]), np.array([rate])
    elif correlation > 0:
        # Over the logarithm of the share of people with a greater chance: the tail counts.
        depth = np.linspace(0.005, 29.995, 3000)
        both = 1 / correlation - 1
        weight = np.exp(-depth)
        chance = stats.beta.isf(weight, rate * both, (1 - rate) * both)
        weight = weight / weight.sum()
    else:
        chance, weight = np.array([rate]), np.array([1.0])
    lowest = np.minimum(levels[0] * chance, 1.0)
    cumulated = stats.binom.cdf(np.arange(passes), passes, lowest[:, None])
    some = weight * (1 - cumulated[:, 0])
    rng = np.random.default_rng(_SEED)
    places = (np.arange(POOL) + 0.5) / POOL * some.sum()
    node = np.minimum(np.searchsorted(np.cumsum(some), places), len(some) - 1)
    none = cumulated[node, 0]
    mark = none + rng.random(POOL) * (1 - none)
    events = np.ones(POOL, np.int64)
    for k in range(1, passes):
        events += mark > cumulated[node, k]
    columns, before = [events], lowest[node]
    for level in levels[1:]:
        now = np.minimum(level * chance[node], 1.0)
        columns.append(rng.binomial(columns[-1], now / before))
        before = now
    return _Touched(float(min(some.sum(), 1.0)), np.stack(columns, axis=1).astype(float))


def _passes(group: Group, studies: int, rng: np.random.Generator) -> Evidence:
    """Draw events of people at nested thresholds."""
    people, m, top = float(group.people), group.passes, len(group.levels)
    touched = group.touched
    number = rng.binomial(group.people, touched.share, studies)
    study = np.repeat(np.arange(studies), number)
    drawn = touched.events[rng.integers(POOL, size=len(study))]
    sums, largest = np.zeros((5, studies, top)), np.zeros((studies, top))
    starts = np.flatnonzero(np.diff(study, prepend=-1))
    for step in range(top):
        k = drawn[:, step]
        sums[0, :, step] = np.bincount(study, k > 0, studies)
        # Counts, whose powers are as exact by multiplication, in a tenth of the time.
        powers = np.ones(len(k))
        for power in range(1, 5):
            powers = powers * k
            sums[power, :, step] = np.bincount(study, powers, studies)
        if len(study):
            largest[study[starts], step] = np.maximum.reduceat(k, starts)
    affected, x, s2, s3, s4 = sums
    n = people * m
    e = x / n * m
    squares = s2 - 2 * e * x + people * e**2
    fourths = s4 - 4 * e * s3 + 6 * e**2 * s2 - 4 * e**3 * x + people * e**4
    rate = x / n
    robust = squares * leverage_factor(np.array(m), np.array(n), np.array(people)) ** 2 / n**2
    return _evidence(
        x, n, np.maximum(robust, rate * (1 - rate) / n), squares, fourths, people,
        largest, np.full_like(x, m), affected, False,
    )  # fmt: skip


def _comparisons(group: Group, studies: int, rng: np.random.Generator) -> Evidence:
    """Draw false matches of people with log-normal tendencies; dyadic variance."""
    n, top = group.people, len(group.levels)
    pairs = n * (n - 1) / 2
    sigma = math.sqrt(math.log1p((group.spread or 0.0) ** 2))
    tendency = np.exp(rng.normal(-(sigma**2) / 2, sigma, (studies, n)))
    total = tendency.sum(axis=1)
    # Ordered pairs in proportion to both tendencies, themselves left out.
    number = rng.poisson(group.levels[0] * group.rate / 2 * total**2)
    study = np.repeat(np.arange(studies), number)
    ends = (np.cumsum(tendency / total[:, None], axis=1) + np.arange(studies)[:, None]).ravel()
    sides = [
        np.clip(np.searchsorted(ends, study + rng.random(len(study)) * (1 - 1e-12), "right"),
                study * n, study * n + n - 1)
        for _ in range(2)
    ]  # fmt: skip
    first, second = np.minimum(*sides), np.maximum(*sides)
    mark = rng.random(len(study)) * group.levels[0]
    # Each pair once, with its lowest mark; one sort of whole numbers takes a third of three.
    apart = first != second
    pair, mark = (first * (studies * n) + second)[apart], mark[apart]
    order = np.argsort(pair)
    starts = np.flatnonzero(np.diff(pair[order], prepend=-1))
    mark = np.minimum.reduceat(mark[order], starts)
    first, second = np.divmod(pair[order[starts]], studies * n)
    x, squares, fourths, largest, affected = (np.zeros((studies, top)) for _ in range(5))
    for step, level in enumerate(group.levels):
        at = mark < level
        degree = np.bincount(np.concatenate([first[at], second[at]]), minlength=studies * n)
        degree = degree.reshape(studies, n).astype(float)
        x[:, step] = degree.sum(axis=1) / 2
        residual = (degree - x[:, [step]] * 2 / n) ** 2
        squares[:, step], fourths[:, step] = residual.sum(axis=1), (residual**2).sum(axis=1)
        largest[:, step], affected[:, step] = degree.max(axis=1), (degree > 0).sum(axis=1)
    rate = x / pairs
    between = x * (1 - 2 * rate) + rate**2 * pairs
    variance = shared_variance(squares, between, n * (n - 1.0) ** 2 - pairs, pairs)
    return _evidence(
        x, pairs, np.maximum(variance, rate * (1 - rate) / pairs), squares, fourths, float(n),
        largest, np.full_like(x, n - 1.0), affected, True,
    )  # fmt: skip


def _evidence(  # noqa: PLR0913 - one array a field
    x: Floats, trials: float, variance: Floats, squares: Floats, fourths: Floats, people: float,
    largest: Floats, largest_without: Floats, affected: Floats, pairs: bool,
) -> Evidence:  # fmt: skip
    everybody = np.full(x.shape, people)
    return Evidence(
        x, np.full(x.shape, trials), variance, satterthwaite(squares, fourths, people), largest,
        largest_without, everybody[:, :1], affected, everybody, pairs, falling=True,
    )  # fmt: skip
