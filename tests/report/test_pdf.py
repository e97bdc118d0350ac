"""The PDF: tagged, with bookmarks and the numbers of the tables; names are never commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pypdf import PdfReader
from pypdf.generic import Destination

from lfr_eval.report import render, words
from lfr_eval.report.model import read_report
from lfr_eval.report.panel import to_panel
from tests.report.builders import OPERATING, PRIMARY, Labels
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
def pdf(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pdf")
    render(study, folder / "report.html", pdf=folder / "report.pdf")
    return folder / "report.pdf"


@pytest.fixture(scope="module")
def text(pdf: Path) -> str:
    return text_of(pdf)


def structure(node: Any) -> Iterator[Any]:
    """Yield every element of a structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from structure(child)
    elif isinstance(node, dict):
        yield node
        if "/K" in node:
            yield from structure(node["/K"])


def test_it_is_tagged_for_screen_readers(pdf: Path) -> None:
    root = PdfReader(pdf).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    tags = [element.get("/S") for element in structure(root["/StructTreeRoot"])]
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/L"} <= set(tags)


def test_every_figure_can_be_read_aloud(pdf: Path) -> None:
    root = PdfReader(pdf).trailer["/Root"]
    figures = [each for each in structure(root["/StructTreeRoot"]) if each.get("/S") == "/Figure"]
    drawn = [each for each in figures if "/Alt" in each]
    assert len(drawn) > 5
    assert all("Simulated" in each["/Alt"] for each in drawn)
    assert len(drawn) == len(figures)


def test_it_has_bookmarks_contents_and_page_numbers(pdf: Path) -> None:
    reader = PdfReader(pdf)
    titles = [re.sub(r"^[\d.]+ ", "", each.title) for each in flat(reader.outline)]
    for title in ("The answer", "In plain words", "Rates", "For the panel", "Sign-off", "Glossary"):
        assert title in titles
    assert "Contents" in reader.pages[1].extract_text()
    last = len(reader.pages)
    assert f"{last} of {last}" in reader.pages[-1].extract_text()
    assert reader.metadata is not None
    assert reader.metadata.title == "Walk-past trial of a face matcher"


def flat(outline: Any) -> Iterator[Destination]:
    for each in outline:
        if isinstance(each, list):
            yield from flat(each)
        else:
            yield each


def test_it_holds_the_numbers_of_the_rates_table(study: Path, text: str) -> None:
    rates = pd.read_parquet(study / "rates.parquet")
    chosen = rates[(rates["threshold"] == OPERATING) | rates["threshold"].isna()]
    assert len(chosen) > 60
    for row in chosen.itertuples():
        metric = words.metric_named(str(row.metric))
        counts = (row.events, row.trials, row.subjects, row.subjects_with_event)
        rate = f"{words.spoken_rate(metric, row.rate)} ({words.scientific(row.rate)})"
        if row.events == 0 and not metric.is_success:
            rate = f"no event in {row.trials:,}"
        line = f"{row.group} {' '.join(f'{number:,}' for number in counts)} {rate}"
        assert squeezed(line) in text
        upper = words.spoken_rate(metric, row.upper, "up")
        assert squeezed(f"{line} {_lower(metric, row.lower)} {upper}") in text


def _lower(metric: words.Metric, lower: float) -> str:
    if lower <= 0 and not metric.is_success:
        return "at most"
    return f"{words.spoken_rate(metric, lower, 'down')} to"


def test_it_holds_the_statements_with_mark_and_id(study: Path, text: str) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    chosen = findings[findings["primary"] & (findings["threshold"] == OPERATING)]
    assert set(chosen["verdict"]) == {"different", "equivalent", "inconclusive", "untestable"}
    symbols = {"different": "≠", "equivalent": "≈", "inconclusive": "?", "untestable": "∅"}
    for row in chosen.itertuples():
        said = f"{symbols[row.verdict]} {row.verdict} {row.statement}"
        assert squeezed(said) in text
        assert squeezed(row.finding_id) in text


def test_it_holds_the_panel_material_of_the_page(study: Path, text: str) -> None:
    panel = to_panel(read_report(study))
    assert squeezed(panel.summary[0]) in text
    for question in panel.questions:
        assert squeezed(question.text) in text
    for annex in panel.annexes:
        assert squeezed(annex.title) in text
    assert squeezed("What was promised No plan was registered before the results.") in text
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
    render(folder, tmp_path / "report.html", pdf=tmp_path / "report.pdf")
    shown = text_of(tmp_path / "report.pdf")
    for name in (*COMMANDS, HOSTILE[0], HOSTILE[3], HOSTILE[7]):
        assert squeezed(name) in shown
    metadata = PdfReader(tmp_path / "report.pdf").metadata
    assert metadata is not None
    assert metadata.title == COMMANDS[0]


def test_characters_without_a_glyph_are_marked_and_not_dropped(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    folder = write_study(
        title="漢字 study", thresholds=PRIMARY, only=["cohort", "rates", "findings"]
    )
    render(folder, tmp_path / "report.html", pdf=tmp_path / "report.pdf")
    metadata = PdfReader(tmp_path / "report.pdf").metadata
    assert metadata is not None
    assert metadata.title == "\ufffd\ufffd study"


def test_typesetting_twice_gives_the_same_bytes(study: Path, pdf: Path, tmp_path: Path) -> None:
    render(study, tmp_path / "report.html", pdf=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == pdf.read_bytes()
