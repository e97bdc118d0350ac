"""The permutation test against all permutations, and on studies where the answer is known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.trials import PairTrials, PersonTrials
from lfr_eval.inference import Plan, finding_table
from lfr_eval.inference.cells import Cells
from lfr_eval.inference.contrasts import contrast, sides
from lfr_eval.inference.counting import counter_of
from lfr_eval.inference.permutation import Division, against_rest, between_pair

from .builders import random_pairs, random_persons

STEPS = np.array([0.2, 0.35])


def test_p_values_are_those_of_all_permutations():
    trials = random_persons(9, 6)
    counter = counter_of(trials, STEPS)
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    division = Division(2, 1, group, np.zeros(9, int))
    active = np.flatnonzero(counter.active)
    found = against_rest(counter, [division], 20_000, [3])[0]

    def statistic(labels):
        return np.abs(contrast(*sides(counter.count(labels[None], 2), 2, 1)).statistic[0, 0])

    observed, exceed, total = statistic(group), np.zeros(2), 0
    for chosen in itertools.combinations(active, int((group[active] == 0).sum())):
        labels = group.copy()
        labels[active] = 1
        labels[list(chosen)] = 0
        value = statistic(labels)
        exceed += (value > observed + 1e-9) + 0.5 * (np.abs(value - observed) <= 1e-9)
        total += 1
    np.testing.assert_allclose(found.p_value[0], exceed / total, atol=0.015)


def test_the_statistic_by_hand():
    cells = Cells(
        np.array([[[10.0], [4.0], [6.0]]]),
        np.array([[[100.0], [80.0], [120.0]]]),
        np.array([[[0.002], [0.001], [0.0012]]]),
        np.array([[[10.0], [8.0], [12.0]]]),
    )
    value = contrast(*sides(cells, 3, 1)).statistic[0, 0, 0]
    rest, rest_variance = 10 / 200, (80**2 * 0.001 + 120**2 * 0.0012) / 200**2
    pooled = 20 / 300
    floor_a, floor_b = pooled * (1 - pooled) / 100, pooled * (1 - pooled) / 200
    noise = max(0.002, floor_a) + max(rest_variance, floor_b)
    assert value == pytest.approx((0.1 - rest) / np.sqrt(noise))


def test_a_pair_of_groups_ignores_the_others():
    trials, *_ = random_pairs(30, 4)
    counter = counter_of(trials, STEPS)
    group = np.arange(30) % 3
    alone = between_pair(counter, Division(3, 1, group, np.zeros(30, int)), (0, 1), 99, [5])
    moved = group.copy()
    moved[group == 2] = 3
    other = between_pair(counter, Division(4, 1, moved, np.zeros(30, int)), (0, 1), 99, [5])
    np.testing.assert_array_equal(alone[1], other[1])


def test_two_divisions_at_once_are_the_same_as_each_alone_under_the_same_seed():
    counter = counter_of(random_persons(40, 8), STEPS)
    stratum = np.zeros(40, int)
    a, b = Division(2, 1, np.arange(40) % 2, stratum), Division(4, 1, np.arange(40) % 4, stratum)
    both = against_rest(counter, [a, b], 300, [1])
    np.testing.assert_allclose(both[0].p_value, against_rest(counter, [a], 300, [1])[0].p_value,
                               atol=0.12)  # fmt: skip
    assert both[1].p_value.shape == (4, 2)


def study(ratio: float, seed: int, people: int = 300) -> tuple[PersonTrials, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    gender = np.arange(people) % 2
    person = np.repeat(np.arange(people), 10)
    chance = np.where(gender == 0, 0.01, 0.01 * ratio)[person]
    score = (rng.random(len(person)) < chance).astype(np.float32)
    labels = pd.DataFrame({"gender": np.where(gender == 0, "male", "female")})
    return PersonTrials("FPIR", people, person, score, True, 10_000), labels


PLAN = Plan(permutations=499, factors=("gender",), reference_groups={"gender": "male"},
            primary_thresholds=(0.5,), margin=1.5)  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_fivefold_difference_is_found(seed):
    trials, people = study(5, seed)
    found = finding_table([trials], people, [0.5], PLAN)
    assert set(found["verdict"]) == {"different"}
    row = found.iloc[1]
    assert row["ratio_lower"] < 5 < row["ratio_upper"]
    assert bool(row["primary"])


def test_no_difference_is_seldom_found():
    verdicts = [
        finding_table([trials], people, [0.5], PLAN)["verdict"].iloc[1]
        for trials, people in (study(1, seed) for seed in range(40))
    ]
    assert verdicts.count("different") <= 5


def test_equal_rates_of_many_people_are_equivalent():
    trials, people = study(1, 3, people=6000)
    assert finding_table([trials], people, [0.5], PLAN)["verdict"].iloc[1] == "equivalent"


@pytest.mark.slow
def test_type_one_error_on_pairs_that_share_people():
    rng = np.random.default_rng(11)
    one, first, second = np.ones(120, int), *np.triu_indices(120, 1)
    division = Division(2, 1, np.repeat([0, 1], 60), np.zeros(120, int))
    rejected = []
    for repetition in range(400):
        tendency = rng.normal(0, 0.4, 120)
        score = tendency[first] + tendency[second] + rng.normal(0, 0.8, len(first))
        hit = score >= 1.5
        trials = PairTrials(120, first[hit], second[hit], score[hit].astype(np.float32), 1.5,
                            one, one, one)  # fmt: skip
        counter = counter_of(trials, np.array([1.5, 2.2]))
        rejected.append(against_rest(counter, [division], 199, [repetition])[0].p_value[0] <= 0.05)
    share = np.mean(rejected, axis=0)
    assert np.all(share > 0.02)
    assert np.all(share < 0.085)
