"""Measure the coverage of intervals alone, with more repetitions than the tests can afford.

    python benchmarks/calibration_intervals.py --people 150 400

Groups are drawn as in `calibration.py`. Printed for nominal 95 % intervals of a rate, in a sweep of
sixty thresholds: coverage, how often the truth is above and below, the typical upper end over the
truth; upper end and coverage of the same interval by itself, which no other threshold bounds;
coverage without the correction for skewness; and coverage of the interval of a ratio.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from calibration import EXPECTED, counter
from calibration_worlds import Floats, Lambs, Passes, Templates, World

from lfr_eval.inference.equivalence import ratio_degrees, ratio_interval
from lfr_eval.inference.intervals import (
    bound_each_other,
    effective_trials,
    independent_units,
    rate_intervals,
)
from lfr_eval.inference.pairs import PairCounter

COLUMNS = (
    "cover",
    "truth above",
    "truth below",
    "upper / truth",
    "alone: upper / truth",
    "alone: cover",
    "no skewness",
    "cover ratio",
)
SWEEP = 60


def repetition(
    world: World, people: int, steps: Floats, truth: Floats, rng: np.random.Generator
) -> Floats:
    """Draw two groups alike; one value by column and threshold."""
    count = counter(world, people, steps, 1.0, rng)
    labels = np.repeat([0, 1], people)
    cells = count.count(labels[None], 2)
    x, n, v = cells.events[0], cells.trials[0], cells.variance[0]
    degrees, rate = count.degrees(labels, 2), x / n
    units = independent_units(cells.people[0], isinstance(count, PairCounter))
    alone = rate_intervals(x, n, v, units, 0.95, degrees, count.skewness(labels, 2))
    ours = bound_each_other(alone, x, n, falling=True)
    plain = rate_intervals(x, n, v, units, 0.95, degrees)
    trials = effective_trials(x, n, v, units)
    df = ratio_degrees(rate[1], v[1], degrees[1], rate[0], v[0], degrees[0])
    low, high = ratio_interval(rate[1], trials[1], rate[0], trials[0], 0.95, df)
    return np.array(
        [
            np.mean((ours.lower <= truth) & (truth <= ours.upper), axis=0),
            np.mean(truth > ours.upper, axis=0),
            np.mean(truth < ours.lower, axis=0),
            np.mean(np.log(ours.upper / truth), axis=0),
            np.mean(np.log(alone.upper / truth), axis=0),
            np.mean((alone.lower <= truth) & (truth <= alone.upper), axis=0),
            np.mean((plain.lower <= truth) & (truth <= plain.upper), axis=0),
            np.where(np.isnan(low), 1.0, (low <= 1) & (high >= 1)),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--people", type=int, nargs="*", default=[150, 400])
    parser.add_argument("--templates", type=Path, help=".npz with one template a row")
    parser.add_argument("--template-key", default="template")
    parser.add_argument("--person-key", help="array of the .npz that names the person")
    parser.add_argument("--only", default="", help="populations whose name contains this")
    parser.add_argument("--seed", type=int, default=2)
    chosen = parser.parse_args(arguments)
    worlds: list[World] = [
        Lambs("lambs 30 %", 0.3),
        Lambs("skewed lambs 20 %", 0.2, skewed=True),
        Passes("10 passes, ICC 30 %", 0.3),
    ]
    if chosen.templates:
        worlds.append(Templates.of(chosen.templates, chosen.template_key, chosen.person_key))
    names = ("population", "people", "events", *COLUMNS)
    print("| " + " | ".join(names) + " |\n" + "| --- " * len(names) + "|")
    for people in chosen.people:
        for world in (one for one in worlds if chosen.only in one.name):
            start, rng = time.perf_counter(), np.random.default_rng([chosen.seed, people])
            sized = (
                people * world.passes if isinstance(world, Passes) else people * (people - 1) / 2
            )
            expected = np.array([e for e in EXPECTED if e / sized <= world.highest])
            sweep = np.geomspace(expected.max(), expected.min(), SWEEP)
            truth = np.unique([*sweep, *expected])[::-1] / sized
            drawn = np.mean(
                [
                    repetition(world, people, -np.log10(truth), truth, rng)
                    for _ in range(chosen.repetitions)
                ],
                axis=0,
            )
            for events in expected:
                column = drawn[:, np.argmin(abs(truth - events / sized))]
                shares = [f"{100 * value:.1f}" for value in column]
                shares[3:5] = [f"{np.exp(value):.1f}" for value in column[3:5]]
                print(f"| {world.name} | {people} | {events:,.0f} | " + " | ".join(shares) + " |")
            taken = time.perf_counter() - start
            print(f"{world.name}, {people} people, {taken:.0f} s", file=sys.stderr)
            sys.stdout.flush()
    error = 100 * np.sqrt(0.05 * 0.95 / chosen.repetitions)
    print(f"\nMonte Carlo standard error of 95 % from single intervals: {error:.2f} points.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
