"""Codes of tables, such as `male x east_asian`, stay out of what people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import CROSS
from tests.report.pages import Element, parse
from tests.studies import SMALL, run

PILOT = (
    *SMALL,
    "design=live",
    "design.watchlist_inference=fixed",
    "dataset.cameras.north=0.0",
    "dataset.cameras.south_east=-1.2",
    "inference.factors=[ethnicity,camera,camera x ethnicity]",
    "+inference.reference_groups={camera: north, camera x ethnicity: north x white}",
)
EXEMPT = ("provenance-files", "provenance-settings", "provenance-packages")
"""Names of files, settings and packages are what they are."""


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """Groups by camera, one of them with a code for a name."""
    return run(tmp_path_factory.mktemp("pilot"), *PILOT)


def read(element: Element) -> Iterator[str]:
    """Yield every text of a page that somebody sees or hears, but names of files and settings."""
    if element.tag in ("script", "style") or element.attributes.get("id") in EXEMPT:
        return
    for key in ("aria-label", "title", "alt", "placeholder"):
        if key in element.attributes:
            yield element.attributes[key]
    for child in element.children:
        if isinstance(child, str):
            yield child
        else:
            yield from read(child)


def codes(study: Path) -> Iterator[str]:
    """Yield the labels of a study that nobody says as they stand."""
    rates = pd.read_parquet(study / "rates.parquet")
    for name in {*rates["factor"], *rates["group"], *rates["counterpart"].dropna()}:
        yield from (part for part in (name, *name.split(CROSS)) if "_" in part or CROSS in part)


def strange(study: Path) -> list[str]:
    """Return the texts of a page with a code in them."""
    known = "|".join(map(re.escape, sorted(set(codes(study)), key=len, reverse=True)))
    pattern = re.compile(rf"{known or '(?!)'}|[a-z] x [a-z]|\bgroup [A-Z]\d?\b|matchs\b")
    return [text for text in read(parse(study / "report.html")) if pattern.search(text)]


def test_no_code_in_the_rehearsal(small: StudyFolder) -> None:
    assert list(codes(small.path))
    assert strange(small.path) == []


def test_no_code_where_passes_have_conditions(pilot: StudyFolder) -> None:
    assert "south_east" in set(codes(pilot.path))
    assert strange(pilot.path) == []
    page = (pilot.path / "report.html").read_text("utf-8")
    assert "White people with camera north for camera and ethnicity" in page


def test_a_code_is_found(small: StudyFolder, tmp_path: Path) -> None:
    page = (small.path / "report.html").read_text("utf-8")
    (tmp_path / "report.html").write_text(page.replace("</main>", "<p>male x white</p></main>"))
    (tmp_path / "rates.parquet").write_bytes((small.path / "rates.parquet").read_bytes())
    assert strange(tmp_path) == ["male x white"]
