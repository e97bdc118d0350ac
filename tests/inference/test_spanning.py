"""Clusters with members in both groups: what they have in common cancels."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import Plan, finding_table

PAIRS, PASSES = 80, 5


def twins(rng, ratio=1.0, alike=0.9):
    """80 pairs of twins, one in each group, whose passes have a person's share in common."""
    tendency = rng.normal(size=PAIRS) * alike
    person = np.repeat(np.arange(2 * PAIRS), PASSES)
    rate = np.where(person < PAIRS, 0.05, 0.05 * ratio)
    noise = np.sqrt(1 - alike**2) * rng.normal(size=len(person))
    score = tendency[person % PAIRS] + noise + stats.norm.ppf(rate)
    trials = PersonTrials("FPIR", 2 * PAIRS, person, score.astype(np.float32), True, 1000)
    people = pd.DataFrame(
        {
            "g": np.where(np.arange(2 * PAIRS) < PAIRS, "a", "b"),
            "pair": np.arange(2 * PAIRS) % PAIRS,
        }
    )
    return trials, people


def compared(trials, people):
    plan = Plan(factors=("g",), primary_thresholds=(0.0,), reference_groups={"g": "a"})
    found = finding_table([trials], people, [0.0], plan)
    return found[found["group_b"] == "a"].iloc[0]


def test_twins_are_compared_nearly_as_well_as_by_a_paired_test():
    rng = np.random.default_rng(1)
    found = dict.fromkeys(("with", "without", "paired"), 0)
    for _ in range(8):
        trials, people = twins(rng, ratio=2.0)
        clusters = people.rename(columns={"pair": "cluster_id"})
        found["with"] += compared(trials, clusters)["p_value"] < 0.05
        found["without"] += compared(trials, people)["p_value"] < 0.05
        events = np.bincount(trials.person, trials.score >= 0).reshape(2, PAIRS)
        found["paired"] += stats.ttest_rel(*events).pvalue < 0.05
    assert found["paired"] >= 6
    assert found["with"] >= 0.6 * found["paired"] > 2 * found["without"]


def test_the_correlation_is_that_of_the_sums_of_clusters():
    trials, people = twins(np.random.default_rng(2))
    clusters = people.rename(columns={"pair": "cluster_id"})
    a, b = np.bincount(trials.person, trials.score >= 0).reshape(2, PAIRS)
    joint, alone = compared(trials, clusters), compared(trials, people)
    # Of one pass each twin, nobody has more than another: the ordinary variance of a mean.
    variance = np.var(a - a.mean(), ddof=1), np.var(b - b.mean(), ddof=1)
    r = np.sum((a - a.mean()) * (b - b.mean())) / (PAIRS - 1) / np.sqrt(np.prod(variance))
    assert r > 0.5
    width = np.log(joint["ratio_upper"] / joint["ratio_lower"])
    assert width < np.log(alone["ratio_upper"] / alone["ratio_lower"]) * np.sqrt(1 - 0.8 * r)
    assert joint["ratio"] == pytest.approx(alone["ratio"])


def test_clusters_within_groups_have_no_correlation():
    trials, people = twins(np.random.default_rng(3))
    within = people.assign(cluster_id=np.arange(2 * PAIRS) // 2)
    assert compared(trials, within)["p_value"] > 0
    alone = compared(trials, people)["ratio_upper"]
    assert compared(trials, within)["ratio_upper"] == pytest.approx(alone, rel=0.3)


def test_a_rest_of_groups_with_clusters_in_common_is_no_surer_than_its_clusters():
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(3 * PAIRS), PASSES)
    tendency = 0.9 * rng.normal(size=PAIRS)[person % PAIRS]
    score = tendency + 0.44 * rng.normal(size=len(person)) + stats.norm.ppf(0.06)
    trials = PersonTrials("FPIR", 3 * PAIRS, person, score.astype(np.float32), True, 1000)
    everybody = np.arange(3 * PAIRS)
    people = pd.DataFrame({"g": (everybody // PAIRS).astype(str), "cluster_id": everybody % PAIRS})
    plan = Plan(factors=("g",), primary_thresholds=(0.0,), reference_groups={"g": "0"})
    found = finding_table([trials], people, [0.0], plan)
    row = found[(found["group_a"] == "2") & (found["group_b"] == "rest")].iloc[0]
    one, two, three = np.bincount(person, score >= 0).reshape(3, PAIRS) / PASSES
    error = np.std(three - (one + two) / 2, ddof=1) / np.sqrt(PAIRS)
    assert row["difference_upper"] - row["difference_lower"] > 2 * 1.6 * error
