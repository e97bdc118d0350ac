"""The printed document holds what the page holds: every table, chart and sentence, once worded."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lfr_eval.report.document import Document, to_document
from lfr_eval.report.document.blocks import Bullets, Card, Grid, Heading, Picture, Said, plain
from lfr_eval.report.document.chapters import read_chapters
from lfr_eval.report.document.texts import runs_of
from lfr_eval.report.drawings import draw_charts
from lfr_eval.report.reading import read_report
from tests.report.pages import Element

OF_THE_SLIDER = ("explore-rates", "explore-verdicts")
"""Tables of the page that show one setting of the slider: the others hold the same rows."""


@pytest.fixture(scope="module")
def document(study: Path) -> Document:
    report = read_report(study)
    return to_document(report, draw_charts(report))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def shown(element: Element) -> str:
    """Return the text of an element that can be seen."""
    if "hidden" in element.attributes.get("class", "").split():
        return ""
    return "".join(child if isinstance(child, str) else shown(child) for child in element.children)


def test_every_row_of_every_table_of_the_page_is_printed(page: Element, document: Document) -> None:
    tables = [each for each in page.all("table") if each.attributes.get("id") not in OF_THE_SLIDER]
    grids = [block for block in document.blocks if isinstance(block, Grid)]
    assert len(tables) == len(grids) > 30
    wanted = Counter(squeezed(shown(row)) for table in tables for row in table.all("tr"))
    printed = Counter(
        squeezed("".join(plain(cell.runs) for cell in row.cells))
        for grid in grids
        for row in grid.rows
    )
    printed += Counter(
        squeezed("".join(plain(column.title) for column in grid.columns)) for grid in grids
    )
    assert printed == wanted


def test_every_chart_of_the_page_is_printed_with_its_words(
    page: Element, document: Document
) -> None:
    charts = [each for each in page.all("figure") if each.attributes.get("class") == "chart"]
    pictures = [block for block in document.blocks if isinstance(block, Picture)]
    captions = {squeezed(shown(each.all("figcaption")[0])) for each in charts}
    assert {squeezed(plain(each.caption)) for each in pictures} == captions
    described = {each.all("desc")[0].text for each in charts}
    assert len(pictures) == len(charts) > 30
    for text in described:
        assert any(text in each.alternative for each in pictures)


def test_every_statement_of_the_page_is_printed(page: Element, document: Document) -> None:
    said = " ".join(plain(block.statement) for block in document.blocks if isinstance(block, Said))
    statements = [each for each in page.all("p") if each.attributes.get("class") == "statement"]
    assert len(statements) > 10
    assert all(each.text in said for each in statements)


def test_every_section_of_the_page_is_a_chapter(page: Element, document: Document) -> None:
    chapters = [each.text for each in document.blocks if isinstance(each, Heading)]
    for heading in page.all("h2", "h3", "h4"):
        on_screen = ("Contents", "Move the threshold", "Verdicts along the threshold")
        if heading.text not in on_screen:
            assert heading.text in chapters


def test_what_stands_beside_terms_and_in_lists_is_printed(
    document: Document, page: Element
) -> None:
    terms = {plain(term.name) for b in document.blocks if isinstance(b, Card) for term in b.terms}
    assert {each.text for each in page.all("dt")} <= terms
    items = {squeezed(plain(i)) for b in document.blocks if isinstance(b, Bullets) for i in b.items}
    for item in page.with_id("cannot-tell").all("li"):
        assert squeezed(item.text) in items


def read(markup: str) -> list[object]:
    return list(read_chapters(ElementTree.fromstring(f"<document>{markup}</document>"), {}))


def test_white_space_is_that_of_a_browser() -> None:
    element = ElementTree.fromstring(
        "<p>\n  <strong>one </strong> two<span class='hidden'> three</span>\n<code>4 </code></p>"
    )
    assert [(run.text, run.style) for run in runs_of(element)] == [
        ("one ", "strong"),
        ("two ", ""),
        ("4", "code"),
    ]


def test_a_list_within_a_meaning_keeps_the_text_around_it() -> None:
    (card,) = read("<dl><div><dt>T</dt><dd>before <ul><li>in</li></ul> after</dd></div></dl>")
    assert isinstance(card, Card)
    before, inside, after = card.terms[0].parts
    assert plain(before.runs) == "before"
    assert [plain(each) for each in inside.items] == ["in"]
    assert plain(after.runs) == "after"


@pytest.mark.parametrize("markup", ["<form/>", "<p>a</p><video/>", "<div><img/></div>"])
def test_what_has_no_place_on_paper_is_an_error_and_never_dropped(markup: str) -> None:
    with pytest.raises(ValueError, match="has no place on paper"):
        read(markup)
