"""Repeat a shipped study many times, to see how often it finds the difference that is there.

    python experiments/npl_2023/repeat.py --studies 200

Every study draws new people, passes and fillers, as `lfr-eval run dataset.seed=N` would, and its
findings on false positives against the whole filler set are the very same: only other metrics,
files and the report are left out. Printed for each variant and threshold, over all studies:

- `people`, `events`: people with a false positive, and passes with one, on average;
- `7, 1, 0`, `none`, `no White`: studies with exactly the number of people published at that
  threshold, with no false positive at all, and with some, but none by a White subject;
- `omnibus`, `tool`: studies whose finding between ethnic groups, and whose finding on Black against
  White subjects, is `different`;
- `tool alone`: the same test at 5 % without adjustment for the other comparisons;
- `Fisher`, `Freeman-Halton`: Fisher's exact test of people with a false positive is below 5 %,
  Black against White subjects, and all three groups at once;
- `possible`: the median upper end of the ratio's interval.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from numpy.typing import NDArray

from lfr_eval.cohort.drawing import draw_study
from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.cohort.simulated import simulate
from lfr_eval.config import SimulatedDatasetConfig, StudyConfig
from lfr_eval.config.composition import read, register
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import Plan, finding_table
from lfr_eval.inference.contingency import freeman_halton
from lfr_eval.inference.rates import pass_conditions
from lfr_eval.study.inputs import read_sweep
from lfr_eval.study.planned import plan_of

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.shortcut import false_positive_trials, people_of

PUBLISHED = {0.60: 7, 0.62: 1, 0.64: 0}
"""False positive cases of the 2023 study (read in a secondary page), read as people."""
GROUPS = ("asian", "black", "white")


def configured(experiment: str) -> StudyConfig:
    """Return the configuration of a shipped experiment."""
    GlobalHydra.instance().clear()
    register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return read(compose("config", overrides=[f"experiment={experiment}"]))


def affected(
    trials: PersonTrials, ethnicity: NDArray[np.str_], threshold: float
) -> tuple[list[int], list[int], int]:
    """People with a false positive and people, by group of GROUPS; and the number of events."""
    happened = trials.events(threshold)
    hit = np.bincount(trials.person[happened], minlength=trials.people) > 0
    counts = [int(np.sum(hit & (ethnicity == group))) for group in GROUPS]
    return counts, [int(np.sum(ethnicity == group)) for group in GROUPS], int(happened.sum())


def repetition(
    people: Population, thresholds: Sequence[float], plan: Plan
) -> list[dict[str, float]]:
    """Run one study; one row a threshold."""
    drawn = draw_study(people)
    trials, who = false_positive_trials(drawn), people_of(people, drawn)
    found = finding_table([trials], who, thresholds, plan)
    pair = found[(found["group_a"] == "black") & (found["group_b"] == "white")]
    omnibus = found[(found["factor"] == "ethnicity") & (found["group_a"] == "*")]
    rows = []
    for threshold in thresholds:
        hit, exposed, events = affected(trials, who["ethnicity"].to_numpy(str), threshold)
        row = pair[np.isclose(pair["threshold"], threshold)].iloc[0]
        whole = omnibus[np.isclose(omnibus["threshold"], threshold)].iloc[0]
        some = sum(hit) > 0
        rows.append(
            {
                "threshold": threshold,
                "people": sum(hit),
                "events": events,
                "published": float(sum(hit) == PUBLISHED.get(threshold, -1)),
                "none": float(not some),
                "no White": float(some and hit[2] == 0),
                "omnibus": float(whole["verdict"] == "different"),
                "tool": float(row["verdict"] == "different"),
                "tool alone": float(row["p_value"] < plan.alpha),
                "Fisher": float(freeman_halton(hit[1:], exposed[1:]) < 0.05),
                "Freeman-Halton": float(some and freeman_halton(hit, exposed) < 0.05),
                "possible": float(row["ratio_upper"]),
            }
        )
    return rows


def plan_for(config: StudyConfig) -> Plan:
    """Return the plan of the experiment."""
    assert isinstance(config.dataset, SimulatedDatasetConfig)
    few = simulate(replace(config.dataset, people=6, fillers=6, false_positive_ratio={})).cohort
    who = few.people[~few.people["filler"].to_numpy(bool)]
    passes = pass_conditions(few.images)
    return plan_of(config, who, read_sweep(config).primary, list(passes), passes)


def table(rows: pd.DataFrame, studies: int) -> str:
    """Return a Markdown table, one row a threshold."""
    shares = ["published", "none", "no White", "omnibus", "tool", "tool alone", "Fisher"]
    shares.append("Freeman-Halton")
    names = ["threshold", "people", "events", "7, 1, 0", *shares[1:], "possible"]
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for threshold, own in rows.groupby("threshold"):
        cells = [f"{threshold:.2f}", *(f"{own[name].mean():.1f}" for name in ("people", "events"))]
        cells += [f"{100 * own[name].mean():.0f} %" for name in shares]
        cells.append(f"{own['possible'].median():.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    error = 100 * 0.5 / np.sqrt(studies)
    return "\n".join([*lines, "", f"{studies} studies: shares are +- {error:.1f} points at most."])


def published_pattern(rows: pd.DataFrame) -> int:
    """Return how many studies have a significant difference at 0.56 and 0.58 and none at 0.60."""
    found = rows.pivot_table(index="seed", columns="threshold", values="Freeman-Halton") > 0
    return int((found[0.56] & found[0.58] & ~found[0.60]).sum())


def main(arguments: Sequence[str] | None = None) -> int:
    """Repeat the studies and print a table a variant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--experiments", nargs="*", default=["npl_2023", "npl_2023_unequal"])
    parser.add_argument("--fillers", type=int, help="fewer than the experiment's, to try it out")
    parser.add_argument("--rows", type=Path, help="CSV file for every study's own figures")
    chosen = parser.parse_args(arguments)
    every = []
    for experiment in chosen.experiments:
        start, config = time.perf_counter(), configured(experiment)
        assert isinstance(config.dataset, SimulatedDatasetConfig)
        thresholds = read_sweep(config).values
        plan = plan_for(config)
        drawn_from = population(config.dataset)
        fillers = chosen.fillers or config.dataset.fillers
        rows = []
        for seed in range(1, chosen.studies + 1):
            dataset = replace(config.dataset, seed=seed, fillers=fillers)
            study = repetition(replace(drawn_from, config=dataset), thresholds, plan)
            rows += [{"experiment": experiment, "seed": seed, **row} for row in study]
        frame = pd.DataFrame(rows)
        every.append(frame)
        print(f"\n{experiment}\n\n{table(frame, chosen.studies)}")
        exact = frame[frame["threshold"].isin(list(PUBLISHED))].groupby("seed")["published"].min()
        seeds = exact.index[exact == 1].tolist()
        print(f"As published at 0.60, 0.62 and 0.64: dataset.seed = {seeds}")
        print(f"Freeman-Halton as published: {published_pattern(frame)} of {chosen.studies}")
        print(f"{experiment}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    if chosen.rows:
        pd.concat(every).to_csv(chosen.rows, index=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
