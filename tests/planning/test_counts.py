"""Powers by listing every outcome, against SciPy's tests and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lfr_eval.inference.mover import Compared, equivalence_p, p_value
from lfr_eval.inference.precision import independent
from lfr_eval.planning.counts import power_of_equivalence, power_of_fisher, power_of_this_test


def listed(n: int, p_a: float, p_b: float, rejects: np.ndarray) -> float:
    """Sum the probability of every outcome of two binomials that a test rejects, (n+1, n+1)."""
    a, b = (stats.binom.pmf(np.arange(n + 1), n, p) for p in (p_a, p_b))
    rejects = rejects.copy()
    rejects[0, 0] = False
    return float(a @ rejects @ b)


def outcomes(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the events of each group for every two outcomes, each (n+1, n+1)."""
    x, y = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0), indexing="ij")
    return x, y


@pytest.mark.parametrize(("n", "p_a", "p_b"), [(12, 0.5, 0.1), (25, 0.3, 0.05), (18, 0.9, 0.4)])
def test_fishers_power_is_that_of_scipys_test(n: int, p_a: float, p_b: float) -> None:
    def rejects(x: int, y: int) -> bool:
        return bool(stats.fisher_exact([[x, n - x], [y, n - y]]).pvalue < 0.05)

    every = np.array([[rejects(x, y) for y in range(n + 1)] for x in range(n + 1)])
    assert power_of_fisher(n, p_a, p_b, 0.05) == pytest.approx(listed(n, p_a, p_b, every), abs=1e-6)


def sides(n: int) -> Compared:
    x, y = outcomes(n)
    a, b = (independent(events, np.full(events.shape, float(n))) for events in (x, y))
    return Compared(a, b)


@pytest.mark.parametrize(("n", "p_a", "p_b"), [(12, 0.5, 0.1), (25, 0.3, 0.05)])
def test_our_power_is_the_sum_over_outcomes(n: int, p_a: float, p_b: float) -> None:
    x, y = outcomes(n)
    rare = np.minimum(x + y, 2 * n - x - y)
    most = np.where(x + y <= n, np.maximum(x, y), n - np.minimum(x, y))
    rejects = (rare >= 6) & (most >= 3) & (p_value(sides(n)) < 0.05)
    assert power_of_this_test(n, p_a, p_b, 0.05) == pytest.approx(
        listed(n, p_a, p_b, rejects), abs=1e-6
    )


def test_equivalence_power_is_the_sum_over_outcomes() -> None:
    rejects = equivalence_p(sides(30), 2.0) < 0.05
    assert power_of_equivalence(30, 0.6, 0.5, 2.0, 0.05) == pytest.approx(
        listed(30, 0.6, 0.5, rejects), abs=1e-6
    )


@given(
    n=st.integers(5, 300), rate=st.floats(0.005, 0.4), ratio=st.floats(1, 2.4),
    alpha=st.floats(0.005, 0.2),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_powers_are_shares_and_sides_change_places(
    n: int, rate: float, ratio: float, alpha: float
) -> None:
    fisher = power_of_fisher(n, ratio * rate, rate, alpha)
    own = power_of_this_test(n, ratio * rate, rate, alpha)
    assert -1e-9 <= min(fisher, own) <= max(fisher, own) <= 1 + 1e-9
    # Which group is called a does not matter.
    assert own == pytest.approx(power_of_this_test(n, rate, ratio * rate, alpha), abs=1e-8)


@pytest.mark.parametrize(("n", "rate"), [(133, 0.005), (400, 0.02), (5_000, 0.004)])
def test_without_a_difference_it_keeps_its_level(n: int, rate: float) -> None:
    assert power_of_fisher(n, rate, rate, 0.05) <= 0.05
    assert power_of_this_test(n, rate, rate, 0.05) <= 0.06
