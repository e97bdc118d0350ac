"""Groups compared within conditions of trials: cameras, sessions."""

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.trials import PersonTrials, condition_of
from lfr_eval.inference import Plan, finding_table
from lfr_eval.inference.conditioned import ConditionedCounter
from lfr_eval.inference.contrasts import Side, contrast
from lfr_eval.inference.controls import controls_of

from .builders import pairs_of, random_pairs, random_persons, side_by_side

STEPS = np.array([0.2, 0.5])
PLAN = Plan(factors=("gender",), reference_groups={"gender": "male"},
            primary_thresholds=(0.5,))  # fmt: skip
WITHIN = Plan(factors=("gender",), reference_groups={"gender": "male"},
              primary_thresholds=(0.5,), strata=("camera",))  # fmt: skip


def two_cameras(
    seed: int, people: int = 200, ratio: float = 1.0
) -> tuple[PersonTrials, pd.DataFrame]:
    """Passes of correlated people; women mostly pass the bad camera, which errs four times."""
    rng = np.random.default_rng(seed)
    female = np.arange(people) % 2 == 0
    person = np.repeat(np.arange(people), 8)
    bad = rng.random(len(person)) < np.where(female, 0.8, 0.2)[person]
    chance = np.where(bad, 0.12, 0.03) * np.where(female[person], ratio, 1.0)
    chance = chance * rng.gamma(2.0, 0.5, people)[person]
    trials = PersonTrials(
        "FPIR",
        people,
        person,
        (rng.random(len(person)) < chance).astype(np.float32),
        True,
        1000,
        reference=rng.integers(0, 20, len(person)),
        conditions=(condition_of("camera", pd.Series(np.where(bad, "south", "north"))),),
    )
    return trials, pd.DataFrame({"gender": np.where(female, "female", "male")})


def test_rates_and_covariances_are_those_of_plain_counting():
    trials = random_persons(30, 3)
    rng = np.random.default_rng(1)
    condition, group = rng.integers(0, 3, len(trials.person)), np.arange(30) % 2
    cells = ConditionedCounter.of(trials, STEPS, condition, 3).count(group, 2)
    for g in range(2):
        residuals, sizes = [], []
        for c in range(3):
            mine = (condition == c) & (group[trials.person] == g)
            x = np.bincount(trials.person[mine & trials.events(0.2)], minlength=30)
            m = np.bincount(trials.person[mine], minlength=30)
            n = np.count_nonzero(m)
            assert cells.events[g * 3 + c, 0] == x.sum()
            assert cells.people[g * 3 + c, 0] == n
            # Leaving out one person at a time changes the rate by this.
            left_out = (x.sum() - x) / (m.sum() - m) - x.sum() / m.sum()
            residuals.append(left_out * np.sqrt((n - 1) / n))
            sizes.append(m.sum())
        expected = np.array(residuals) @ np.array(residuals).T
        rate = cells.rate[g * 3 : g * 3 + 3, 0]
        own = np.maximum(np.diag(expected), rate * (1 - rate) / sizes)
        expected[np.arange(3), np.arange(3)] = own
        np.testing.assert_allclose(cells.covariance[g, :, :, 0], expected, atol=1e-12)
        np.testing.assert_allclose(cells.variance[g * 3 : g * 3 + 3, 0], own, atol=1e-12)


def test_the_weighted_difference_by_hand():
    trials, people = two_cameras(1)
    controls = controls_of(trials, people, WITHIN)
    counter = ConditionedCounter.of(trials, np.array([0.5]), controls.condition, 2)
    group = (people["gender"] == "male").to_numpy(np.intp)
    cells = counter.count(group, 2)
    two = (np.arange(2) + 2 * side for side in (0, 1))
    found = contrast(
        *(
            Side(
                cells.events[at],
                cells.trials[at],
                cells.variance[at],
                cells.covariance[side : side + 1],
            )
            for side, at in enumerate(two)
        )
    )
    camera, event = controls.condition, trials.score >= 0.5
    rates, sizes = np.zeros((2, 2)), np.zeros((2, 2))
    for g in range(2):
        for c in range(2):
            mine = (camera == c) & (group[trials.person] == g)
            rates[g, c], sizes[g, c] = event[mine].mean(), mine.sum()
    weight = sizes[0] * sizes[1] / sizes.sum(axis=0)
    weight /= weight.sum()
    assert found.a.rate[0] == pytest.approx(weight @ rates[0])
    assert found.b.rate[0] == pytest.approx(weight @ rates[1])
    influence = weight[camera] / sizes[group[trials.person], camera]
    influence = influence * (event - rates[group[trials.person], camera])
    by_person = np.bincount(trials.person[group[trials.person] == 0],
                            influence[group[trials.person] == 0], trials.people)  # fmt: skip
    assert found.a.variance[0] == pytest.approx(np.sum(by_person**2), rel=0.03)


def rejections(ratio: float, plan: Plan, repetitions: int, people: int = 200) -> float:
    drawn = [two_cameras(seed, people, ratio) for seed in range(repetitions)]
    studies, labels = side_by_side([trials for trials, _ in drawn]), drawn[0][1]
    found = pairs_of(finding_table(studies, labels, [0.5], plan))
    assert len(found) == repetitions
    return float((found["p_value"] < 0.05).mean())


def test_a_difference_that_is_the_cameras_is_not_the_groups():
    assert rejections(1.0, PLAN, 20) > 0.8
    assert rejections(1.0, WITHIN, 20) <= 0.2


def test_a_difference_within_cameras_is_found():
    assert rejections(2.0, WITHIN, 20) >= 0.7


@pytest.mark.slow
def test_the_level_holds_within_cameras():
    # Three standard errors of 5 % in 200 repetitions are 4.6 points.
    assert rejections(1.0, WITHIN, 200, people=120) <= 0.05 + 0.046


def test_the_finding_says_what_it_is_controlled_for():
    trials, people = two_cameras(4, ratio=2.0)
    row = finding_table([trials], people, [0.5], WITHIN).iloc[1]
    assert row["test"].endswith("variance over people, within camera")
    assert "as often as men, with the same camera (95 %" in row["statement"]
    assert row["ratio_lower"] < 2.0 < row["ratio_upper"]


def test_the_same_watchlist_person_may_cause_alerts_at_both_cameras():
    trials, people = two_cameras(3)
    wide = Plan(factors=("gender",), strata=("camera",), watchlist="random")
    fixed = finding_table([trials], people, [0.5], WITHIN).iloc[1]
    random = finding_table([trials], people, [0.5], wide).iloc[1]
    assert random["p_value"] >= fixed["p_value"]
    ratio = random["ratio"] if random["group_a"] == fixed["group_a"] else 1 / random["ratio"]
    assert ratio == pytest.approx(fixed["ratio"])


def test_trials_that_know_nothing_of_the_camera_say_so():
    pairs, *_ = random_pairs(40, 2)
    trials, people = two_cameras(2, people=40)
    table = finding_table([trials, pairs], people, [0.5], WITHIN)
    row = table[(table["metric"] == "FMR") & (table["group_a"] != "*")].iloc[0]
    assert row["test"].endswith("; these trials have no camera")
    assert "(Not controlled for camera.)" in row["statement"]


def test_unknown_controls_are_refused():
    trials, people = two_cameras(2, people=20)
    plan = Plan(factors=("gender",), strata=("weather",))
    with pytest.raises(KeyError, match=r"No factor \['weather'\].*conditions of trials, \['cam"):
        finding_table([trials], people, [0.5], plan)


def test_groups_without_a_camera_in_common_cannot_be_compared():
    trials, people = two_cameras(4, people=60)
    south = (people["gender"] == "female").to_numpy()[trials.person]
    camera = condition_of("camera", pd.Series(np.where(south, "south", "north")))
    apart = PersonTrials(**{**vars(trials), "conditions": (camera,)})
    row = finding_table([apart], people, [0.5], WITHIN).iloc[1]
    assert row["verdict"] == "untestable"
    assert np.isnan(row["rate_a"])
    assert "cannot be compared: no camera had trials of both." in row["statement"]


def test_conditions_that_name_every_trial_are_refused():
    trials, people = two_cameras(4, people=60)
    each = condition_of("camera", pd.Series(np.arange(len(trials.person)).astype(str)))
    odd = PersonTrials(**{**vars(trials), "conditions": (each,)})
    with pytest.raises(ValueError, match="at most 50 conditions"):
        finding_table([odd], people, [0.5], WITHIN)
