"""What is printed holds what the page holds, once worded."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lfr_eval.report.document import Document, to_document
from lfr_eval.report.document.blocks import Card, Grid, Picture, plain
from lfr_eval.report.document.chapters import read_chapters, runs_of
from lfr_eval.report.reading import read_report
from tests.report.pages import Element


@pytest.fixture(scope="module")
def annex(study: Path) -> Document:
    return to_document(read_report(study), "annex")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_every_row_of_every_further_table_is_in_the_annex(page: Element, annex: Document) -> None:
    tables = page.with_id("evidence").all("table")
    grids = [block for block in annex.blocks if isinstance(block, Grid)]
    assert len(tables) == len(grids) > 15
    wanted = Counter(squeezed(row.text) for table in tables for row in table.all("tr"))
    printed = Counter(
        squeezed("".join(plain(cell.runs) for cell in row.cells))
        for grid in grids
        for row in grid.rows
    )
    printed += Counter(
        squeezed("".join(plain(column.title) for column in grid.columns)) for grid in grids
    )
    assert printed == wanted


def test_every_chart_of_the_page_is_in_the_annex(page: Element, annex: Document) -> None:
    charts = [each for each in page.all("figure") if each.attributes.get("class") == "chart"]
    pictures = [block for block in annex.blocks if isinstance(block, Picture)]
    captions = {squeezed(each.all("figcaption")[0].text) for each in charts}
    assert {squeezed(plain(each.caption)) for each in pictures} == captions


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


@pytest.mark.parametrize("markup", ["<nav/>", "<p>a</p><video/>", "<div><img/></div>"])
def test_what_has_no_place_on_paper_is_an_error_and_never_dropped(markup: str) -> None:
    with pytest.raises(ValueError, match="has no place on paper"):
        read(markup)
