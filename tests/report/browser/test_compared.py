"""The page of studies side by side: accessible, and readable on a small screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.comparing.beside import Asked, compare
from lfr_eval.finished.comparing.page import write_comparison
from lfr_eval.finished.finished import read_finished
from tests.report.browser.conftest import open_page
from tests.report.browser.test_everybody import SIZES, violations


@pytest.fixture(scope="module")
def compared(small: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = read_finished(small.path)
    found = compare([study, study], Asked("FPIR", 0.2))
    return write_comparison(found, tmp_path_factory.mktemp("compared"))[0]


@pytest.mark.parametrize("kind", SIZES)
def test_axe_finds_no_violation(browser: Browser, compared: Path, kind: str) -> None:
    page = open_page(browser, compared, **SIZES[kind]).page
    assert violations(page, kind) == []
    page.close()


@pytest.mark.parametrize("kind", ["phone", "magnified"])
def test_nothing_needs_scrolling_sideways(
    browser: Browser, compared: Path, kind: str, screenshots: Path
) -> None:
    page = open_page(browser, compared, **SIZES[kind]).page
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    page.screenshot(path=screenshots / f"compared-{kind}.png", full_page=True)
    assert widths[0] <= widths[1]
    page.close()


def test_nothing_is_asked_of_the_network_and_nothing_fails(
    browser: Browser, compared: Path, screenshots: Path
) -> None:
    opened = open_page(browser, compared, **SIZES["wide"])
    opened.page.screenshot(path=screenshots / "compared-wide.png", full_page=True)
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert opened.problems == []
    opened.page.close()
