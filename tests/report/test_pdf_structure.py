"""The structure of the PDF for assistive technology, as far as a program can tell.

PDF/UA-1 asks for more than this: here are the requirements that can be read off the file, beside
those that `pdfua` checks. Neither is a validator, and nothing here certifies conformance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pdfua
import pytest
from pypdf import PdfReader
from pypdf.generic import BooleanObject, Destination

DEEPEST = 4
HEADINGS = [f"/H{level}" for level in range(1, DEEPEST + 1)]


@pytest.fixture(scope="module")
def reader(pdf: Path) -> PdfReader:
    return PdfReader(pdf)


@pytest.fixture(scope="module")
def elements(reader: PdfReader) -> list[Any]:
    """Return every structure element in reading order."""
    return list(structure(reader.trailer["/Root"]["/StructTreeRoot"]))


def structure(node: Any) -> Iterator[Any]:
    """Yield every element of a structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from structure(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from structure(node["/K"])


def children(element: Any, *tags: str) -> list[Any]:
    below = element["/K"].get_object()
    found = [child.get_object() for child in (below if isinstance(below, list) else [below])]
    return [each for each in found if isinstance(each, dict) and each.get("/S") in tags]


def flat(outline: Any) -> Iterator[Destination]:
    for each in outline:
        if isinstance(each, list):
            yield from flat(each)
        else:
            yield each


def test_it_says_that_it_is_tagged_in_which_language_and_by_its_title(reader: PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == BooleanObject(True)
    assert root["/MarkInfo"].get("/Suspects", BooleanObject(False)) == BooleanObject(False)
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == BooleanObject(True)
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfuaid:part>1<", metadata)
    assert reader.metadata is not None
    assert reader.metadata.title == "Walk-past trial of a face matcher"
    assert all(page["/Tabs"] == "/S" for page in reader.pages if "/Annots" in page)
    assert all("/StructParents" in page for page in reader.pages)


def test_the_picture_is_read_aloud_as_the_table_that_it_is(elements: list[Any]) -> None:
    """A drawing would need words in its place: `test_document` looks at those of the annex."""
    assert not [each for each in elements if each["/S"] == "/Figure"]
    first = next(each for each in elements if each["/S"] == "/Table")
    rows = [row for part in first["/K"] for row in children(part.get_object(), "/TR")]
    assert len(rows) > 6


def test_every_table_has_header_cells_that_say_what_they_head(elements: list[Any]) -> None:
    found = [each for each in elements if each["/S"] == "/Table"]
    assert len(found) >= 3
    for table in found:
        (head,) = children(table, "/THead")[:1]
        row = children(head, "/TR")[0]
        cells = children(row, "/TH", "/TD")
        assert len(cells) > 1
        assert all(cell["/S"] == "/TH" for cell in cells)
    heads = [each for each in elements if each["/S"] == "/TH"]
    for cell in heads:
        attributes = cell["/A"].get_object()
        listed = attributes if isinstance(attributes, list) else [attributes]
        assert "/Column" in [each.get_object().get("/Scope") for each in listed]


def test_headings_leave_no_level_out(elements: list[Any]) -> None:
    levels = [HEADINGS.index(each["/S"]) + 1 for each in elements if each["/S"] in HEADINGS]
    assert levels[0] == 1
    assert max(levels) == 3
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_bookmarks_are_the_headings(reader: PdfReader, elements: list[Any]) -> None:
    titles = [re.sub(r"^[\d.]+ ", "", each.title) for each in flat(reader.outline)]
    for title in ("The answer", "Groups", "Who took part", "For the panel", "Sign-off",
                  "Method and limits", "Provenance"):  # fmt: skip
        assert title in titles
    headings = sum(each["/S"] in HEADINGS for each in elements)
    # The contents have a heading, and no bookmark.
    assert headings - len(titles) in (0, 1)


def test_it_has_contents_and_page_numbers(reader: PdfReader) -> None:
    assert "Contents" in reader.pages[0].extract_text()
    last = len(reader.pages)
    assert f"{last} of {last}" in reader.pages[-1].extract_text()


def test_an_independent_check_finds_nothing(pdf: Path) -> None:
    report = pdfua.validate(str(pdf))
    assert [each.message for each in report.findings] == []
    # This rule of theirs fails to run where bookmarks are arrays: headings are tested above.
    left_out = {each.rule_id for each in report.outcomes if each.skipped_reason}
    assert left_out <= {"UA-14-001"}
    assert len(report.outcomes) >= 12
