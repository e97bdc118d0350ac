"""Measure whether modelled false match rates cover the truth beyond the last observed event.

    python benchmarks/extrapolation.py --repetitions 200
    python benchmarks/extrapolation.py --templates FILE.npz --template-key template

Some people are drawn from a population of known rates, the tail of their scores is fitted, and its
95 % interval is judged against the population at one event in all comparisons and one and two
decades beyond. For searches, the score of a pass is the highest over a watchlist.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from calibration_worlds import Lambs, Passes, Templates, World

from lfr_eval.inference.tail import (
    LARGEST_SHARE,
    LARGEST_SHARE_OF_SEARCHES,
    Scores,
    TailFit,
    fit_tail,
)

DECADES = (0.0, 1.0, 2.0)


def one_fit(
    world: World | Passes, people: int, draws: int, rng: np.random.Generator
) -> tuple[TailFit, float]:
    score, seed = world.draw(people, rng), int(rng.integers(2**31))
    if isinstance(world, Passes):
        person = np.repeat(np.arange(people), world.passes)
        share = np.full(people, 1 / people)
        passes = Scores(person, None, world.natural(score.ravel()), share, float(score.size))
        return fit_tail(passes, LARGEST_SHARE_OF_SEARCHES, draws, seed), passes.total
    first, second = np.triu_indices(people, 1)
    score, total = score[first, second], people * (people - 1) / 2
    hit = score >= 0.9
    share = np.full(people, 2 / people)
    pairs = Scores(first[hit], second[hit], world.natural(score[hit]), share, total)
    return fit_tail(pairs, LARGEST_SHARE, draws, seed), total


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--people", type=int, nargs="*", default=[150, 500])
    parser.add_argument("--templates", type=Path)
    parser.add_argument("--template-key", default="template")
    parser.add_argument("--person-key")
    parser.add_argument("--only", default="", help="populations whose name contains this")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    worlds: list[World] = [
        Lambs("lambs 30 %", 0.3),
        Lambs("lambs 40 %", 0.4),
        Lambs("lambs 50 %", 0.5),
        Lambs("skewed lambs 20 %", 0.2, "exponential"),
        Lambs("skewed lambs 30 %", 0.3, "exponential"),
        Lambs("gamma, shape 3, 20 %", 0.2, "gamma"),
        Lambs("2 % of people 3 sd higher", 0.3, "few"),
        Passes("searches, 10 passes, ICC 30 %", 0.3),
    ]
    if chosen.templates:
        worlds.append(Templates.of(chosen.templates, chosen.template_key, chosen.person_key))
    print(
        "| population | people | decades beyond | true rate | median / true | upper / true "
        "| cover | above | refused |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for world in (one for one in worlds if chosen.only in one.name):
        for people in chosen.people:
            start, rng = time.perf_counter(), np.random.default_rng([chosen.seed, people])
            fits = [one_fit(world, people, chosen.draws, rng) for _ in range(chosen.repetitions)]
            used = [tail for tail, _ in fits if not tail.refused]
            for decade in DECADES:
                truth = 10**-decade / fits[0][1]
                if truth < world.lowest:
                    continue
                threshold = float(world.natural(np.array([-np.log10(truth)]))[0])
                found = [tail.rate(threshold, 0.95) for tail in used]
                rates = np.array([one for one in found if not one.vague])
                if not len(rates):
                    print(f"| {world.name} | {people} | {decade:g} | {truth:.1e} | "
                          "– | – | – | – | 100.0% |", flush=True)  # fmt: skip
                    continue
                covered = np.mean((rates[:, 1] <= truth) & (truth <= rates[:, 2]))
                middle, upper = np.median(rates[:, 0]) / truth, np.median(rates[:, 2]) / truth
                print(
                    f"| {world.name} | {people} | {decade:g} | {truth:.1e} | "
                    f"{middle:.2f} | {upper:.1f} | "
                    f"{covered:.1%} | "
                    f"{np.sum(truth > rates[:, 2]) / len(fits):.1%} | "
                    f"{1 - len(rates) / len(fits):.1%} |",
                    flush=True,
                )
            print(f"{world.name}, {people}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(
        f"\n{chosen.repetitions} repetitions: Monte Carlo standard error of 95 % is "
        f"{100 * np.sqrt(0.05 * 0.95 / chosen.repetitions):.1f} points."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
