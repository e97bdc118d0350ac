"""The slider, the sortable table and the filters: the script picks finished words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from lfr_eval.contract.words import unbroken
from lfr_eval.report.reading import read_report
from lfr_eval.report.templating import source
from tests.report.browser.conftest import Opened


@pytest.fixture
def page(opened: Opened) -> Page:
    opened.page.locator(".marks button").first.click()
    for name in ("size", "factor"):
        opened.page.locator(f"#{name}").select_option("0")
    return opened.page


def shown(page: Page) -> dict[str, list[str]]:
    rows = page.locator("#explored-picture tbody tr").all()
    return {
        row.locator("th").inner_text(): [cell.inner_text() for cell in row.locator("td b").all()]
        for row in rows
    }


def test_the_slider_starts_at_the_operating_threshold(page: Page) -> None:
    assert page.locator("#threshold").get_attribute("aria-valuetext") == "0.64"
    assert (
        unbroken("threshold 0.64, watchlist: 10,000 faces")
        in page.locator("#explored-picture .where").inner_text()
    )


@pytest.mark.parametrize(("size", "factor"), [(0, 0), (1, 1), (2, 0), (0, 2)])
def test_every_word_is_one_that_the_library_wrote(
    page: Page, study: Path, size: int, factor: int
) -> None:
    explorer = read_report(study).explorer
    assert explorer is not None
    page.locator("#size").select_option(str(size))
    page.locator("#factor").select_option(str(factor))
    part, pool = explorer.data["parts"][f"{size}|{factor}"], explorer.data["words"]
    for key, step in (("Home", 0), ("End", len(explorer.thresholds) - 1)):
        page.locator("#threshold").focus()
        page.keyboard.press(key)
        assert page.locator("#threshold-shown").inner_text() == explorer.thresholds[step]
        wanted = {
            name: [unbroken(pool[bars[step][0]]) for bars in sides] for name, sides in part["rows"]
        }
        assert shown(page) == wanted
        crowd = part["crowd"][step] if part["crowd"] else ""
        assert page.locator("#explored-crowd").text_content() == unbroken(crowd)
        told = [unbroken(pool[row[2][step]]) for row in part["verdicts"]]
        cells = page.locator("#explored-verdicts tbody td:last-child")
        assert cells.all_text_contents() == told or not told


def test_one_set_of_charts_follows(page: Page) -> None:
    page.locator("#factor").select_option("1")
    assert page.locator(".part:visible").count() == 1
    before = page.locator(".part:visible .at").first.get_attribute("transform")
    page.locator("#threshold").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".part:visible .at").first.get_attribute("transform") != before


def test_the_script_formats_no_number() -> None:
    script = source("page.js")
    for method in ("toFixed", "toPrecision", "toLocaleString", "toExponential", "Intl", "Math."):
        assert method not in script
    assert not re.search(r"\$\{[^}]*[*/+-] ?\d", script)


def test_the_slider_answers_at_once(page: Page) -> None:
    took = page.evaluate(
        """() => { const slider = document.getElementById("threshold");
        const start = performance.now();
        for (let place = 0; place < 20; place += 1) {
          slider.value = place; slider.dispatchEvent(new Event("input", { bubbles: true })); }
        return (performance.now() - start) / 20; }"""
    )
    # Generous, for a busy machine: the benchmark measures it.
    assert took < 1_000


def test_groups_can_be_sorted(page: Page) -> None:
    head = page.locator("#groups thead th").nth(3)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    rates = [
        float(value)
        for value in page.locator("#groups tbody tr td:nth-child(4)").evaluate_all(
            "cells => cells.map((cell) => cell.dataset.sort)"
        )
    ]
    assert rates == sorted(rates, reverse=True)


def test_comparisons_are_narrowed_by_kind_and_by_text(page: Page) -> None:
    rows = page.locator(".comparisons tbody tr")
    total = rows.count()
    page.locator("#filter-verdict").select_option("different")
    some = page.locator(".comparisons tbody tr:visible").count()
    assert 0 < some < total
    page.locator("#search").fill("Black compared with White")
    assert 0 < page.locator(".comparisons tbody tr:visible").count() <= some
    page.locator("#search").fill("no such words")
    assert page.locator("#filtered").inner_text() == "No comparison fits."
    page.locator("#search").fill("")
    page.locator("#filter-verdict").select_option("")
    assert page.locator(".comparisons tbody tr:visible").count() == total


def test_a_link_opens_what_it_leads_to(page: Page) -> None:
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = false")
    page.evaluate("location.hash = 'finding-2'")
    page.wait_for_function("document.getElementById('finding-2').checkVisibility()")
    assert page.locator("#finding-2 .statement").is_visible()
