"""The population of `experiment=npl_2023` has the published headline figures, and no others."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shortcut import (
    acquisition_trials,
    false_positive_trials,
    people_of,
    true_positive_trials,
)
from experiments.npl_2023.calibrating import Headline, calibrate, true_fpir, true_people, true_tpir
from lfr_eval.cohort.drawing import draw_study
from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.cohort.truth import true_rates
from lfr_eval.config import ConfigError, SimulatedDatasetConfig
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.inference import finding_table, rate_table
from lfr_eval.study.run import run_study
from tests.studies import configured

REPEAT = runpy.run_path(str(Path(__file__).parents[2] / "experiments/npl_2023/repeat.py"))
SMALL = SimulatedDatasetConfig(
    name="test",
    people=60,
    passes=5,
    fillers=600,
    cameras={"north": 0.5, "south": -0.5},
    failure_to_acquire=0.1,
)


@cache
def shipped(experiment: str) -> Population:
    dataset = configured(Path("studies"), f"experiment={experiment}").dataset
    assert isinstance(dataset, SimulatedDatasetConfig)
    return population(dataset)


@pytest.mark.parametrize("experiment", ["npl_2023", "npl_2023_unequal"])
def test_the_npl_population_has_the_published_figures(experiment: str) -> None:
    """TPIR 89 %, FPIR 1 in 6,000 and 1 in 60,000, 7 people, all at 0.60; then about 1 and 0."""
    people = shipped(experiment)
    dataset = people.config
    assert (dataset.people, dataset.passes, dataset.fillers) == (400, 10, 178_000)
    assert true_tpir(people, 0.60) == pytest.approx(0.89, abs=0.005)
    assert true_fpir(people, 0.60, 10_000) == pytest.approx(1 / 6_000, rel=0.05)
    assert true_fpir(people, 0.60, 1_000) == pytest.approx(1 / 60_000, rel=0.05)
    assert true_people(people, 0.60) == pytest.approx(7.0, abs=0.1)
    assert 1.0 < true_people(people, 0.62) < 2.5
    assert true_people(people, 0.64) < 0.7
    # The report quotes table `truth`, another way through the same integrals.
    even = dict.fromkeys(people.cells, 67.0)
    share = dict.fromkeys(people.cells, 1.0 / len(people.cells))
    sizes = (10_000, 178_000)
    truth = true_rates(people, even, share, [0.60], sizes)
    rate = truth.set_index(["metric", "watchlist_size", "group"])["rate"]
    assert rate["TPIR", 10_000, "everybody"] == pytest.approx(0.89, abs=0.005)
    assert rate["FPIR", 10_000, "everybody"] == pytest.approx(1 / 6_000, rel=0.05)
    ratios = [rate["FPIR", size, "black"] / rate["FPIR", size, "white"] for size in sizes]
    assert ratios[1] == pytest.approx(dataset.false_positive_ratio.get("black", 1.0), rel=0.01)
    assert f"{ratios[0]:.1f}" == ("1.0" if experiment == "npl_2023" else "3.2")


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["npl_2023", "npl_2023_unequal"])
def test_the_shipped_studies_show_the_published_cases(experiment: str) -> None:
    trials = false_positive_trials(draw_study(shipped(experiment)))
    cases = [len(np.unique(trials.person[trials.events(t)])) for t in (0.60, 0.62, 0.64)]
    assert cases == [7, 1, 0]


def test_the_comments_of_the_unequal_population_are_true() -> None:
    people = shipped("npl_2023_unequal")
    cuts, fillers = np.array([0.56, 0.58, 0.62, 0.64]), np.full(6, 178_000 / 6)
    black, white = (people.false_positive(cell, cuts, fillers) for cell in (1, 2))
    assert [f"{ratio:.1f}" for ratio in black / white] == ["2.3", "2.7", "3.3", "3.5"]


def test_figures_are_met_by_solving_for_them() -> None:
    asked = Headline(threshold=0.5, tpir=0.95, watchlist_size=200, fpir=0.01, people=5.0)
    base = SimulatedDatasetConfig(
        name="test", people=60, fillers=600, quality_spread_people=0.3, quality_spread_passes=0.4
    )
    solved = calibrate(base, asked)
    people = population(solved)
    assert true_tpir(people, 0.5) == pytest.approx(asked.tpir, abs=1e-4)
    assert true_fpir(people, 0.5, 200) == pytest.approx(asked.fpir, rel=1e-3)
    assert true_people(people, 0.5) == pytest.approx(asked.people, abs=1e-2)
    spread = [np.hypot(c.quality_spread_people, c.quality_spread_passes) for c in (base, solved)]
    assert spread[0] == pytest.approx(spread[1])


def test_figures_that_cannot_be_are_refused() -> None:
    impossible = Headline(threshold=0.6, tpir=0.99, watchlist_size=100, fpir=0.01, people=2.0)
    with pytest.raises(ConfigError, match="cannot reach TPIR"):
        calibrate(SMALL, impossible)


def test_people_with_a_false_positive_equal_a_sample() -> None:
    """Against 60 drawn studies, with cameras and failures to acquire."""
    people = population(SMALL)
    for threshold in (0.45, 0.5):
        counted = []
        for seed in range(60):
            study = draw_study(replace(people, config=replace(SMALL, seed=seed)))
            trials = false_positive_trials(study)
            counted.append(len(np.unique(trials.person[trials.events(threshold)])))
        error = np.std(counted) / np.sqrt(len(counted))
        assert abs(np.mean(counted) - true_people(people, threshold)) < 4 * error


@pytest.mark.usefixtures("unreported")
def test_a_repeated_study_has_the_findings_of_the_study(tmp_path: Path) -> None:
    """The short way of `repeat.py` and the whole way of `lfr-eval run`: the same people."""
    small = ["dataset.fillers=2000", "design.watchlist_sizes=[2000]", "dataset.seed=5"]
    small += ["thresholds.values=[0.4,0.45]", "thresholds.operating=0.4", "thresholds.primary=null"]
    config = configured(tmp_path, "experiment=npl_2023", *small, "dataset.people=60")
    folder = run_study(config)
    assert isinstance(config.dataset, SimulatedDatasetConfig)
    people = population(config.dataset)
    drawn = draw_study(people)
    plan = REPEAT["plan_for"](config)
    who, trials = people_of(people, drawn), false_positive_trials(drawn)
    found = finding_table([trials], who, [0.4, 0.45], plan)
    others = [true_positive_trials(drawn), acquisition_trials(drawn)]
    rates = rate_table([trials, *others], who, plan.factors, [0.4, 0.45], plan)
    key = ["metric", "threshold", "factor", "group"]
    both = rates.merge(folder.read(RATES), on=key, suffixes=("", "_whole"), validate="1:1")
    assert len(both) == len(rates)
    for column in ("events", "trials", "subjects_with_event", "lower", "upper"):
        np.testing.assert_allclose(both[column], both[f"{column}_whole"])
    whole = folder.read(FINDINGS)
    whole = whole[whole["metric"] == "FPIR"].set_index("finding_id")
    found = found.set_index("finding_id")
    assert sorted(found.index) == sorted(whole.index)
    # The whole study adjusts over all its metrics, so what the family decides differs.
    same = ["ratio", "p_value", "p_equivalence", "design_effect_a", "design_effect_b"]
    for column in same:
        np.testing.assert_allclose(found[column], whole[column].loc[found.index])
    assert re.search(r"[1-9]\d* of \d+ people", " ".join(found["statement"]))
