"""The page for everybody: accessibility, paper, small and magnified screens, no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lfr_eval.contract.folder import StudyFolder
from tests.report.browser.conftest import Opened, open_page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURED = ("wide", "mobile", "dark")
"""Screens on which axe checks the contrast of colours, nearly all of its time.

All small screens have one style.
"""
OPEN_ALL = "() => { for (const part of document.querySelectorAll('details')) part.open = true; }"
SEEN = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)]
    .filter((each) => each.checkVisibility() && each.getClientRects().length).length;
  return { screens: document.documentElement.scrollHeight / innerHeight,
    words: document.body.innerText.split(/\\s+/).filter(Boolean).length,
    charts: all("figure"), tables: all("table") };
}"""
LIMITS = {"screens": 20, "words": 6_000, "charts": 12, "tables": 12}
SIZES = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "mobile": {"viewport": {"width": 390, "height": 844}},
    "magnified": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}


SHORTEN = """(most) => { for (const body of document.querySelectorAll('tbody')) {
  const seen = new Map();
  for (const row of [...body.rows]) {
    const made = [row, ...row.querySelectorAll('*')]
      .map((each) => each.tagName + each.getAttribute('class') + each.getAttribute('style')).join();
    seen.set(made, (seen.get(made) ?? 0) + 1);
    if (seen.get(made) > most) row.remove();
  }
} }"""
"""Keep so many rows of a table of those that are made alike."""
ONCE = """(context) => {
  const facts = ['display', 'visibility', 'position', 'color', 'backgroundColor', 'filter',
    'backgroundImage', 'opacity', 'fontSize', 'fontWeight', 'textShadow', 'textDecorationLine'];
  const made = new Map([[null, '']]), seen = new Set();
  const signature = (each) => {
    if (!made.has(each)) {
      const style = getComputedStyle(each);
      made.set(each, [signature(each.parentElement), each.tagName, each.getAttribute('class'),
        each.getAttribute('style'), ...facts.map((fact) => style[fact])].join('|'));
    }
    return made.get(each);
  };
  const says = (each) => each.matches('a, button, input, select, textarea') ||
    [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  for (const each of document.body.querySelectorAll('*')) {
    if ((context && !each.closest(context)) || !says(each) || seen.has(signature(each))) continue;
    seen.add(signature(each));
    each.setAttribute('data-once', '');
  }
}"""
"""Mark one element of all that say something and look alike, as everything around them does."""
MARKED = (
    "axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-once], [data-once] *' }] });"
)
"""Judge the contrast of marked elements, and of what is in them, only."""
PLAIN = "* { background-image: none !important }"
"""Without the shadows of what can be scrolled, before which axe would judge no colour."""


def violations(page: Page, kind: str, context: str | None = None) -> list[tuple[str, list[str]]]:
    """Open all parts of a page; return what axe finds: the rule, and elements that break it.

    What depends on neighbours is checked with two rows of a table of those that are made alike;
    the contrast of colours, on one element of those that look alike.
    """
    found = []

    def check(context: str | None, **options: object) -> None:
        options["resultTypes"] = ["violations"]
        told = Axe(AXE_SCRIPT + MARKED).run(page, context=context, options=options)
        found.extend(told.response["violations"])

    page.evaluate(OPEN_ALL)
    beside = ["target-size", "link-in-text-block"]
    apart = {name: {"enabled": False} for name in (*beside, "color-contrast")}
    check(context, runOnly={"type": "tag", "values": LEVELS}, rules=apart)
    page.evaluate(SHORTEN, 2)
    if kind in COLOURED:
        # At once: finding out what stands over what takes most of the time of either check.
        page.evaluate(ONCE, context)
        page.add_style_tag(content=PLAIN)
        beside.append("color-contrast")
    check(context, runOnly=beside)
    return [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]


@pytest.mark.parametrize("kind", SIZES)
def test_axe_finds_no_violation(
    browser: Browser, study: Path, single_study: Path, kind: str
) -> None:
    # Checking a long page takes many seconds: what differs by screen is checked on a short one.
    folder = study if kind == "wide" else single_study
    opened = open_page(browser, folder / "report.html", **SIZES[kind])
    assert violations(opened.page, kind) == []
    opened.page.close()


def test_axe_sees_what_is_wrong_in_one_row_of_many(browser: Browser, single_study: Path) -> None:
    page = open_page(browser, single_study / "report.html", **SIZES["wide"]).page
    page.evaluate(
        """() => {
          const [pale, small] = [...document.querySelectorAll('#rates tbody td')].slice(-2);
          pale.innerHTML = '<span style="color: #ccc">Pale words</span>';
          small.innerHTML = '<button style="all: unset">a</button>'.repeat(9);
        }"""
    )
    found = {rule for rule, _ in violations(page, "wide", "#rates")}
    assert found >= {"color-contrast", "target-size"}
    page.close()


@pytest.mark.parametrize("kind", ["phone", "mobile", "magnified"])
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


@pytest.mark.parametrize("kind", ["wide", "mobile"])
def test_what_is_visible_by_default_can_be_read(browser: Browser, study: Path, kind: str) -> None:
    page = open_page(browser, study / "report.html", **SIZES[kind]).page
    seen = page.evaluate(SEEN)
    assert {name: seen[name] for name, most in LIMITS.items() if seen[name] > most} == {}
    page.close()


@pytest.mark.parametrize("kind", ["wide", "mobile"])
def test_ratios_with_covariates_held_alike_keep_the_page_within_its_limits(
    browser: Browser, adjusted: StudyFolder, kind: str
) -> None:
    page = open_page(browser, adjusted.path / "report.html", **SIZES[kind]).page
    seen = page.evaluate(SEEN)
    assert {name: seen[name] for name, most in LIMITS.items() if seen[name] > most} == {}
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page, kind, "#adjusted, #rates") == []
    page.close()


@pytest.mark.parametrize("kind", ["wide", "mobile"])
def test_the_first_screen_holds_the_answer_and_the_picture(
    browser: Browser, study: Path, kind: str
) -> None:
    page = open_page(browser, study / "report.html", **SIZES[kind]).page
    height = SIZES[kind]["viewport"]["height"]
    for part in (".lead", "#picture tbody"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
    page.close()


def test_without_javascript_the_page_stands_at_the_operating_threshold(
    browser: Browser, study: Path
) -> None:
    page = open_page(browser, study / "report.html", java_script_enabled=False).page
    assert not page.locator("#controls").is_visible()
    text = page.locator("#explore").inner_text()
    assert "Without JavaScript this part shows the setting of the answer alone" in text
    assert "In a crowd of 10,000 made-up people a day" in text
    page.close()


def test_it_prints(opened: Opened) -> None:
    paper = opened.page.pdf(format="A4", tagged=True)
    assert paper.startswith(b"%PDF")
    assert b"/MarkInfo" in paper
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#picture").is_visible()
    assert not opened.page.locator("#controls").is_visible()
    opened.page.emulate_media(media="screen")


def test_lines_and_bars_differ_by_more_than_colour(opened: Opened) -> None:
    dashes = opened.page.evaluate(
        """() => [...document.querySelectorAll('.part:not([hidden]) svg')].map((svg) =>
        [...svg.querySelectorAll('path')].filter((path) => path.style.strokeWidth === '1.8')
          .map((path) => [path.style.stroke, path.style.strokeDasharray]))"""
    )
    assert any(len(lines) > 1 for lines in dashes)
    for lines in dashes:
        assert len({dash for _, dash in lines}) == len(lines)
    shapes = [
        opened.page.evaluate(
            f"getComputedStyle(document.querySelector('#picture .{side} .bar'), '::after')"
            ".borderRadius"
        )
        for side in ("one", "two")
    ]
    assert shapes[0] != shapes[1]


@pytest.mark.parametrize("kind", ["wide", "phone", "grey"])
def test_pictures_are_kept(browser: Browser, study: Path, screenshots: Path, kind: str) -> None:
    page = open_page(browser, study / "report.html", **SIZES.get(kind, SIZES["wide"])).page
    if kind == "grey":
        page.add_style_tag(content="html { filter: grayscale(1) }")
    page.add_style_tag(content=".contents { position: static !important }")
    page.screenshot(path=screenshots / f"first-screen-{kind}.png")
    for section in page.locator("main section[id]").all():
        name = section.get_attribute("id")
        section.screenshot(path=screenshots / f"{name}-{kind}.png")
    assert len(list(screenshots.glob(f"*-{kind}.png"))) > 7
    page.close()
