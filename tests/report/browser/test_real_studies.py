"""What real studies make of the report: what is seen by default, and how many pages are printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from lfr_eval.contract.folder import StudyFolder
from tests.report.browser.conftest import open_page
from tests.report.browser.test_everybody import LIMITS, SEEN, SIZES
from tests.studies import run

PAGES = {"brief.pdf": 2, "report.pdf": 15}
STUDIES = {
    "rehearsal": (),
    # As wide as the study of 2023, with a ninth of its fillers: pages do not grow with them.
    "npl_2023": (
        *("experiment=npl_2023", "dataset.fillers=20000"),
        "design.watchlist_sizes=[1000,10000,20000]",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_simulated_study_can_be_read(browser: Browser, name: str, tmp_path: Path) -> None:
    assert_readable(browser, run(tmp_path, *STUDIES[name], "report.pdf=true").path)


@pytest.mark.slow
@pytest.mark.mirror
def test_a_study_of_real_faces_can_be_read(browser: Browser, london: StudyFolder) -> None:
    assert_readable(browser, london.path)


def assert_readable(browser: Browser, study: Path) -> None:
    pages = {file: len(PdfReader(study / file).pages) for file in PAGES}
    assert {file: number for file, number in pages.items() if number > PAGES[file]} == {}
    assert (study / "report.html").stat().st_size <= 3_000_000
    for kind in ("wide", "mobile"):
        page = open_page(browser, study / "report.html", **SIZES[kind]).page
        seen = page.evaluate(SEEN)
        assert {what: seen[what] for what, most in LIMITS.items() if seen[what] > most} == {}
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for part in (".lead", "#picture tbody"):
            box = page.locator(part).first.bounding_box()
            assert box["y"] + box["height"] <= SIZES[kind]["viewport"]["height"]
        page.close()
