"""What a panel is given beside the numbers: plain words, questions, conditions, annexes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.contract.decisions import LEDGER
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.record import StudyRecordError
from lfr_eval.report import render
from lfr_eval.report.model import Report
from lfr_eval.report.panel import Answer, Panel, to_panel
from lfr_eval.report.panel.answers import conformance
from lfr_eval.report.panel.evidence import pieces_of
from lfr_eval.report.reading import read_report
from tests.report.builders import PRIMARY, Labels
from tests.report.pages import Element, parse

WriteStudy = Callable[..., Path]
HASH = "11" * 32
DECISION = {
    "decided": "2026-06-01T10:00:00+00:00",
    "model": "facenet",
    "version": "3",
    "fingerprint": "5f2b" * 16,
    "threshold": 0.64,
    "approver": "A. Panel",
    "role": "chair",
    "proposer": "B. Engineer",
    "study": "study",
    "study_hash": HASH,
    "findings": {},
    "conditions": ["review in <b>May</b>"],
    "expires": "2027-06-01",
    "withdrawn": False,
}


@pytest.fixture(scope="module")
def panel(study: Path) -> Panel:
    return to_panel(read_report(study))


@pytest.fixture(scope="module")
def bare_report(bare_study: Path) -> Report:
    return read_report(bare_study)


@pytest.fixture(scope="module")
def bare_panel(bare_report: Report) -> Panel:
    return to_panel(bare_report)


def heading(panel: Panel, annex: str, title: str) -> Answer:
    (found,) = [
        each
        for part in panel.annexes
        if part.name == annex
        for each in part.headings
        if each.title == title
    ]
    return found


def answers(panel: Panel, question: str) -> str:
    return " ".join(panel.questions[question])


def test_every_question_has_an_answer(panel: Panel, bare_panel: Panel) -> None:
    for each in (panel, bare_panel):
        assert len(each.questions) >= 15
        assert all(each.questions.values())


def test_the_answers_come_from_the_study(panel: Panel, bare_panel: Panel) -> None:
    who = answers(panel, "Who was tested, and how many people?")
    assert "390 made-up people, who passed 3,900 times in all. Each pass was tried twice" in who
    nothing = answers(panel, "What did not happen?")
    assert "White, threshold 0.64 and a watchlist of 10,000" in nothing
    assert "0 of 1,300 recognition opportunities of 130 people" in nothing
    assert "No event does not mean a rate of zero." in nothing
    assert "fingerprint " + "5f2b" * 16 in answers(
        bare_panel, "Does this describe the engine that runs live?"
    )
    assert "The study does not say which threshold will be used." in answers(
        bare_panel, "Which threshold, and who chose it?"
    )


def test_what_no_card_states_is_not_given_as_evidence(bare_report: Report) -> None:
    unstated = "Not stated: this manifest has no dataset card."
    record = bare_report.record
    silent = tuple(
        each.model_copy(update=dict.fromkeys(("origin", "licence", "consent", "lawful_basis"),
                                             unstated))
        for each in record.datasets
    )  # fmt: skip
    report = dataclasses.replace(bare_report, record=record.model_copy(update={"datasets": silent}))

    given = [
        text
        for instrument in conformance(report)["instruments"]
        for item in instrument["items"]
        for text in item["gives"]
    ]

    assert not [text for text in given if unstated.rstrip(".") in text]
    allowed = to_panel(report).questions["May these faces be used for this?"]
    assert "The study does not say" in allowed[0]


def test_what_is_said_of_groups_is_the_findings_own_sentences(study: Path, panel: Panel) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    chosen = findings[
        findings["primary"] & (findings["threshold"] == 0.64) & (findings["verdict"] == "different")
    ]
    assert len(chosen)
    bias = heading(panel, "ethics-panel", "Condition 2")
    assert set(chosen["statement"]) <= set(bias.gives)
    assert "remain possible" in " ".join(bias.lacks)


def test_a_factor_that_was_not_compared_is_named(write_study: WriteStudy) -> None:
    folder = write_study(thresholds=PRIMARY, sizes=[1_000], labels=Labels(crossed=False))
    record = json.loads((folder / "study.json").read_text("utf-8"))
    record["factors"] = ["gender"]
    (folder / "study.json").write_text(json.dumps(record), "utf-8")
    panel = to_panel(read_report(folder))
    lacks = heading(panel, "bridges", "Paragraph 201").lacks
    assert "Groups by ethnicity were not compared at all." in lacks
    race = heading(panel, "equality", "Race (here: ethnicity)")
    assert race.gives == ()
    assert heading(panel, "equality", "Sex (here: gender)").gives


def test_words_of_others_carry_where_they_were_read(panel: Panel) -> None:
    for annex in panel.annexes:
        for each in annex.headings:
            assert bool(each.asks) == bool(each.source)
            read = "others" in each.source or "other pages" in each.source
            assert not each.asks or read or each.check == "by a person"
            assert each.gives or each.lacks
    assert len(panel.annexes[0].headings) == 5


def test_the_page_holds_all_of_it(page: Element, panel: Panel) -> None:
    shown = page.with_id("panel").text
    for question, answers in panel.questions.items():
        assert question in shown
        assert all(answer in shown for answer in answers)
    for annex in panel.annexes:
        assert annex.title in shown
        for each in annex.headings:
            assert all(" ".join(text.split()) in shown for text in (*each.gives, *each.lacks))
    assert "Mated comparison Two images of the same person are compared." in shown
    assert "No decision on this study was recorded" in shown


def write_ledger(folder: Path, *entries: dict[str, object]) -> Path:
    ledger = Ledger(folder.parent / LEDGER)
    for entry in entries:
        ledger.append(entry)
    return ledger.path


def with_hash(folder: Path) -> Path:
    provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
    text = json.dumps({**provenance, "study_hash": HASH})
    (folder / "provenance.json").write_text(text, "utf-8")
    return folder


def test_decisions_on_this_study_fill_the_sign_off(write_study: WriteStudy) -> None:
    folder = with_hash(write_study(thresholds=PRIMARY, sizes=[1_000], simulated=False))
    other = {**DECISION, "study_hash": "22" * 32, "approver": "Somebody Else"}
    taken_back = {**DECISION, "withdrawn": True, "expires": None, "fingerprint": "ab" * 32}
    write_ledger(folder, DECISION, other, taken_back)
    shown = parse(render(folder)).with_id("panel").text
    assert "approved A. Panel chair B. Engineer facenet 3 0.64 review in <b>May</b>" in shown
    assert "withdrawn A. Panel" in shown
    assert "another fingerprint than this study's" in shown
    assert "Somebody Else" not in shown
    assert "Approved at 2026-06-01T10:00:00+00:00 by A. Panel (chair)" in shown


def test_a_withdrawal_on_another_study_ends_an_approval(write_study: WriteStudy) -> None:
    folder = with_hash(write_study(thresholds=PRIMARY, sizes=[1_000]))
    write_ledger(folder, DECISION)
    explored = parse(render(folder)).with_id("explore").text
    assert "0.64 approved for facenet 3 by A. Panel until 2027-06-01" in explored
    elsewhere = {"study_hash": "22" * 32, "withdrawn": True, "expires": None}
    write_ledger(
        folder,
        {**DECISION, **elsewhere, "approver": "Of Another Version", "version": "4"},
        {**DECISION, **elsewhere, "approver": "C. Later"},
    )
    page = parse(render(folder))
    assert "approved for facenet" not in page.with_id("explore").text
    assert "Withdrawn at 2026-06-01T10:00:00+00:00 by C. Later" in page.with_id("panel").text
    assert "withdrawn C. Later" in page.with_id("panel").text
    assert "Of Another Version" not in page.with_id("panel").text


def test_a_ledger_that_cannot_be_read_is_not_passed_over(write_study: WriteStudy) -> None:
    folder = with_hash(write_study(thresholds=PRIMARY, sizes=[1_000]))
    write_ledger(folder, DECISION, {"study_hash": HASH})
    with pytest.raises(StudyRecordError, match=r"approvals\.jsonl, line 2"):
        render(folder)
    (folder.parent / LEDGER).unlink()
    write_ledger(folder, {**DECISION, "threshold": "0.64"})
    with pytest.raises(StudyRecordError, match=r"line 1, .*threshold must be a number"):
        render(folder)


def test_a_broken_chain_is_said_and_nothing_after_it_is_shown(write_study: WriteStudy) -> None:
    folder = with_hash(write_study(thresholds=PRIMARY, sizes=[1_000]))
    later = {**DECISION, "approver": "After the Break"}
    ledger = write_ledger(folder, DECISION, {**DECISION, "approver": "Changed Later"}, later)
    ledger.write_text(ledger.read_text("utf-8").replace("Changed Later", "Somebody"), "utf-8")
    page = parse(render(folder))
    shown = page.with_id("panel").text
    assert "The ledger of decisions is broken: entry 3 was changed, or one before it" in shown
    assert "Not known, because the ledger of decisions is broken: entry 3" in shown
    assert "After the Break" not in shown
    assert str(folder.parent) not in shown
    assert "approved for facenet" not in page.with_id("explore").text


def test_decisions_are_read_from_the_ledger_that_is_named(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    folder = with_hash(write_study(thresholds=PRIMARY, sizes=[1_000]))
    write_ledger(folder, {**DECISION, "approver": "Beside"})
    elsewhere = tmp_path / "elsewhere" / "decisions.jsonl"
    Ledger(elsewhere).append({**DECISION, "approver": "As named"})
    assert "Beside" in parse(render(folder)).with_id("panel").text
    named = parse(render(folder, ledger=elsewhere))
    assert "As named" in named.with_id("panel").text
    assert "Beside" not in named.with_id("panel").text
    assert "approved for facenet 3 by As named until 2027-06-01" in named.with_id("explore").text


def test_groups_of_a_file_may_be_formed_by_anything(bare_report: Report) -> None:
    """A list of pairs has a column `group`: women and men, say, without the word gender."""
    record = bare_report.record.model_copy(update={"factors": ("group",)})
    pieces = pieces_of(dataclasses.replace(bare_report, record=record)).evidence
    said = " ".join(pieces["groups not known"])
    assert "does not say whether they are by gender, ethnicity or something else" in said
    assert "not compared at all" not in said
