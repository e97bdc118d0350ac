"""Who is drawn in the picture of the brief and who is withheld from it or from its words."""

from __future__ import annotations

import dataclasses
import re

import pytest

from lfr_eval.report.brief import to_brief
from lfr_eval.report.brief.around import facts
from lfr_eval.report.brief.crowd import crowd_words
from lfr_eval.report.model import Report
from lfr_eval.report.page import to_html
from lfr_eval.report.picture import BEYOND, to_picture
from lfr_eval.report.rates import quote
from tests.report.briefs import IN_USE, WITHHELD, of, told
from tests.report.test_rates import rate


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
