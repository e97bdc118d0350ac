"""Power of whole studies beside the planned one: `python -m benchmarks.planned_power`.

For each design the people that `lfr-eval plan` asks for, or a cohort of unequal groups, are drawn
with continuous scores and analysed as a study is. This code shares nothing with planning but the
population: events of people are beta-binomial, tendencies to false matches log-normal.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.inference import Plan
from lfr_eval.inference.comparison_rows import raw_findings
from lfr_eval.inference.families import adjust, adjust_equivalence
from lfr_eval.inference.finding_table import compare_all
from lfr_eval.planning.answer import Case
from lfr_eval.planning.dependence import correlation_of
from lfr_eval.planning.question import Question
from lfr_eval.planning.sample import Setting, difference_power, equivalence_power, people_needed

MARGIN = 1.5
SWEEP = (-float(np.log(8)), 0.0)
"""The threshold of the rate, and the lowest one of the sweep, with eight times as many events."""


@dataclass(frozen=True)
class Design:
    """A question to the planner.

    Attributes
    ----------
    metric
        FMR, FPIR or FNIR.
    setting
        Lower rate, passes, dependence, level and number of groups.
    ratio
        True ratio; 1: equivalence within `MARGIN` is to be shown.
    power
        Wanted, where people are asked for.
    sizes
        People of the higher, the reference and the other groups; none: as many as are needed.
    factors
        Factors that share the level; all but the first divide people at random into two groups.
    """

    metric: str
    setting: Setting
    ratio: float
    power: float = 0.8
    sizes: tuple[int, ...] = ()
    factors: int = 1

    @property
    def as_shared(self) -> Setting:
        """The setting with the level that the first factor has."""
        question = Question(0.1, (2.0,), factors=tuple(map(str, range(self.factors))))
        shared = Case(question, question.cases[0]).setting
        return replace(self.setting, alpha=shared.alpha, opened=shared.opened)


def designs() -> list[Design]:
    """Three to six groups, equal and unequal, with trials of one person and of two."""
    passes = {"passes": 10, "alpha": 0.05}
    pairs = {"passes": 1, "design_effect": 1.0, "alpha": 0.05}
    sizes = {3: (60, 240, 120), 6: (80, 200, 120, 60, 150, 40)}
    return [
        Design("FPIR", Setting(0.02, design_effect=2.8, groups=3, **passes), 2.0),
        Design("FPIR", Setting(0.01, design_effect=1.9, groups=4, **passes), 3.0),
        Design("FPIR", Setting(0.02, design_effect=2.8, groups=6, **passes), 3.0, 0.9),
        Design("FPIR", Setting(0.02, design_effect=2.8, groups=3, **passes), 3.0, sizes=sizes[3]),
        Design("FPIR", Setting(0.02, design_effect=1.9, groups=6, **passes), 2.5, sizes=sizes[6]),
        Design("FNIR", Setting(0.1, design_effect=3.7, groups=3, **passes), 1.6),
        Design("FNIR", Setting(0.1, design_effect=3.7, groups=5, **passes), 2.0),
        Design("FNIR", Setting(0.1, design_effect=2.8, groups=6, **passes), 2.0, sizes=sizes[6]),
        Design("FMR", Setting(0.002, spread=0.8, groups=3, **pairs), 3.0),
        Design("FMR", Setting(0.002, spread=0.0, groups=5, **pairs), 3.0),
        Design("FMR", Setting(0.004, spread=0.8, groups=6, **pairs), 3.0, 0.9),
        Design("FMR", Setting(0.004, spread=0.8, groups=3, **pairs), 3.0, sizes=(90, 150, 60)),
        Design("FNIR", Setting(0.1, design_effect=1.9, groups=3, **passes), 1.0),
        Design("FPIR", Setting(0.02, design_effect=2.8, groups=2, **passes), 2.0, factors=2),
        Design("FPIR", Setting(0.02, design_effect=2.8, groups=4, **passes), 2.5, factors=2),
    ]


def planned(design: Design) -> tuple[tuple[int, ...], float]:
    """People of every group, and the power that planning prints for them."""
    setting, sizes = design.as_shared, design.sizes
    if design.ratio == 1:
        people = people_needed(lambda n: equivalence_power(setting, n, MARGIN), design.power)
        power = equivalence_power(setting, people, MARGIN).value
        return (int(people),) * setting.groups, power
    if sizes:
        higher, lower, *third = sizes
        found = difference_power(setting, lower, design.ratio, higher, third=third)
        return sizes, found.value
    people = people_needed(lambda n: difference_power(setting, n, design.ratio), design.power)
    return (int(people),) * setting.groups, difference_power(setting, people, design.ratio).value


def trials_of(design: Design, group: np.ndarray, rng: np.random.Generator) -> Trials:
    """Draw one study with continuous scores."""
    setting, n = design.setting, len(group)
    rate = np.where(group == 0, setting.rate * design.ratio, setting.rate)
    if setting.spread is not None:
        sigma = float(np.sqrt(np.log1p(setting.spread**2)))
        tendency = np.exp(rng.normal(-(sigma**2) / 2, sigma, n))
        first, second = np.triu_indices(n, 1)
        inside = group[first] == group[second]
        first, second = first[inside], second[inside]
        chance = rate[first] * tendency[first] * tendency[second]
        score = np.log(chance / rng.random(len(first))).astype(np.float32)
        hit, one = score >= SWEEP[0], np.ones(n, np.intp)
        return PairTrials(n, first[hit], second[hit], score[hit], SWEEP[0], one, one, one)
    both = 1 / correlation_of(setting.design_effect, setting.passes) - 1
    person = np.repeat(np.arange(n), int(setting.passes))
    chance = np.maximum(rng.beta(rate * both, (1 - rate) * both), 1e-300)[person]
    score = np.log(chance / rng.random(len(person))).astype(np.float32)
    falling = design.metric == "FPIR"
    return PersonTrials(design.metric, n, person, score if falling else -score, falling, 1000)


def reached(design: Design, sizes: tuple[int, ...], studies: int) -> float:
    """Share of studies whose first group is told apart from the second, or is equivalent to it."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    people = pd.DataFrame({"group": np.char.add("g", group.astype(str))})
    sign = -1.0 if design.metric == "FNIR" else 1.0
    for other in range(1, design.factors):
        people[f"other {other}"] = np.random.default_rng(other).choice(["x", "y"], len(people))
    plan = Plan(
        factors=tuple(people), reference_groups={"group": "g1"}, margin=MARGIN,
        primary_metrics=(design.metric,), primary_thresholds=(0.0,),
    )  # fmt: skip
    claimed = 0
    for seed in range(studies):
        rng = np.random.default_rng([20260101, seed])
        drawn = trials_of(design, group, rng)
        steps = sorted(sign * step for step in SWEEP)
        found = claims(drawn, people, steps, plan, same=design.ratio == 1)
        at = (found["group_a"] == "g0") & (found["group_b"] == "g1") & (found["threshold"] == 0)
        claimed += bool(found.loc[at, "claimed"].iloc[0])
    return claimed / studies


def claims(
    trials: Trials, people: pd.DataFrame, steps: Sequence[float], plan: Plan, *, same: bool
) -> pd.DataFrame:
    """Return the findings of a study without their sentences, which take most of the time."""
    plan = plan.leading({trials.metric}, {trials.watchlist_size or 0})
    rows = raw_findings(compare_all(trials, people, steps, plan))
    p = adjust_equivalence(rows, plan.alpha)[0] if same else adjust(rows, plan.alpha).p_value
    return rows.assign(claimed=rows["testable"].to_numpy(bool) & (p < plan.alpha))


def main() -> None:
    """Print, and write, what is planned and what is reached."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=600)
    parser.add_argument("--designs", type=int, nargs="*", help="only these, counted from 0")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    rows = []
    for place, design in enumerate(designs()):
        if given.designs and place not in given.designs:
            continue
        start = time.process_time()
        sizes, power = planned(design)
        took, share = time.process_time() - start, reached(design, sizes, given.studies)
        error = (share * (1 - share) / given.studies) ** 0.5
        people = ", ".join(map(str, sizes)) if design.sizes else str(sizes[0])
        what = "equivalence" if design.ratio == 1 else f"ratio {design.ratio:g}"
        what += f", {design.factors} factors" if design.factors > 1 else ""
        rows.append(
            [design.metric, len(sizes), people, f"{design.setting.rate:g}", what,
             f"{100 * power:.1f}", f"{100 * share:.1f}", f"{100 * error:.1f}", given.studies]
        )  # fmt: skip
        print(*rows[-1], f"planned in {took:.1f} s,", f"{time.process_time() - start:.0f} s",
              sep=" | ", flush=True)  # fmt: skip
    if given.out:
        with given.out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            head = "metric,groups,people,lower rate,to be found,planned,reached,error,studies"
            writer.writerows([head.split(","), *rows])


if __name__ == "__main__":
    main()
