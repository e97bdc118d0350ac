"""Measure differences of scores: what they find where rates find nothing, and how often wrongly.

    python benchmarks/score_evidence.py --studies 100
    LFR_EVAL_MIRROR=FOLDER python benchmarks/score_evidence.py --studies 0 --splits 1000
    python benchmarks/score_evidence.py --studies 0 --means 400

Planted: simulated studies of 400 people in which one group has five times the false alerts of the
others, at a threshold at which rates are untestable. Splits: FairFace faces of one group, dealt at
random into halves that cannot differ, embedded in memory with FaceNet. Only counts leave this
program. Means: small groups of people whose scores are skewed beside others, of one mean.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from lfr_eval.cohort import simulated
from lfr_eval.cohort.planting import population
from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import Plan, finding_table, score_difference_table
from lfr_eval.inference.score_differences import MEAN, NON_MATED, SEARCH, ScoreKind
from lfr_eval.inference.score_evidence import Scores, mean_of, p_value, quantile_of

THRESHOLD, FILLERS, PASSES = 0.70, 1_000, 10
HALF = 150
PLAN = Plan(
    factors=("gender", "ethnicity"),
    reference_groups={"gender": "male", "ethnicity": "white"},
    primary_thresholds=(THRESHOLD,),
)


def planted(studies: int, people: int, seed: int) -> None:
    """Print how often a planted difference is found by scores and by rates."""
    found = {NON_MATED: 0, SEARCH: 0, "either": 0}
    untestable = rates = wrong = 0
    config = SimulatedDatasetConfig(
        people=people, passes=PASSES, fillers=FILLERS, false_positive_ratio={"black": 5.0}
    )
    # What is planted does not depend on the seed, and takes seconds to solve for.
    planted_once = population(config)
    for study in range(studies):
        own = replace(config, seed=seed + study)
        with patch.object(simulated, "population", lambda one: replace(planted_once, config=one)):
            trials, kinds, labels = _drawn(own)
        row = _black(finding_table([trials], labels, [THRESHOLD], PLAN))
        untestable += row["verdict"] == "untestable"
        rates += row["verdict"] == "different"
        means = score_difference_table(kinds, labels, PLAN)
        means = means[means["statistic"] == MEAN]
        shown = means["verdict"] == "different"
        higher = shown & (means["group_a"] == "black") & (means["difference"] > 0)
        for kind in (NON_MATED, SEARCH):
            found[kind] += int(higher[means["kind"] == kind].any())
        found["either"] += int(higher.any())
        wrong += int((shown & (means["factor"] == "gender")).any())
    print("| of studies with a planted fivefold difference | |\n| --- | --- |")
    for name, number in (
        (f"rates untestable at {THRESHOLD:g}", untestable),
        ("found by rates", rates),
        ("found by mean scores of two people", found[NON_MATED]),
        ("found by mean best scores of passes", found[SEARCH]),
        ("found by either", found["either"]),
        ("a difference by gender claimed (none was planted)", wrong),
    ):
        print(f"| {name} | {number} of {studies} |")


def _black(table: pd.DataFrame) -> pd.Series:
    return table[(table["group_a"] == "black") & (table["group_b"] == "white")].iloc[0]


def _drawn(
    config: SimulatedDatasetConfig,
) -> tuple[PersonTrials, list[ScoreKind], pd.DataFrame]:
    """Draw a study: its searches, scores of two people and best scores, and labels."""
    drawn = simulated.simulate(config)
    images = drawn.cohort.images
    role, vectors = images["role"].to_numpy(), drawn.vectors
    known = images.loc[role == "reference", ["subject_id", "gender", "ethnicity"]]
    labels = known.set_index("subject_id")
    probe = (role == "probe") & drawn.acquired
    person = labels.index.get_indexer(pd.Index(images.loc[probe, "subject_id"]))
    best = (vectors[probe] @ vectors[role == "filler"].T).max(axis=1)
    trials = PersonTrials("FPIR", len(labels), person, best, True, FILLERS)
    of_person = vectors[role == "reference"]
    first_pass = np.unique(person, return_index=True)[1]
    score = vectors[probe][first_pass] @ of_person.T
    a, b = np.nonzero(person[first_pass][:, None] != np.arange(len(labels)))
    pairs = ScoreKind(NON_MATED, person[first_pass][a], b, score[a, b])
    return trials, [pairs, ScoreKind(SEARCH, person, person, best, FILLERS)], labels


def split(splits: int, most: int, seed: int) -> None:
    """Print how often halves of one group are called different."""
    from benchmarks.acceptance.real import embed

    mirror = Path(os.environ["LFR_EVAL_MIRROR"])
    weights = next((mirror / "weights").rglob("*.pt"))
    faces = embed(mirror / "fairface", weights)
    groups = faces.labels.groupby("ethnicity").groups
    print("| group | mean | 1 in 100 | 1 in 1,000 |\n| --- | --- | --- | --- |")
    rng = np.random.default_rng(seed)
    for name, rows in list(groups.items())[:most]:
        templates = faces.templates[np.asarray(rows)]
        half = min(HALF, len(templates) // 2)
        if half < 40:
            continue
        i, j = np.triu_indices(half, 1)
        claims = np.zeros(3)
        for _ in range(splits):
            dealt = rng.permutation(len(templates))
            sides = [templates[dealt[:half]], templates[dealt[half : 2 * half]]]
            one, two = (Scores(i, j, (side @ side.T)[i, j]) for side in sides)
            claims += [
                p_value(mean_of(one), mean_of(two)) < 0.05,
                *(
                    p_value(quantile_of(one, tail), quantile_of(two, tail)) < 0.05
                    for tail in (0.01, 0.001)
                ),
            ]
        cells = " | ".join(f"{share:.1%}" for share in claims / splits)
        print(f"| {name}, 2 x {half} | {cells} |", flush=True)


@dataclass(frozen=True)
class Group:
    """People whose own level, of mean 0 and variance 1, is `share` of the variance of scores.

    `few`: one person in 33 has a high one. `trials`: fewest and most scores of a person, or images
    of each pair of people. `heavy`: the first person has half of all scores.
    """

    people: int
    level: str
    share: float
    trials: tuple[int, int] = (1, 1)
    pairs: bool = False
    heavy: bool = False

    def draw(self, rng: np.random.Generator) -> Scores:
        """Draw the scores of one study."""
        own = {
            "normal": rng.standard_normal,
            "exponential": lambda n: rng.exponential(size=n) - 1,
            "falling": lambda n: 1 - rng.exponential(size=n),
            "Student": lambda n: rng.standard_t(3, n) / np.sqrt(3),
            "few": lambda n: ((rng.random(n) < 0.03) - 0.03) / np.sqrt(0.03 * 0.97),
        }[self.level](self.people)
        first, second = np.arange(self.people), np.arange(self.people)
        if self.pairs:
            first, second = np.triu_indices(self.people, 1)
        times = np.exp(rng.uniform(*np.log(self.trials), len(first))).round().astype(int)
        if self.heavy:
            times[0] = times[1:].sum()
        a, b = np.repeat(first, times), np.repeat(second, times)
        level = (own[a] + own[b]) / (np.sqrt(2) if self.pairs else 2)
        noise = rng.standard_normal(len(a))
        return Scores(a, b, np.sqrt(self.share) * level + np.sqrt(1 - self.share) * noise)


SMALL = (
    (Group(8, "exponential", 0.7, (8, 8)), Group(200, "normal", 0.3, (8, 8))),
    (Group(12, "exponential", 0.7, (8, 8)), Group(2000, "exponential", 0.7, (8, 8))),
    (Group(20, "falling", 0.7, (8, 8)), Group(300, "normal", 0.3, (8, 8))),
    (Group(20, "falling", 0.8, (1, 15)), Group(100, "falling", 0.8, (1, 15))),
    (Group(30, "Student", 0.8, (1, 60)), Group(30, "normal", 0.5, (1, 60))),
    (Group(40, "exponential", 0.7, (6, 6), heavy=True), Group(40, "normal", 0.7, (6, 6))),
    (Group(60, "few", 0.9, (5, 5)), Group(60, "normal", 0.1, (5, 5))),
    (Group(10, "exponential", 0.6, pairs=True), Group(100, "normal", 0.3, pairs=True)),
    (Group(20, "exponential", 0.6, (3, 3), pairs=True), Group(100, "normal", 0.0, pairs=True)),
    (Group(60, "few", 0.5, pairs=True), Group(60, "normal", 0.0, pairs=True)),
)


def means(studies: int, seed: int) -> None:
    """Print how often small groups of one mean are called different."""
    print("| scores of | one group | the other | called different |\n| --- | --- | --- | --- |")
    for one, other in SMALL:
        rng = np.random.default_rng(seed)
        claims = [
            p_value(mean_of(one.draw(rng)), mean_of(other.draw(rng))) < 0.05 for _ in range(studies)
        ]
        told = [f"{side.people} {side.level}" for side in (one, other)]
        unit = "pairs" if one.pairs else "people"
        print(f"| {unit} | {' | '.join(told)} | {np.mean(claims):.1%} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--splits", type=int, default=0)
    parser.add_argument("--means", type=int, default=0, help="studies of small groups")
    parser.add_argument("--groups", type=int, default=14, help="groups that are split")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if chosen.studies:
        planted(chosen.studies, chosen.people, chosen.seed)
    if chosen.means:
        means(chosen.means, chosen.seed)
    if chosen.splits:
        split(chosen.splits, chosen.groups, chosen.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
