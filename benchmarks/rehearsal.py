"""Measure what the default rehearsal finds, and what it claims where nothing is planted.

    python -m benchmarks.rehearsal --studies 20
    python -m benchmarks.rehearsal --studies 100 --planted 1

Every study is `lfr-eval run dataset.seed=K`, K = 1, 2, ..., as far as its primary findings go: the
same people, passes, scores and tests, without templates, tables, report and sealing, and with fewer
of the thresholds of the sweep.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import pandas as pd

from benchmarks.acceptance.studies import adjusted_rows
from benchmarks.shortcut import false_positive_trials, people_of, true_positive_trials
from lfr_eval.cohort.drawing import draw_study
from lfr_eval.cohort.planting import population
from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.config.composition import compose_study
from lfr_eval.study.inputs import read_sweep
from lfr_eval.study.planned import plan_of

LENDING = (0.50, 0.52, 0.54, 0.56, 0.58, 0.59, 0.60)
"""The operating threshold, and lower ones that lend their design effect where events are few."""


def studies(number: int, overrides: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Run rehearsals with the seeds from 1 on, and yield the primary claims of each."""
    config = compose_study(["experiment=rehearsal", *overrides])
    sweep = read_sweep(config)
    dataset = cast(SimulatedDatasetConfig, config.dataset)
    drawn_from = population(dataset)
    for seed in range(1, number + 1):
        drawn = draw_study(replace(drawn_from, config=replace(dataset, seed=seed)))
        alerts, found = false_positive_trials(drawn), true_positive_trials(drawn)
        misses = replace(found, metric="FNIR", event_at_or_above=False)
        people = people_of(drawn_from, drawn)
        plan = plan_of(config, people, sweep.primary, [], pd.DataFrame())
        rows = adjusted_rows([alerts, misses], people, LENDING, plan)
        yield rows[rows["primary"] & rows["claimed"]]


def main() -> None:
    """Print how many studies claim what."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--planted", type=float, default=5.0)
    parser.add_argument("--people", type=int, help="other than the rehearsal's")
    given = parser.parse_args()
    overrides = [f"dataset.false_positive_ratio.black={given.planted:g}"]
    overrides += [f"dataset.people={given.people}"] if given.people else []
    start, claimed, groups, pairs = time.process_time(), 0, 0, 0
    for claims in studies(given.studies, overrides):
        alerts = claims[(claims["metric"] == "FPIR") & (claims["factor"] == "ethnicity")]
        claimed += len(claims) > 0
        groups += bool((alerts["group_a"] == "*").any())
        pairs += bool((alerts["group_a"] == "black").any())
    print(
        f"{given.studies} studies with a planted ratio of {given.planted:g}: {claimed} claim a "
        f"primary difference, {groups} one of false alerts between ethnic groups, {pairs} between "
        f"Black and White people; {time.process_time() - start:.0f} s of CPU"
    )


if __name__ == "__main__":
    main()
