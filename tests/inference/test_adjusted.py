"""Adjusted ratios: statsmodels, brute force, published figures, refusals and sentences."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.contract.trials import Condition, PersonTrials
from lfr_eval.inference import Plan, adjusted_table, finding_table
from lfr_eval.inference.covariates import Counted
from lfr_eval.inference.precision import precision_of
from lfr_eval.inference.regression import design_of, fit_log_rates
from lfr_eval.inference.sensitivity import (
    e_value,
    e_value_of_interval,
    mislabelled_at_random,
    mislabelled_at_worst,
)

PLAN = Plan(
    factors=("group",),
    reference_groups={"group": "b"},
    adjust=("age_band", "camera"),
    primary_thresholds=(0.5,),
)


def study(
    seed: int = 1, people: int = 120, passes: int = 6, **columns: object
) -> tuple[PersonTrials, pd.DataFrame]:
    """Searches of two groups that differ in age and camera, which both change the rate."""
    rng = np.random.default_rng(seed)
    member = np.arange(people) % 3 == 0
    age = (rng.random(people) < np.where(member, 0.7, 0.3)).astype(int)
    own = rng.gamma(2, 0.5, people)
    person = np.repeat(np.arange(people), passes)
    south = (rng.random(len(person)) < np.where(member, 0.6, 0.4)[person]).astype(np.intp)
    rate = 0.08 * own[person] * (1 + age[person]) * (1 + south)
    score = (rng.random(len(person)) < np.minimum(rate, 1)).astype(np.float32)
    trials = PersonTrials(
        "FPIR", people, person, score, True, 50,
        conditions=(Condition("camera", ("north", "south"), south),),
    )  # fmt: skip
    labels = {"group": np.where(member, "a", "b"), "age_band": np.array(["young", "old"])[age]}
    return trials, pd.DataFrame(labels | columns)


def test_the_regression_is_that_of_statsmodels() -> None:
    trials, people = study()
    counted = Counted.of(trials, people, ("age_band", "camera"), np.array([0.5]))
    member = (people["group"] == "a").to_numpy()[counted.person]
    design = design_of(member, counted.levels[counted.cell])
    ours = fit_log_rates(counted.events[:, 0], counted.trials, design, counted.cluster)
    # Theirs is fitted to single passes, ours to sums over the passes of a person and camera.
    one = pd.DataFrame(
        {
            "a": (people["group"] == "a").to_numpy(float)[trials.person],
            "young": (people["age_band"] == "young").to_numpy(float)[trials.person],
            "south": trials.conditions[0].codes.astype(float),
        }
    )
    model = sm.GEE(
        trials.events(0.5).astype(float),
        sm.add_constant(one),
        groups=trials.person,
        family=sm.families.Poisson(),
        cov_struct=sm.cov_struct.Independence(),
    )
    theirs = model.fit(maxiter=200, ctol=1e-12, cov_type="bias_reduced")
    assert ours is not None
    assert ours.coefficients == pytest.approx(theirs.params.to_numpy(), abs=1e-6)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse.to_numpy(), abs=1e-6)


def test_standardised_rates_are_means_over_both_groups() -> None:
    trials, people = study()
    row = adjusted_table([trials], people, [0.5], PLAN).iloc[0]
    passes = pd.DataFrame(
        {
            "event": trials.events(0.5),
            "group": people["group"].to_numpy()[trials.person],
            "age": people["age_band"].to_numpy()[trials.person],
            "camera": trials.conditions[0].codes,
        }
    )
    by_cell = passes.groupby(["group", "age", "camera"])["event"].mean()
    rates = {
        group: np.mean([by_cell[group, age, camera] for age, camera in
                        passes[["age", "camera"]].itertuples(index=False)])
        for group in "ab"
    }  # fmt: skip
    assert row["standardised_a"] == pytest.approx(rates["a"], rel=1e-12)
    assert row["standardised_b"] == pytest.approx(rates["b"], rel=1e-12)
    assert row["adjusted_ratio"] == pytest.approx(rates["a"] / rates["b"], rel=1e-12)
    assert (row["cells"], row["cells_of_one_group"], row["overlap"]) == (4, 0, 1)


def test_weighted_trials_have_the_binomial_variance_of_the_average() -> None:
    trials, people = study()
    counted = Counted.of(trials, people, ("age_band", "camera"), np.array([0.5]))
    everybody, weight = np.ones(len(counted.cell), bool), np.array([0.4, 0.3, 0.2, 0.1])
    n = counted.trials_by_cell(everybody)
    p = np.bincount(counted.cell, counted.events[:, 0]) / n
    found = counted.standardised(everybody, weight)
    rate, worth = found.rate[0, 0], found.trials[0, 0]
    assert rate == pytest.approx(weight @ p, rel=1e-12)
    assert rate * (1 - rate) / worth == pytest.approx(weight**2 @ (p * (1 - p) / n), rel=1e-12)
    assert found.events[0, 0] < counted.events.sum()


def test_one_person_counts_at_the_mean_weight_of_a_trial() -> None:
    trials, people = study()
    counted = Counted.of(trials, people, ("age_band", "camera"), np.array([0.5]))
    everybody, whole = np.ones(len(counted.cell), bool), counted.pooled()
    plain = whole.standardised(everybody, np.ones(1))
    most = np.bincount(counted.person, counted.events[:, 0]).max()
    mixed = counted.standardised(everybody, np.array([0.4, 0.3, 0.2, 0.1]))
    found = precision_of(mixed, plain)
    wanted = most * mixed.trials[0, 0] / counted.trials.sum()
    assert found.effect[0, 0] < wanted < mixed.largest[0, 0]
    assert found.clump[0, 0] == pytest.approx(wanted)


def test_the_unadjusted_ratio_is_that_of_the_findings() -> None:
    trials, people = study()
    row = adjusted_table([trials], people, [0.5], PLAN).iloc[0]
    found = finding_table([trials], people, [0.5], PLAN)
    same = found[found["group_a"] == "a"].iloc[0]
    for name in ("ratio", "ratio_lower", "ratio_upper"):
        assert row[name] == pytest.approx(same[name], rel=1e-9)


def test_a_combination_that_one_group_lacks_is_refused_by_name() -> None:
    trials, people = study()
    people.loc[people["group"] == "a", "age_band"] = "old"
    row = adjusted_table([trials], people, [0.5], PLAN).iloc[0]
    assert row["cells_of_one_group"] == 2
    assert 0 < row["overlap"] < 1
    assert np.isnan(row["adjusted_ratio"])
    assert np.isnan(row["regression_ratio"])
    assert "only one of the groups has passes with young, " in row["statement"]
    assert "Adjust for fewer or coarser covariates." in row["statement"]


def test_a_covariate_that_is_the_factor_itself_changes_nothing() -> None:
    trials, people = study()
    table = adjusted_table([trials], people, [0.5], Plan(factors=("group",)))
    assert table.empty
    itself = Plan(factors=("group",), adjust=("group",))
    assert adjusted_table([trials], people, [0.5], itself).empty


def test_numbers_with_many_values_are_cut_into_quarters() -> None:
    rng = np.random.default_rng(2)
    trials, people = study(quality=rng.normal(50, 10, 120).round(1))
    counted = Counted.of(trials, people, ("quality",), np.array([0.5]))
    assert len(counted.names) == 4
    assert counted.names[0].startswith("below ")
    assert counted.people_by_cell(np.ones(len(counted.cell), bool)) == pytest.approx(30, abs=2)


def test_people_of_one_cluster_are_one() -> None:
    trials, people = study()
    alone = adjusted_table([trials], people, [0.5], PLAN).iloc[0]
    twice = PersonTrials(
        "FPIR", 240, np.concatenate([trials.person, trials.person + 120]),
        np.tile(trials.score, 2), True, 50,
        conditions=(Condition("camera", ("north", "south"),
                              np.tile(trials.conditions[0].codes, 2)),),
    )  # fmt: skip
    copies = pd.concat([people, people], ignore_index=True)
    copies["cluster_id"] = [f"c{one}" for one in np.tile(np.arange(120), 2)]
    row = adjusted_table([twice], copies, [0.5], PLAN).iloc[0]
    for name in ("regression_ratio", "regression_lower", "regression_upper"):
        assert row[name] == pytest.approx(alone[name], rel=1e-9)
    assert row["adjusted_lower"] == pytest.approx(alone["adjusted_lower"], rel=0.02)


def test_e_values_are_those_of_the_paper() -> None:
    # VanderWeele & Ding (2017): ratio 3.9 with interval 1.8 to 8.7.
    assert round(e_value(3.9), 1) == 7.3
    assert round(e_value_of_interval(1.8, 8.7), 1) == 3.0
    assert e_value_of_interval(0.9, 2.0) == 1.0
    assert e_value(0.5) == pytest.approx(e_value(2.0))


def test_mixing_labels_at_random_is_undone() -> None:
    """900 people at 5 % and 100 at 1 %, each label wrong with probability 5 %."""
    rng, share = np.random.default_rng(3), 0.05
    is_a = np.arange(1000) < 900
    wrong = rng.random((2000, 1000)) < share
    labelled_a = (is_a ^ wrong).mean(axis=0) * 2000
    rate = np.where(is_a, 0.05, 0.01)
    people = np.array([labelled_a.sum(), 2_000_000 - labelled_a.sum()])
    events = np.array([labelled_a @ rate, (2000 - labelled_a) @ rate])
    seen = events / people
    assert seen[0] / seen[1] == pytest.approx(2.18, abs=0.02)
    assert mislabelled_at_random(events, people, share) == pytest.approx(5.0, rel=0.03)
    assert np.isnan(mislabelled_at_random(np.array([50, 0.1]), np.array([100, 100]), share))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 5), min_size=6, max_size=10), st.integers(2, 4), st.integers(1, 2))
def test_no_other_wrong_labels_would_hide_more(events: list[int], first: int, change: int) -> None:
    x, m = np.array(events, float), np.full(len(events), 5.0)
    member = np.arange(len(x)) < first
    if x[member].mean() < x[~member].mean() or x[~member].sum() == 0:
        return
    found = mislabelled_at_worst(x, m, member, change / len(x))
    ratios = []
    for number in range(change + 1):
        for who in combinations(range(len(x)), number):
            side = member.copy()
            side[list(who)] = ~side[list(who)]
            if side.any() and (~side).any() and x[~side].sum() > 0:
                ratios.append(x[side].mean() / x[~side].mean())
    assert found == pytest.approx(min(ratios))


def test_the_sentence_gives_both_ratios_and_what_could_explain_them() -> None:
    trials, people = study(people=400, passes=10)
    strong = (people["group"] == "a").to_numpy()[trials.person]
    score = np.maximum(trials.score, (strong & (np.arange(len(strong)) % 3 == 0)).astype("f4"))
    changed = PersonTrials(
        "FPIR", 400, trials.person, score, True, 50, conditions=trials.conditions
    )  # fmt: skip
    row = adjusted_table([changed], people, [0.5], PLAN).iloc[0]
    assert row["e_value_interval"] > 1
    for words in (
        "At threshold 0.50 and with this watchlist of 50, people in group a had false alerts",
        "before adjustment, and",
        "times as often with the age band and camera of both groups together",
        "; a regression gives",
        "Something that was not recorded could explain the whole of it only if",
        "(Exploratory.)",
    ):
        assert words in row["statement"]
    assert row["mislabelled_worst_5"] < row["mislabelled_worst_1"] < row["ratio"]
    assert row["mislabelled_random_5"] > row["mislabelled_random_1"] > row["ratio"]


def test_a_group_without_events_is_told_by_its_bound() -> None:
    trials, people = study(people=400, passes=10)
    of_a = (people["group"] == "a").to_numpy()[trials.person]
    silent = PersonTrials(
        "FPIR", 400, trials.person, np.where(of_a, trials.score, 0).astype("f4"), True, 50,
        conditions=trials.conditions,
    )  # fmt: skip
    row = adjusted_table([silent], people, [0.5], PLAN).iloc[0]
    assert "had false alerts at least " in row["statement"]
    assert "–" not in row["statement"]
    assert np.isnan(row["regression_ratio"])
