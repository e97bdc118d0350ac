"""Populations in which the truth about groups that are unlike is known.

No method lives here. Events are nested: `LEVELS` multiplies the rate at the threshold under test
(the last level), as lower thresholds of a sweep would. A population of passes is an array of
events, (levels, studies, people); one of comparisons is a `Matches` list of false matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import optimize, special

LEVELS = (8.0, 4.0, 2.0, 1.0)
"""Rates at the thresholds of a sweep, ascending, as multiples of the rate under test."""

PASSES = 10
"""Recognition opportunities of a person."""

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def beta_rates(mean: float, correlation: float) -> Draw:
    """Beta-distributed rates of people, with the intra-class correlation of their passes."""
    if correlation == 0:
        return lambda _, shape: np.full(shape, mean)
    total = (1 - correlation) / correlation
    return lambda rng, shape: rng.beta(mean * total, (1 - mean) * total, shape)


def pareto_rates(mean: float, shape_parameter: float) -> Draw:
    """Rates of people with a Pareto tail, capped at 1, of the given mean after the cap."""
    a = shape_parameter

    def capped_mean(least: float) -> float:
        # E min(1, least / U^(1/a)): the integral of the survival function up to 1.
        return float(least + least**a * (least ** (1 - a) - 1) / (a - 1))

    low, high = 1e-12, mean
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if capped_mean(middle) < mean else (low, middle)
    return lambda rng, shape: np.minimum(1.0, low * rng.random(shape) ** (-1 / a))


def lognormal_rates(mean: float, spread: float) -> Draw:
    """Log-normal rates of people, capped at 1."""
    return lambda rng, shape: np.minimum(
        1.0, mean * np.exp(rng.normal(-(spread**2) / 2, spread, shape))
    )


def _thinned(
    rng: np.random.Generator, rates: list[np.ndarray], passes: np.ndarray | int
) -> np.ndarray:
    """Nested events for rates that fall from one level to the next."""
    events = [rng.binomial(passes, rates[0])]
    for before, now in pairwise(rates):
        kept = np.divide(now, before, out=np.zeros_like(now), where=before > 0)
        events.append(rng.binomial(events[-1], np.clip(kept, 0, 1)))
    return np.stack(events)


def passes_of(
    rng: np.random.Generator,
    studies: int,
    people: int,
    draw: Draw,
    passes: np.ndarray | int = PASSES,
    levels: Sequence[float] = LEVELS,
) -> np.ndarray:
    """Events of people whose own rate rises in proportion at lower thresholds."""
    rate = draw(rng, (studies, people))
    return _thinned(rng, [np.minimum(1.0, level * rate) for level in levels], passes)


def passes_of_constant_correlation(
    rng: np.random.Generator, studies: int, people: int, mean: float, correlation: float
) -> np.ndarray:
    """Events of people who keep their rank: the same correlation of passes at every threshold."""
    rank = rng.random((studies, people))
    if correlation == 0:
        flat = [np.full_like(rank, min(0.9, level * mean)) for level in LEVELS]
        return _thinned(rng, flat, PASSES)
    total = (1 - correlation) / correlation
    grid = np.concatenate([np.linspace(0, 0.98, 600), 1 - np.geomspace(0.0195, 1e-7, 600)])
    rates: list[np.ndarray] = []
    for level in LEVELS:
        here = min(0.9, level * mean)
        curve = special.betaincinv(here * total, (1 - here) * total, grid)
        rate = np.interp(rank, grid, curve)
        rates.append(rate if not rates else np.minimum(rate, rates[-1]))
    return _thinned(rng, rates, PASSES)


@dataclass(frozen=True)
class Matches:
    """False matches between two people of one group, in many studies at once.

    Attributes
    ----------
    studies, people
        How many there are.
    study, first, second : (matches,)
        Where a false match was, and between whom; `first` < `second`.
    level : (matches,)
        Index of the highest of the levels that it reaches.
    """

    studies: int
    people: int
    study: np.ndarray
    first: np.ndarray
    second: np.ndarray
    level: np.ndarray


Kind = tuple[str, float] | None
"""How people's tendencies to resemble others are distributed; None: all alike."""


def tendencies(rng: np.random.Generator, kind: Kind, shape: tuple[int, int]) -> np.ndarray:
    """How much people resemble others, of mean 1: alike, log-normal or Pareto."""
    if kind is None:
        return np.ones(shape)
    name, parameter = kind
    if name == "lognormal":
        return np.exp(rng.normal(-(parameter**2) / 2, parameter, shape))
    return rng.random(shape) ** (-1 / parameter) * (parameter - 1) / parameter


@lru_cache(maxsize=256)
def unsaturated(rate: float, one: Kind, other: Kind) -> float:
    """Find the factor of two people's tendencies at which the mean rate of their pairs is `rate`.

    A pair matches with the chance 1 - exp(-factor t s), so that people who resemble many lose more
    than others: at a rate of 5 %, 8 % of the matches where tendencies are log-normal (0.8), 14 %
    where they are Pareto (1.8).
    """
    node, weight = np.polynomial.legendre.leggauss(150)
    # Over the logarithm of the share of people with a greater tendency: the tail counts.
    depth = 20 * (node + 1)
    weight = 20 * weight * np.exp(-depth)
    t, s = (_quantiles(kind, depth) for kind in (one, other))
    product = np.outer(t, s)

    def excess(factor: float) -> float:
        return float(weight @ -np.expm1(-factor * product) @ weight) - rate

    return float(optimize.brentq(excess, rate / 2, 50 * rate, xtol=1e-14))


def _quantiles(kind: Kind, depth: np.ndarray) -> np.ndarray:
    """Tendency that a share of exp(-depth) of people exceed."""
    if kind is None:
        return np.ones(depth.shape)
    name, parameter = kind
    if name == "lognormal":
        found: np.ndarray = np.exp(-(parameter**2) / 2 - parameter * special.ndtri(np.exp(-depth)))
        return found
    return np.exp(depth / parameter) * (parameter - 1) / parameter


def matches_within(
    rng: np.random.Generator,
    rate: float,
    tendency: np.ndarray,
    levels: Sequence[float] = LEVELS,
) -> Matches:
    """Draw false matches at 1 - exp(-`rate` t s) for people of tendencies t, s (studies, people).

    For pairs of a given mean rate: `unsaturated`.
    """
    studies, people = tendency.shape
    study, first, second, mark = _draw_pairs(rng, rate / 2, tendency, tendency, levels[0])
    other = first != second
    study, mark = study[other], mark[other]
    low = np.minimum(first[other], second[other])
    high = np.maximum(first[other], second[other])
    key = (study * people + low) * people + high
    order = np.argsort(key)
    key, starts = np.unique(key[order], return_index=True)
    mark = np.minimum.reduceat(mark[order], starts) if len(key) else mark
    pair, study = key % people**2, key // people**2
    return Matches(studies, people, study, pair // people, pair % people, _reached(mark, levels))


def matches_across(
    rng: np.random.Generator, rate: float, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Study, people of both sides and level of false matches across two groups."""
    study, first, second, mark = _draw_pairs(rng, rate, one, other, LEVELS[0])
    return study, first, second, _reached(mark, LEVELS)


def _reached(mark: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Return the index of the last of the falling levels that are above a mark."""
    found: np.ndarray = len(levels) - 1 - np.searchsorted(sorted(levels), mark, "right")
    return found


def _draw_pairs(
    rng: np.random.Generator, rate: float, one: np.ndarray, other: np.ndarray, most: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Poisson numbers of pairs for each person, partners in proportion to their tendency."""
    total = other.sum(axis=1, keepdims=True)
    count = rng.poisson(most * rate * one * total)
    study, first = np.nonzero(count)
    times = count[study, first]
    study, first = np.repeat(study, times), np.repeat(first, times)
    ends = np.cumsum(other / total, axis=1) + np.arange(len(other))[:, None]
    at = np.searchsorted(ends.ravel(), study + rng.random(len(study)) * (1 - 1e-12), "right")
    second = np.clip(at - study * other.shape[1], 0, other.shape[1] - 1)
    return study, first, second, rng.random(len(study)) * most
