"""Estimators beside scipy, statsmodels, brute force and published figures."""

import itertools
from math import comb

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    test_proportions_2indep,
)

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.contingency import freeman_halton, person_tests
from lfr_eval.inference.counting import counter_of
from lfr_eval.inference.detectable import (
    detectable_ratios,
    normal_detectable_ratio,
    normal_power,
)
from lfr_eval.inference.equivalence import equivalence_p, ratio_interval, score_statistic
from lfr_eval.inference.intervals import (
    OR_NEARER,
    Intervals,
    bound_each_other,
    no_event_bound,
    rate_intervals,
    wilson,
)
from lfr_eval.inference.multiplicity import benjamini_hochberg, holm

from .builders import random_pairs, random_persons

test_proportions_2indep.__test__ = False


@pytest.mark.parametrize(("events", "trials"), [(1, 40), (7, 133), (60, 90)])
def test_wilson_is_statsmodels(events, trials):
    lower, upper = wilson(np.array(events / trials), np.array(trials), 0.95)
    expected = proportion_confint(events, trials, method="wilson")
    np.testing.assert_allclose((lower, upper), expected)


def test_few_degrees_of_freedom_widen_an_interval_away_from_no_events():
    wide = wilson(np.array(0.1), np.array(100), 0.95, np.array(5.0))
    narrow = wilson(np.array(0.1), np.array(100), 0.95)
    assert wide[0] == narrow[0]
    assert wide[1] > narrow[1]


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.8])
def test_skewness_widens_an_interval_only_beyond_that_of_independent_events(rate):
    own = (1 - 2 * rate) / np.sqrt(100 * rate * (1 - rate))
    plain = wilson(np.array(rate), np.array(100), 0.95)
    np.testing.assert_array_equal(wilson(np.array(rate), np.array(100), 0.95, 30, own / 2),
                                  wilson(np.array(rate), np.array(100), 0.95, 30))  # fmt: skip
    skewed = wilson(np.array(rate), np.array(100), 0.95, np.inf, 2 * own)
    far, near = (1, 0) if rate < 0.5 else (0, 1)
    assert abs(skewed[far] - rate) > abs(plain[far] - rate)
    assert skewed[near] == plain[near]


def test_mirrored_rates_have_mirrored_intervals():
    low = wilson(np.array(0.1), np.array(60), 0.95, np.array(9.0), np.array(1.2))
    high = wilson(np.array(0.9), np.array(60), 0.95, np.array(9.0), np.array(-1.2))
    np.testing.assert_allclose((low[0], low[1]), (1 - high[1], 1 - high[0]))


def test_skewness_is_that_of_brute_force():
    trials, probe, reference, score, _ = random_pairs(20, 3, images="both", floor=0.2)
    group = np.arange(20) % 2
    counter = counter_of(trials, np.array([0.2]))
    found = counter.skewness(group, 2)[0, 0]
    inside = (group[probe] == 0) & (group[reference] == 0)
    a, b, hit = probe[inside], reference[inside], score[inside] >= np.float32(0.2)
    p = hit.mean()
    people = np.bincount(a, hit - p, 20) + np.bincount(b, hit - p, 20)
    _, pair = np.unique(np.minimum(a, b) * 20 + np.maximum(a, b), return_inverse=True)
    pairs = np.sum(np.bincount(pair, hit) ** 3) * (1 - p) * (1 - 2 * p)
    variance = counter.count(group[None], 2).variance[0, 0, 0]
    third = np.sum(people**3) - pairs
    assert found == pytest.approx(third / (variance * len(hit) ** 2) ** 1.5)


def test_skewness_of_persons_is_that_of_scipy():
    trials = random_persons(60, 2)
    one = PersonTrials("FPIR", 60, np.arange(60), trials.score[:60], True, 10)
    counter = counter_of(one, np.array([0.3]))
    events = (one.score >= np.float32(0.3)).astype(float)
    count = counter.count(np.zeros((1, 60), int), 1)
    floor = (count.variance[0, 0, 0] * 60**2 / (60 * events.var())) ** 1.5
    expected = stats.skew(events) / np.sqrt(60) / floor
    assert counter.skewness(np.zeros(60, int), 1)[0, 0] == pytest.approx(expected)


def test_no_event_bounds_of_the_2023_study():
    # 400 people, no false positive at 0.64 on a watchlist of 178,000: 0.746 %.
    assert no_event_bound(400, 0.95) == pytest.approx(0.00746, abs=1e-5)
    assert no_event_bound(133, 0.95) == pytest.approx(0.0223, abs=1e-4)
    assert 1 / (no_event_bound(133, 0.95) * 10_000 / 178_000) == pytest.approx(799, abs=1)


def test_the_design_effect_bound_uses_the_sweep():
    events = np.array([[100.0, 20.0, 0.0]])
    trials = np.array([[10_000.0]])
    variance = np.array([[5.0, 3.0, 0.0]]) * events / trials * (1 - events / trials) / trials
    found = rate_intervals(events, trials, variance, np.array([[50.0]]), 0.95)
    assert found.upper[0, 2] == pytest.approx(1 - 0.05 ** (5 / 10_000))
    assert "largest design effect" in found.method[0, 2]


@pytest.mark.parametrize("falling", [True, False])
def test_thresholds_bound_each_other_by_brute_force(falling):
    rng = np.random.default_rng(6)
    lower, width = rng.random((4, 9)), rng.random((4, 9))
    lower[1] = np.nan
    events, trials = rng.integers(0, 30, (4, 9)), np.full((4, 1), 32)
    enough = (events >= 10) & (events <= 22)
    alone = Intervals(lower, lower + width, width, np.full((4, 9), "alone"))
    found = bound_each_other(alone, events, trials, falling)
    for cell in (0, 2, 3):
        for at in range(9):
            before, after = np.arange(9) <= at, np.arange(9) >= at
            above, below = (before, after) if falling else (after, before)
            own = np.arange(9) == at
            donors = np.zeros(9, bool) if enough[cell, at] else enough[cell]
            ends = (
                lower[cell, own | (below & donors)].max(),
                (lower + width)[cell, own | (above & donors)].min(),
            )
            assert (found.lower[cell, at], found.upper[cell, at]) == ends
            moved = ends != (lower[cell, at], lower[cell, at] + width[cell, at])
            assert found.method[cell, at] == "alone" + OR_NEARER * moved
    assert np.isnan(found.lower[1]).all()
    assert np.isnan(found.upper[1]).all()


def test_ratio_interval_is_the_score_interval_of_statsmodels():
    low, high = ratio_interval(np.array(12 / 150), 150.0, np.array(5 / 160), 160.0, 0.95)
    expected = confint_proportions_2indep(12, 150, 5, 160, compare="ratio", method="score",
                                          correction=False)  # fmt: skip
    np.testing.assert_allclose((low, high), expected, rtol=1e-4)


@pytest.mark.parametrize("ratio", [0.8, 1.25, 2.0])
def test_score_statistic_is_that_of_statsmodels(ratio):
    ours = score_statistic(np.array(12 / 150), 150.0, np.array(5 / 160), 160.0, ratio)
    expected = test_proportions_2indep(
        12, 150, 5, 160, value=ratio, compare="ratio", method="score", correction=False
    )
    assert abs(ours) == pytest.approx(abs(expected.statistic), rel=1e-6)


def test_equivalence_is_the_90_percent_interval_inside_the_margin():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.05, 0.3, 200), rng.uniform(0.05, 0.3, 200)
    n = rng.uniform(100, 4000, 200)
    low, high = ratio_interval(a, n, b, n, 0.9)
    inside = (low > 1 / 1.5) & (high < 1.5)
    np.testing.assert_array_equal(equivalence_p(a, n, b, n, 1.5) < 0.05, inside)
    assert 0 < inside.sum() < 200


def test_ratio_of_nothing_is_undefined_and_of_one_side_is_one_sided():
    low, high = ratio_interval(np.array([0.0, 0.1, 0.0]), 100.0, np.array([0.0, 0.0, 0.1]), 100.0,
                               0.95)  # fmt: skip
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert low[1] > 1
    assert np.isinf(high[1])
    assert low[2] == 0
    assert high[2] < 1


@pytest.mark.parametrize("seed", range(3))
def test_multiplicity_is_statsmodels(seed):
    p = np.random.default_rng(seed).uniform(0, 0.2, 12)
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])
    withheld = np.append(p, np.nan)
    np.testing.assert_allclose(holm(withheld)[:-1], holm(p))


def test_freeman_halton_by_listing_every_table():
    affected, exposed = [3, 0, 4, 1], [6, 7, 8, 5]

    def probability(table):
        ways = np.prod([comb(n, x) for n, x in zip(exposed, table, strict=True)])
        return ways / comb(sum(exposed), sum(affected))

    observed = probability(affected)
    tables = itertools.product(*(range(n + 1) for n in exposed))
    expected = sum(
        p for t in tables if sum(t) == 8 and (p := probability(t)) <= observed * (1 + 1e-9)
    )
    assert freeman_halton(affected, exposed) == pytest.approx(expected)


def test_two_groups_are_fisher_boschloo_and_chi_square():
    found = person_tests([4, 12], [60, 55])
    table = np.array([[4, 56], [12, 43]])
    assert found.fisher == pytest.approx(stats.fisher_exact(table).pvalue)
    assert found.boschloo == pytest.approx(stats.boschloo_exact(table.T).pvalue)
    assert found.chi_square == pytest.approx(stats.chi2_contingency(table, correction=False)[1])
    assert found.boschloo < found.fisher


def test_person_tests_without_events_and_bad_input():
    assert person_tests([0, 0], [10, 12]).fisher == 1
    assert np.isnan(person_tests([0, 0], [10, 12]).chi_square)
    with pytest.raises(ValueError, match="The 'affected' parameter of person_tests must count"):
        person_tests([11, 0], [10, 12])


def test_detectable_ratio_of_the_2023_study():
    n = np.array([141_243.0])
    found = normal_detectable_ratio(np.array([1 / 6000]), n, n, 0.05, 0.8)
    assert found[0] == pytest.approx(2, abs=1e-4)
    assert normal_power(np.array([1 / 6000]), 2.0, n, n, 0.05)[0] == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(("expected", "share"), [(3, 1.0), (8, 2.0), (15, 0.5), (0.5, 3.0)])
def test_detectable_ratio_of_few_events_by_simulation(expected, share):
    base, lower = 1e-4, expected / 1e-4
    ratio = detectable_ratios(np.array([base]), np.array([share * lower]), np.array([lower]), 0.05,
                              0.8)[0]  # fmt: skip
    rng = np.random.default_rng(1)
    b, a = rng.poisson(expected, 4000), rng.poisson(expected * share * ratio, 4000)
    null = share / (1 + share)
    tail = np.minimum(stats.binom.cdf(a, a + b, null), stats.binom.sf(a - 1, a + b, null))
    assert np.mean(tail <= 0.025) == pytest.approx(0.8, abs=0.06)


def test_detectable_ratio_is_infinite_or_unknown_where_it_must_be():
    ratio = detectable_ratios(np.array([0.09, 0.0, 0.01]), np.array([3.0, 10, 0]),
                              np.array([3.0, 10, 10]), 0.05, 0.8)  # fmt: skip
    assert np.isinf(ratio[0])
    assert np.isnan(ratio[1])
    assert np.isnan(ratio[2])
