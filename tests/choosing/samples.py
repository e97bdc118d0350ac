"""Samples to choose from, drawn from a simulated population without a study folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.shortcut import false_positive_trials, people_of, true_positive_trials
from lfr_eval.cohort.drawing import draw_study
from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.finished.choosing.sample import Sample
from lfr_eval.inference import Plan

THRESHOLDS = tuple(float(value) for value in np.round(np.arange(0.24, 0.721, 0.02), 9))


def walk_past(people: int = 120, passes: int = 4, fillers: int = 200) -> Population:
    """A population with a planted difference, of which studies can be drawn."""
    return population(
        SimulatedDatasetConfig(
            name="choosing",
            people=people,
            passes=passes,
            fillers=fillers,
            false_positive_ratio={"black": 2.0},
        )
    )


def sample(drawn_from: Population, seed: int, watchlist: str = "random") -> Sample:
    """One study of the population."""
    drawn = draw_study(replace(drawn_from, config=replace(drawn_from.config, seed=seed)))
    return Sample(
        "everybody",
        people_of(drawn_from, drawn),
        false_positive_trials(drawn),
        true_positive_trials(drawn),
        THRESHOLDS,
        Plan(watchlist=watchlist, factors=("gender", "ethnicity")),
    )
