"""Counts and variances are what their definitions say, computed over all pairs of comparisons."""

from dataclasses import replace

import numpy as np
import pytest

from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials
from lfr_eval.inference.clusters import clustered_variance
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.crossed import crossed_cells
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter

from .builders import brute_pairs, random_pairs, random_persons

STEPS = np.array([0.2, 0.3, 0.45, 0.9])


@pytest.mark.parametrize("images", ["one", "crossed", "mixed"])
@pytest.mark.parametrize("corrections", [0, 15])
@pytest.mark.parametrize("seed", range(4))
def test_pairs_against_brute_force(images, corrections, seed):
    trials, probe, reference, score, _ = random_pairs(
        24, seed, images=images, corrections=corrections
    )
    labels = np.random.default_rng(seed).integers(0, 3, 24)
    cells = PairCounter.of(trials, STEPS).count(labels, 3)
    for group in range(3):
        for step, threshold in enumerate(STEPS):
            expected = brute_pairs(probe, reference, score, labels == group, threshold)
            events, variance = cells.events[group, step], cells.variance[group, step]
            got = events, cells.trials[group, 0], variance
            np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("images", ["one", "crossed", "mixed"])
def test_people_with_a_false_match(images):
    trials, probe, reference, score, _ = random_pairs(24, 3, images=images)
    labels = np.random.default_rng(3).integers(0, 3, 24)
    counter = PairCounter.of(trials, STEPS)
    affected, exposed = counter.affected(labels, 3), counter.exposed(labels, 3)
    for group in range(3):
        keep = (labels[probe] == group) & (labels[reference] == group)
        assert exposed[group] == len(np.unique(np.r_[probe[keep], reference[keep]]))
        for step, threshold in enumerate(STEPS):
            hit = keep & (score >= np.float32(threshold))
            assert affected[group, step] == len(np.unique(np.r_[probe[hit], reference[hit]]))


@pytest.mark.parametrize("metric", ["FPIR", "FNMR"])
@pytest.mark.parametrize("seed", range(3))
def test_persons_against_definition(metric, seed):
    trials = random_persons(40, seed, metric=metric)
    labels = np.random.default_rng(seed).integers(0, 3, 40)
    cells = PersonCounter.of(trials, STEPS).count(labels, 3)
    for group in range(3):
        members = np.flatnonzero(labels == group)
        for step, threshold in enumerate(STEPS):
            hit = trials.events(threshold)
            a = np.array([hit[trials.person == i].sum() for i in members])
            m = np.array([(trials.person == i).sum() for i in members])
            a, m = a[m > 0], m[m > 0]
            p, n = a.sum() / m.sum(), len(m)
            without = (a.sum() - a) / (m.sum() - m)
            variance = (n - 1) / n * ((without - p) ** 2).sum()
            variance = max(variance, p * (1 - p) / m.sum())
            np.testing.assert_allclose(cells.variance[group, step], variance, atol=1e-15)
            assert cells.events[group, step] == a.sum()


def test_clustered_variance_is_that_of_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    trials = random_persons(60, 4, spread=2.0)
    # With as many trials of everybody the jackknife is the usual sandwich.
    who, score = np.repeat(np.arange(60), 2), np.repeat(trials.score[:60], 2)
    trials = replace(trials, person=who, score=score, reference=None)
    cells = PersonCounter.of(trials, np.array([0.3])).count(np.zeros(60, int), 1)
    hit = trials.events(0.3).astype(float)
    fit = sm.OLS(hit, np.ones(len(hit))).fit(
        cov_type="cluster", cov_kwds={"groups": trials.person, "use_correction": False}
    )
    n = len(np.unique(trials.person))
    np.testing.assert_allclose(cells.variance[0, 0], fit.bse[0] ** 2 * n / (n - 1))


def test_one_threshold_at_a_tied_score_counts_the_tie():
    trials, _, _, score, _ = random_pairs(20, 7)
    threshold = float(np.round(score[score >= 0.2][0], 2))
    cells = counter_of(trials, np.array([threshold])).count(np.zeros(20, int), 1)
    assert cells.events[0, 0] == np.sum(score >= np.float32(threshold))


def test_steps_refuse_what_was_not_listed():
    trials, *_ = random_pairs(10)
    with pytest.raises(ValueError, match=r"must not be below the floor of the comparisons, 0\.2"):
        steps_of(trials, [0.1, 0.3])
    with pytest.raises(ValueError, match="must be one or more finite floats"):
        steps_of(trials, [])
    failures = PersonTrials(
        "FTA", 2, np.array([0, 1]), np.array([-np.inf, np.inf]), False, has_threshold=False
    )
    cells = counter_of(failures, steps_of(failures, [])).count(np.zeros(2, int), 1)
    assert cells.events[0, 0] == 1


@pytest.mark.parametrize(("people", "others"), [(6, 0), (12, 0), (30, 0), (6, 9), (12, 40)])
def test_the_variance_of_comparisons_is_right_with_few_people(people, others):
    """Within a group of a few people, and across two groups, whoever they are."""
    rng = np.random.default_rng([people, others])
    n = people + others
    first, second = np.triu_indices(n, 1)
    one, names = np.ones(n, int), tuple("ab"[: 1 + (others > 0)])
    codes = np.repeat([0, 1], [people, others])[:n]
    rates, variances = [], []
    for _ in range(3000):
        tendency = rng.gamma(2, 0.5, n)
        hit = rng.random(len(first)) < np.minimum(0.3 * tendency[first] * tendency[second], 1)
        trials = PairTrials(
            n, first[hit], second[hit], np.ones(hit.sum(), np.float32), 0.5, one, one, one
        )
        if others:
            found = crossed_cells(trials, Grouping("group", names, codes), np.array([0.5])).cells
        else:
            found = PairCounter.of(trials, np.array([0.5])).count(codes, 1)
        rates.append(found.rate[0, 0])
        variances.append(found.variance[0, 0])
    # Never below that of independent pairs: with few people that adds a little.
    assert np.mean(variances) == pytest.approx(np.var(rates), rel=0.08 if n > 8 else 0.2)


def test_the_variance_of_comparisons_is_right_with_few_clusters():
    """Ten families of three who resemble the same people."""
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(10), 3)
    first, second = np.triu_indices(30, 1)
    one, codes = np.ones(30, int), np.zeros(30, np.intp)
    rates, variances = [], []
    for _ in range(600):
        tendency = rng.gamma(4, 0.25, 10)[clusters]
        hit = rng.random(len(first)) < np.minimum(0.1 * tendency[first] * tendency[second], 1)
        trials = PairTrials(
            30, first[hit], second[hit], np.ones(hit.sum(), np.float32), 0.5, one, one, one
        )
        counter, steps = PairCounter.of(trials, np.array([0.5])), np.array([0.5])
        cells, _, units, *_ = clustered_variance(trials, counter, steps, codes, 1, clusters)
        rates.append(cells.rate[0, 0])
        variances.append(cells.variance[0, 0])
    assert units[0] == 10
    assert np.mean(variances) / np.var(rates) == pytest.approx(1, abs=0.2)
