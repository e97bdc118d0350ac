"""Measure pooled rates of small intersections against raw ones.

    python benchmarks/pooling.py --repetitions 1000

Six or fourteen groups of a crossed factor have main effects and, in some worlds, effects of their
own; people have rates of their own. The benchmark prints the mean squared errors of log odds,
pooled over raw, and how often intervals hold the true rate, over all groups and in the worst one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from lfr_eval.inference.pooling import pooled_rates


@dataclass(frozen=True)
class World:
    """Groups of a crossed factor, the spread of their own effects, one exceptional group."""

    name: str
    labels: tuple[int, int]
    people: tuple[int, int]
    own: float
    exceptional: float = 1.0
    rate: float = 0.03
    correlation: float = 0.05
    passes: int = 10


WORLDS = (
    World("2 x 3, main effects only", (2, 3), (20, 120), 0.0),
    World("2 x 3, own effects", (2, 3), (20, 120), 0.3),
    World("2 x 7, main effects only", (2, 7), (15, 60), 0.0),
    World("2 x 7, own effects", (2, 7), (15, 60), 0.4),
    World("2 x 7, one group at three times", (2, 7), (15, 60), 0.0, 3.0),
)


def judge(world: World, repetitions: int, seed: int) -> tuple[float, float, float]:
    """Return the ratio of squared errors, and coverage of all groups and of the worst one."""
    rng = np.random.default_rng(seed)
    cells = list(product(range(world.labels[0]), range(world.labels[1])))
    names = [f"{'mf'[a]} x e{b}" for a, b in cells]
    raw, pooled, held = np.zeros(len(cells)), np.zeros(len(cells)), np.zeros(len(cells))
    for _ in range(repetitions):
        sides = [rng.normal(0, 0.4, n) for n in world.labels]
        effect = np.array([sides[0][a] + sides[1][b] for a, b in cells])
        effect = effect + world.own * rng.standard_normal(len(cells))
        effect[-1] += np.log(world.exceptional)
        rate = 1 / (1 + np.exp(-(np.log(world.rate / (1 - world.rate)) + effect)))
        size = rng.integers(*world.people, len(cells))
        total = 1 / world.correlation - 1
        own = [rng.beta(p * total, (1 - p) * total, n) for p, n in zip(rate, size, strict=True)]
        seen = np.array([rng.binomial(world.passes, one).sum() for one in own])
        trials = size * world.passes
        worth = trials / (1 + (world.passes - 1) * world.correlation)
        found = pooled_rates(names, seen / trials, worth, 0.95)
        logit = np.log(rate / (1 - rate))
        x = seen / trials * worth
        raw += (np.log((x + 0.5) / (worth - x + 0.5)) - logit) ** 2
        pooled += (np.log(found.rate / (1 - found.rate)) - logit) ** 2
        held += (found.lower <= rate) & (rate <= found.upper)
    return pooled.sum() / raw.sum(), held.mean() / repetitions, held.min() / repetitions


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    print("| world | squared error, pooled / raw | covered | worst group |")
    print("| --- | --- | --- | --- |")
    for world in WORLDS:
        ratio, covered, worst = judge(world, chosen.repetitions, chosen.seed)
        print(f"| {world.name} | {ratio:.2f} | {covered:.1%} | {worst:.1%} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
