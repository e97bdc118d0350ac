"""Planning: the power of the very test that will analyse the study, by simulating studies.

In: a design and true rates. Out: how often `inference.finding_table` says `different` or
`equivalent`, with its Monte Carlo error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.inference import Plan, finding_table
from lfr_eval.inference.plan import UNNAMED
from lfr_eval.planning.dependence import correlation_of
from lfr_eval.planning.question import PlanningError

FACTOR, REFERENCE = "group", "group 1"

LEVELS = (8.0, 4.0, 2.0, 1.0)
"""Rates at the thresholds of the sweep, as multiples of the planned one."""

THRESHOLDS = tuple(float(place) + 0.5 for place in range(len(LEVELS)))
THRESHOLD = THRESHOLDS[-1]
MOST_TRIALS = 5_000_000
"""Trials of one simulated study; more would not fit into a person's patience."""


@dataclass(frozen=True)
class SimulatedPower:
    """Shares of simulated studies with each verdict, and what they are good for.

    Attributes
    ----------
    different, equivalent
        Share of studies whose planned comparison had the verdict.
    error
        Monte Carlo standard error of `different`.
    repetitions
        Studies.
    """

    different: float
    equivalent: float
    error: float
    repetitions: int


@dataclass(frozen=True)
class Design:
    """A study to simulate: the last group has `ratio` times the rate of the others.

    Of `factors` that share the level, all but the first divide people into two groups alike.
    """

    people: int
    groups: int
    passes: int
    rate: float
    ratio: float
    design_effect: float
    margin: float
    alpha: float
    spread: float | None = None
    factors: int = 1


def simulate_power(design: Design, repetitions: int, seed: int = 1) -> SimulatedPower:
    """Run the tool's own test on simulated studies.

    Parameters
    ----------
    design
        The study. Events of a person are beta-binomial.
    repetitions
        Number of studies.
    seed
        Seed of everything.

    Raises
    ------
    PlanningError
        If the study is too large to simulate many times.
    """
    trials = design.people * design.groups * design.passes
    if design.spread is not None:
        trials = (design.people * design.groups) ** 2 // 2
    if trials > MOST_TRIALS:
        raise PlanningError(
            f"--simulate would make {trials:,} trials a study, and can make {MOST_TRIALS:,}; "
            "without it outcomes are listed, or approximated where they are many."
        )
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(design.groups), design.people)
    people = pd.DataFrame({FACTOR: np.char.add("group ", (group + 1).astype(str))})
    for other in range(2, design.factors + 1):
        people[f"{FACTOR} of factor {other}"] = rng.choice(["one", "two"], len(people))
    verdicts = []
    for repetition in range(repetitions):
        plan = Plan(
            alpha=design.alpha,
            margin=design.margin,
            seed=seed + repetition,
            factors=tuple(map(str, people)),
            reference_groups={FACTOR: REFERENCE},
            primary_metrics=(UNNAMED if design.spread is None else "FMR",),
            primary_thresholds=(THRESHOLD,),
        )
        drawn: Trials = (
            _trials(design, group, rng)
            if design.spread is None
            else _pairs(design, group, rng, design.spread)
        )
        found = finding_table([drawn], people, THRESHOLDS, plan)
        at = (found["group_a"] == f"group {design.groups}") & (found["group_b"] == REFERENCE)
        at &= found["threshold"] == THRESHOLD
        verdicts.append(str(found.loc[at, "verdict"].iloc[0]))
    different, equivalent = (verdicts.count(name) / repetitions for name in VERDICTS)
    return SimulatedPower(
        different, equivalent, math.sqrt(different * (1 - different) / repetitions), repetitions
    )


VERDICTS = ("different", "equivalent")


def _trials(design: Design, group: NDArray[np.intp], rng: np.random.Generator) -> PersonTrials:
    """Draw one study."""
    rate = np.where(group == design.groups - 1, design.rate * design.ratio, design.rate)
    correlation = correlation_of(design.design_effect, design.passes)
    if correlation >= 1:
        chance = (rng.random(len(group)) < rate).astype(float)
    elif correlation > 0:
        both = 1 / correlation - 1
        chance = rng.beta(rate * both, (1 - rate) * both)
    else:
        chance = rate.astype(float)
    # One draw a pass decides every threshold: lower ones have more events of the same people.
    draw = rng.random((len(group), design.passes))
    score = np.zeros(draw.shape, np.float32)
    for level in LEVELS:
        score += draw < np.minimum(1.0, level * chance)[:, None]
    return PersonTrials(
        UNNAMED,
        len(group),
        np.repeat(np.arange(len(group)), design.passes).astype(np.intp),
        score.ravel(),
        True,
    )


def _pairs(
    design: Design, group: NDArray[np.intp], rng: np.random.Generator, spread: float
) -> PairTrials:
    """Draw one study of all pairs: people have log-normal tendencies to be falsely matched."""
    sigma = math.sqrt(math.log1p(spread**2))
    tendency = np.exp(rng.normal(-(sigma**2) / 2, sigma, len(group)))
    first, second = np.triu_indices(len(group), 1)
    inside = group[first] == group[second]
    first, second = first[inside], second[inside]
    rate = np.where(group[first] == design.groups - 1, design.rate * design.ratio, design.rate)
    chance = rate * tendency[first] * tendency[second]
    draw = rng.random(len(first))
    score = np.zeros(len(first), np.float32)
    for level in LEVELS:
        score += draw < np.minimum(1.0, level * chance)
    hit, one = score > 0, np.ones(len(group), np.intp)
    return PairTrials(len(group), first[hit], second[hit], score[hit], THRESHOLDS[0], one, one, one)
