"""Group sequential boundaries: published tables, simulation, and looks of a registered study."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.acceptance.looks import judge, p_values, worlds
from lfr_eval.contract.vocabulary import OBRIEN_FLEMING, POCOCK
from lfr_eval.inference.sequential import SPENDING, boundaries, levels

# Two-sided 0.05, equal steps, as the usual programs print them (Reboussin, DeMets, Kim & Lan
# 2000; Jennison & Turnbull 2000, table 7.1).
PUBLISHED = {
    (OBRIEN_FLEMING, 2): (2.963, 1.969),
    (OBRIEN_FLEMING, 3): (3.710, 2.511, 1.993),
    (OBRIEN_FLEMING, 4): (4.333, 2.963, 2.359, 2.014),
    (OBRIEN_FLEMING, 5): (4.877, 3.357, 2.680, 2.290, 2.031),
    (POCOCK, 2): (2.157, 2.201),
    (POCOCK, 3): (2.279, 2.295, 2.296),
    (POCOCK, 4): (2.368, 2.368, 2.358, 2.350),
    (POCOCK, 5): (2.438, 2.427, 2.410, 2.397, 2.386),
}


@pytest.mark.parametrize(("spending", "looks"), PUBLISHED)
def test_boundaries_are_those_of_published_tables(spending: str, looks: int) -> None:
    found = boundaries([(k + 1) / looks for k in range(looks)], spending, 0.05)
    assert [round(one, 3) for one in found] == pytest.approx(
        list(PUBLISHED[spending, looks]), abs=0.0011
    )


@pytest.mark.parametrize("spending", SPENDING)
def test_one_look_is_the_ordinary_test_and_all_is_spent_at_the_end(spending: str) -> None:
    assert boundaries([1.0], spending, 0.05) == pytest.approx([1.959964], abs=1e-5)
    assert levels([1.0], spending, 0.05) == pytest.approx([0.05])
    assert SPENDING[spending](1.0, 0.025) == pytest.approx(0.025)


@pytest.mark.parametrize("spending", SPENDING)
def test_unequal_looks_spend_alpha_in_simulation(spending: str) -> None:
    shares = [0.3, 0.45, 1.0]
    rng = np.random.default_rng(1)
    steps = np.sqrt(np.diff([0.0, *shares]))
    z = np.cumsum(rng.standard_normal((400_000, 3)) * steps, axis=1) / np.sqrt(shares)
    crossed = (np.abs(z) >= boundaries(shares, spending, 0.05)).any(axis=1)
    assert crossed.mean() == pytest.approx(0.05, abs=0.0015)


@pytest.mark.parametrize("spending", SPENDING)
def test_levels_hold_for_any_number_of_questions(spending: str) -> None:
    shares = [0.25, 0.5, 0.75, 1.0]
    assert sum(levels(shares, spending, 0.05)) == pytest.approx(0.05)
    nominal = levels(shares, spending, 0.05)
    rng = np.random.default_rng(2)
    # Ten independent questions by Bonferroni at each look.
    z = np.cumsum(rng.standard_normal((100_000, 10, 4)) * 0.5, axis=2) / np.sqrt(shares)
    from scipy import special

    p = 2 * special.ndtr(-np.abs(z))
    assert (p < np.array(nominal) / 10).any(axis=(1, 2)).mean() <= 0.05


def test_unlike_groups_are_not_told_apart_by_looking_often() -> None:
    for world in worlds():
        if "Pareto" not in world.name and world.name.endswith(", ratio 1"):
            found = list(judge(world.name, p_values(world, 300), 5))
            # 5 % of 300 have a standard error of 1.3 points.
            assert max(float(row["claims at any look"]) for row in found) <= 7.6, world.name


def test_a_difference_is_found_with_fewer_people_and_a_little_less_often() -> None:
    name = "passes 100 v 100, rate 0.02, beta 0.3 v 0.0, ratio 3"
    (world,) = (one for one in worlds() if one.name == name)
    p = p_values(world, 300)
    two, five = ({str(row["spending"]): row for row in judge(name, p, n)} for n in (2, 5))
    for looks, most in ((two, 3), (five, 10)):
        row = looks[OBRIEN_FLEMING]
        lost = float(row["one look at the end"]) - float(row["claims at any look"])
        assert 0 <= lost <= most
    assert float(two[POCOCK]["people needed"]) < float(two[OBRIEN_FLEMING]["people needed"]) < 100
