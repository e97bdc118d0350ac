"""What the brief says of a difference, and of none that was shown."""

from __future__ import annotations

import dataclasses
import re

import pytest

from lfr_eval.report.brief import to_brief
from lfr_eval.report.findings import OMNIBUS
from lfr_eval.report.model import Report
from lfr_eval.report.people import LabelSource
from lfr_eval.report.rates import quote
from tests.report.briefs import FINDING, IN_USE, of, told
from tests.report.test_rates import rate


@pytest.mark.parametrize(
    ("people", "said"), [(1, "1 person"), (4, "4 people"), (6, ""), (None, "")]
)
def test_a_difference_that_rests_on_few_people_says_so(
    report: Report, people: int | None, said: str
) -> None:
    lead = told(report, of("different", fragility=people))[0]

    assert ("rests on" in lead) == bool(said)
    assert not said or f"This rests on {said}: without their false alerts, no difference" in lead


def test_a_difference_names_the_groups_the_people_and_the_interval(report: Report) -> None:
    assert told(report, of("different", level=0.995))[0] == (
        f"{IN_USE}, Black people set off a false alert in 40 of 1,000 passes (1 in 25), White "
        "people in 10 of 1,000 (1 in 100): 4 times as often. Allowing for chance, the true figure "
        "is between 1.6 and 11 times (99.5 % range, stricter than the usual 95 % range because the "
        "study made several comparisons). It happened to 32 of 100 people, against 3 of 100."
    )


def test_the_counts_before_the_interval_make_the_ratio(report: Report) -> None:
    said = told(report, FINDING)[0]
    found = re.search(
        r"alert in (\d+) of ([\d,]+) .*? in (\d+) of ([\d,]+) .*?: ([\d.]+) times", said
    )
    assert found
    a, of_a, b, of_b, times = (float(each.replace(",", "")) for each in found.groups())
    assert (a / of_a) / (b / of_b) == pytest.approx(times)


def test_counts_that_do_not_make_the_ratio_are_not_told(report: Report) -> None:
    said = told(report, of("different", rate_a=0.05, rate_b=0.0125))[0]
    assert "in 1 in 20 passes, White people in 1 in 80: 4 times as often. " in said


def test_the_meaning_of_an_interval_is_told_once(report: Report) -> None:
    facts = dict(to_brief(report).facts)
    assert (
        "95 % ranges: in 95 of 100 such studies, such a range contains the true figure."
        in (facts["Ranges"])
    )


def test_the_group_with_more_errors_comes_first(report: Report) -> None:
    turned = of(
        "different", "white", group_b="black", rate_a=0.01, rate_b=0.04, ratio=0.25,
        ratio_lower=1 / 10.01, ratio_upper=1 / 1.6041,
    )  # fmt: skip
    assert told(report, turned)[0] == told(report, FINDING)[0]


def test_a_difference_from_none_is_a_bound(report: Report) -> None:
    silent = of("different", rate_b=0.0, ratio=None, ratio_lower=2.0, ratio_upper=float("inf"))
    assert told(report, silent, none=True)[0] == (
        f"{IN_USE}, Black people set off a false alert in 40 of 1,000 passes (1 in 25), White "
        "people in none of 1,000 (the true rate is at most 1 in 100). "
        "Allowing for chance, it happens at least 2 times as often. It happened to 32 of 100 "
        "people, against 0 of 100."
    )


def test_errors_beside_none_are_told_with_what_they_are_of(report: Report) -> None:
    silent = of("inconclusive", rate_b=0.0, ratio=None, ratio_lower=0.5, ratio_upper=float("inf"))
    assert (
        "Black people set off false alerts more often than White people, 40 of 1,000 passes "
        "against none of 1,000 (without an upper limit, or up to 2 times the other way round)."
    ) in " ".join(told(report, silent, none=True))


MISSED = "missed in 40 of 1,000 tries (1 in 25), White people in 10 of 1,000 (1 in 100): 4 times"


@pytest.mark.parametrize("alike", [True, False])
def test_a_difference_of_any_kind_is_the_main_point(report: Report, alike: bool) -> None:
    alerts = [of("inconclusive", ratio_lower=0.5)] if alike else []
    found = (*alerts, of("different", metric="FNIR"))
    first, second, third = told(report, *found)
    assert first.startswith(f"{IN_USE}, Black people were {MISSED} as often. Allowing for chance")
    assert "The other error is to miss somebody" in third
    assert MISSED not in third
    assert (
        "No difference in false alerts was shown between White and Black people" in second
    ) is alike


@pytest.mark.parametrize("verdict", ["inconclusive", "untestable", "equivalent"])
def test_groups_that_are_compared_by_two_factors_alone_have_an_answer(
    report: Report, verdict: str
) -> None:
    both = {"factor": "gender x ethnicity", "group_b": "male x white"}
    kinds = {"FPIR": "false alerts", "FNIR": "missed people"}
    found = [of(verdict, "female x black", metric=metric, **both) for metric in kinds]
    said = " ".join(told(report, *found)).lower()
    for thing in kinds.values():
        assert (
            f"no difference in {thing} was shown between groups by gender and ethnicity together, "
            "but that does not mean that there is none."
        ) in said


def test_the_widest_gap_by_two_factors_has_its_range_and_its_people(report: Report) -> None:
    """Without a difference by one factor it is the main point."""
    both = {"factor": "gender x ethnicity", "group_b": "male x white", "fragility": 2}
    wide = of("different", "female x black", **both, level=0.99)
    alike = of("inconclusive", ratio_lower=0.5)
    said = told(report, alike, wide, of("inconclusive", "male x black", **both))[0]
    assert said.startswith(
        f"{IN_USE}, by gender and ethnicity together, 1 of 2 pairs of groups differs; the widest "
        "gap: Black women set off a false alert in 1 in 25 passes, White men in 1 in 100: 4 times "
        "as often. Allowing for chance, the true figure is between 1.6 and 11 times (99 % range, "
    )
    assert said.endswith("This rests on 2 people: without their false alerts, no difference would "
                         "be shown.")  # fmt: skip
    beside = told(report, of("different"), wide)[1]
    assert "the widest gap: Black women set off" in beside
    assert "between 1.6 and 11 times (99 % range). This rests on 2 people" in beside


def test_no_difference_is_never_told_without_what_remains_possible(report: Report) -> None:
    lead, rest, _ = told(
        report, of("inconclusive", ratio_lower=0.5, ratio_upper=1.701),
        of("inconclusive", "east_asian", ratio_lower=0.0),
    )  # fmt: skip
    assert lead.endswith(
        "no difference in false alerts was shown between White, Black and East Asian people: the "
        "study is too small to tell whether there is one."
    )
    assert rest == (
        "A false alert is an alert about somebody who is not on the watchlist. That person may "
        "then be wrongly stopped. In this test (the brackets give the range that fits what was "
        "seen), Black people set off false alerts 4 times as often as White people "
        "(up to 1.71 times, or up to 2 times the other way round). East Asian people set off false "
        "alerts 4 times as often as White people (up to 11 times, or without a "
        "limit the other way round)."
    )


def test_of_many_groups_those_that_stand_out_are_named(report: Report) -> None:
    names = [f"region_{place}" for place in range(11)]
    rates = [
        dataclasses.replace(
            rate("FPIR", 0.6, 1_000, name), factor="ethnicity", rate=place / 100, events=place
        )
        for place, name in enumerate(names, start=1)
    ]
    findings = tuple(of("inconclusive", name) for name in names)
    changed = dataclasses.replace(report, quotes=(quote(rates),), compared=findings)
    brief = to_brief(changed)
    assert (
        "between White people and any of 11 other groups by ethnicity: the study" in brief.answer[0]
    )
    assert "By ethnicity, people in group region 10 set off false alerts most" in brief.answer[0]
    assert brief.picture is not None
    assert [row.name for row in brief.picture.rows][:2] == ["region 10", "region 9"]
    assert len(brief.answer[0].split()) < 80


def test_a_difference_of_all_groups_at_once_is_never_denied(report: Report) -> None:
    lead = told(
        report, of("different", OMNIBUS), of("inconclusive"), of("inconclusive", "east_asian")
    )[0]
    assert lead.startswith(
        f"{IN_USE}, groups by ethnicity differ in false alerts, but the study cannot tell which of "
        "them: no two were shown to differ."
    )
    assert "no difference" not in lead
    pairs = of("inconclusive"), of("inconclusive", "east_asian")
    found = of("different", OMNIBUS), *pairs
    lead = told(report, *(dataclasses.replace(one, factor="group") for one in found))[0]
    assert lead.startswith(f"{IN_USE}, groups differ in false alerts")


def test_errors_in_every_trial_are_not_too_few(report: Report) -> None:
    rates = [
        dataclasses.replace(
            rate("FPIR", 0.6, 1_000, group), factor="ethnicity", events=1_000, rate=1.0
        )
        for group in ("black", "white")
    ]
    changed = dataclasses.replace(report, quotes=(quote(rates),), compared=(of("untestable"),))
    lead = to_brief(changed).answer[0]
    assert "false alerts happened in all passes of every group" in lead
    assert "oo few" not in lead


def test_people_of_wrong_matches_are_involved(report: Report) -> None:
    rates = [
        dataclasses.replace(
            rate("FMR", 0.6, None, group), factor="ethnicity", subjects_with_event=people
        )
        for group, people in (("black", 32), ("white", 3))
    ]
    found = of("different", metric="FMR", watchlist_size=None)
    lead = to_brief(dataclasses.replace(report, quotes=(quote(rates),), compared=(found,))).answer
    assert "It involved 32 of 100 people, against 3 of 100." in lead[0]


def test_equivalence_names_its_margin_and_silence_is_no_equality(report: Report) -> None:
    said = " ".join(told(report, of("equivalent"), of("untestable", "east_asian")))
    assert (
        "White people set off false alerts about equally often (allowing for chance, any "
        "difference is below 1.5 times)." in said
    )
    assert (
        "Too few people or errors were seen to compare White people with East Asian people." in said
    )


def test_exploratory_comparisons_are_not_denied(report: Report) -> None:
    for verdict, said in (("different", "some with a difference"), ("inconclusive", "none of")):
        others = (of(verdict, primary=False), of("different", primary=False, threshold=0.7))
        changed = dataclasses.replace(
            report,
            quotes=(quote([rate("FPIR", 0.6, 1_000, "black")]),),
            compared=(),
            findings=others,
        )
        lead = to_brief(changed).answer[0]
        assert "did not compare" not in lead
        assert "was not a main question of this study" in lead
        assert f"exploratory comparisons of them, {said}" in lead


def test_factors_that_differ_in_capitals_alone_are_two(report: Report) -> None:
    labels = tuple(LabelSource(name, "Ours", "inferred", "own") for name in ("Site", "site"))
    said = to_brief(dataclasses.replace(report, labels=labels)).cannot
    assert any("themselves by Site and site: a computer guessed" in limit for limit in said)


def test_misses_lead_where_they_alone_were_asked_about(report: Report) -> None:
    missed = of("inconclusive", finding_id="fnir-ethnicity", metric="FNIR")
    assert "missed" in told(report, missed)[0]
    assert "false alerts" in told(report, missed, of("inconclusive"))[0]
