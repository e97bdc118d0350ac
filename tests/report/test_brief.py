"""The brief: sentences about people that name the groups, no stronger than the findings."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lfr_eval.report import three_lines
from lfr_eval.report.brief import to_brief
from lfr_eval.report.brief.around import facts
from lfr_eval.report.model import Report
from lfr_eval.report.rates import quote
from lfr_eval.report.reading import read_report
from tests.report.briefs import FINDING, brief_of, of, told
from tests.report.reading_age import school_years
from tests.report.test_rates import rate


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


def test_a_condition_of_passes_is_not_told_as_a_group_of_people(report: Report) -> None:
    record = report.record.model_copy(update={"conditions": ("ethnicity",)})
    lead = told(dataclasses.replace(report, record=record), FINDING)[0]
    assert "passes with ethnicity black set off a false alert in 40 of 1,000 passes" in lead


def test_only_the_main_point_stands_out(report: Report) -> None:
    brief = to_brief(dataclasses.replace(report, quotes=report.quotes, compared=report.compared))
    assert brief.answer[0].startswith(brief.lead)
    assert "Allowing for chance" not in brief.lead


def test_a_text_of_the_study_heads_nothing(report: Report) -> None:
    """Headings of the templates of sentences begin with #; so may what a card says."""
    origin = "# 1 of its kind"
    datasets = tuple(each.model_copy(update={"origin": origin}) for each in report.record.datasets)
    record = report.record.model_copy(update={"datasets": datasets})
    assert dict(facts(dataclasses.replace(report, record=record)))["Pictures"] == f"{origin}."
