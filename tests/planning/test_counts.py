"""Powers by listing every outcome, against SciPy's tests and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lfr_eval.inference.equivalence import equivalence_p
from lfr_eval.planning.counts import power_of_equivalence, power_of_fisher, power_of_this_test


def listed(n: int, p_a: float, p_b: float, rejects: object) -> float:
    """Sum the probability of every outcome of two binomials that a test rejects."""
    assert callable(rejects)
    a, b = (stats.binom.pmf(np.arange(n + 1), n, p) for p in (p_a, p_b))
    return float(
        sum(a[x] * b[y] for x in range(n + 1) for y in range(n + 1) if x + y and rejects(x, y))
    )


@pytest.mark.parametrize(("n", "p_a", "p_b"), [(12, 0.5, 0.1), (25, 0.3, 0.05), (18, 0.9, 0.4)])
def test_fishers_power_is_that_of_scipys_test(n: int, p_a: float, p_b: float) -> None:
    def rejects(x: int, y: int) -> bool:
        return bool(stats.fisher_exact([[x, n - x], [y, n - y]]).pvalue < 0.05)

    assert power_of_fisher(n, p_a, p_b, 0.05) == pytest.approx(
        listed(n, p_a, p_b, rejects), abs=1e-6
    )


@pytest.mark.parametrize(("n", "p_a", "p_b"), [(12, 0.5, 0.1), (25, 0.3, 0.05)])
def test_our_power_is_that_of_every_shuffle(n: int, p_a: float, p_b: float) -> None:
    def rejects(x: int, y: int) -> bool:
        split = np.arange(x + y + 1)
        chance = stats.hypergeom.pmf(split, 2 * n, x + y, n)
        gap, seen = np.abs(2 * split - x - y), abs(x - y)
        return bool(chance[gap > seen].sum() + chance[gap == seen].sum() / 2 < 0.05)

    assert power_of_this_test(n, p_a, p_b, 0.05) == pytest.approx(
        listed(n, p_a, p_b, rejects), abs=1e-6
    )


def test_equivalence_power_is_the_sum_over_outcomes() -> None:
    def rejects(x: int, y: int) -> bool:
        n = np.array(30.0)
        return bool(equivalence_p(np.array(x / 30), n, np.array(y / 30), n, 2.0) < 0.05)

    assert power_of_equivalence(30, 0.6, 0.5, 2.0, 0.05) == pytest.approx(
        listed(30, 0.6, 0.5, rejects), abs=1e-6
    )


@given(
    n=st.integers(5, 300), rate=st.floats(0.005, 0.4), ratio=st.floats(1, 2.4),
    alpha=st.floats(0.005, 0.2),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_ties_that_count_half_only_add_power(
    n: int, rate: float, ratio: float, alpha: float
) -> None:
    fisher = power_of_fisher(n, ratio * rate, rate, alpha)
    own = power_of_this_test(n, ratio * rate, rate, alpha)
    assert -1e-9 <= fisher <= own <= 1 + 1e-9
    # Which group is called a does not matter.
    assert own == pytest.approx(power_of_this_test(n, rate, ratio * rate, alpha), abs=1e-8)


@pytest.mark.parametrize(("n", "rate"), [(133, 0.005), (400, 0.02), (5_000, 0.004)])
def test_without_a_difference_it_keeps_its_level(n: int, rate: float) -> None:
    assert power_of_fisher(n, rate, rate, 0.05) <= 0.05
    assert power_of_this_test(n, rate, rate, 0.05) <= 0.06
