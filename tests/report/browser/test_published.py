"""The page of a publication: as accessible as the study's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.publication import publish_study
from tests.report.browser.conftest import open_page
from tests.report.browser.test_everybody import SIZES, violations


@pytest.fixture(scope="module")
def published(small: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_study(small, tmp_path_factory.mktemp("published") / "study") / "report.html"


@pytest.mark.parametrize("kind", ["wide", "dark"])
def test_axe_finds_no_violation(browser: Browser, published: Path, kind: str) -> None:
    opened = open_page(browser, published, **SIZES[kind])
    assert violations(opened.page, kind) == []
    assert opened.problems == []
    opened.page.close()


def test_nothing_needs_scrolling_sideways(browser: Browser, published: Path) -> None:
    page = open_page(browser, published, **SIZES["mobile"]).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
