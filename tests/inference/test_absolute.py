"""Differences in absolute terms: their margin, interval, p-value and sentence agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import Plan, finding_table
from lfr_eval.inference.absolute import difference_equivalence_p
from lfr_eval.inference.mover import Compared, difference_ends
from lfr_eval.inference.precision import independent

from .builders import pairs_of, side_by_side


def study(
    seed: int, rates: tuple[float, float], people: int = 200, passes: int = 5
) -> tuple[PersonTrials, pd.DataFrame]:
    """Passes of two groups whose people have rates of their own."""
    rng = np.random.default_rng(seed)
    member = np.arange(2 * people) % 2
    mean = np.array(rates)[member]
    own = rng.beta(mean * 9, (1 - mean) * 9)
    person = np.repeat(np.arange(2 * people), passes)
    score = (rng.random(len(person)) < own[person]).astype(np.float32)
    trials = PersonTrials("FPIR", 2 * people, person, score, True, 100)
    return trials, pd.DataFrame({"group": np.array(["a", "b"])[member]})


def row_of(seed: int, rates: tuple[float, float], margin: float | None, **how: int) -> pd.Series:
    trials, people = study(seed, rates, **how)
    plan = Plan(
        factors=("group",),
        reference_groups={"group": "b"},
        primary_thresholds=(0.5,),
        difference_margin=margin,
    )
    table = finding_table([trials], people, [0.5], plan)
    return table[table["group_a"] == "a"].iloc[0]


def test_the_p_value_is_where_the_interval_reaches_the_margin() -> None:
    sides = Compared(
        independent(np.array([3.0, 0, 20]), np.array([400.0, 300, 900])),
        independent(np.array([5.0, 0, 15]), np.array([500.0, 300, 900])),
    )
    p = difference_equivalence_p(sides, 0.02)
    lower, upper = difference_ends(sides, 1 - 2 * p)
    assert np.maximum(np.abs(lower), np.abs(upper)) == pytest.approx(0.02, rel=1e-6)


def test_with_many_trials_it_is_schuirmanns() -> None:
    n = 1e7
    x = np.array([2.00e6])
    sides = Compared(independent(x, np.array([n])), independent(np.array([2.003e6]), np.array([n])))
    p_a, p_b, margin = 0.2, 0.2003, 0.0006
    error = np.sqrt(p_a * (1 - p_a) / n + p_b * (1 - p_b) / n)
    expected = stats.norm.sf((margin - (p_b - p_a)) / error)
    assert difference_equivalence_p(sides, margin) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("margin", [0.005, 0.03, 0.1])
def test_verdict_interval_and_p_value_agree(margin: float) -> None:
    for seed in range(6):
        row = row_of(seed, (0.02, 0.03), margin)
        inside = max(abs(row["absolute_lower"]), abs(row["absolute_upper"])) < margin
        assert inside == (row["absolute_verdict"] == "equivalent in absolute terms")
        assert inside == (row["p_absolute_adjusted"] < 0.05)
        assert ("equivalent in absolute terms" in row["absolute_statement"]) == inside
        assert ("is not ruled out" in row["absolute_statement"]) != inside


def test_without_a_margin_there_is_a_sentence_and_no_verdict() -> None:
    row = row_of(1, (0.02, 0.03), None)
    assert pd.isna(row["absolute_verdict"])
    assert pd.isna(row["difference_margin"])
    assert row["absolute_statement"].startswith(
        "At threshold 0.50 and with this watchlist of 100, the false alert rate of "
        "people in group a is "
    )
    assert "per 100 passes" in row["absolute_statement"]


def test_no_event_at_all_can_be_equivalent_where_no_ratio_can_be_told() -> None:
    row = row_of(1, (1e-9, 1e-9), 0.05)
    assert row["verdict"] == "untestable"
    assert row["absolute_verdict"] == "equivalent in absolute terms"
    assert "is as high as that of" in row["absolute_statement"]


def test_a_difference_at_the_margin_is_seldom_called_equivalent() -> None:
    each = [study(seed, (0.08, 0.03), people=100) for seed in range(200)]
    # None of them primary: each is a family of its own.
    plan = Plan(factors=("group",), primary_metrics=("FNIR",), difference_margin=0.05)
    table = finding_table(side_by_side([one for one, _ in each]), each[0][1], [0.5], plan)
    claims = pairs_of(table)["absolute_verdict"]
    assert len(claims) == 200
    # 5 % and three Monte Carlo standard errors.
    assert np.mean(claims == "equivalent in absolute terms") <= 0.096


@pytest.mark.parametrize("margin", [0, 1, -0.1, "x"])
def test_a_margin_beyond_its_range_is_refused(margin: object) -> None:
    with pytest.raises(ValueError, match="'difference_margin' parameter"):
        Plan(difference_margin=margin)  # type: ignore[arg-type]
