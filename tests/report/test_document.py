"""What is printed holds what the page holds, once worded."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typst
from pypdf import PdfReader

from lfr_eval.report.paper import Document, to_document, to_pdf
from lfr_eval.report.reading import read_report
from tests.report.pages import Element


@pytest.fixture(scope="module")
def annex(study: Path) -> Document:
    return to_document(read_report(study), "annex")


@pytest.fixture(scope="module")
def chapters(annex: Document) -> ElementTree.Element:
    return ElementTree.fromstring(annex.chapters)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def text_of(element: ElementTree.Element) -> str:
    return squeezed("".join(element.itertext()))


def test_every_row_of_every_further_table_is_in_the_annex(
    page: Element, chapters: ElementTree.Element
) -> None:
    tables, printed = page.with_id("evidence").all("table"), list(chapters.iter("table"))
    assert len(tables) == len(printed) > 15
    wanted = Counter(squeezed(row.text) for table in tables for row in table.all("tr"))
    assert Counter(text_of(row) for table in printed for row in table.iter("tr")) == wanted


def test_every_chart_of_the_page_is_in_the_annex(
    page: Element, annex: Document, chapters: ElementTree.Element
) -> None:
    charts = [each for each in page.all("figure") if each.attributes.get("class") == "chart"]
    captions = {squeezed(each.all("figcaption")[0].text) for each in charts}
    figures = list(chapters.iter("figure"))
    assert {text_of(each) for each in figures} == captions
    assert {str(each.get("data-chart")) for each in figures} <= {*annex.drawings}
    assert all(len(said) > 60 and "Simulated" in said for _, said in annex.drawings.values())


def printed(annex: Document, markup: str) -> str:
    """Return the text of a document that says nothing else, below its contents."""
    small = replace(annex, chapters=f"<document>{markup}</document>", drawings={}, banner=None)
    reader = PdfReader(io.BytesIO(to_pdf(small)))
    return "\n".join(page.extract_text() for page in reader.pages).partition("Contents")[2]


def test_white_space_is_that_of_a_browser(annex: Document) -> None:
    said = printed(
        annex,
        "<p>\n  <strong>one </strong> two<span class='hidden'> three</span>\n<code>4 </code></p>",
    )
    assert "one two 4\n" in f"{said}\n"
    assert "three" not in said


def test_a_list_within_a_meaning_keeps_the_text_around_it(annex: Document) -> None:
    said = printed(
        annex, "<dl><div><dt>T</dt><dd>before <ul><li>in</li></ul> after</dd></div></dl>"
    )
    assert re.search(r"T\s*before\s*•\s*in\s*after", said)


@pytest.mark.parametrize("markup", ["<nav/>", "<p>a</p><video/>", "<div><img/></div>"])
def test_what_has_no_place_on_paper_is_an_error_and_never_dropped(
    annex: Document, markup: str
) -> None:
    with pytest.raises(typst.TypstError, match="has no place on paper"):
        printed(annex, markup)
