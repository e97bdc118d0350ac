"""Measure whether modelled false match rates cover the truth beyond the last observed event.

    python benchmarks/extrapolation.py --repetitions 200
    python benchmarks/extrapolation.py --templates FILE.npz --template-key template

Some people are drawn from a population of known rates, the tail of their scores is fitted, and its
95 % interval is judged against the population at one event in all comparisons and one and two
decades beyond.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from calibration_worlds import Lambs, Templates, World

from lfr_eval.inference.bootstrap import person_weights
from lfr_eval.inference.modelled import redrawn_comparisons
from lfr_eval.inference.tail import TailFit, fit_tail

DECADES = (0.0, 1.0, 2.0)


def one_fit(
    world: World, people: int, replicates: int, rng: np.random.Generator
) -> tuple[TailFit, float]:
    score = world.draw(people, rng)
    first, second = np.triu_indices(people, 1)
    score = score[first, second]
    hit = score >= 0.9
    comparisons = people * (people - 1) / 2
    weights = person_weights(people, replicates, int(rng.integers(2**31)))
    tail = fit_tail(
        first[hit],
        second[hit],
        world.natural(score[hit]),
        comparisons,
        weights,
        redrawn_comparisons(weights, np.ones(people, bool), comparisons),
        0.0,
    )
    return tail, comparisons


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--people", type=int, nargs="*", default=[150, 300])
    parser.add_argument("--templates", type=Path)
    parser.add_argument("--template-key", default="template")
    parser.add_argument("--person-key")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    worlds: list[World] = [Lambs("lambs 30 %", 0.3), Lambs("skewed lambs 20 %", 0.2, skewed=True)]
    if chosen.templates:
        worlds.append(Templates.of(chosen.templates, chosen.template_key, chosen.person_key))
    print(
        "| population | people | decades beyond | true rate | median | median upper "
        "| cover | above | refused |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for world in worlds:
        for people in chosen.people:
            start, rng = time.perf_counter(), np.random.default_rng([chosen.seed, people])
            fits = [
                one_fit(world, people, chosen.replicates, rng) for _ in range(chosen.repetitions)
            ]
            used = [tail for tail, _ in fits if not tail.refused]
            for decade in DECADES:
                truth = 10**-decade / fits[0][1]
                if truth < world.lowest or not used:
                    continue
                threshold = float(world.natural(np.array([-np.log10(truth)]))[0])
                rates = np.array([tail.rate(threshold, 0.95) for tail in used])
                covered = np.mean((rates[:, 1] <= truth) & (truth <= rates[:, 2]))
                print(
                    f"| {world.name} | {people} | {decade:g} | {truth:.1e} | "
                    f"{np.median(rates[:, 0]):.1e} | {np.median(rates[:, 2]):.1e} | "
                    f"{covered:.1%} | "
                    f"{np.mean(truth > rates[:, 2]):.1%} | "
                    f"{1 - len(used) / len(fits):.1%} |"
                )
            print(f"{world.name}, {people}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(
        f"\n{chosen.repetitions} repetitions: Monte Carlo standard error of 95 % is "
        f"{100 * np.sqrt(0.05 * 0.95 / chosen.repetitions):.1f} points."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
