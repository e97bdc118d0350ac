"""Bands along a sweep: the level that all thresholds share, and whole curves inside."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.bands import World, judge
from lfr_eval.contract.trials import PairTrials
from lfr_eval.inference import Plan, rate_table
from lfr_eval.inference.bands import band_level
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter


def people_with(events):
    events = np.asarray(events, float)
    return PersonCounter(events, np.full(len(events), 10.0))


def independent(people, thresholds, seed=0):
    return people_with(np.random.default_rng(seed).binomial(10, 0.3, (people, thresholds)))


def level_of(counter, groups=None, number=1, clusters=None):
    codes = np.zeros(counter.people, int) if groups is None else groups
    return band_level(counter, codes, number, 0.95, 1, clusters)


def test_one_threshold_of_one_group_has_the_level_of_its_interval():
    assert level_of(independent(200, 1)) == pytest.approx(0.025, rel=0.1)


def test_thresholds_at_which_the_same_happened_count_once():
    same = np.repeat(independent(200, 1).events, 12, axis=1)
    assert level_of(people_with(same)) == level_of(people_with(same[:, :1]))


@pytest.mark.parametrize("groups", [1, 6])
def test_independent_thresholds_and_groups_have_the_level_of_sidak(groups):
    counter = independent(4000, 12)
    codes = np.arange(counter.people) % groups
    expected = (1 - 0.95 ** (1 / (12 * groups))) / 2
    assert level_of(counter, codes, groups) == pytest.approx(expected, rel=0.25)


def test_the_level_is_that_of_a_multiplier_bootstrap_of_people():
    rng = np.random.default_rng(3)
    reached = rng.binomial(10, rng.beta(0.5, 2, (150, 1)) * np.geomspace(1, 0.02, 15))
    counter = people_with(reached)
    everybody = np.zeros(150, int)
    residuals = counter.residuals(everybody, 1)
    draws = rng.standard_normal((20_000, 150)) @ residuals
    largest = np.abs(draws / np.sqrt(np.sum(residuals**2, axis=0))).max(axis=1)
    z = np.quantile(largest, 0.95)
    assert stats.norm.isf(level_of(counter)) == pytest.approx(z, abs=0.06)


def test_comparisons_of_people_who_are_alike_have_the_level_of_independent_ones():
    # Of 100 people who are alike, half of all samples have a variance below that of independent
    # comparisons. Their thresholds are as alike as they are, whatever the sample.
    rng, steps = np.random.default_rng(9), np.geomspace(16, 1, 25)
    chance, one = steps * 40 / 4950, np.ones(100, np.intp)
    apart = np.sqrt(np.minimum.outer(chance, chance) / np.maximum.outer(chance, chance))
    drawn = rng.multivariate_normal(np.zeros(25), apart, 20_000, method="cholesky")
    wanted = np.quantile(np.abs(drawn).max(axis=1), 0.95)
    found = []
    for _ in range(20):
        first, second = np.triu_indices(100, 1)
        reached = (rng.random(4950)[:, None] < chance).sum(axis=1) - 1
        hit = reached >= 0
        score = reached[hit].astype(np.float32)
        trials = PairTrials(100, first[hit], second[hit], score, 0.0, one, one, one)
        found.append(stats.norm.isf(level_of(PairCounter.of(trials, np.arange(25.0)))))
    assert np.mean(found) == pytest.approx(wanted, abs=0.06)


def test_a_cluster_has_one_weight():
    counter = independent(400, 8)
    twice = people_with(np.repeat(counter.events, 2, axis=0))
    clusters = np.repeat(np.arange(400), 2)
    assert level_of(twice, clusters=clusters) == pytest.approx(level_of(counter), rel=1e-6)


def test_groups_without_events_leave_the_level_alone():
    counter = independent(100, 5)
    silent = people_with(np.concatenate([counter.events, np.zeros((100, 5))]))
    codes = np.repeat([0, 1], 100)
    assert level_of(silent, codes, 2) == level_of(counter)


def test_nothing_at_all_keeps_the_level_of_the_interval():
    assert level_of(people_with(np.zeros((20, 4)))) == pytest.approx(0.025)
    one = np.ones(5, int)
    nobody = np.zeros(0, np.intp)
    pairs = PairTrials(5, nobody, nobody, np.zeros(0, np.float32), 0.0, one, one, one)
    assert level_of(PairCounter.of(pairs, np.array([0.5, 0.6]))) == pytest.approx(0.025)


def test_bands_are_never_narrower_than_intervals_and_only_where_asked():
    world = World("comparisons", 3, 40, 0.01)
    trials = next(world.studies(1, 5))
    people = pd.DataFrame({"group": np.repeat(["a", "b", "c"], 40)})
    steps = list(map(float, range(25)))
    plan = Plan(factors=("group",))
    table = rate_table([trials], people, ["group"], steps, plan, bands=True)
    own = table["counterpart"] == table["group"]
    assert (table.loc[own, "band_lower"] <= table.loc[own, "lower"]).all()
    assert (table.loc[own, "band_upper"] >= table.loc[own, "upper"]).all()
    assert table.loc[~own, ["band_lower", "band_upper"]].isna().all(axis=None)
    plain = rate_table([trials], people, ["group"], steps, plan)
    assert plain[["band_lower", "band_upper"]].isna().all(axis=None)
    columns = [name for name in table if not name.startswith("band")]
    pd.testing.assert_frame_equal(table[columns], plain[columns])


@pytest.mark.parametrize(
    "world", [World("passes", 6, 200, 0.02), World("comparisons", 6, 100, 40 / 4950)]
)
def test_intervals_miss_curves_and_bands_hold_them(world):
    held = judge(world, 60)
    print(held)
    assert held.studies_in_intervals < 0.75
    assert held.studies_in_bands > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 60)
