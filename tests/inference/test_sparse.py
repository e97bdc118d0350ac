"""Strata with one person of a group, such as matched pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.trials import PairTrials, PersonTrials, condition_of
from lfr_eval.inference import Plan, adjusted_table, finding_table
from lfr_eval.inference.cells import Cells
from lfr_eval.inference.sparse import ONE_UNIT, with_few_people

from .builders import pairs_of

INTERVAL = ["ratio", "ratio_lower", "ratio_upper", "p_value", "difference_lower"]


def matched(pairs: int, seed: int) -> tuple[PersonTrials, pd.DataFrame]:
    """Pairs of a woman and a man who pass ten times each, at a camera of their own."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(2 * pairs), 10)
    site = np.array([f"site {one}" for one in np.arange(2 * pairs) % pairs])
    chance = rng.beta(0.3, 0.7, 2 * pairs)
    happened = (rng.random(len(person)) < chance[person]).astype(np.float32)
    trials = PersonTrials(
        "FPIR", 2 * pairs, person, happened, True, 100,
        conditions=(condition_of("camera", pd.Series(site[person])),),
    )  # fmt: skip
    gender = np.repeat(["female", "male"], pairs)
    return trials, pd.DataFrame({"gender": gender, "site": site})


@pytest.mark.parametrize("strata", ["site", "camera"])
def test_pairs_of_people_are_no_more_certain_than_people(strata: str) -> None:
    trials, people = matched(40, 1)
    plain = Plan(factors=("gender",), primary_thresholds=(0.5,))
    within = Plan(factors=("gender",), primary_thresholds=(0.5,), strata=(strata,))
    # All have as many passes, so that pairs weigh alike, and both rates are the plain ones.
    one, other = (
        pairs_of(finding_table([trials], people, [0.5], plan))[INTERVAL].iloc[0]
        for plan in (plain, within)
    )
    assert other.to_numpy(float) == pytest.approx(one.to_numpy(float), rel=1e-9)


def test_a_person_who_passes_two_cameras_is_one_person_within_a_stratum() -> None:
    alone, people = matched(40, 1)
    two = pd.Series(np.tile(["north", "south"], len(alone.person) // 2))
    trials = replace(alone, conditions=(condition_of("camera", two),))
    one, other = (
        pairs_of(
            finding_table(
                [trials],
                people,
                [0.5],
                Plan(factors=("gender",), primary_thresholds=(0.5,), strata=strata),
            )
        )[INTERVAL].iloc[0]
        for strata in ((), ("site", "camera"))
    )
    assert other.to_numpy(float) == pytest.approx(one.to_numpy(float), rel=1e-9)


def test_people_who_all_have_the_same_rate_have_a_binomial_variance() -> None:
    ten = np.full((4, 1), 10.0)
    cells = Cells(np.ones((4, 1)), ten, np.zeros((4, 1)), np.ones((4, 1)))
    found = with_few_people(cells, np.ones(4), groups=2, few=ONE_UNIT)
    assert found.variance == pytest.approx(0.1 * 0.9 / ten)


def test_combinations_of_one_person_do_not_make_an_adjusted_ratio_certain() -> None:
    trials, people = matched(40, 1)
    plan = Plan(factors=("gender",), primary_thresholds=(0.5,), adjust=("site",))
    row = adjusted_table([trials], people, [0.5], plan).iloc[0]
    assert row["adjusted_ratio"] == pytest.approx(row["ratio"])
    wide, as_seen = (
        np.log(row[f"{name}_upper"] / row[f"{name}_lower"]) for name in ("adjusted", "ratio")
    )
    assert wide == pytest.approx(as_seen, rel=0.05)


def test_comparisons_of_two_people_are_one_unit() -> None:
    """Both people of a stratum have five images, all of which match, or none."""
    strata, images = 40, 5
    people = pd.DataFrame(
        {"gender": np.repeat(["female", "male"], 2 * strata),
         "site": np.tile(np.repeat(np.arange(strata), 2), 2).astype(str)}
    )  # fmt: skip
    first = np.concatenate([2 * np.arange(14), 2 * strata + 2 * np.arange(8)])
    count = np.full(len(people), images)
    hits = np.repeat(first, images**2)
    score = np.ones(len(hits), np.float32)
    trials = PairTrials(len(people), hits, hits + 1, score, 0.5, count, count, count)
    plan = Plan(factors=("gender",), primary_thresholds=(0.9,), strata=("site",))
    table = finding_table([trials], people, [0.9], plan)
    row = table[table["group_a"] != "*"].iloc[0]
    # 14 of 40 pairs against 8: as independent comparisons 350 against 200 would differ.
    assert row["ratio"] in (pytest.approx(14 / 8), pytest.approx(8 / 14))
    assert row["verdict"] == "inconclusive"
    assert row["p_value"] > 0.1
