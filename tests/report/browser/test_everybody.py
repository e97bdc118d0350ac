"""The page for everybody: accessibility, paper, small and magnified screens, no network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.report.browser.conftest import Opened, open_page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPEN_SOME = """() => { for (const part of document.querySelectorAll(
"details.printed, #explore > figure details, #calibration details")) part.open = true; }"""
SIZES = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "magnified": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}


@pytest.mark.parametrize("kind", SIZES)
def test_axe_finds_no_violation(
    browser: Browser, study: Path, single_study: Path, kind: str
) -> None:
    # Checking a long page takes many seconds: what differs by screen is checked on a short one.
    folder = study if kind == "wide" else single_study
    opened = open_page(browser, folder / "report.html", **SIZES[kind])
    page = opened.page
    page.evaluate(OPEN_SOME)
    page.locator("#explore-rates .drill").first.focus()
    options = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response
    assert len(found["violations"]) == 0, json.dumps(
        [
            (each["id"], [n["html"][:200] for n in each["nodes"][:3]])
            for each in found["violations"]
        ],
        indent=1,
    )
    page.close()


@pytest.mark.parametrize("kind", ["phone", "magnified"])
def test_nothing_needs_scrolling_sideways(browser: Browser, study: Path, kind: str) -> None:
    opened = open_page(browser, study / "report.html", **SIZES[kind])
    widths = opened.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    assert opened.page.locator("#threshold").bounding_box()["height"] >= 24
    opened.page.close()


def test_nothing_is_asked_of_the_network_and_nothing_fails(opened: Opened) -> None:
    outside = [url for url in opened.requests if not url.startswith(("file:", "blob:"))]
    assert outside == []
    assert opened.problems == []


def test_without_javascript_the_page_stands_at_the_operating_threshold(
    browser: Browser, study: Path
) -> None:
    page = open_page(browser, study / "report.html", java_script_enabled=False).page
    assert not page.locator("#controls").is_visible()
    text = page.locator("#explore").inner_text()
    assert "this section shows threshold 0.64 alone" in text
    assert "In a crowd of 30,000 like this" in text
    page.close()


def test_it_prints(opened: Opened) -> None:
    paper = opened.page.pdf(format="A4", tagged=True)
    assert paper.startswith(b"%PDF")
    assert b"/MarkInfo" in paper
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#explore-rates").is_visible()
    assert not opened.page.locator("#controls").is_visible()
    opened.page.emulate_media(media="screen")


def test_lines_differ_by_more_than_colour(opened: Opened) -> None:
    dashes = opened.page.evaluate(
        """() => [...document.querySelectorAll('#curves svg')].map((svg) =>
        [...svg.querySelectorAll('path')].filter((path) => /--series-/.test(path.style.stroke)
          && path.style.strokeWidth === '1.7').map((path) => [path.style.stroke,
          path.style.strokeDasharray]))"""
    )
    compared = 0
    for lines in dashes:
        by_colour = dict(lines)
        compared += len(by_colour) > 1
        assert len(set(by_colour.values())) == len(by_colour)
    assert compared


@pytest.mark.parametrize("kind", ["wide", "phone", "grey"])
def test_pictures_are_kept(browser: Browser, study: Path, screenshots: Path, kind: str) -> None:
    page = open_page(browser, study / "report.html", **SIZES.get(kind, SIZES["wide"])).page
    if kind == "grey":
        page.add_style_tag(content="html { filter: grayscale(1) }")
    page.add_style_tag(content=".simulated-banner, #controls { position: static !important }")
    page.screenshot(path=screenshots / f"first-screen-{kind}.png")
    for section in page.locator("main section[id]").all():
        name = section.get_attribute("id")
        section.screenshot(path=screenshots / f"{name}-{kind}.png")
    assert len(list(screenshots.glob(f"*-{kind}.png"))) > 8
    page.close()
