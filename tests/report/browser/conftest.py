"""A headless browser, where the machine has one: Debian's chromium, or Google's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.report import builders
from tests.report.conftest import rendered

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Opened:
    """An opened page with everything that it asked for or complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a browser; tests are skipped, with the reason, where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


def open_page(browser: Browser, file: Path, **settings: object) -> Opened:
    """Open a file and record requests, dialogs and errors."""
    page = browser.new_page(**settings)
    opened = Opened(page)

    def refuse(dialog: object) -> None:
        opened.problems.append(f"dialog: {dialog}")
        dialog.dismiss()

    page.on("request", lambda request: opened.requests.append(request.url))
    page.on("dialog", refuse)
    page.on("pageerror", lambda error: opened.problems.append(str(error)))
    page.on("console", lambda said: said.type == "error" and opened.problems.append(said.text))
    page.set_default_timeout(10_000)
    page.goto(file.as_uri())
    return opened


@pytest.fixture(scope="session")
def opened(browser: Browser, study: Path) -> Iterator[Opened]:
    """Return the report of the realistic study, opened once."""
    opened = open_page(browser, study / "report.html", viewport={"width": 1280, "height": 900})
    yield opened
    opened.page.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for pictures of the report: LFR_EVAL_SCREENSHOTS, or a temporary one."""
    chosen = os.environ.get("LFR_EVAL_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def single_study() -> Path:
    """Return a rendered study with every table, few thresholds and one watchlist."""
    return rendered(
        "single",
        sizes=[1_000],
        thresholds=builders.PRIMARY,
        labels=builders.Labels(ethnicities=["black", "white"], crossed=False),
    )
