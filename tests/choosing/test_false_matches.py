"""Limits on FMR, of everybody and within the worst group, weighed as brute force counts them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.contract.trials import PairTrials
from lfr_eval.finished.choosing.answer import factors_of
from lfr_eval.finished.choosing.choice import choose, regions
from lfr_eval.finished.choosing.constraints import read_constraints
from lfr_eval.finished.choosing.sample import Sample, halves
from lfr_eval.finished.choosing.weighing import weigh
from lfr_eval.finished.choosing.words import reason
from tests.choosing.samples import THRESHOLDS, sample, walk_past

LIMITS = ConstraintsConfig(factors=["gender"], max_fmr=0.05, max_fmr_worst_group=0.1)


@pytest.fixture(scope="module")
def compared() -> Sample:
    drawn = sample(walk_past(people=60), 3, watchlist="fixed")
    people = len(drawn.people)
    first, second = np.triu_indices(people, 1)
    alike = drawn.people["gender"].to_numpy(str)
    same = alike[first] == alike[second]
    score = np.random.default_rng(1).normal(0.3 + 0.05 * same, 0.1).astype(np.float32)
    kept, one = score >= THRESHOLDS[0], np.ones(people, int)
    return replace(
        drawn,
        matches=PairTrials(
            people, first[kept], second[kept], score[kept], THRESHOLDS[0], one, one, one
        ),
    )


def rate(of: Sample, threshold: float, members: np.ndarray) -> float:
    assert of.matches is not None
    trials = of.matches
    reached = trials.score >= np.float32(threshold)
    pairs = set(zip(trials.first[reached], trials.second[reached], strict=True))
    every = list(combinations(np.flatnonzero(members), 2))
    return sum(pair in pairs for pair in every) / len(every)


def test_limits_hold_for_everybody_and_for_the_worst_group(compared: Sample) -> None:
    points = weigh(compared, LIMITS)
    assert set(points["constraint"]) == {"FMR", "FMR within groups"}
    gender = compared.people["gender"].to_numpy(str)
    for threshold in THRESHOLDS[::6]:
        rows = points[points["threshold"] == threshold].set_index("constraint")
        whole, worst = rows.loc["FMR"], rows.loc["FMR within groups"]
        assert whole["estimate"] == pytest.approx(rate(compared, threshold, gender != ""))
        assert worst["estimate"] == pytest.approx(
            rate(compared, threshold, gender == worst["group"])
        )
        rates = [rate(compared, threshold, gender == one) for one in np.unique(gender)]
        assert bool(worst["estimate_met"]) == (max(rates) <= 0.1)
        assert bool(whole["met"]) == (whole["bound"] <= 0.05)
    chosen = choose(points)
    assert chosen is not None
    later = points[points["threshold"] >= chosen]
    assert later["met"].all()
    before = points[np.isclose(points["threshold"], chosen - 0.02)]
    assert not before["met"].all()


def test_people_without_a_label_are_no_group_that_must_keep_to_a_limit(compared: Sample) -> None:
    gender = compared.people["gender"].to_numpy(object).copy()
    gender[:3] = [None, "prefer not to say", None]
    own = replace(compared, people=compared.people.assign(gender=gender))
    limits = replace(LIMITS, factors=["overall", "gender"], max_fpir=0.1)
    points = weigh(own, limits)
    assert set(points["group"]) <= {"everybody", "female", "male"}
    worst = points[points["constraint"] == "FMR within groups"].set_index("threshold")["estimate"]
    for threshold in THRESHOLDS[::6]:
        groups = [gender == one for one in ("female", "male")]
        rates = [rate(own, threshold, np.asarray(one)) for one in [*groups, gender != ""]]
        assert worst[threshold] in [pytest.approx(one) for one in rates]


@pytest.mark.parametrize(
    "limit", [{"max_fpir": 0.9}, {"max_fmr_worst_group": 0.9}, {"min_tpir": 0.01}]
)
def test_a_half_in_which_nobody_told_a_label_keeps_to_no_limit(
    compared: Sample, limit: dict[str, float]
) -> None:
    gender = compared.people["gender"].to_numpy(object).copy()
    choosing = np.arange(len(gender)) % 2 == 0
    gender[choosing] = "prefer not to say"
    own = replace(compared, people=compared.people.assign(gender=gender))
    # Another factor with groups does not answer for this one.
    limits = ConstraintsConfig(factors=["gender", "ethnicity"], **limit)
    points = weigh(own.of(choosing, "choosing"), limits)
    assert not points["met"].any()
    assert set(points["factor"]) == {"gender"}
    assert choose(points) is None
    said = [reason(region) for region in regions(points)]
    assert all("too few groups by gender have trials" in one for one in said)
    assert weigh(own.of(~choosing, "reporting"), limits)["met"].any()


def test_those_who_choose_keep_their_comparisons(compared: Sample) -> None:
    choosing, reporting = halves(compared, 0.5, 1)
    for part in (choosing, reporting):
        assert part.matches is not None
        assert part.matches.people == len(part.people)


def test_a_study_without_comparisons_is_refused(compared: Sample) -> None:
    for key in ("max_fmr", "max_fmr_worst_group"):
        limits = ConstraintsConfig(factors=["gender"], **{key: 0.01})
        with pytest.raises(ConfigError, match=f"{key}=0.01 has no evidence"):
            weigh(replace(compared, matches=None), limits)


def test_rates_may_be_written_as_fractions() -> None:
    read = read_constraints(["max_fmr=1/10000", "max_fmr_worst_group=1/1000"])
    assert (read.max_fmr, read.max_fmr_worst_group) == (0.0001, 0.001)


def test_limits_are_for_the_groups_that_the_study_compares(compared: Sample) -> None:
    people = compared.people.assign(skin=compared.people["gender"], ethnicity=None)
    plan = replace(compared.plan, factors=("skin", "gender x skin"))
    own = replace(compared, people=people, plan=plan)
    assert factors_of(own, ConstraintsConfig().factors) == ["overall", "skin"]
    assert factors_of(own, ["overall", "gender"]) == ["overall", "gender"]
    with pytest.raises(ConfigError, match=r"names ethnicity, for which nobody .* compares skin\."):
        factors_of(own, ["overall", "ethnicity", "skin"])
