"""Pooled rates of intersections: closed forms, brute force, and what pooling must not do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import Plan, rate_table
from lfr_eval.inference.pooling import between_variance, main_effects, pooled_rates, shrunken

NAMES = [f"{a} x {b}" for a in ("f", "m") for b in ("x", "y", "z")]


def test_predictions_are_those_of_the_mixed_model_equations() -> None:
    rng = np.random.default_rng(1)
    design, own = main_effects(NAMES), rng.uniform(0.05, 0.4, 6)
    y = rng.normal(0, 1.5, 6)
    between = between_variance(y, own, design)
    assert between > 0
    # Henderson's equations: the joint minimum of y - X b - u over b and u with both variances.
    x = design.T / own
    system = np.block(
        [[x @ design, x], [x.T, np.diag(1 / own + 1 / between)]]
    )  # fmt: skip
    solved = np.linalg.solve(system, np.concatenate([x @ y, y / own]))
    columns = design.shape[1]
    center, _ = shrunken(y, own, design)
    assert center == pytest.approx(design @ solved[:columns] + solved[columns:], rel=1e-9)


def test_the_variance_between_groups_solves_its_equation() -> None:
    rng = np.random.default_rng(2)
    own, design = rng.uniform(0.1, 0.5, 8), np.ones((8, 1))
    y = rng.normal(0, 1.2, 8)

    def excess(between: float) -> float:
        weight = 1 / (own + between)
        return float(np.sum(weight * (y - np.average(y, weights=weight)) ** 2) - 7)

    expected = optimize.brentq(excess, 0, 50)
    assert between_variance(y, own, design) == pytest.approx(expected, rel=1e-6)


def test_equal_variances_give_the_closed_form() -> None:
    # y shrinks to its mean by (k - 1) v / sum (y - mean)^2.
    y, own = np.array([-2.0, -1.0, 0.5, 1.0, 2.5]), np.full(5, 0.4)
    center, _ = shrunken(y, own, np.ones((5, 1)))
    kept = 1 - 4 * 0.4 / np.sum((y - y.mean()) ** 2)
    assert center == pytest.approx(y.mean() + kept * (y - y.mean()), rel=1e-6)


def test_main_effects_are_left_out_where_groups_are_few() -> None:
    assert main_effects(NAMES).shape == (6, 4)
    assert main_effects(["f x x", "f x y", "m x x", "m x y"]).shape == (4, 1)


def test_groups_with_much_evidence_keep_their_rate() -> None:
    rate = np.array([0.01, 0.04, 0.02, 0.03, 0.05, 0.02])
    found = pooled_rates(NAMES, rate, np.full(6, 1e7), 0.95)
    assert found.rate == pytest.approx(rate, rel=1e-3)
    nothing = pooled_rates(NAMES, rate, np.array([0, 0, 0, 50, 60, 70.0]), 0.95)
    assert np.isnan(nothing.rate).all()


def test_intervals_hold_the_truth_and_errors_are_smaller() -> None:
    rng = np.random.default_rng(3)
    held, raw, pooled = [], 0.0, 0.0
    for _ in range(400):
        logit = -3 + rng.normal(0, 0.3, 6)
        rate = 1 / (1 + np.exp(-logit))
        trials = rng.integers(100, 600, 6).astype(float)
        seen = rng.binomial(trials.astype(int), rate) / trials
        found = pooled_rates(NAMES, seen, trials, 0.95)
        held.append((found.lower <= rate) & (rate <= found.upper))
        own = np.log((seen * trials + 0.5) / (trials - seen * trials + 0.5))
        raw += np.sum((own - logit) ** 2)
        pooled += np.sum((stats.logistic.ppf(found.rate) - logit) ** 2)
    assert 0.93 <= np.mean(held) <= 0.99
    assert pooled < raw


def test_the_rate_table_pools_crossed_factors_only() -> None:
    rng = np.random.default_rng(4)
    people = pd.DataFrame(
        {"gender": rng.choice(["female", "male"], 120), "site": rng.choice(["a", "b", "c"], 120)}
    )
    people.loc[:3, "site"] = None
    person = np.repeat(np.arange(120), 8)
    score = (rng.random(len(person)) < 0.1).astype(np.float32)
    trials = PersonTrials("FPIR", 120, person, score, True, 100)
    factors = ["gender", "gender x site"]
    table = rate_table([trials], people, factors, [0.5], Plan(factors=tuple(factors)), bands=True)
    crossed = table["factor"] == "gender x site"
    stated = crossed & ~table["group"].str.contains("unknown")
    assert table.loc[stated, "pooled"].notna().all()
    assert table.loc[~stated, ["pooled", "pooled_lower", "pooled_upper"]].isna().all(axis=None)
    spread = table.loc[stated]
    assert np.ptp(spread["pooled"]) < np.ptp(spread["rate"])
