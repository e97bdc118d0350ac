"""Strata, conditions of the same people, and false matches across groups, in unlike worlds.

`python -m benchmarks.acceptance.designs --studies 500`: how often whole findings claim a difference
where there is none, and how often intervals of rates across groups hold the true rate. Every study
is counted and tested by the package, one at a time.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.worlds import beta_rates, tendencies, unsaturated
from lfr_eval.contract.trials import Condition, Grouping, PairTrials, PersonTrials, Trials
from lfr_eval.inference import Plan, finding_table
from lfr_eval.inference.crossed import crossed_cells
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.precision import precision_of

LEVELS = (8.0, 4.0, 2.0, 1.0)
STEPS = (1.0, 2.0, 3.0, 4.0)
TAIL = 0.025
SITES = (0.01, 0.04)
"""Rates at two places, where women mostly go to the second."""


@dataclass(frozen=True)
class Design:
    """A kind of comparison in one world.

    Attributes
    ----------
    name
        Printed.
    what
        `claims` (share of studies that claim a difference; goal 6.5 %) or `covers` (share of
        intervals that hold the truth; goal 93.5 %).
    study
        From a generator: whether this study claims, or covers.
    """

    name: str
    what: str
    study: Callable[[np.random.Generator], bool]


def designs() -> list[Design]:
    """All of them."""
    unlike = ((0.0, 0.0), (0.4, 0.05), (0.05, 0.4))
    sizes = ((40, 40), (12, 60), (60, 12), (60, 300))
    kinds = (("no lambs", None, None), ("lambs in one", ("lognormal", 0.8), None),
             ("lambs in both", ("lognormal", 0.8), ("lognormal", 0.8)))  # fmt: skip
    return [
        *(Design(f"strata, beta {a} v {b}", "claims", _strata(a, b)) for a, b in unlike),
        Design("150 matched pairs, beta 0.4 v 0.05", "claims", _matched(150, 0.4, 0.05)),
        Design("60 matched pairs, beta 0.05 v 0.4", "claims", _matched(60, 0.05, 0.4)),
        Design("comparisons of 2 of a site, 40 sites", "claims", _of_few(40, 2)),
        Design("comparisons of 3 of a site, 40 sites", "claims", _of_few(40, 3)),
        *(Design(f"cameras, beta {a} v {b}", "claims", _cameras(a, b)) for a, b in unlike),
        *(
            Design(f"across {n} and {m}, {words}", "covers", _across(n, m, one, two))
            for n, m in sizes
            for words, one, two in kinds
        ),
    ]


def _scores(rng: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """How many of the nested thresholds a trial of this chance reaches, as its score."""
    draw = rng.random(len(chance))
    reached = sum((draw < np.minimum(level * chance, 1.0)).astype(np.float32) for level in LEVELS)
    return np.asarray(reached, np.float32)


def _claims(trials: Trials, people: pd.DataFrame, factor: str, **plan: object) -> bool:
    metric = trials.metric
    given = Plan(factors=(factor,), primary_metrics=(metric,), primary_thresholds=(4.0,), **plan)  # type: ignore[arg-type]
    found = finding_table([trials], people, STEPS, given)
    primary = found[found["primary"].astype(bool)]
    return bool((primary["verdict"] == "different").any())


def _strata(one: float, two: float) -> Callable[[np.random.Generator], bool]:
    """Women and men at two sites of unlike rates: equal within each, a third apart overall."""

    def study(rng: np.random.Generator) -> bool:
        women = np.arange(200) < 80
        second = rng.random(200) < np.where(women, 0.7, 0.3)
        chance = np.zeros(200)
        for site, rate in enumerate(SITES):
            for mine, correlation in ((women, one), (~women, two)):
                at = mine & (second == site)
                chance[at] = beta_rates(rate, correlation)(rng, (1, int(at.sum())))[0]
        person = np.repeat(np.arange(200), 10)
        trials = PersonTrials("FPIR", 200, person, _scores(rng, chance[person]), True, 1000)
        people = pd.DataFrame(
            {"gender": np.where(women, "female", "male"), "site": np.where(second, "b", "a")}
        )
        return _claims(trials, people, "gender", strata=("site",))

    return study


def _matched(pairs: int, one: float, two: float) -> Callable[[np.random.Generator], bool]:
    """Match a woman and a man at a site of their own, ten passes each; one of ten alerts."""
    person = np.repeat(np.arange(2 * pairs), 10)
    people = pd.DataFrame(
        {"gender": np.repeat(["female", "male"], pairs), "site": np.tile(np.arange(pairs), 2)}
    ).astype(str)

    def study(rng: np.random.Generator) -> bool:
        chance = np.concatenate([beta_rates(0.1, c)(rng, (1, pairs))[0] for c in (one, two)])
        trials = PersonTrials("FPIR", 2 * pairs, person, _scores(rng, chance[person]), True, 1000)
        return _claims(trials, people, "gender", strata=("site",))

    return study


def _of_few(sites: int, each: int) -> Callable[[np.random.Generator], bool]:
    """Compare a few women and men of each site, five images each; a pair is alike in all images."""
    site = np.tile(np.repeat(np.arange(sites), each), 2)
    gender = np.repeat([0, 1], sites * each)
    people = pd.DataFrame(
        {"gender": np.array(["female", "male"])[gender], "site": site.astype(str)}
    )
    first, second = np.triu_indices(len(site), 1)
    same = (site[first] == site[second]) & (gender[first] == gender[second])
    first, second = (np.repeat(side[same], 25) for side in (first, second))
    images = np.full(len(site), 5, np.intp)

    def study(rng: np.random.Generator) -> bool:
        chance = np.repeat(beta_rates(0.1, 0.4)(rng, (1, len(first) // 25))[0], 25)
        score = _scores(rng, chance)
        hit = score > 0
        trials = PairTrials(
            len(site), first[hit], second[hit], score[hit], 1.0, images, images, images
        )
        return _claims(trials, people, "gender", strata=("site",))

    return study


def _cameras(one: float, two: float) -> Callable[[np.random.Generator], bool]:
    """Two cameras with one rate, of people who keep half of their chance and pass unequally."""

    def study(rng: np.random.Generator) -> bool:
        north, other = (beta_rates(0.03, c)(rng, (1, 120))[0] for c in (one, two))
        chances = np.stack([north, np.where(rng.random(120) < 0.5, north, other)])
        passes = rng.integers(0, 9, (2, 120))
        person = np.concatenate([np.repeat(np.arange(120), m) for m in passes])
        south = np.repeat([0, 1], passes.sum(axis=1))
        chance = chances[south, person]
        trials = PersonTrials(
            "FPIR", 120, person, _scores(rng, chance), True, 1000,
            conditions=(Condition("camera", ("north", "south"), south),),
        )  # fmt: skip
        return _claims(trials, pd.DataFrame({"site": ["a"] * 120}), "camera")

    return study


def _across(
    n: int, m: int, one: tuple[str, float] | None, two: tuple[str, float] | None
) -> Callable[[np.random.Generator], bool]:
    """Draw false matches across two groups, 40 expected."""
    rate = 40 / (n * m)
    factor = unsaturated(rate, one, two)
    first, second = (side.ravel() for side in np.meshgrid(range(n), range(n, n + m), indexing="ij"))
    grouping = Grouping("group", ("a", "b"), np.repeat([0, 1], [n, m]))
    images = np.ones(n + m, np.intp)

    def study(rng: np.random.Generator) -> bool:
        a, b = tendencies(rng, one, (1, n))[0], tendencies(rng, two, (1, m))[0]
        mean = factor * np.outer(a, b).ravel()
        draw = -np.log1p(-rng.random(n * m))
        reached = sum((draw < level * mean).astype(np.float32) for level in LEVELS)
        score = np.asarray(reached, np.float32)
        hit = score > 0
        trials = PairTrials(n + m, first[hit], second[hit], score[hit], 1.0, images, images, images)
        found = precision_of(crossed_cells(trials, grouping, np.array(STEPS)).evidence)
        last = found.take((slice(0, 1), -1))
        low, high = lower_ends(last, TAIL)[0], upper_ends(last, TAIL)[0]
        return bool(low <= rate <= high)

    return study


def main() -> None:
    """Judge every design and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--designs", default="", help="only those whose name contains this text")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    rows, start = [], time.perf_counter()
    for design in designs():
        if given.designs not in design.name:
            continue
        rng = np.random.default_rng([20260101, len(design.name), sum(map(ord, design.name))])
        share = float(np.mean([design.study(rng) for _ in range(given.studies)]))
        error = (max(share * (1 - share), 1e-4) / given.studies) ** 0.5
        print(
            f"{design.name:40} {design.what:7} {100 * share:5.1f} (+-{100 * error:.1f})", flush=True
        )
        rows.append([design.name, design.what, given.studies, f"{share:.4f}", f"{error:.4f}"])
    if given.out:
        with given.out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([["design", "what", "studies", "share", "standard error"], *rows])
    print(f"{len(rows)} designs, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
