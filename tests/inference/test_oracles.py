"""Estimators beside scipy, statsmodels, brute force and published figures."""

import itertools
from math import comb

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from lfr_eval.inference.contingency import freeman_halton, person_tests
from lfr_eval.inference.detectable import detectable_ratios, normal_detectable_ratio, normal_power
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.inference.multiplicity import benjamini_hochberg, holm


def test_no_event_bounds_of_the_2023_study():
    # 400 people, no false positive at 0.64 on a watchlist of 178,000: 0.746 %.
    assert no_event_bound(400, 0.95) == pytest.approx(0.00746, abs=1e-5)
    assert no_event_bound(133, 0.95) == pytest.approx(0.0223, abs=1e-4)
    assert 1 / (no_event_bound(133, 0.95) * 10_000 / 178_000) == pytest.approx(799, abs=1)


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
