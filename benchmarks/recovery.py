"""Measure how often the intervals of a simulated live study contain its true rates.

    python benchmarks/recovery.py --repetitions 500

Every repetition draws new people, passes and a new watchlist, from the rehearsal's population: two
cameras, passes of a person correlated, Black subjects with five times the false positive rate of
the others. The truth is an integral over that population (`lfr_eval/cohort/truth.py`), of which
watchlists are random draws, and so the intervals are those for random watchlists.

It prints, for every metric, threshold and group, the true rate, the mean number of events, coverage
of nominal 95 % intervals, and how often the truth is above and below (2.5 % each, were an interval
perfect). `cells` are the six intersections of gender and ethnicity together.
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

from lfr_eval.cohort.drawing import draw_study
from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.cohort.truth import true_rates
from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.contract.tables import CROSS
from lfr_eval.inference import Plan, rate_table

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.shortcut import (
    acquisition_trials,
    false_positive_trials,
    people_of,
    true_positive_trials,
)

FACTORS = ("gender", "ethnicity", f"gender{CROSS}ethnicity")
KEY = ["metric", "threshold", "factor", "group"]
COLUMNS = ("truth", "events", "cover", "above", "below")


def rehearsal(people: int, fillers: int) -> SimulatedDatasetConfig:
    """Return the rehearsal, with as many people of every group as of any other."""
    return SimulatedDatasetConfig(
        name="recovery",
        people=people,
        fillers=fillers,
        cameras={"north": 0.15, "south": -0.15},
        false_positive_ratio={"black": 5.0},
        ratios_hold_at=0.60,
    )


def repetition(
    drawn_from: Population, seed: int, thresholds: Sequence[float], plan: Plan
) -> pd.DataFrame:
    """Run one study and return its rates."""
    drawn = draw_study(replace(drawn_from, config=replace(drawn_from.config, seed=seed)))
    trials = [
        false_positive_trials(drawn),
        true_positive_trials(drawn),
        acquisition_trials(drawn),
    ]
    return rate_table(trials, people_of(drawn_from, drawn), FACTORS, thresholds, plan)


def recover(
    config: SimulatedDatasetConfig, thresholds: Sequence[float], repetitions: int, watchlist: str
) -> pd.DataFrame:
    """Return the true rate and the coverage of every rate, one row each."""
    drawn_from = population(config)
    each = dict.fromkeys(drawn_from.cells, config.people / len(drawn_from.cells))
    share = dict.fromkeys(drawn_from.cells, 1.0 / len(drawn_from.cells))
    truth = true_rates(drawn_from, each, share, thresholds, [config.fillers])
    plan = Plan(watchlist=watchlist)
    rates = pd.concat(
        [repetition(drawn_from, seed, thresholds, plan) for seed in range(1, repetitions + 1)]
    )
    for frame in (truth, rates):
        frame["threshold"] = frame["threshold"].fillna(-1.0).round(6)
    true = truth[[*KEY, "rate"]].rename(columns={"rate": "truth"})
    both = rates.merge(true, on=KEY, validate="many_to_one")
    both["above"] = both["truth"] > both["upper"]
    both["below"] = both["truth"] < both["lower"]
    both["cover"] = ~(both["above"] | both["below"])
    both["group"] = both["group"].where(both["factor"] != FACTORS[2], "cells")
    order = ["metric", "threshold", "group"]
    return both.groupby(order, sort=False)[list(COLUMNS)].mean().reset_index()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=500)
    parser.add_argument("--people", type=int, default=402)
    parser.add_argument("--fillers", type=int, default=1_002)
    parser.add_argument("--thresholds", type=float, nargs="*", default=[0.50, 0.55, 0.60])
    parser.add_argument("--watchlist", choices=["random", "fixed"], default="random")
    chosen = parser.parse_args(arguments)
    start = time.perf_counter()
    config = rehearsal(chosen.people, chosen.fillers)
    found = recover(config, chosen.thresholds, chosen.repetitions, chosen.watchlist)
    names = ("metric", "threshold", "group", "true rate", "events", "cover", "above", "below")
    print("| " + " | ".join(names) + " |\n" + "| --- " * len(names) + "|")
    for row in found.itertuples(index=False):
        threshold = "–" if row.threshold < 0 else f"{row.threshold:.2f}"
        shares = [f"{100 * share:.1f}" for share in (row.cover, row.above, row.below)]
        cells = [row.metric, threshold, row.group, f"{row.truth:.2e}", f"{row.events:.1f}", *shares]
        print("| " + " | ".join(cells) + " |")
    error = 100 * np.sqrt(0.05 * 0.95 / chosen.repetitions)
    print(f"\nMonte Carlo standard error of a coverage of 95 %: {error:.1f} points.")
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
