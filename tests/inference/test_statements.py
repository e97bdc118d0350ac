"""The sentences that may be quoted, word for word."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.trials import PairTrials, PersonTrials
from lfr_eval.contract.words import RANDOM, one_in, percentage, threshold_text
from lfr_eval.inference import Plan, finding_table, rate_table
from lfr_eval.inference.comparison_rows import finding_ids
from lfr_eval.inference.rate_statements import rate_statement
from lfr_eval.inference.statements import Finding, Sides, statement

from .builders import labels, random_persons

FINDING = Finding(
    metric="FPIR",
    threshold=0.6,
    watchlist_size=10_000,
    factor="ethnicity",
    group_a="Black",
    group_b="White",
    rate_a=0.00051,
    rate_b=0.000165,
    ratio=3.09,
    ratio_lower=1.4,
    ratio_upper=7.0,
    level=0.95,
    p_value=0.004,
    p_adjusted=0.012,
    p_equivalence=0.99,
    margin=1.25,
    alpha=0.05,
    verdict="different",
    primary=True,
    people_a=21,
    exposed_a=133,
    people_b=7,
    exposed_b=133,
    bound_a=0.0002,
    bound_b=0.0002,
)
START = "At threshold 0.60 and with this watchlist of 10,000, "


def say(**changes):
    return statement(dataclasses.replace(FINDING, **changes))


def test_different():
    assert say() == (
        START + "Black people had false alerts 3.1 times as often as White people (95 % "
        "interval 1.4 to 7; 1 in 1,960 against 1 in 6,060 passes; 21 of 133 people against 7 of "
        "133); "
        "the difference is significant after adjustment (p = 0.012)."
    )


def test_misses_that_were_not_acquired_are_told_apart():
    told = " In 79.1 % and 5 % of these misses no face was acquired, so nothing was compared."
    assert say(metric="FNIR", unacquired=(0.791, 0.05)).endswith(told)
    assert told[:5] not in say(metric="FNIR", unacquired=(0.09, 0.05))
    assert say(metric="FNIR", verdict="untestable", unacquired=(1.0, 1.0)).endswith("rate.")


def test_one_person_in_most_comparisons_is_told():
    told = " One person takes part in 34 % of the comparisons of White people, so this rests on"
    said = say(metric="FMR", watchlist_size=None, heaviest=(math.nan, 0.34))
    assert said.endswith(told + " few people.")


def test_unacquired_misses_and_heavy_people_are_found():
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(40), 10)
    acquired = (person < 20) | (rng.random(400) > 0.2)
    score = np.where(acquired, rng.normal(2, 1, 400), -np.inf).astype(np.float32)
    misses = PersonTrials("FNIR", 40, person, score, False, 100, acquired=acquired)
    people = pd.DataFrame({"group": np.repeat(["a", "b"], 20)})
    plan = Plan(factors=("group",), primary_thresholds=(0.0,), reference_groups={"group": "a"})
    row = finding_table([misses], people, [0.0], plan).iloc[-1]
    missed = (score < 0) & (person >= 20)
    share = percentage(np.count_nonzero(missed & ~acquired) / np.count_nonzero(missed))
    assert f" In {share} and 0 % of these misses" in row["statement"]
    images = np.where(np.arange(20) == 0, 30, 2)
    first, second = np.triu_indices(20, 1)
    hit = rng.random(190) < 0.3
    ends = [np.concatenate([one[hit], one[hit] + 20]) for one in (first, second)]
    both = np.concatenate([np.full(20, 2), images])
    pairs = PairTrials(40, *ends, np.ones(len(ends[0]), np.float32), 0.0, both, both, both)
    row = finding_table([pairs], people, [0.0], plan).iloc[-1]
    total = images.sum() ** 2 - np.sum(images**2)
    share = percentage(2 * 30 * (images.sum() - 30) / total)
    assert (
        f" One person takes part in {share} of the comparisons of people in group b"
        in row["statement"]
    )


def test_different_but_within_the_margin():
    sentence = say(ratio=1.1, ratio_lower=1.05, ratio_upper=1.16, p_equivalence=0.001)
    assert sentence.endswith(
        "the difference is significant after adjustment (p = 0.012). The difference is "
        "nevertheless within the margin of 1.25."
    )


def test_equivalent():
    assert say(
        verdict="equivalent", ratio=1.02, ratio_lower=0.9, ratio_upper=1.15, p_equivalence=0.003
    ) == (
        START + "Black people had false alerts 1.02 times as often as White people (95 % "
        "interval 0.9 to 1.15; 1 in 1,960 against 1 in 6,060 passes; 21 of 133 people against 7 of "
        "133); "
        "the rates are equivalent within the margin of 1.25 (equivalence p = 0.003)."
    )


def test_inconclusive_says_what_remains_possible():
    start = "; this neither shows a difference (p = 0.21 after adjustment) nor rules one out. "
    for lower, upper, words in (
        (0.4, 8.0, "Anything from 0.4 to 8 times as often remains possible."),
        (0.0, 8.0, "Anything up to 8 times as often remains possible."),
        (0.4, np.inf, "Any ratio from 0.4 upwards remains possible."),
        (0.0, np.inf, "No ratio of the two rates can be ruled out."),
    ):
        said = say(verdict="inconclusive", p_adjusted=0.21, ratio_lower=lower, ratio_upper=upper)
        assert said.endswith(start + words)


def test_too_little_is_not_called_nothing():
    assert say(verdict="untestable", people_a=1, people_b=0) == (
        START + "too little was seen to compare Black people (1 of 133 people) with White "
        "people (0 of 133). A comparison needs at least 6 people on each side, 6 events in all, "
        "and 3 people with an event in the group with the higher rate."
    )


def test_a_claim_that_few_people_decide_says_so():
    assert say(fragility=2).endswith(
        "This rests on 2 people: without their false alerts, no difference would be shown."
    )
    assert "rests on" not in say(fragility=12)


def test_untestable_gives_the_bounds():
    assert say(verdict="untestable", rate_a=0.0, rate_b=0.0, p_value=np.nan, people_a=0,
               people_b=0) == (
        START + "no false alert was seen among 133 Black people or 133 White people, so their "
        "rates cannot be compared. The rates may still be as high as 1 in 5,000 and 1 in 5,000 "
        "passes (95 % confidence each)."
    )  # fmt: skip


def test_untestable_without_trials():
    assert say(verdict="untestable", exposed_b=0) == (
        START + "Black people and White people cannot be compared: there was no trial of White "
        "people."
    )


DEEDS = {
    "FMR": "were falsely matched with one another",
    "FNMR": "were not matched with themselves",
    "FPIR": "had false alerts",
    "FNIR": "were missed by the watchlist search",
    "TPIR": "were correctly identified",
    "misidentification": "were named as somebody else",
    "FTA": "could not be acquired",
    "FTE": "could not be enrolled",
}
UNITS = {"FMR": "comparisons", "FNMR": "comparisons", "FTE": "reference images"}
ENDS = {
    "different": "; the difference is significant after adjustment (p = 0.012).",
    "equivalent": "; the rates are equivalent within the margin of 1.25 (equivalence p = 0.99).",
    "inconclusive": "; this neither shows a difference (p = 0.012 after adjustment) nor rules one "
    "out. The interval leaves out equal rates but does not allow for the number of comparisons "
    "made, so equal rates remain possible.",
}


@pytest.mark.parametrize("metric", DEEDS)
@pytest.mark.parametrize("verdict", ENDS)
def test_every_verdict_of_every_metric(metric, verdict):
    rates = "0.051 % against 0.0165 % of" if metric == "TPIR" else "1 in 1,960 against 1 in 6,060"
    rates += " " + UNITS.get(metric, "passes")
    assert say(metric=metric, verdict=verdict) == (
        f"{START}Black people {DEEDS[metric]} 3.1 times as often as White people (95 % interval "
        f"1.4 to 7; {rates}; 21 of 133 people against 7 of 133){ENDS[verdict]}"
    )


NONE = {
    "FMR": "false match",
    "FNMR": "false non-match",
    "FPIR": "false alert",
    "FNIR": "missed identification",
    "TPIR": "correct identification",
    "misidentification": "wrong name",
    "FTA": "failure to acquire",
    "FTE": "failure to enrol",
}


@pytest.mark.parametrize("metric", DEEDS)
@pytest.mark.parametrize("verdict", ENDS)
def test_one_side_without_events_of_every_metric(metric, verdict):
    """Each side has its own figures in its own clause: none can be read as the other's."""
    deed, event, success = DEEDS[metric], NONE[metric], metric == "TPIR"
    unit = UNITS.get(metric, "passes")
    below = "0.02 % of" if success else "1 in 5,000"
    none = (
        f"no {event} was seen for {{}} (0 of 133 people; the rate is below {below} {unit}, "
        "95 % confidence)"
    )
    black = f"Black people {deed} ({'0.051 % of' if success else '1 in 1,960'} {unit}; "
    white = f"White people {deed} ({'0.0165 % of' if success else '1 in 6,060'} {unit}; "
    chance = f"; allowing for chance, Black people {deed} "
    changes = {"metric": metric, "verdict": verdict}
    assert say(rate_b=0.0, ratio=np.inf, ratio_lower=2.2, ratio_upper=np.inf, people_b=0,
               **changes) == (
        f"{START}{black}21 of 133 people), but {none.format('White people')}{chance}at least 2.2 "
        f"times as often as White people (95 % interval){ENDS[verdict]}"
    )  # fmt: skip
    assert say(rate_a=0.0, ratio=0.0, ratio_lower=0.0, ratio_upper=0.45, people_a=0, **changes) == (
        f"{START}{none.format('Black people')}, but {white}7 of 133 people){chance}at most 0.45 "
        f"times as often as White people (95 % interval){ENDS[verdict]}"
    )


def test_one_side_without_events_and_an_interval_that_says_nothing():
    said = say(rate_a=0.0, ratio=0.0, ratio_lower=0.0, ratio_upper=np.inf, people_a=0,
               verdict="inconclusive", bound_a=np.nan)  # fmt: skip
    assert said == (
        f"{START}no false alert was seen for Black people (0 of 133 people), but White people had "
        "false alerts (1 in 6,060 passes; 7 of 133 people); this neither shows a difference "
        "(p = 0.012 after adjustment) nor rules one out. No ratio of the two rates can be ruled "
        "out."
    )


def test_passes_without_events_are_no_people():
    sides = Sides("passes with camera north", "passes with camera south", True, "of one person")
    assert say(rate_a=0.0, ratio=0.0, ratio_lower=0.0, ratio_upper=0.45, people_a=0,
               sides=sides).startswith(
        f"{START}no false alert was seen in passes with camera north (0 of 133 people; the rate is "
        "below 1 in 5,000 passes, 95 % confidence), but passes with camera south set off false "
        "alerts, of one person (1 in 6,060 passes; 7 of 133 people);"
    )  # fmt: skip


@pytest.mark.parametrize("metric", DEEDS)
def test_too_little_of_every_metric(metric):
    fewest = 4 if metric == "FMR" else 3
    assert say(metric=metric, verdict="untestable") == (
        f"{START}too little was seen to compare Black people (21 of 133 people) with White people "
        "(7 of 133). A comparison needs at least 6 people on each side, 6 events in all, and "
        f"{fewest} people with an event in the group with the higher rate."
    )


def test_a_metric_without_threshold_or_watchlist():
    sentence = say(metric="FTA", threshold=np.nan, watchlist_size=None)
    assert sentence.startswith("In this study, Black people could not be acquired")


def test_omnibus():
    assert say(group_a="*", group_b="*") == (
        START + "false alert rates differed between groups by ethnicity (p = 0.012 after "
        "adjustment)."
    )
    assert say(group_a="*", group_b="*", verdict="inconclusive", p_adjusted=0.4) == (
        START + "a difference in false alert rates between groups by ethnicity was not shown (p = "
        "0.4 after adjustment), which is not evidence that there is none."
    )


def test_a_claim_about_other_watchlists_says_so():
    sentence = say(holds_for=RANDOM)
    assert sentence.startswith(
        "At threshold 0.60 and with watchlists of 10,000 like this one, Black people had"
    )
    assert sentence.endswith(say().removeprefix(START))


@pytest.mark.parametrize(("metric", "watchlist", "where", "over"), [
    ("FPIR", "fixed", "this watchlist of 500", "for this watchlist; variance over people"),
    ("FPIR", "random", "watchlists of 500 like this one",
     "for watchlists like this one; variance over people and references"),
    ("FNIR", "random", "this watchlist of 500", "for this watchlist; variance over people"),
])  # fmt: skip
def test_tables_say_for_which_watchlists_they_hold(metric, watchlist, where, over):
    plan = Plan(factors=("gender",), watchlist=watchlist)
    trials, people = [random_persons(60, metric=metric)], labels(60)
    findings = finding_table(trials, people, [0.2], plan)
    assert findings["statement"].str.startswith(f"At threshold 0.20 and with {where}, ").all()
    assert findings["absolute_statement"].dropna().str.contains(f"with {where}, ").all()
    assert findings["test"].str.endswith(over).all()
    rates = rate_table(trials, people, ["gender"], [0.2], plan)
    assert all(f"with {where}, " in rate_statement(row) for row in rates.to_dict("records"))


def test_the_rest_strata_and_exploration_are_named():
    sentence = say(group_b="rest", controls=("age_band", "camera"), primary=False)
    assert "as often as all other people, among people alike in age band and camera" in sentence
    assert sentence.endswith(" (Exploratory.)")


def test_conditions_and_what_is_not_controlled_for_are_named():
    sentence = say(controls=("age_band",), conditions=("camera", "session_id"))
    assert (
        "as often as White people, among people alike in age band, with the same camera and "
        "session id (95 % interval"
    ) in sentence
    sentence = say(uncontrolled=("camera",), primary=False)
    assert sentence.endswith("(p = 0.012). (Not controlled for camera.) (Exploratory.)")


def test_groups_of_intersections_read_as_plain_words():
    sentence = say(group_a="female x east_asian", group_b="male x black")
    assert sentence.startswith(
        START + "East Asian women had false alerts 3.1 times as often as Black men (95 % interval"
    )
    assert "133 East Asian women or 133 Black men" in say(
        group_a="female x east_asian", group_b="male x black", verdict="untestable",
        rate_a=0.0, rate_b=0.0, people_a=0, people_b=0,
    )  # fmt: skip


def test_small_numbers_are_never_zero():
    assert one_in(1.3e-7) == "1 in 7.69 million"
    assert one_in(0.5) == "1 in 2"
    assert one_in(0.991) == "99.1 %"
    assert "(p = 0.0001)" in say(p_adjusted=0.0001)
    assert threshold_text(0.491) == "0.491"


def test_every_comparison_has_a_name_of_its_own() -> None:
    base = {"metric": "FPIR", "watchlist_size": 1000, "factor": "ethnicity"}
    thresholds = [-0.2, 0.2, 2e-7, 4e-7, 0.123456789, 0.123456788, 1_000_000.0]
    groups = ["Black", "East Asian", "Ä", "Ö", "日本", "中国", "Ελλάδα"]
    names = [
        name
        for one in groups
        for name in finding_ids({**base, "threshold": thresholds}, one, "rest")
    ]
    assert len(set(names)) == len(groups) * len(thresholds)
    assert names[1] == "fpir-n1000-t0.20-ethnicity-black-vs-rest"
    assert "_" not in finding_ids({**base, "threshold": [0.6]}, "east_asian", "*")[0]


def test_groups_that_differ_in_a_sign_do_not_share_a_finding() -> None:
    sites = pd.DataFrame({"site": np.array(["a b", "a_b", "a-b", "c"])[np.arange(40) % 4]})
    score = np.random.default_rng(0).normal(size=40)
    trials = PersonTrials("FPIR", 40, np.arange(40), score, True, 100)
    plan = Plan(factors=("site",), reference_groups={"site": "c"})
    alike = finding_table([trials], sites, [0.0, 0.5], plan)
    assert alike["finding_id"].is_unique
    assert set(finding_table([trials], sites, [0.5], plan)["finding_id"]) < set(alike["finding_id"])
    ordinary = ["fpir-n100-t0.00-site-omnibus", "fpir-n100-t0.00-site-c-vs-rest"]
    assert set(ordinary) < set(alike["finding_id"])
    told = sites.replace({"a_b": "d", "a-b": "e"})
    named = finding_table([trials], told, [0.0], plan)["finding_id"].tolist()
    assert named[:2] == ["fpir-n100-t0.00-site-omnibus", "fpir-n100-t0.00-site-a-b-vs-c"]
    assert all(len(name) <= len(ordinary[0]) + 6 for name in named)
