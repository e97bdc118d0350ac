"""What must not change the answer, and what must change it in a known way."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lfr_eval.contract.trials import PairTrials, PersonTrials
from lfr_eval.inference import Plan, finding_table, rate_table
from lfr_eval.inference.counting import counter_of

from .builders import labels, random_pairs, random_persons

STEPS = np.array([0.2, 0.3, 0.45])
FAST = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 10_000)


def cells_of(trials, codes, groups=3):
    return counter_of(trials, STEPS).count(codes, groups)


def reordered(trials: PairTrials, order: np.ndarray) -> PairTrials:
    """The same people under other numbers: person i becomes `order[i]`."""
    back = np.argsort(order)
    return PairTrials(
        trials.people,
        order[trials.first],
        order[trials.second],
        trials.score,
        trials.floor,
        trials.references[back],
        trials.probes[back],
        trials.both[back],
        order[trials.correction_first],
        order[trials.correction_second],
        trials.correction,
    )


@FAST
@given(seed=seeds, images=st.sampled_from(["one", "crossed", "mixed"]))
def test_order_of_people_and_direction_of_pairs_do_not_matter(seed, images):
    trials, *_ = random_pairs(15, seed, images=images, corrections=5)
    rng = np.random.default_rng(seed)
    codes, order = rng.integers(0, 3, 15), rng.permutation(15)
    back = np.argsort(order)
    before, after = cells_of(trials, codes), cells_of(reordered(trials, order), codes[back])
    np.testing.assert_allclose(after.events, before.events)
    np.testing.assert_allclose(after.trials, before.trials)
    np.testing.assert_allclose(after.variance, before.variance, atol=1e-12)
    turned = replace(trials, first=trials.second, second=trials.first)
    np.testing.assert_allclose(cells_of(turned, codes).variance, before.variance, atol=1e-12)


@FAST
@given(seed=seeds)
def test_relabelled_groups_keep_their_numbers(seed):
    trials = random_persons(20, seed)
    codes = np.random.default_rng(seed).integers(0, 3, 20)
    before, after = cells_of(trials, codes), cells_of(trials, (codes + 1) % 3)
    np.testing.assert_allclose(after.variance[[1, 2, 0]], before.variance)


@FAST
@given(seed=seeds, scale=st.sampled_from([0.5, 2.0, 4.0]))
def test_scaled_scores_at_scaled_thresholds_are_the_same(seed, scale):
    trials, *_ = random_pairs(15, seed)
    scaled = replace(trials, score=trials.score * np.float32(scale), floor=0.2 * scale)
    codes = np.zeros(15, int)
    before = counter_of(trials, STEPS).count(codes, 1)
    after = counter_of(scaled, STEPS * scale).count(codes, 1)
    np.testing.assert_array_equal(before.events, after.events)


@FAST
@given(seed=seeds)
def test_rates_fall_and_events_are_bounded(seed):
    trials, *_ = random_pairs(15, seed, images="mixed", corrections=4)
    cells = cells_of(trials, np.random.default_rng(seed).integers(0, 3, 15))
    assert np.all(np.diff(cells.events, axis=-1) <= 0)
    assert np.all(cells.events <= cells.trials)
    assert np.all(cells.variance >= cells.binomial_variance - 1e-12)


@FAST
@given(seed=seeds, metric=st.sampled_from(["FPIR", "FNMR", "FMR"]))
def test_intervals_hold_their_rates(seed, metric):
    trials = (
        random_pairs(25, seed)[0] if metric == "FMR" else random_persons(25, seed, metric=metric)
    )
    table = rate_table([trials], labels(25, seed), ["gender"], np.linspace(0.2, 1.2, 15), Plan())
    table = table[(table["trials"] > 0) & (table["subjects"] > 1)]
    assert np.all(table["lower"] <= table["rate"])
    assert np.all(table["rate"] <= table["upper"])


@FAST
@given(seed=seeds)
def test_a_duplicated_image_adds_comparisons_but_no_evidence(seed):
    trials, *_ = random_pairs(25, seed)
    twice = PairTrials(
        trials.people,
        np.repeat(trials.first, 4),
        np.repeat(trials.second, 4),
        np.repeat(trials.score, 4),
        trials.floor,
        2 * trials.references,
        2 * trials.probes,
        2 * trials.both,
    )
    people = pd.DataFrame({"g": ["x"] * 25})
    plan = Plan(factors=("g",))
    once = rate_table([trials], people, [], STEPS, plan)
    more = rate_table([twice], people, [], STEPS, plan)
    np.testing.assert_allclose(more["rate"], once["rate"])
    # With ten events the variance is believed: four copies of a comparison are one.
    seen = once["events"].to_numpy() >= 10
    assert np.all(more["effective_trials"][seen] <= once["effective_trials"][seen] * 1.0001)


@FAST
@given(seed=seeds)
def test_merging_the_trials_of_two_halves_is_the_whole(seed):
    trials = random_persons(20, seed)
    half = np.arange(len(trials.person)) % 2 == 0

    def part(keep):
        return PersonTrials("FPIR", 20, trials.person[keep], trials.score[keep], True, 500)

    codes = np.zeros(20, int)
    whole = cells_of(trials, codes, 1).events
    np.testing.assert_array_equal(
        whole, cells_of(part(half), codes, 1).events + cells_of(part(~half), codes, 1).events
    )


def test_random_watchlists_are_never_narrower_than_this_one():
    trials, people = random_persons(60, 3), labels(60)
    fixed = Plan(factors=("gender",))
    wider = Plan(factors=("gender",), watchlist="random")
    a = rate_table([trials], people, ["gender"], STEPS, fixed)
    b = rate_table([trials], people, ["gender"], STEPS, wider)
    assert np.all(b["effective_trials"] <= a["effective_trials"] + 1e-9)
    assert np.any(b["effective_trials"] < a["effective_trials"] * 0.9)
    p = finding_table([trials], people, STEPS, fixed)["p_value"]
    q = finding_table([trials], people, STEPS, wider)["p_value"]
    assert np.all(q.isna() | (q >= p))


def test_two_way_variance_by_brute_force():
    trials = random_persons(30, 9)
    wider = Plan(watchlist="random")
    row = rate_table([trials], labels(30, 9), [], [0.3], wider).iloc[0]
    hit = trials.events(0.3)
    m = len(hit)
    p = hit.mean()
    by_person = np.bincount(trials.person, hit, 30)
    size = np.bincount(trials.person, minlength=30)
    n = np.count_nonzero(size)
    left_out = (by_person.sum() - by_person) / (m - size)
    person = (n - 1) / n * np.sum((left_out - p) ** 2)
    person = max(person, p * (1 - p) / m)
    caused = np.zeros((30, 500))
    np.add.at(caused, (trials.person[hit], trials.reference[hit]), 1)
    reference = np.sum((caused.sum(0) - caused.sum() / 500) ** 2) / m**2
    pair = (np.sum(caused**2) - caused.sum() ** 2 / (n * 500)) / m**2
    expected = person + max(reference - pair, 0)
    assert row["events"] >= 10
    assert row["effective_trials"] == pytest.approx(p * (1 - p) / expected)


def test_strata_remove_a_difference_that_is_the_cameras():
    rng = np.random.default_rng(5)
    n = 600
    camera = rng.integers(0, 2, n)
    gender = np.where(rng.random(n) < np.where(camera == 0, 0.8, 0.2), "female", "male")
    person = np.repeat(np.arange(n), 5)
    score = (rng.random(len(person)) < np.where(camera[person] == 0, 0.3, 0.1)).astype(np.float32)
    trials = PersonTrials("FPIR", n, person, score, True, 1000)
    people = pd.DataFrame({"gender": gender, "camera": camera.astype(str)})
    plain = Plan(factors=("gender",))
    within = Plan(factors=("gender",), strata=("camera",))
    crude = finding_table([trials], people, [0.5], plain).iloc[1]
    adjusted = finding_table([trials], people, [0.5], within).iloc[1]
    assert crude["verdict"] == "different"
    assert adjusted["verdict"] != "different"
    assert 0.85 < adjusted["ratio"] < 1.15
    assert "within camera" in adjusted["test"]
    assert "among people alike in camera" in adjusted["statement"]
