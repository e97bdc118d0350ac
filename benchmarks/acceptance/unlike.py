"""Populations of people who are unlike in many ways, whose studies have continuous scores.

The threshold under test is 0. Rates are made exact by integrating over 200,000 people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special

from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.inference import Plan

LOWEST_SHARE, KEPT, ELSEWHERE, STRATA = 0.2, 0.25, 0.1, 200_000
"""Passes that reach the lowest listed threshold; about how many comparisons are kept; how often
people of other looks match, relative to people of the same; people of an integral."""

Tendency = tuple[str, float] | tuple[str, float, float] | None
"""How people's tendencies are distributed: None (all alike), `lognormal` (sigma), `exponential`
(1), `Pareto` (shape), `few` (share, times as many), `beta` (correlation of a person's passes)."""


def tendency(kind: Tendency, z: np.ndarray, rate: float) -> np.ndarray:
    """Tendencies of mean 1 of people at the quantiles of normal deviates `z`."""
    name, one, *more = kind or ("alike", 0.0)
    if name == "lognormal":
        return np.exp(one * z - one**2 / 2)
    if name == "exponential":
        return -special.log_ndtr(-z)
    if name == "Pareto":
        return special.ndtr(-z) ** (-1 / one) * (one - 1) / one
    if name == "few":
        return np.where(special.ndtr(-z) < one, more[0], 1.0) / (1 + one * (more[0] - 1))
    if name == "beta" and one > 0:
        total = (1 - one) / one
        return special.betaincinv(rate * total, (1 - rate) * total, special.ndtr(z)) / rate
    return np.ones(z.shape)


@dataclass(frozen=True)
class Group:
    """One group.

    Attributes
    ----------
    people, rate, kind
        How many there are, their true rate, and their tendencies.
    trials
        Fewest and most images, or passes, of a person (log-uniform).
    more
        Correlation of a person's number of images or passes with the tendency.
    looks
        People are of so many families of looks; those of another match a tenth as often.
    household
        People of a household, with one tendency and one `cluster_id`.
    """

    people: int
    rate: float
    kind: Tendency = None
    trials: tuple[int, int] = (1, 1)
    more: float = 0.0
    looks: int = 1
    household: int = 1

    def draw(
        self, rng: np.random.Generator, z: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tendency, images or passes, and household of each person."""
        household = np.arange(self.people) // self.household
        if z is None:
            z = rng.standard_normal(self.people)[household]
        own = self.more * z + np.sqrt(1 - self.more**2) * rng.standard_normal(len(z))
        least, most = np.log(self.trials)
        number = np.rint(np.exp(least + special.ndtr(own) * (most - least))).astype(int)
        return tendency(self.kind, z, self.rate), number, household

    @lru_cache  # noqa: B019 - groups are few and live as long as the program
    def factor(self, pairs: bool) -> float:
        """Find the factor of tendencies at which the rate over all trials is `rate`."""
        z = special.ndtri((np.arange(STRATA) + 0.5) / STRATA)
        large = replace(self, people=STRATA, household=1)
        t, m, _ = large.draw(np.random.default_rng(1), z)
        if not pairs:
            return root(lambda f: float(np.average(np.minimum(1, f * t), weights=m)), self.rate)
        edges = np.linspace(np.log(t.min()) - 1e-9, np.log(t.max()) + 1e-9, 300)
        bins = np.digitize(np.log(t), edges)
        weight = np.bincount(bins, m, 301)
        value = np.bincount(bins, m * t, 301) / np.maximum(weight, 1e-300)
        weight, product = weight / weight.sum(), np.outer(value, value)
        same = 1 / self.looks
        home = (self.household - 1) / (self.people - 1)

        def mean(f: float) -> float:
            alike, others = (weight @ -np.expm1(-f * c * product) @ weight for c in (1, ELSEWHERE))
            within = weight @ -np.expm1(-f * value**2)
            return float((1 - home) * (same * alike + (1 - same) * others) + home * within)

        return root(mean, self.rate)


def root(mean: Callable[[float], float], rate: float) -> float:
    """Find the factor at which a mean is `rate`."""
    return float(optimize.brentq(lambda f: mean(f) - rate, rate / 1e4, 1e4 * rate, xtol=1e-15))


@dataclass(frozen=True)
class Studied:
    """One study."""

    trials: Trials
    people: pd.DataFrame
    thresholds: Sequence[float]
    plan: Plan


@dataclass(frozen=True)
class Population:
    """How a study is drawn, the true rate of every group, and whether conditions are compared."""

    name: str
    study: Callable[[np.random.Generator], Studied]
    truths: dict[str, float]
    conditions: bool = False


def plan_of(metric: str, factors: Sequence[str], **more: object) -> Plan:
    """Plan whose primary questions are about one rate at the threshold under test."""
    given = {"factors": tuple(factors), "primary_metrics": (metric,), "primary_thresholds": (0.0,)}
    return Plan(**{**given, **more})  # type: ignore[arg-type]


def _names(groups: Sequence[Group]) -> tuple[np.ndarray, dict[str, float], Plan]:
    names = [f"group {place}" for place in range(len(groups))]
    label = np.repeat(names, [one.people for one in groups])
    return label, dict(zip(names, (one.rate for one in groups), strict=True)), names[-1]


def comparisons(name: str, *groups: Group) -> Population:
    """Make a population of false matches within groups."""
    label, truths, last = _names(groups)
    plan = plan_of("FMR", ["group"], reference_groups={"group": last})
    group = np.repeat(np.arange(len(groups)), [one.people for one in groups])
    first, second = np.triu_indices(len(group), 1)
    inside = group[first] == group[second]
    first, second = first[inside], second[inside]
    families = np.array([one.looks for one in groups])[group]

    def study(rng: np.random.Generator) -> Studied:
        factors = np.array([one.factor(True) for one in groups])[group[first]]
        drawn = [one.draw(rng) for one in groups]
        t, m = (np.concatenate([each[place] for each in drawn]) for place in (0, 1))
        home = [f"{place} {code}" for place, each in enumerate(drawn) for code in each[2]]
        looks = rng.integers(0, families)
        alike = np.where(looks[first] == looks[second], 1.0, ELSEWHERE)
        people = pd.DataFrame({"group": label, "cluster_id": home})
        return Studied(
            matches(rng, factors * alike * t[first] * t[second], m, first, second),
            people, [0.0], plan,
        )  # fmt: skip

    return Population(f"FMR {name}", study, truths)


def matches(
    rng: np.random.Generator,
    mean: np.ndarray,
    images: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> PairTrials:
    """Draw the highest scores of comparisons that reach 0 with a chance of 1 - exp(-`mean`)."""
    times = images[first] * images[second]
    lift = max(KEPT * times.sum() / float(times @ mean), 1.0)
    number = rng.binomial(times, -np.expm1(-lift * mean))
    at = np.repeat(np.arange(len(first)), number)
    score = np.log(mean[at]) - np.log(-np.log1p(rng.random(len(at)) * np.expm1(-lift * mean[at])))
    floor = -float(np.log(lift))
    score = np.maximum(score, floor).astype(np.float32)
    kept = score >= np.float32(floor)
    at, score = at[kept], score[kept]
    return PairTrials(
        len(images), first[at], second[at], score, float(np.float32(floor)), images, images, images
    )


def passes(name: str, *groups: Group, metric: str = "FPIR", twins: float = 0.0) -> Population:
    """Make a population of passes (or of misses), whose first two groups may be twins."""
    label, truths, last = _names(groups)
    plan = plan_of(metric, ["group"], reference_groups={"group": last})

    def study(rng: np.random.Generator) -> Studied:
        shared = rng.standard_normal(max(one.people for one in groups)) if twins else None
        drawn = [one.draw(rng, _like(rng, one, shared, twins)) for one in groups]
        chance = np.concatenate(
            [one.factor(False) * each[0] for one, each in zip(groups, drawn, strict=True)]
        )
        people = pd.DataFrame({"group": label})
        if twins or any(one.household > 1 for one in groups):
            code = [each[2] if twins else each[2] + 10_000 * k for k, each in enumerate(drawn)]
            people["cluster_id"] = np.concatenate(code).astype(str)
        person = np.repeat(np.arange(len(chance)), np.concatenate([each[1] for each in drawn]))
        return passed(rng, chance, person, people, plan, metric)

    return Population(f"{metric} {name}", study, truths)


def _like(
    rng: np.random.Generator, group: Group, shared: np.ndarray | None, correlation: float
) -> np.ndarray | None:
    if shared is None:
        return None
    own = rng.standard_normal(group.people)
    like: np.ndarray = (
        np.sqrt(correlation) * shared[: group.people] + np.sqrt(1 - correlation) * own
    )
    return like


def passed(
    rng: np.random.Generator,
    chance: np.ndarray,
    person: np.ndarray,
    people: pd.DataFrame,
    plan: Plan,
    metric: str = "FPIR",
    *,
    highest: bool = False,
    **more: Any,
) -> Studied:
    """Draw the scores of passes.

    Parameters
    ----------
    chance : (people,) or (passes,)
        Of an event; at lower thresholds it rises in proportion, up to 1.
    highest
        The score is the highest of many: the chance is 1 - exp(-`chance`).
    """
    each = chance if len(chance) == len(person) else chance[person]
    draw = rng.standard_exponential(len(person)) if highest else rng.random(len(person))
    score = np.log(np.maximum(each, 1e-300)) - np.log(draw)
    sign = 1.0 if metric == "FPIR" else -1.0
    lowest = min(-1.0, float(np.quantile(score, 1 - LOWEST_SHARE)))
    more = {"watchlist_size": 1000} | more
    trials = PersonTrials(
        metric, len(people), person, (sign * score).astype(np.float32), metric == "FPIR", **more
    )
    return Studied(trials, people, sorted([0.0, sign * lowest]), plan)
