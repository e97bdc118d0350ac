"""The PDF: the numbers and sentences of the tables, extracted; names are never commands."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pdfua
import pytest
from pypdf import PdfReader

from lfr_eval.contract.names import group_name, metric_named
from lfr_eval.report import notes, render, words
from lfr_eval.report.brief import to_brief
from lfr_eval.report.panel import to_panel
from lfr_eval.report.paper import to_document, to_pdf
from lfr_eval.report.reading import read_report
from tests.report.builders import PRIMARY, Labels
from tests.report.test_page import HOSTILE

WriteStudy = Callable[..., Path]
COMMANDS = (
    '#panic("typeset")',
    "#sys.inputs",
    "*bold* _slanted_",
    "@reference <label>",
    "= Heading",
    "// comment",
    "#import \"x\": *",
)  # fmt: skip


def text_of(file: Path) -> str:
    """Return the text of a PDF without any white space, which lines and cells break anywhere."""
    return squeezed(" ".join(page.extract_text() for page in PdfReader(file).pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def text(pdf: Path) -> str:
    return text_of(pdf)


def test_the_annex_holds_every_rate_and_finding(study: Path, tmp_path: Path) -> None:
    render(study, tmp_path / "report.html", papers=["annex"])
    text = text_of(tmp_path / "annex.pdf")
    rates, findings = (pd.read_parquet(study / f"{name}.parquet") for name in ("rates", "findings"))
    chosen = rates[rates["threshold"].isin(PRIMARY) | rates["threshold"].isna()]
    assert len(chosen) > 200
    for row in chosen.itertuples():
        metric = metric_named(str(row.metric))
        counts = (row.events, row.trials, row.subjects, row.subjects_with_event)
        rate = words.spoken_rate(metric, row.rate)
        if row.events == 0 and not metric.is_success:
            rate = f"none seen in {row.trials:,}"
        line = f"{group_name(row.group)} {' '.join(f'{number:,}' for number in counts)} {rate}"
        assert squeezed(line) in text
    for row in findings[findings["threshold"].isin(PRIMARY)].itertuples():
        assert squeezed(row.statement) in text
        assert squeezed(row.finding_id) in text


def test_the_brief_is_two_pages_and_says_what_the_page_says(
    study: Path, bare_study: Path, tmp_path: Path
) -> None:
    for folder in (study, bare_study):
        render(folder, tmp_path / "report.html", papers=["brief"])
        file = tmp_path / "brief.pdf"
        assert len(PdfReader(file).pages) == 2
        brief = to_brief(read_report(folder))
        shown = text_of(file)
        for sentence in (*brief.answer, *brief.crowd, *brief.cannot):
            assert squeezed(sentence) in shown
        assert not pdfua.validate(str(file)).findings


def test_a_brief_with_more_to_say_is_set_smaller_and_keeps_two_pages(bare_study: Path) -> None:
    brief = to_document(read_report(bare_study), "brief")
    told = " ".join(f"Sentence {number} of many that say a little more." for number in range(30))
    pages = {}
    for times in (0, 1, 40):
        more = brief.chapters.replace("</document>", f"<p>{told}</p>" * times + "</document>")
        file = io.BytesIO(to_pdf(replace(brief, chapters=more)))
        pages[times] = len(PdfReader(file).pages)
    assert pages[0] == pages[1] == 2
    assert pages[40] > 2  # nothing is cut


def test_it_holds_the_panel_material_of_the_page(study: Path, text: str) -> None:
    panel = to_panel(read_report(study))
    for question in panel.questions:
        assert squeezed(question) in text
    for annex in panel.annexes:
        assert (squeezed(annex.title) in text) is annex.printed
    assert squeezed("SIMULATED STUDY – NO REAL PEOPLE") in text


def test_people_images_and_places_stay_in_the_study_folder(text: str) -> None:
    for secret in ("PERSON-", "IMAGE-", "PASS-", ".jpg", "/home/", "mlflow.db", "evaluators-"):
        assert secret not in text


def test_names_are_text_and_never_commands(write_study: WriteStudy, tmp_path: Path) -> None:
    labels = Labels(genders=COMMANDS[:1], ethnicities=(*COMMANDS[1:], *HOSTILE), crossed=False)
    folder = write_study(
        labels=labels,
        title=COMMANDS[0],
        thresholds=PRIMARY,
        sizes=[1_000],
        only=["cohort", "rates", "findings"],
    )
    render(folder, tmp_path / "report.html", papers=["report"])
    shown = text_of(tmp_path / "report.pdf")
    for name in (*COMMANDS, HOSTILE[0], HOSTILE[3], HOSTILE[7]):
        assert squeezed(group_name(name)) in shown
    metadata = PdfReader(tmp_path / "report.pdf").metadata
    assert metadata is not None
    assert metadata.title == COMMANDS[0]


def test_letters_without_a_font_are_marked_and_keep_groups_apart(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    folder = write_study(
        labels=Labels(genders=("女", "男"), ethnicities=("黑人", "Ελληνες"), crossed=False),
        title="漢字 study",
        thresholds=PRIMARY,
        only=["cohort", "rates", "findings"],
    )
    render(folder, tmp_path / "report.html", papers=["brief"])
    metadata = PdfReader(tmp_path / "brief.pdf").metadata
    assert metadata is not None
    assert metadata.title == "\ufffd\ufffd study"
    shown = text_of(tmp_path / "brief.pdf")
    for name in ("group1(U+5973)", "group2(U+7537)", "group3(U+9ED1…)", "Ελληνες"):
        assert name in shown
    assert "ingroupgroup" not in shown
    assert "group3forU+9ED1U+4EBA" in shown
    (note,) = notes(tmp_path)
    assert "group 1 for 女 U+5973" in note


def test_typesetting_twice_gives_the_same_bytes(small_study: Path, tmp_path: Path) -> None:
    for name in ("once", "again"):
        render(small_study, tmp_path / name / "report.html", papers=["brief", "report"])
    for file in ("brief.pdf", "report.pdf"):
        assert (tmp_path / "once" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
