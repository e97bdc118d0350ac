"""The brief: sentences about people that name the groups, no stronger than the findings."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lfr_eval.report import three_lines
from lfr_eval.report.brief import Brief, to_brief
from lfr_eval.report.brief.around import facts
from lfr_eval.report.brief.crowd import crowd_words
from lfr_eval.report.findings import OMNIBUS, Finding
from lfr_eval.report.model import Report
from lfr_eval.report.page import to_html
from lfr_eval.report.people import LabelSource
from lfr_eval.report.picture import BEYOND, to_picture
from lfr_eval.report.rates import quote
from lfr_eval.report.reading import read_report
from tests.report.reading_age import school_years
from tests.report.test_rates import rate

IN_USE = "At the threshold in use (0.60) and a watchlist of 1,000 faces"
FINDING = Finding(
    anchor="finding-1",
    finding_id="fpir-ethnicity",
    metric="FPIR",
    threshold=0.6,
    watchlist_size=1_000,
    factor="ethnicity",
    group_a="black",
    group_b="white",
    rate_a=0.04,
    rate_b=0.01,
    ratio=4.0,
    ratio_lower=1.6041,
    ratio_upper=10.01,
    test="interval",
    p_value=0.001,
    p_adjusted=0.01,
    adjustment="Holm over 3 tests",
    margin=1.5,
    p_equivalence=0.9,
    verdict="different",
    primary=True,
    statement="A sentence.",
)

WITHHELD = "the numbers are withheld, because small counts could be worked out from them"


@pytest.fixture
def report(bare_study: Path) -> Report:
    """A study of real people, of which each test says what was found."""
    return read_report(bare_study)


def told(
    report: Report, *findings: Finding, operating: float | None = 0.6, none: bool = False
) -> tuple[str, ...]:
    return brief_of(report, *findings, operating=operating, none=none).answer


def brief_of(
    report: Report, *findings: Finding, operating: float | None = 0.6, none: bool = False
) -> Brief:
    rates = [
        dataclasses.replace(
            rate(metric, 0.6, 1_000, group),
            factor="ethnicity",
            subjects_with_event=people,
            events=events,
            rate=events / 1_000,
        )
        for metric in ("FPIR", "FNIR")
        for group, people, events in (
            ("black", 32, 40), ("white", 0 if none else 3, 0 if none else 10), ("east_asian", 1, 1)
        )
    ]  # fmt: skip
    thresholds = report.record.thresholds.model_copy(update={"operating": operating})
    record = report.record.model_copy(update={"thresholds": thresholds})
    return to_brief(
        dataclasses.replace(report, record=record, quotes=(quote(rates),), compared=findings)
    )


def of(verdict: str, a: str = "black", **values: object) -> Finding:
    return dataclasses.replace(FINDING, verdict=verdict, group_a=a, **values)


@pytest.mark.parametrize(
    ("people", "said"), [(1, "1 person"), (4, "4 people"), (6, ""), (None, "")]
)
def test_a_difference_that_rests_on_few_people_says_so(
    report: Report, people: int | None, said: str
) -> None:
    lead = told(report, of("different", fragility=people))[0]

    assert ("rests on" in lead) == bool(said)
    assert not said or f"This rests on {said}: without their false alerts, no difference" in lead


def test_a_withheld_range_is_no_range_without_ends(report: Report) -> None:
    gone = {"ratio_lower": None, "ratio_upper": None, "range_withheld": True}
    lead = told(report, of("different", level=0.99, rests_on_few=True, **gone))[0]
    assert "4 times as often" in lead
    assert "at least" not in lead
    assert "99 %" not in lead
    assert "by chance is not published: the range is withheld." in lead
    assert "This rests on at most 5 people: without their false alerts, no difference" in lead

    alone = " ".join(told(report, of("inconclusive", **gone)))
    assert "4 times as often as White people (the range is withheld)." in alone
    assert "any ratio" not in alone
    assert "the brackets give" not in alone
    beside = " ".join(told(report, of("different"), *[of("inconclusive", **gone)] * 5))
    assert "For 2 more pairs of groups the range is withheld." in beside
    assert of("inconclusive", **gone).span == "4 (range withheld)"

    unseen = of("different", rate_a=None, rate_b=None, higher="black", rests_on_few=True)
    assert "rests on at most 5 people" in told(report, unseen)[0]


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


@pytest.mark.parametrize("different", [("FPIR",), ("FNIR",), ("FPIR", "FNIR"), ()])
def test_both_kinds_of_error_are_in_the_answer_in_short(
    report: Report, different: tuple[str, ...]
) -> None:
    found = [
        of("different" if metric in different else "inconclusive", metric=metric, ratio_lower=0.5)
        for metric in ("FPIR", "FNIR")
    ]
    brief = brief_of(report, *found)
    assert brief.other in brief.answer[1:]
    assert ("were missed" in brief.answer[0]) == ("missed" not in brief.other)
    assert ("false alert" in brief.answer[0]) == ("false alert" not in brief.other)


def test_the_answer_in_three_lines_is_that_of_the_brief(bare_study: Path, report: Report) -> None:
    first, other, limit = three_lines(bare_study)
    brief = to_brief(report)
    assert first.startswith(brief.answer[0])
    assert other == brief.other
    assert limit.startswith("It cannot tell how the system performs")


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


@pytest.mark.parametrize("higher", ["black", "white", None])
def test_a_withheld_count_is_never_told_as_none(report: Report, higher: str | None) -> None:
    nothing = dict.fromkeys(("rate_a", "rate_b", "ratio", "ratio_lower", "ratio_upper"))
    said = told(report, of("different", **nothing, higher=higher))[0]
    pair = {"black": ("Black", "White"), "white": ("White", "Black")}.get(higher or "")
    shown = "false alerts were not equally frequent among Black and White people"
    if pair:
        shown = f"{pair[0]} people set off false alerts more often than {pair[1]} people"
    assert said == f"{IN_USE}, {shown}; {WITHHELD}."
    hidden = dataclasses.replace(
        rate("FNIR", 0.6, 1_000, "everybody"), factor="overall",
        **dict.fromkeys(("events", "rate", "lower", "upper", "subjects", "trials")),
    )  # fmt: skip
    changed = dataclasses.replace(report, quotes=(quote([hidden]),), compared=())
    assert "how often it happened in all is not published." in " ".join(to_brief(changed).answer)


def test_groups_whose_size_is_withheld_are_not_left_out(report: Report) -> None:
    groups = tuple(
        dataclasses.replace(each, people=0, withheld=True) if each.group == "white" else each
        for each in report.people.groups
    )
    people = dataclasses.replace(report.people, groups=groups)
    whom = dict(to_brief(dataclasses.replace(report, people=people)).facts)["On whom"]
    assert "and White (number not published)" in whom


def test_pairs_without_identities_are_never_called_people(report: Report) -> None:
    matcher = report.record.matcher.model_copy(update={"evidence": "unnamed pairs"})
    record = report.record.model_copy(update={"matcher": matcher})
    brief = to_brief(dataclasses.replace(report, record=record))
    assert brief.caveat.startswith("Each pair is counted as if it were of different people, so")
    said = " ".join(told(dataclasses.replace(report, record=record), FINDING))
    assert "4 times as often" in said
    assert not re.search(r"\d (people|person)\b", said + " ".join(dict(brief.facts).values()))


@pytest.mark.parametrize("evidence", ["alerts", "scores", "pairs", "unnamed pairs"])
def test_a_file_of_results_is_not_told_as_a_test_of_pictures(report: Report, evidence: str) -> None:
    matcher = report.record.matcher.model_copy(update={"evidence": evidence, "name": "NAME"})
    alike = ("Whether gender or camera is the reason.",)
    record = report.record.model_copy(update={"matcher": matcher, "inseparable": alike})
    many = dataclasses.replace(rate("FPIR", 0.6, 1_000, "everybody"), factor="overall", rate=0.5)
    changed = dataclasses.replace(report, record=record, quotes=(quote([many]),))
    brief = to_brief(changed)
    said = " ".join((*brief.answer, *brief.cannot, *dict(brief.facts).values()))
    for wrong in ("The program", "NAME", "Only the pictures"):
        assert wrong not in said
    assert ("it is unlikely that anybody" in said) == (evidence != "alerts")
    assert alike[0] in brief.cannot


def test_the_labels_are_those_of_people_under_test(report: Report) -> None:
    (tested,) = report.record.datasets
    label_source = dict.fromkeys(("gender", "ethnicity"), "annotator_perceived")
    filler = tested.model_copy(update={"tested": False, "label_source": label_source})
    record = report.record.model_copy(update={"datasets": (tested, filler)})
    brief = to_brief(dataclasses.replace(report, record=record))
    assert dict(brief.facts)["Labels"] == (
        "People tested: by gender and ethnicity as they describe themselves. Faces that fill the "
        "watchlist: by gender and ethnicity as others judged them from pictures."
    )
    assert not any("would describe themselves" in each for each in brief.cannot)


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


def test_what_is_withheld_is_told_as_withheld_and_once(report: Report) -> None:
    alone = told(report, of("withheld"))
    assert alone[0] == (
        f"{IN_USE}, no difference in false alerts was shown between White and Black people, but "
        "that does not mean that there is none."
    )
    assert f"T{WITHHELD[1:]}." in alone[1]
    assert "publishes only" not in alone[1]
    beside = " ".join(told(report, of("different", "east_asian"), of("withheld")))
    assert (
        "For White and Black people, the study publishes only that no difference was shown. This "
        f"does not mean that the groups are equal. There {WITHHELD}." in beside
    )


def test_a_picture_of_which_everything_is_withheld_is_left_out(report: Report) -> None:
    gone = dict.fromkeys(("events", "rate", "lower", "upper", "subjects", "trials"))
    hidden = dataclasses.replace(rate("FPIR", 0.6, 1_000, "black"), **gone)
    for rates, drawn in (([hidden], False), ([hidden, rate("FPIR", 0.6, 1_000, "white")], True)):
        changed = dataclasses.replace(report, quotes=(quote(rates),), compared=())
        assert (to_brief(changed).picture is not None) == drawn


def test_a_threshold_that_nobody_would_run_is_called_so(report: Report) -> None:
    many = dataclasses.replace(
        rate("FPIR", 0.6, 1_000, "everybody"), factor="overall", rate=0.539, events=539
    )
    few = dataclasses.replace(many, rate=0.004, events=4)
    for each, doubted in ((many, True), (few, False)):
        changed = dataclasses.replace(report, quotes=(quote([each]),), compared=())
        said = " ".join(to_brief(changed).answer)
        assert ("So many passes set off a false alert that it is unlikely" in said) == doubted


def test_without_a_threshold_in_use_the_setting_is_named(report: Report) -> None:
    said = told(report, FINDING, operating=None)[0]
    assert said.startswith("At threshold 0.60 and a watchlist of 1,000 faces, Black people")


def test_a_study_without_rates_there_gives_no_answer(small_study: Path) -> None:
    brief = to_brief(read_report(small_study))
    assert "has no rate at the threshold in use" in brief.answer[0]
    assert brief.picture is None


def test_groups_too_small_to_compare_are_named_and_not_drawn(report: Report) -> None:
    rates = [dataclasses.replace(rate("FPIR", 0.6, 1_000, "east_asian"), subjects=1),
             rate("FPIR", 0.6, 1_000, "black")]  # fmt: skip
    narrowed = dataclasses.replace(report, quotes=(quote(rates),))
    picture = to_brief(narrowed).picture
    assert picture is not None
    assert [row.name for row in picture.rows] == ["Black"]
    assert picture.left_out == "Too few people to show: East Asian (gender, 1 person)."
    # On a phone what is quiet in the caption is not shown.
    page = to_html(narrowed)
    caption = page[page.index('id="picture"') :].partition("</caption>")[0]
    assert "Too few people to show" in re.sub(r'<span class="quiet">.*?</span>', "", caption)
    crowd = crowd_words(narrowed)[0]
    assert "For East Asian people the number is not known, because too few were tested" in crowd
    assert "Black people: about" in crowd


@pytest.mark.parametrize("label", ["unknown", "Prefer not to say", "male x prefer_not_to_say"])
def test_people_who_told_no_label_are_named_as_no_group(report: Report, label: str) -> None:
    rates = [dataclasses.replace(rate("FPIR", 0.6, 1_000, label), subjects=1),
             rate("FPIR", 0.6, 1_000, "black")]  # fmt: skip
    picture = to_picture(quote(rates))
    assert [row.name for row in picture.rows] == ["Black"]
    assert not picture.left_out
    counts = [dataclasses.replace(report.people.everybody, factor="gender", group=group,
                                  people=people)
              for group, people in ((label, 1), ("black", 20))]  # fmt: skip
    smallest = dataclasses.replace(report.people, groups=tuple(counts)).smallest(())
    assert smallest is not None
    assert smallest.group == "black"


@pytest.mark.parametrize(
    ("codes", "size", "trials", "said"),
    [
        (("FMR", "FNMR"), None, (24_000, 300), "comparisons per person, on average: 480 for wrong "
         "matches with anybody and 3 for missed matches"),
        (("FPIR", "FNIR"), 1_000, (300, 300), "in 3 tries each, on average"),
        (("FPIR", "FNIR"), 1_000, (300, 150), "tries per person, on average: 3 for false alerts "
         "and 1.5 for missed people"),
        (("FPIR", "FNIR"), 1_000, (100, 100), ""),
        (("FPIR", "FNIR"), 1_000, (None, 200), "tries per person, on average: 2 for missed people"),
    ],
)  # fmt: skip
def test_the_picture_says_how_often_each_error_could_happen_to_a_person(
    codes: tuple[str, str], size: int | None, trials: tuple[int | None, ...], said: str
) -> None:
    rates = [
        dataclasses.replace(
            rate(code, 0.6, size, "everybody"), factor="overall", trials=number, subjects=100
        )
        for code, number in zip(codes, trials, strict=True)
    ]
    assert to_picture(quote(rates)).tries == said


@pytest.mark.parametrize("size", [None, 1_000])
def test_pictures_without_a_usable_face_are_told(report: Report, size: int | None) -> None:
    assert "No usable face" not in dict(facts(report))
    everyone, *others = report.people.groups
    groups = (dataclasses.replace(everyone, images=360, failed=10), *others)
    people = dataclasses.replace(report.people, groups=groups)
    code = "FPIR" if size else "FMR"
    quotes = (quote([rate(code, 0.6, size, "black")]),)
    said = dict(facts(dataclasses.replace(report, people=people, quotes=quotes)))["No usable face"]
    assert said.startswith("No usable face was found in 10 of 360 pictures. ")
    assert ("could not be compared, so the rates do not count them" in said) == (size is None)
    matcher = report.record.matcher.model_copy(update={"evidence": "alerts"})
    record = report.record.model_copy(update={"matcher": matcher})
    logged = dataclasses.replace(report, people=people, quotes=quotes, record=record)
    said = dict(facts(logged))["No usable face"]
    assert said.startswith("No usable face was found in 10 of 360 passes and watchlist entries. ")


def test_everybody_below_each_group_is_explained_and_only_there(report: Report) -> None:
    """Pairs of everybody are of unlike people, so their rate is below that of every group."""

    def note(overall: float) -> str:
        rates = [
            dataclasses.replace(
                rate("FMR", 0.6, None, group), factor=factor, rate=share, events=int(1_000 * share)
            )
            for factor, group, share in (
                ("overall", "everybody", overall),
                ("gender", "female", 0.03),
                ("gender", "male", 0.02),
            )
        ]
        changed = dataclasses.replace(report, quotes=(quote(rates),), compared=())
        picture = to_brief(changed).picture
        assert picture is not None
        return picture.note

    said = "Wrong matches: the rate of a group is for pairs of people within that group, the rate "
    said += "of everybody is for all pairs compared"
    assert note(0.01) == f"{said}, so it is lower."
    assert note(0.025) == f"{said}."


def test_a_bar_over_nearly_everything_says_why(report: Report) -> None:
    broad = dataclasses.replace(
        rate("FPIR", 0.6, 1_000, "black"),
        subjects=12, subjects_with_event=9, events=14, trials=132,
        rate=14 / 132, lower=0.027, upper=0.979,
    )  # fmt: skip
    narrow = rate("FPIR", 0.6, 1_000, "white")
    picture = to_brief(dataclasses.replace(report, quotes=(quote([broad, narrow]),))).picture
    assert picture is not None
    assert picture.note == "The widest bars are of groups of few people: Black (9 people of 12)."
    broad = dataclasses.replace(broad, subjects_with_event=2)
    picture = to_brief(dataclasses.replace(report, quotes=(quote([broad, narrow]),))).picture
    assert picture is not None
    assert picture.note == (
        "The widest bars are of groups in which few people had the error: Black (2 people of 12)."
    )


def test_the_formulas_tell_a_tale_from_a_statute() -> None:
    tale = ["The cat sat on the mat. It saw a dog. The dog ran away."]
    statute = [
        "Notwithstanding the aforementioned considerations, proportionality requires authorities "
        "to demonstrate evidence-based justification for disproportionate interference."
    ]
    assert max(school_years(tale)) < 1
    assert min(school_years(statute)) > 20


@pytest.mark.parametrize("name", ["study", "bare_study"])
def test_the_brief_can_be_read_at_fourteen(name: str, request: pytest.FixtureRequest) -> None:
    brief = to_brief(read_report(request.getfixturevalue(name)))
    text = (*brief.answer, *brief.crowd, *brief.cannot, *(text for _, text in brief.facts))
    assert max(school_years(text)) <= 10
    for term in ("FPIR", "FNIR", "FMR", "p =", "_", "Holm", "omnibus"):
        assert term not in " ".join(text)


def test_a_fresh_reader_finds_the_answers(write_study: Callable[..., Path]) -> None:
    """From the text alone: who is stopped most, how much more often, how sure, where, what not."""
    report = read_report(write_study(operating=0.56))
    text = " ".join(to_brief(report).answer)
    found = re.search(
        r"(?P<group>\w+ people|women|men) set off a false alert in [^:]*?, (?P<other>[\w ]+?) in "
        r"[^:]*: (?P<ratio>[\d.,]+) times as often.*? between (?P<low>[\d.,]+) and "
        r"(?P<high>[\d.,]+) times",
        text,
    )
    assert found
    different = [each for each in report.compared if each.verdict == "different"]
    ratios = [
        max(each.ratio, 1 / each.ratio)
        for each in different
        if each.metric == "FPIR" and each.ratio
    ]
    assert float(found["ratio"].replace(",", "")) == pytest.approx(max(ratios), rel=0.01)
    assert float(found["low"]) <= float(found["ratio"]) <= float(found["high"])
    assert "0.56" in to_brief(report).setting
    assert to_brief(report).cannot


def test_passes_of_people_whom_nobody_knows_are_not_called_people(report: Report) -> None:
    groups = tuple(
        dataclasses.replace(each, strangers=each.people) for each in report.people.groups
    )
    people = dataclasses.replace(report.people, groups=groups)
    strange = dataclasses.replace(report, people=people)
    brief = to_brief(strange)
    assert brief.caveat.startswith("The log does not say who passed in ")
    assert "may have been right" in brief.caveat
    assert dict(brief.facts)["On whom"].split(" ", 1)[1].startswith("passes of unknown people")
    assert not re.search(r"\d (people|person)\b", " ".join(told(strange, of("different"))))


@pytest.mark.parametrize("unknown", ["", "some", "most", "any"])
def test_a_publication_keeps_what_is_said_of_unknown_people(report: Report, unknown: str) -> None:
    people = dataclasses.replace(report.people, told_unknown=unknown)
    published = dataclasses.replace(report, people=people)
    brief = to_brief(published)
    assert (f"does not say who passed in {unknown} of" in brief.caveat) == bool(unknown)
    assert published.unit == ("passes" if unknown in ("most", "any") else "people")
    whom = dict(brief.facts)["On whom"]
    assert ("passes of unknown people, and of known people." in whom) == (unknown == "most")


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


def test_a_condition_of_passes_is_not_told_as_a_group_of_people(report: Report) -> None:
    record = report.record.model_copy(update={"conditions": ("ethnicity",)})
    lead = told(dataclasses.replace(report, record=record), FINDING)[0]
    assert "passes with ethnicity black set off a false alert in 40 of 1,000 passes" in lead


def test_an_error_that_was_not_measured_has_no_column(report: Report) -> None:
    rates = [rate("FPIR", 0.6, 1_000, "black"), rate("FPIR", 0.6, 1_000, "white")]
    picture = to_brief(dataclasses.replace(report, quotes=(quote(rates),))).picture
    assert picture is not None
    assert picture.heads == ("False alerts",)


def test_a_group_without_errors_does_not_stretch_the_axis(report: Report) -> None:
    seen = dataclasses.replace(rate("FPIR", 0.6, 1_000, "black"), lower=0.01, rate=0.02, upper=0.04)
    empty = dataclasses.replace(
        seen, group="white", events=0, rate=0.0, lower=0.0, upper=0.4, subjects=7
    )
    picture = to_brief(dataclasses.replace(report, quotes=(quote([seen, empty]),))).picture
    assert picture is not None
    assert picture.ends == ("1 in 25",)
    assert [row.bars[0].high for row in picture.rows] == [1.0, BEYOND]
    assert picture.goes_on


def test_only_the_main_point_stands_out(report: Report) -> None:
    brief = to_brief(dataclasses.replace(report, quotes=report.quotes, compared=report.compared))
    assert brief.answer[0].startswith(brief.lead)
    assert "Allowing for chance" not in brief.lead


def test_factors_that_differ_in_capitals_alone_are_two(report: Report) -> None:
    labels = tuple(LabelSource(name, "Ours", "inferred", "own") for name in ("Site", "site"))
    said = to_brief(dataclasses.replace(report, labels=labels)).cannot
    assert any("themselves by Site and site: a computer guessed" in limit for limit in said)


def test_a_text_of_the_study_heads_nothing(report: Report) -> None:
    """Headings of the templates of sentences begin with #; so may what a card says."""
    origin = "# 1 of its kind"
    datasets = tuple(each.model_copy(update={"origin": origin}) for each in report.record.datasets)
    record = report.record.model_copy(update={"datasets": datasets})
    assert dict(facts(dataclasses.replace(report, record=record)))["Pictures"] == f"{origin}."
