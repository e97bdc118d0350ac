"""Real faces whose groups are unlike and have equal rates: type I error and coverage.

    LFR_EVAL_MIRROR=FOLDER python -m benchmarks.acceptance.real --reps 1000 --out real.csv

FairFace and London faces of the offline mirror are embedded with FaceNet, in memory only. Every
group gets thresholds of its own, at the same quantiles of its own comparisons, so that the groups
keep the people who resemble many others and have one false match rate. Studies draw people from a
group with replacement, as from a population; two copies of one person are not compared. Random
splits of one group are drawn without replacement. Only counts leave this program.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.acceptance.__main__ import judge_all
from benchmarks.acceptance.cells import GOAL, Cell, Drawn
from benchmarks.acceptance.counting import of_passes
from benchmarks.worlds import LEVELS
from lfr_eval.inference.cells import divide, satterthwaite, sharing_correction
from lfr_eval.inference.precision import Evidence

SIZES = ((40, 40), (67, 67), (60, 300), (300, 60))
EXPECTED = (4, 10, 40, 150)
FILLERS = 1_000
CHUNK = 200


@dataclass(frozen=True)
class Faces:
    """Templates of one data set, and labels of their images in the same order."""

    templates: np.ndarray
    labels: pd.DataFrame

    def of(self, **wanted: str) -> np.ndarray:
        """Return the templates with some labels."""
        keep = np.ones(len(self.labels), bool)
        for column, value in wanted.items():
            keep &= (self.labels[column] == value).to_numpy()
        chosen: np.ndarray = self.templates[keep]
        return chosen


def embed(folder: Path, weights: Path) -> Faces:
    """Embed the faces of a folder with `labels.csv`; those not detected are left out."""
    from lfr_eval.matchers.facenet import FacenetMatcher

    labels = pd.read_csv(folder / "labels.csv")
    made = [
        one.template for one in FacenetMatcher(weights).embed([folder / f for f in labels["file"]])
    ]
    found = np.array([one is not None for one in made])
    return Faces(
        np.stack([one for one in made if one is not None]).astype(float),
        labels[found].reset_index(drop=True),
    )


def ranks(templates: np.ndarray) -> np.ndarray:
    """Rank of every comparison of a group among its own, 0 the highest; the diagonal is last."""
    n = len(templates)
    first, second = np.triu_indices(n, 1)
    order = np.argsort(-np.einsum("ij,ij->i", templates[first], templates[second]), kind="stable")
    found = np.full((n, n), n * n)
    found[first[order], second[order]] = np.arange(len(order))
    return np.minimum(found, found.T)


def of_copies(ranked: np.ndarray, copies: np.ndarray, rate: float) -> Evidence:
    """Count false matches in studies that hold each person `copies` (studies, people) times."""
    people = len(ranked)
    total = people * (people - 1) / 2
    n = copies.sum(axis=1, keepdims=True).astype(float)
    others = n - copies
    trials = np.sum(copies * others, axis=1, keepdims=True) / 2
    shape = (len(copies), len(LEVELS))
    x, squares, fourths, largest, affected = (np.zeros(shape) for _ in range(5))
    weight = copies.astype(float)
    for step, level in enumerate(LEVELS):
        hit = (ranked < round(level * rate * total)).astype(float)
        degree = weight @ hit
        x[:, step] = np.sum(weight * degree, axis=1) / 2
        residual = degree - x[:, [step]] / trials * others
        squares[:, step] = np.sum(weight * residual**2, axis=1)
        fourths[:, step] = np.sum(weight * residual**4, axis=1)
        there = weight > 0
        largest[:, step] = np.where(there, degree, 0).max(axis=1)
        affected[:, step] = np.sum(weight * (degree > 0), axis=1)
    p = x / trials
    between = x * (1 - 2 * p) + p**2 * trials
    sharing = np.sum(copies * others**2, axis=1, keepdims=True) - trials
    correction = sharing_correction(sharing, trials)
    robust = np.maximum(correction * (squares - between), between) / trials**2
    return Evidence(
        x,
        np.broadcast_to(trials, shape),
        np.maximum(robust, divide(p * (1 - p), trials)),
        satterthwaite(squares, fourths, n),
        largest,
        np.broadcast_to(n - 1, shape),
        n,
        affected,
        np.broadcast_to(n, shape),
        pairs=True,
        falling=True,
    )


def copies_of(rng: np.random.Generator, studies: int, people: int, drawn: int) -> np.ndarray:
    """How often each person is in each study, drawn with replacement."""
    return rng.multinomial(drawn, np.full(people, 1 / people), studies)


def _true(ranked: np.ndarray, rate: float) -> float:
    total = len(ranked) * (len(ranked) - 1) / 2
    return round(rate * total) / total


def comparisons(
    name: str, groups: Sequence[np.ndarray], sizes: Sequence[int], expected: float
) -> Cell | None:
    """Make a cell of unlike groups at one false match rate; None: too few comparisons for it."""
    n = min(sizes)
    rate = expected / (n * (n - 1) / 2)
    rates = tuple(_true(one, rate) for one in groups)
    apart = max(rates) / max(min(rates), 1e-12)
    if LEVELS[0] * rate > 0.6 or apart > 1.02:
        return None

    def draw(rng: np.random.Generator, studies: int) -> Drawn:
        return Drawn(
            [
                of_copies(one, copies_of(rng, studies, len(one), size), rate)
                for one, size in zip(groups, sizes, strict=True)
            ]
        )

    words = " v ".join(map(str, sizes)) if len(sizes) == 2 else f"{len(sizes)} groups of {n}"
    return Cell(f"{name}, {words}, {expected:g} expected", "null", rates, expected, GOAL, draw)


def halves(name: str, ranked: np.ndarray, sizes: tuple[int, int], expected: float) -> Cell:
    """Two parts of one group, dealt at random; no person is in both."""
    n = min(sizes)
    rate = expected / (n * (n - 1) / 2)
    people = len(ranked)

    def draw(rng: np.random.Generator, studies: int) -> Drawn:
        order = rng.permuted(np.tile(np.arange(people), (studies, 1)), axis=1)
        sides = []
        for part in (order[:, : sizes[0]], order[:, sizes[0] : sum(sizes)]):
            copies = np.zeros((studies, people), int)
            np.put_along_axis(copies, part, 1, axis=1)
            sides.append(of_copies(ranked, copies, rate))
        return Drawn(sides)

    true = _true(ranked, rate)
    words = f"{name}, split {sizes[0]} v {sizes[1]}, {expected:g} expected"
    return Cell(words, "null", (true, true), expected, GOAL, draw)


def searches(
    name: str, groups: Sequence[np.ndarray], sizes: tuple[int, int], rate: float
) -> Cell | None:
    """Highest scores (people, passes) of searches, cut at one rate by each group's own rank."""
    placed = [np.argsort(np.argsort(-one.ravel())).reshape(one.shape) for one in groups]
    rates = tuple(round(rate * one.size) / one.size for one in groups)
    passes = groups[0].shape[1]

    def draw(rng: np.random.Generator, studies: int) -> Drawn:
        found = []
        for one, size in zip(placed, sizes, strict=True):
            who = rng.integers(len(one), size=(studies, size))
            reached = [
                (one < round(min(level * rate, 0.9) * one.size)).sum(axis=1)[who]
                for level in LEVELS
            ]
            found.append(of_passes(np.stack(reached), passes))
        return Drawn(found)

    if max(rates) > 1.02 * min(rates):
        return None
    smaller = min(sizes) * passes * rate
    words = f"{name}, searches of {sizes[0]} v {sizes[1]}, rate {rate:.3f}"
    return Cell(words, "null", rates, smaller, GOAL, draw)


def cells(fairface: Faces, london: Faces) -> list[Cell]:
    """All cells."""
    ethnicities = sorted(fairface.labels["ethnicity"].unique())
    groups = {
        (gender, ethnicity): ranks(fairface.of(gender=gender, ethnicity=ethnicity))
        for gender in ("female", "male")
        for ethnicity in ethnicities
    }
    found: list[Cell | None] = []
    for place, one in enumerate(ethnicities):
        other = ethnicities[(place + 3) % len(ethnicities)]
        both = (groups["female", one], groups["male", other])
        found += [
            comparisons(f"{one} women v {other} men", both, sizes, expected)
            for sizes in SIZES
            for expected in EXPECTED
        ]
    for size in (40, 67):
        for expected in (4, 10, 40):
            found.append(comparisons("FairFace groups", [*groups.values()], [size] * 14, expected))
            mixed = [ranks(fairface.of(ethnicity=one)) for one in ethnicities]
            found.append(comparisons("FairFace ethnicities", mixed, [size] * 7, expected))
    for (gender, ethnicity), ranked in groups.items():
        half = len(ranked) // 2
        found += [
            halves(f"{ethnicity} {gender}", ranked, (half, half), expected)
            for expected in (10, 40, 150)
        ]
    for gender in ("female", "male"):
        everybody = ranks(fairface.of(gender=gender))
        found += [
            halves(f"FairFace {gender}", everybody, sizes, expected)
            for sizes in ((60, 300), (200, 200))
            for expected in (4, 10, 40, 150)
        ]
    return [cell for cell in [*found, *_london(london, fairface)] if cell is not None]


def _london(london: Faces, fairface: Faces) -> list[Cell | None]:
    neutral = Faces(
        london.templates[(london.labels["expression"] == "neutral").to_numpy()],
        london.labels[london.labels["expression"] == "neutral"].reset_index(drop=True),
    )
    women, men = (ranks(neutral.of(gender=one)) for one in ("female", "male"))
    white = ranks(neutral.of(ethnicity="white"))
    rest = ranks(neutral.templates[(neutral.labels["ethnicity"] != "white").to_numpy()])
    found: list[Cell | None] = [
        comparisons(f"London {name}", both, sizes, expected)
        for name, both in (("women v men", (women, men)), ("White v others", (white, rest)))
        for sizes in ((40, 40), (30, 100), (100, 30))
        for expected in (4, 10, 40)
    ]
    is_white = (london.labels["ethnicity"] == "white").to_numpy()
    best = [_best(london, fairface, keep) for keep in (is_white, ~is_white)]
    found += [
        searches("London White v others", best, sizes, rate)
        for sizes in ((60, 60), (60, 300), (300, 60))
        for rate in (1 / 6, 1 / 3)
    ]
    return found


def _best(london: Faces, fairface: Faces, keep: np.ndarray) -> np.ndarray:
    """Highest scores (people, passes) of those with both pictures, against FairFace fillers."""
    fillers = fairface.templates[:: max(1, len(fairface.templates) // FILLERS)]
    scores = pd.Series((london.templates[keep] @ fillers.T).max(axis=1))
    people = london.labels.loc[keep, "identity"].reset_index(drop=True)
    grouped = [part.to_numpy() for _, part in scores.groupby(people) if len(part) == 2]
    return np.stack(grouped)


def main() -> int:
    """Judge every cell; print and write counts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reps", type=int, default=1000, help="draws per cell")
    parser.add_argument("--cells", default="", help="only cells whose name contains this text")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    mirror = Path(os.environ.get("LFR_EVAL_MIRROR", "mirror"))
    weights = next((mirror / "weights").rglob("*.pt"))
    faces = [embed(mirror / name, weights) for name in ("fairface", "london")]
    chosen = [cell for cell in cells(*faces) if given.cells in cell.name]
    return judge_all(chosen, given.reps, 0, given.out)


if __name__ == "__main__":
    sys.exit(main())
