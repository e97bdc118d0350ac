"""Do the bands hold whole curves? `python -m benchmarks.bands --studies 1000`.

Studies of 2, 6 and 14 groups that are unlike, at 25 nested thresholds, whose true curves are known.
The benchmark prints the share of studies in which every curve of every group lies within the
intervals and within the bands of the table `rates` at all thresholds, and the share of single
curves.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from benchmarks.worlds import beta_rates, matches_within, passes_of, tendencies
from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.inference import Plan, rate_table

LEVELS = tuple(np.geomspace(16, 1, 25))
"""Rates at ascending thresholds, as multiples of the rate at the last."""
PASSES = 10
CORRELATIONS = (0.05, 0.2, 0.4)
SPREADS = (0.0, 0.5, 1.0)
"""Of groups in turn: how much people differ in false alerts, and in false matches."""


@dataclass(frozen=True)
class World:
    """Groups of equal size whose people differ more or less.

    Attributes
    ----------
    name
        `passes` (one person each) or `comparisons` (two people each).
    groups, people
        Number of groups, and of people in each.
    rate
        Rate at the highest threshold.
    """

    name: str
    groups: int
    people: int
    rate: float

    def truth(self) -> np.ndarray:
        """Rates of every group at every threshold, exactly, (groups, thresholds)."""
        curves = []
        for group in range(self.groups):
            if self.name == "passes":
                curves.append(_capped_beta(self.rate, CORRELATIONS[group % 3]))
            else:
                curves.append(_any_match(self.rate, SPREADS[group % 3]))
        return np.array(curves)

    def studies(self, number: int, seed: int) -> Iterator[Trials]:
        """Draw the trials of some studies."""
        rng = np.random.default_rng([seed, self.groups])
        draw = self._passes if self.name == "passes" else self._comparisons
        for _ in range(number):
            yield draw(rng)

    def _passes(self, rng: np.random.Generator) -> PersonTrials:
        parts = [
            passes_of(
                rng, 1, self.people, beta_rates(self.rate, CORRELATIONS[group % 3]), PASSES, LEVELS
            )[:, 0]
            for group in range(self.groups)
        ]
        events = np.concatenate(parts, axis=1)
        # The first pass of a person reaches as many thresholds as had an event, and so on.
        reached = (np.arange(PASSES) < events[..., None]).sum(axis=0) - 1.0
        people = self.groups * self.people
        person = np.repeat(np.arange(people), PASSES)
        return PersonTrials("FPIR", people, person, reached.ravel().astype(np.float32), True)

    def _comparisons(self, rng: np.random.Generator) -> PairTrials:
        first, second, level = [], [], []
        for group in range(self.groups):
            spread = SPREADS[group % 3]
            kind = ("lognormal", spread) if spread else None
            own = tendencies(rng, kind, (1, self.people))
            found = matches_within(rng, self.rate, own, LEVELS)
            first.append(found.first + group * self.people)
            second.append(found.second + group * self.people)
            level.append(found.level)
        people = self.groups * self.people
        score = np.concatenate(level).astype(np.float32)
        one = np.ones(people, int)
        return PairTrials(
            people, np.concatenate(first), np.concatenate(second), score, 0.0, one, one, one
        )


@dataclass(frozen=True)
class Held:
    """Shares of studies, or of single curves, within the intervals and within the bands."""

    studies_in_intervals: float
    studies_in_bands: float
    curves_in_intervals: float
    curves_in_bands: float


def judge(world: World, studies: int, seed: int = 1) -> Held:
    """Draw studies and count the curves that lie within everywhere."""
    truth = world.truth()
    names = [f"group {group:02}" for group in range(world.groups)]
    people = pd.DataFrame({"group": np.repeat(names, world.people)})
    plan, steps = Plan(factors=("group",)), list(map(float, range(len(LEVELS))))
    inside = np.empty((studies, 2, world.groups), bool)
    for study, trials in enumerate(world.studies(studies, seed)):
        table = rate_table([trials], people, ["group"], steps, plan, bands=True)
        own = table["counterpart"].isna() | (table["counterpart"] == table["group"])
        rows = table[own & (table["factor"] == "group")].sort_values(["group", "threshold"])
        for place, (lower, upper) in enumerate((("lower", "upper"), ("band_lower", "band_upper"))):
            low, high = (rows[end].to_numpy().reshape(truth.shape) for end in (lower, upper))
            inside[study, place] = np.all((low <= truth) & (truth <= high), axis=1)
    whole = inside.all(axis=2).mean(axis=0)
    single = inside.mean(axis=(0, 2))
    return Held(float(whole[0]), float(whole[1]), float(single[0]), float(single[1]))


def worlds(numbers: tuple[int, ...] = (1, 2, 6, 14)) -> list[World]:
    """Return the studies to judge, of different numbers of groups."""
    passes = [World("passes", groups, 200, 0.02) for groups in numbers]
    comparisons = [World("comparisons", groups, 100, 40 / (100 * 99 / 2)) for groups in numbers]
    return [*passes, *comparisons]


def _capped_beta(mean: float, correlation: float) -> np.ndarray:
    """Mean of min(1, level times a beta-distributed rate)."""
    total = (1 - correlation) / correlation
    a, b = mean * total, (1 - mean) * total
    cap = 1 / np.array(LEVELS)
    below = special.betainc(a + 1, b, cap) * mean / cap
    curve: np.ndarray = below + special.betaincc(a, b, cap)
    return curve


def _any_match(rate: float, spread: float) -> np.ndarray:
    """Chance of a match between two people whose tendencies are log-normal, of mean 1."""
    node, weight = np.polynomial.hermite_e.hermegauss(200)
    # The product of two tendencies is log-normal, too, with twice the variance.
    product = np.exp(np.sqrt(2) * spread * node - spread**2)
    chance = -np.expm1(-rate * np.array(LEVELS)[:, None] * product)
    curve: np.ndarray = chance @ weight / weight.sum()
    return curve


def main() -> None:
    """Judge every world and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--worlds", default="", help="only worlds of this name")
    parser.add_argument("--groups", type=int, nargs="*", default=[1, 2, 6, 14])
    given = parser.parse_args()
    for world in worlds(tuple(given.groups)):
        if given.worlds in world.name:
            held = judge(world, given.studies)
            print(
                f"{world.name:12} {world.groups:3} groups   all curves within intervals "
                f"{100 * held.studies_in_intervals:5.1f} %, bands "
                f"{100 * held.studies_in_bands:5.1f} %   single curves "
                f"{100 * held.curves_in_intervals:5.1f} %, "
                f"{100 * held.curves_in_bands:5.1f} %",
                flush=True,
            )


if __name__ == "__main__":
    main()
