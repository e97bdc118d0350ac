"""The page of a publication: as accessible as the study's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.publication import publish_study
from tests.report.browser.conftest import open_page
from tests.report.browser.test_everybody import OPEN_ALL, SIZES, asked


@pytest.fixture(scope="module")
def published(small: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_study(small, tmp_path_factory.mktemp("published") / "study") / "report.html"


@pytest.mark.parametrize("kind", ["wide", "dark"])
def test_axe_finds_no_violation(browser: Browser, published: Path, kind: str) -> None:
    opened = open_page(browser, published, **SIZES[kind])
    opened.page.evaluate(OPEN_ALL)
    found = Axe().run(opened.page, options=asked(kind)).response["violations"]
    nodes = [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]
    assert nodes == [], json.dumps(nodes, indent=1)
    assert opened.problems == []
    opened.page.close()


def test_nothing_needs_scrolling_sideways(browser: Browser, published: Path) -> None:
    page = open_page(browser, published, **SIZES["mobile"]).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
