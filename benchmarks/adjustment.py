"""Measure adjusted ratios under simulated confounding.

    python benchmarks/adjustment.py --repetitions 2000

Two groups differ in age and in the cameras that they pass, and both change the rate. People have
rates of their own, unlike in the two groups. The unadjusted ratio is wrong. The benchmark prints
how far the adjusted ratios are from the true one, how often their intervals hold it, and how often
they find a difference where there is none.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import Condition, PersonTrials
from lfr_eval.inference import Plan, adjusted_table

AGES = ("18-29", "30-49", "50+")
AGE_EFFECT = np.array([0.6, 1.0, 2.2])
CAMERA_EFFECT = np.array([1.0, 2.0])


@dataclass(frozen=True)
class World:
    """Two groups that are unlike in size, age, cameras and in how much their people differ."""

    name: str
    people: tuple[int, int]
    rate: float
    ratio: float
    spread: tuple[float, float] = (0.6, 1.0)
    passes: int = 10

    def draw(self, rng: np.random.Generator) -> tuple[PersonTrials, pd.DataFrame]:
        """Draw one study: its searches and the labels of its people."""
        ages = [
            rng.choice(3, size=n, p=p)
            for n, p in zip(self.people, ((0.2, 0.3, 0.5), (0.5, 0.3, 0.2)), strict=True)
        ]
        age, member = np.concatenate(ages), np.repeat([0, 1], self.people)
        spread = np.array(self.spread)[member]
        own = np.exp(spread * rng.standard_normal(len(age)) - spread**2 / 2)
        person = np.repeat(np.arange(len(age)), self.passes)
        south = rng.random(len(person)) < np.where(member == 0, 0.7, 0.3)[person]
        rate = self.rate * np.where(member == 0, self.ratio, 1.0) * own * AGE_EFFECT[age]
        happened = rng.random(len(person)) < np.minimum(
            rate[person] * CAMERA_EFFECT[south.astype(int)], 1
        )
        trials = PersonTrials(
            "FPIR", len(age), person, happened.astype(np.float32), True, 100,
            conditions=(Condition("camera", ("north", "south"), south.astype(np.intp)),),
        )  # fmt: skip
        labels = {"group": np.array(["a", "b"])[member], "age_band": np.array(AGES)[age]}
        return trials, pd.DataFrame(labels)


WORLDS = tuple(
    World(f"{a} v {b}, rate {rate:g}", (a, b), rate, ratio)
    for a, b, rate in ((200, 200, 0.02), (100, 400, 0.02), (400, 100, 0.01), (60, 60, 0.03))
    for ratio in (1.0, 2.0)
)
PLAN = Plan(
    factors=("group",), reference_groups={"group": "b"}, adjust=("age_band", "camera")
)  # fmt: skip


def judge(world: World, repetitions: int, seed: int) -> dict[str, float]:
    """Draw studies of a world and compare their ratios with the truth."""
    rng = np.random.default_rng(seed)
    rows = pd.concat(
        [adjusted_table([trials], people, [0.5], PLAN)
         for trials, people in (world.draw(rng) for _ in range(repetitions))]
    )  # fmt: skip
    used = rows[rows["adjusted_ratio"].notna() & rows["regression_ratio"].notna()]
    found = {"used": len(used) / repetitions}
    for name in ("ratio", "adjusted", "regression"):
        value = used["ratio" if name == "ratio" else f"{name}_ratio"]
        lower, upper = used[f"{name}_lower"], used[f"{name}_upper"]
        found[f"{name} median"] = float(np.median(value) / world.ratio)
        found[f"{name} covered"] = float(((lower <= world.ratio) & (world.ratio <= upper)).mean())
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", default="", help="only those whose name contains this")
    parser.add_argument("--ratio", type=float, help="only those of this true ratio")
    chosen = parser.parse_args(arguments)
    print(
        "| world | true ratio | used | unadjusted | standardised | regression | "
        "interval holds the truth: unadjusted | standardised | regression |"
    )
    print("| --- " * 9 + "|")
    for world in WORLDS:
        if chosen.worlds not in world.name or chosen.ratio not in (None, world.ratio):
            continue
        found = judge(world, chosen.repetitions, chosen.seed)
        parts = [f"{found[f'{name} median']:.3f}" for name in ("ratio", "adjusted", "regression")]
        parts += [f"{found[f'{name} covered']:.1%}" for name in ("ratio", "adjusted", "regression")]
        print(
            f"| {world.name} | {world.ratio:g} | {found['used']:.1%} | " + " | ".join(parts) + " |",
            flush=True,
        )
    error = 100 * np.sqrt(0.05 * 0.95 / chosen.repetitions)
    print(
        "\nMedians are relative to the true ratio. Where that is 1, type I error is 100 % less "
        f"the share covered; its Monte Carlo error is about {error:.1f} points."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
