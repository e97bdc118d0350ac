"""Two matchers at one overall rate, alike in every group but in how people cluster.

`python -m benchmarks.acceptance.matchers --reps 1000`: each matcher is cut where its own overall
FPIR (or FMR) is as wanted. Scores are normal in every group and for both matchers, so rates at
matched thresholds are equal; but the share of a score that belongs to the person differs between
matchers and groups, and the two matchers' scores of one search are correlated.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np

from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials, Trials
from lfr_eval.finished.comparing.matching import match
from lfr_eval.inference.at_one_rate import at_one_rate, enough_discordant, sides_at_one_rate
from lfr_eval.inference.cells import Bools
from lfr_eval.inference.mover import Compared, difference_ends, p_value, ratio_ends
from lfr_eval.inference.precision import Precision

PASSES = 4
LEVEL = 0.95
SHARED = 0.6
FEW = 0.02


@dataclass(frozen=True)
class World:
    """One population.

    Attributes
    ----------
    metric
        `FMR`, or `FPIR` and `TPIR` together.
    sizes
        People of both groups.
    target
        Overall rate of false alerts or matches.
    clustering
        Share of a score's variance that belongs to the person: matchers, then groups.
    shared
        Correlation of the matchers' scores, of people and of single searches.
    better
        How much higher the second matcher's mated scores are; 0: no difference.
    worse
        How much higher its non-mated scores of the first group's people are.
    same_people
        Whether both studies have the same people.
    """

    metric: str
    sizes: tuple[int, int]
    target: float
    clustering: tuple[tuple[float, float], tuple[float, float]]
    shared: float = SHARED
    better: float = 0.0
    worse: float = 0.0
    same_people: bool = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """Compared; mated scores are drawn for all, and tell nothing new of few false alerts."""
        if self.metric == "FMR":
            return ("FMR",)
        few = self.worse or self.shared != SHARED or self.target == FEW
        return ("FPIR",) if few else ("FPIR", "TPIR")

    @property
    def name(self) -> str:
        """Printed."""
        spread = " v ".join("/".join(f"{one:g}" for one in each) for each in self.clustering)
        people = "same people" if self.same_people else "other people"
        more = f", scores shared {self.shared:g}" if self.shared != SHARED else ""
        more += f", second better by {self.better:g}" if self.better else ""
        more += f", second worse for the first by {self.worse:g}" if self.worse else ""
        return (
            f"{self.metric}, {self.sizes[0]} and {self.sizes[1]} {people}, "
            f"overall {self.target:g}, clustering {spread}{more}"
        )


UNLIKE = ((0.6, 0.0), (0.05, 0.3))
ALIKE = ((0.3, 0.3), (0.3, 0.3))
SHIFT = (0.0, 0.5)
"""The second group's false alerts are more frequent, for both matchers."""


def worlds() -> list[World]:
    """All populations."""
    found = []
    for spread, sizes, same in product((ALIKE, UNLIKE), ((60, 60), (60, 240)), (True, False)):
        found += [
            World("searches", sizes, target, spread, same_people=same) for target in (0.05, 0.15)
        ]
        found += [World("FMR", sizes, target, spread, same_people=same) for target in (0.005, 0.03)]
    # Few events in a group: what the same people have in common is borrowed.
    for metric, targets in (("searches", (FEW, 0.05)), ("FMR", (0.002, 0.005))):
        for target, shared, worse in product(targets, (SHARED, 0.9), (0.0, 0.5)):
            one = World(metric, (60, 60), target, UNLIKE, shared, worse=worse)
            found += [one] if one not in found else []
    found += [World("searches", (100, 100), 0.1, UNLIKE, better=0.5)]
    return found


def draw(rng: np.random.Generator, world: World) -> list[list[Trials]]:
    """Draw the trials of both studies."""
    n = sum(world.sizes)
    codes = np.repeat([0, 1], world.sizes)
    person = _shared(rng, world, n)
    if world.metric == "FMR":
        first, second = np.triu_indices(n, 1)
        noise = _shared(rng, world, len(first))
        studies: list[list[Trials]] = []
        for who, own, spread in zip(person, noise, world.clustering, strict=True):
            share = np.array(spread)[codes]
            # Each side brings half of what belongs to people.
            score = (
                np.sqrt(share[first] / 2) * who[first] + np.sqrt(share[second] / 2) * who[second]
            )
            rest = np.sqrt(1 - share[first] / 2 - share[second] / 2)
            score = score + rest * own + np.where(codes[first] == codes[second], 0.0, -1.0)
            if len(studies):
                score = score + world.worse * ((codes[first] == 0) & (codes[second] == 0))
            kept = score > 1.0
            one = np.ones(n, np.intp)
            hits = (first[kept], second[kept], score[kept].astype(np.float32))
            studies.append([PairTrials(n, *hits, 1.0, one, one, one)])
        return studies
    of = np.repeat(np.arange(n), PASSES)
    studies = [[], []]
    for metric, mean in (("FPIR", 0.0), ("TPIR", 2.5)):
        noise, who = _shared(rng, world, len(of)), _shared(rng, world, n)
        for number, spread in enumerate(world.clustering):
            share = np.array(spread)[codes][of]
            score = np.sqrt(share) * who[number][of] + np.sqrt(1 - share) * noise[number]
            score += mean + np.array(SHIFT)[codes][of] * (metric == "FPIR")
            score += world.better * number * (metric == "TPIR")
            score += world.worse * number * (codes[of] == 0) * (metric == "FPIR")
            trials = PersonTrials(metric, n, of, score.astype(np.float32), True, 100)
            studies[number].append(trials)
    return studies


def _shared(rng: np.random.Generator, world: World, size: int) -> tuple[np.ndarray, np.ndarray]:
    one, other = rng.normal(size=size), rng.normal(size=size)
    r = world.shared if world.same_people else 0.0
    return one, r * one + np.sqrt(1 - r**2) * other


@dataclass(frozen=True)
class Found:
    """What one population showed of one metric and group.

    Attributes
    ----------
    what
        Metric and group.
    rejected, covered, untestable
        Shares of pairs of studies: those that claim a difference, whose interval holds 0, and
        that have too few events.
    unlent
        Share that claims a difference if few events borrow no correlation.
    """

    what: str
    rejected: float
    covered: float
    untestable: float
    unlent: float


def judge(world: World, repetitions: int) -> list[Found]:
    """Compare two matchers in many studies."""
    rng = np.random.default_rng([20260101, *world.name.encode()])
    codes = np.repeat([0, 1], world.sizes).astype(np.intp)
    grouping = Grouping("group", ("first", "second"), codes)
    pairs: list[list[tuple[Compared, Bools]]] = [[] for _ in world.metrics]
    for _ in range(repetitions):
        studies = draw(rng, world)
        cut = [match(each[0], world.target, "study") for each in studies]
        for place, found in enumerate(pairs):
            a, b = (
                at_one_rate(each[0], each[place], grouping, at.grid, at.place)
                for each, at in zip(studies, cut, strict=True)
            )
            testable = enough_discordant(b, a, world.same_people)
            found.append((sides_at_one_rate(b, a, world.same_people), testable))
    return [
        one
        for metric, found in zip(world.metrics, pairs, strict=True)
        for one in _shares(metric, grouping.names, found)
    ]


def _shares(
    metric: str, names: tuple[str, ...], pairs: list[tuple[Compared, Bools]]
) -> Iterator[Found]:
    """Judge all pairs of studies at once."""
    testable = np.stack([one for _, one in pairs])
    a, b = (
        Precision(
            *(np.stack([getattr(one, field.name) for one in side]) for field in fields(Precision))
        )
        for side in ([one.a for one, _ in pairs], [one.b for one, _ in pairs])
    )
    correlation = [np.broadcast_to(one.correlation, testable.shape[1:]) for one, _ in pairs]
    sides = Compared(a, b, np.stack(correlation))
    own = np.where(sides.enough, sides.correlation, np.minimum(sides.correlation, 0.0))
    claimed, unlent = (
        testable & (np.nan_to_num(p_value(each), nan=1.0) < 1 - LEVEL)
        for each in (sides, Compared(a, b, own))
    )
    low, high = difference_ends(sides, LEVEL)
    ratio_low, ratio_high = ratio_ends(sides, LEVEL)
    inside = (low <= 0) & (high >= 0)
    inside &= np.isnan(ratio_low) | ((ratio_low <= 1) & (ratio_high >= 1))
    for code, name in enumerate(names):
        shares = (one[:, code].mean() for one in (claimed, inside, ~testable, unlent))
        yield Found(f"{metric}, {name}", *(float(one) for one in shares))


def main() -> int:
    """Judge every population; print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=1000, help="pairs of studies per population")
    parser.add_argument(
        "--worlds", nargs="*", default=[""], help="only those whose name contains one of these"
    )
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    start, rows = time.perf_counter(), []
    for world in worlds():
        if not any(text in world.name for text in given.worlds):
            continue
        for one in judge(world, given.reps):
            rows.append(
                {
                    "population": world.name,
                    "compared": one.what,
                    "pairs of studies": given.reps,
                    "differ": f"{one.rejected:.4f}",
                    "coverage": f"{one.covered:.4f}",
                    "untestable": f"{one.untestable:.4f}",
                    "differ, no correlation lent": f"{one.unlent:.4f}",
                }
            )
            print(
                f"{world.name:88} {one.what:13} differ {100 * one.rejected:5.1f} (without "
                f"borrowing {100 * one.unlent:5.1f}) cover {100 * one.covered:5.1f} untestable "
                f"{100 * one.untestable:5.1f}",
                flush=True,
            )
        if given.out:
            with given.out.open("w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
    print(f"{len(rows)} rows, {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
