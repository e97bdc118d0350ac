"""Studies that look more than once: `python -m benchmarks.acceptance.looks --studies 2000`.

Two groups with unlike clustering, whose people join at the same pace. At each look the people who
have joined are tested at the level that the plan spends. For comparison: one look at the end, and
5 % at every look. With `--whole`, whole studies of `benchmarks.acceptance.studies` with all primary
questions.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.acceptance.counting import of_matches, of_passes
from benchmarks.acceptance.methods import ours
from benchmarks.acceptance.studies import PLAN, THRESHOLDS, adjusted_rows, people_of, study
from benchmarks.worlds import (
    Draw,
    Kind,
    Matches,
    beta_rates,
    matches_within,
    pareto_rates,
    passes_of,
    tendencies,
    unsaturated,
)
from lfr_eval.contract.trials import rearranged
from lfr_eval.inference.families import adjust
from lfr_eval.inference.precision import Evidence
from lfr_eval.inference.sequential import SPENDING, levels

ALPHA = 0.05
SHARES = {2: (0.5, 1.0), 5: (0.2, 0.4, 0.6, 0.8, 1.0)}
"""Shares of the people at each look, by the number of looks."""

Counted = Callable[[float], Evidence]
"""Evidence of the first people of a group, by their share."""


@dataclass(frozen=True)
class World:
    """Two groups; `draw` gives many studies of both."""

    name: str
    draw: Callable[[np.random.Generator, int], tuple[Counted, Counted]]


def passes(size: int, rate: Draw) -> Callable[[np.random.Generator, int], Counted]:
    """One group whose people pass ten times each."""

    def draw(rng: np.random.Generator, studies: int) -> Counted:
        events = passes_of(rng, studies, size, rate)
        return lambda share: of_passes(events[:, :, : round(share * size)])

    return draw


def comparisons(
    size: int, rate: float, kind: Kind
) -> Callable[[np.random.Generator, int], Counted]:
    """One group whose people are compared with one another."""

    def draw(rng: np.random.Generator, studies: int) -> Counted:
        people = tendencies(rng, kind, (studies, size))
        found = matches_within(rng, unsaturated(rate, kind, kind), people)

        def first(share: float) -> Evidence:
            here = round(share * size)
            at = found.second < here
            ends = (one[at] for one in (found.study, found.first, found.second, found.level))
            return of_matches(Matches(studies, here, *ends))

        return first

    return draw


def worlds() -> Iterator[World]:
    """Yield groups that are unlike, without a difference and with one."""
    for sizes, rate, one, two in (
        ((100, 100), 0.02, 0.3, 0.0),
        ((66, 266), 0.02, 0.6, 0.05),
        ((266, 66), 0.05, 0.6, 0.05),
        ((60, 300), 0.1, 0.05, 0.6),
    ):
        for ratio in (1.0, 2.0, 3.0):
            rates = beta_rates(rate * ratio, one), beta_rates(rate, two)
            name = f"passes {sizes[0]} v {sizes[1]}, rate {rate}, beta {one} v {two}"
            yield _world(name, ratio, [passes(n, r) for n, r in zip(sizes, rates, strict=True)])
    rates = pareto_rates(0.05, 1.8), beta_rates(0.05, 0.0)
    pareto = [passes(100, one) for one in rates]
    yield _world("passes 100 v 100, rate 0.05, Pareto 1.8 v none", 1.0, pareto)
    for sizes, expected, kinds, words in (
        ((67, 67), 40, (("lognormal", 0.8), None), "lambs in one"),
        ((60, 300), 40, (("lognormal", 1.2), None), "heavy lambs in one"),
        ((100, 100), 80, (("lognormal", 0.8), ("lognormal", 0.8)), "lambs in both"),
    ):
        rate = expected / (min(sizes) * (min(sizes) - 1) / 2)
        for ratio in (1.0, 2.0, 3.0):
            pair = zip(sizes, (ratio * rate, rate), kinds, strict=True)
            name = f"comparisons {sizes[0]} v {sizes[1]}, {expected} expected, {words}"
            yield _world(name, ratio, [comparisons(*one) for one in pair])


def _world(
    name: str, ratio: float, groups: Sequence[Callable[[np.random.Generator, int], Counted]]
) -> World:
    one, two = groups
    words = f"{name}, ratio {ratio:g}"
    return World(words, lambda rng, studies: (one(rng, studies), two(rng, studies)))


def p_values(world: World, studies: int) -> dict[float, np.ndarray]:
    """P-values of all studies at every share of the people."""
    rng = np.random.default_rng([20261130, zlib.crc32(world.name.encode())])
    a, b = world.draw(rng, studies)
    return {share: ours(a(share), b(share)) for share in {*SHARES[2], *SHARES[5]}}


def whole_studies(studies: int, people: int) -> dict[float, np.ndarray]:
    """Smallest adjusted p-value of any primary question, in whole studies without difference."""
    found: dict[float, list[float]] = {share: [] for share in SHARES[2]}
    for seed in range(studies):
        rng = np.random.default_rng([20261130, seed])
        known = people_of(rng, people)
        trials = study(rng, known)
        for share, smallest in found.items():
            here = np.arange(round(share * people), dtype=np.intp)
            some = [rearranged(one, here) for one in trials]
            rows = adjusted_rows(some, known.iloc[here], THRESHOLDS, PLAN)
            told = (rows["primary"] & rows["testable"]).to_numpy(bool)
            smallest.append(float(adjust(rows, PLAN.alpha).p_value[told].min(initial=1.0)))
    return {share: np.array(one) for share, one in found.items()}


def judge(name: str, p: dict[float, np.ndarray], looks: int) -> Iterator[dict[str, object]]:
    """Shares of studies that claim a difference at any look, for each way of spending."""
    shares = SHARES[looks]
    seen = np.stack([p[share] for share in shares])
    for spending in SPENDING:
        claimed = seen < np.array(levels(shares, spending, ALPHA))[:, None]
        stopped = np.where(claimed.any(axis=0), np.argmax(claimed, axis=0), looks - 1)
        yield {
            "world": name,
            "looks": looks,
            "spending": spending,
            "studies": seen.shape[1],
            "claims at any look": f"{100 * claimed.any(axis=0).mean():.2f}",
            "one look at the end": f"{100 * (seen[-1] < ALPHA).mean():.2f}",
            "5 % at every look": f"{100 * (seen < ALPHA).any(axis=0).mean():.2f}",
            "people needed": f"{100 * np.array(shares)[stopped].mean():.0f}",
        }


def main() -> None:
    """Judge every world; print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--whole", type=int, default=0, help="whole studies of 500 people, too")
    parser.add_argument("--worlds", default="", help="only those whose name contains this text")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    rows: list[dict[str, object]] = []

    def told(name: str, p: dict[float, np.ndarray]) -> None:
        for looks in (one for one, shares in SHARES.items() if set(shares) <= set(p)):
            for row in judge(name, p, looks):
                rows.append(row)
                print(" | ".join(map(str, row.values())), flush=True)
        if given.out:
            with given.out.open("w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)

    for world in worlds():
        if given.worlds in world.name:
            told(world.name, p_values(world, given.studies))
    if given.whole:
        told("whole studies of 500 people, no difference", whole_studies(given.whole, 500))
    print(f"Monte Carlo standard error of 5 %: {100 * np.sqrt(0.05 * 0.95 / given.studies):.2f}")


if __name__ == "__main__":
    main()
