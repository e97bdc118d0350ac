"""Scores of groups in numbers, against NumPy on the same scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.trials import group_people
from lfr_eval.inference import group_score_table, score_difference_table, score_summary_table
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.score_differences import MATED, NON_MATED, ScoreKind
from lfr_eval.inference.score_summary import decidability

PEOPLE = 60


@pytest.fixture
def people() -> pd.DataFrame:
    gender = ["female"] * 30 + ["male"] * 27 + ["other"] * 3
    return pd.DataFrame({"gender": gender}, index=[f"p{i}" for i in range(PEOPLE)])


@pytest.fixture
def kinds() -> list[ScoreKind]:
    rng = np.random.default_rng(7)
    own = np.repeat(np.arange(PEOPLE), 8)
    first, second = np.triu_indices(PEOPLE, 1)
    others = rng.normal(0.1, 0.1, len(first)) + 0.05 * (first < 30)
    return [
        ScoreKind(MATED, own, own, rng.normal(0.8, 0.05, len(own))),
        ScoreKind(NON_MATED, first, second, others),
    ]


def test_each_number_is_that_of_numpy(people: pd.DataFrame, kinds: list[ScoreKind]) -> None:
    table = score_summary_table(kinds, people, ["gender"]).set_index("group")
    mated, non_mated = kinds
    female = np.arange(30)
    own = mated.score[np.isin(mated.first, female)]
    pairs = np.isin(non_mated.first, female) & np.isin(non_mated.second, female)
    other = non_mated.score[pairs]
    row = table.loc["female"]
    assert (row["mated_scores"], row["non_mated_scores"]) == (240, 435)
    assert (row["mated_people"], row["non_mated_people"]) == (30, 30)
    for column, value in {
        "mated_mean": own.mean(),
        "mated_sd": own.std(),
        "mated_q5": np.quantile(own, 0.05),
        "non_mated_mean": other.mean(),
        "d_prime": (own.mean() - other.mean()) / np.sqrt((own.var() + other.var()) / 2),
    }.items():
        assert row[column] == pytest.approx(value), column
    # 1 in 100 of 240 scores are too few to say where that quantile lies.
    assert np.isnan(row["mated_q1"])
    assert table.loc["everybody", "non_mated_scores"] == len(non_mated.score)


def test_few_people_have_counts_and_no_numbers(
    people: pd.DataFrame, kinds: list[ScoreKind]
) -> None:
    row = score_summary_table(kinds, people, ["gender"]).set_index("group").loc["other"]
    assert row["mated_people"] == 3
    assert row[["mated_mean", "non_mated_mean", "d_prime"]].isna().all()
    assert "other" not in set(group_score_table(kinds, people, ["gender"])["group"])


def test_bins_hold_every_score_of_a_group(people: pd.DataFrame, kinds: list[ScoreKind]) -> None:
    table = group_score_table(kinds, people, ["gender", "gender x gender"])
    counts = table.groupby(["kind", "group"])["count"].sum()
    within = kinds[1].within(group_people(people, "gender"))
    names = group_people(people, "gender").names
    for name, scores in zip(names, within, strict=True):
        if name != "other":
            assert counts[NON_MATED, name] == len(scores.score)
    assert counts[MATED, "everybody"] == len(kinds[0].score)
    assert (table["upper"] > table["lower"]).all()


def test_means_are_those_that_are_compared(people: pd.DataFrame, kinds: list[ScoreKind]) -> None:
    plan = Plan(factors=("gender",), reference_groups={"gender": "male"})
    compared = score_difference_table(kinds, people, plan)
    compared = compared[(compared["statistic"] == "mean") & (compared["group_a"] == "female")]
    value = compared.set_index("kind")["value_a"]
    row = score_summary_table(kinds, people, ["gender"]).set_index("group").loc["female"]
    assert value[MATED] == pytest.approx(row["mated_mean"])
    assert value[NON_MATED] == pytest.approx(row["non_mated_mean"])


def test_scores_that_do_not_vary_have_no_d_prime() -> None:
    assert np.isnan(decidability(np.ones(3), np.ones(3)))


def test_nothing_in_nothing_out(people: pd.DataFrame) -> None:
    assert score_summary_table([], people, ["gender"]).empty
    assert group_score_table([], people, ["gender"]).empty
