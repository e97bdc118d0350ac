"""The threshold slider, the crowd, what stands behind numbers, and downloads."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page

from lfr_eval.contract.words import one_in, ratio, scientific, share, spoken_threshold
from lfr_eval.report.crowd import expected_alerts, shares_of_study, spoken_crowd
from lfr_eval.report.rates import at_threshold, in_order, to_rows
from tests.report.browser.conftest import Opened
from tests.report.builders import OPERATING, SIZES

# Between the numbers that can be shown: at those, the last bit of a float decides.
STEPS = (1.0137, 1.5342, 2.3411, 3.3751, 7.7742, 9.9987)
RATES = [
    *(10.0**power * step for power in range(-9, 0) for step in STEPS),
    *(0.0, 0.01, 0.5, 0.96, 0.99996, 0.999, 1.0),
]


@pytest.fixture
def page(opened: Opened) -> Page:
    opened.page.evaluate("document.activeElement?.blur()")
    opened.page.locator("button.go").first.click()
    opened.page.locator("#size").select_option(str(SIZES[0]))
    opened.page.locator("#factor").select_option("gender")
    return opened.page


def rows_at(study: Path, metric: str, threshold: float, size: int, factor: str) -> tuple:
    rates = in_order(pd.read_parquet(study / "rates.parquet"))
    chosen = at_threshold(rates[rates["threshold"].notna()], [threshold])
    return to_rows(
        chosen[
            (chosen["metric"] == metric)
            & (chosen["factor"] == factor)
            & (chosen["watchlist_size"] == size).fillna(False)
        ]
    )


def shown(page: Page) -> dict[str, tuple[str, str]]:
    rows = page.locator("#explore-rates tbody tr").all()
    return {
        row.locator("th").inner_text(): tuple(cell.inner_text() for cell in row.locator("td").all())
        for row in rows
    }


def test_the_slider_starts_at_the_operating_threshold(page: Page) -> None:
    assert page.locator("#threshold").get_attribute("aria-valuetext") == "0.64"
    assert "threshold 0.64, watchlist of 10,000" in page.locator("#explored-where").inner_text()


def test_the_slider_works_by_keyboard_and_both_rates_move_together(page: Page, study: Path) -> None:
    page.locator("#threshold").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    threshold = round(OPERATING - 0.02, 2)
    assert page.locator("#threshold").get_attribute("aria-valuetext") == f"{threshold:.2f}"
    cells = shown(page)
    for metric, side, words in (("FPIR", 0, one_in), ("TPIR", 1, share)):
        for rate in rows_at(study, metric, threshold, SIZES[0], "gender"):
            expected = words(rate.rate) if rate.events else "no event"
            assert cells[rate.group][side].startswith(expected), (rate.group, metric)
    page.keyboard.press("Home")
    assert page.locator("#threshold").get_attribute("aria-valuetext") == "0.50"
    assert "False alerts of everybody" in page.locator("#explored").inner_text()


def test_bounds_are_those_of_the_table_or_weaker(page: Page, study: Path) -> None:
    page.locator("#factor").select_option("ethnicity")
    data = page.evaluate("JSON.parse(document.getElementById('data').textContent)")
    thresholds = data["thresholds"]
    for entry in data["rates"][f"FPIR|{SIZES[0]}|ethnicity"]:
        for place, threshold in enumerate(thresholds):
            (rate,) = (
                row
                for row in rows_at(study, "FPIR", threshold, SIZES[0], "ethnicity")
                if row.group == entry["group"]
            )
            assert entry["events"][place] == rate.events
            assert entry["lower"][place] <= rate.lower
            assert rate.upper <= entry["upper"][place] <= rate.upper * 1.0002 + 1e-12
        break


def test_the_watchlist_can_be_chosen(page: Page, study: Path) -> None:
    page.locator("#size").select_option(str(SIZES[1]))
    cells = shown(page)
    for rate in rows_at(study, "FPIR", OPERATING, SIZES[1], "gender"):
        assert cells[rate.group][0].startswith(one_in(rate.rate) if rate.events else "no event")


def test_verdicts_move_and_say_where_they_are_exploratory(page: Page, study: Path) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    row = page.locator("#explore-verdicts tbody tr", has_text="FPIR: female compared with male")
    registered = findings[
        (findings["finding_id"] == f"FPIR-{OPERATING:g}-{SIZES[0]}-gender-female-male")
    ]
    assert registered["verdict"].iloc[0] in row.inner_text()
    assert "exploratory" not in row.inner_text()
    page.locator("#threshold").focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    elsewhere = findings[findings["finding_id"] == f"FPIR-0.58-{SIZES[0]}-gender-female-male"]
    assert elsewhere["verdict"].iloc[0] in row.inner_text()
    assert "exploratory" in row.inner_text()
    assert "FPIR-0.58-10000-gender-female-male" in row.inner_text()


def test_marks_in_the_charts_follow_the_slider(page: Page) -> None:
    mark = page.locator(f"#rate-fpir-{SIZES[0]}-0 .follow").first
    before = float(mark.get_attribute("x1"))
    page.locator("#threshold").focus()
    page.keyboard.press("ArrowLeft")
    assert float(mark.get_attribute("x1")) < before
    assert page.locator("#tradeoff-0 .follow-ring").count() >= 2


@pytest.mark.parametrize("people", [30_000, 7])
def test_the_crowd_is_that_of_the_library(page: Page, study: Path, people: int) -> None:
    page.locator("#factor").select_option("ethnicity")
    page.locator("#threshold").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#crowd-size").fill(str(people))
    threshold = round(OPERATING - 0.01, 2)
    rates = rows_at(study, "FPIR", threshold, SIZES[0], "ethnicity")
    crowd = expected_alerts(people, shares_of_study(rates), rates)
    where = f"threshold {spoken_threshold(threshold)}, watchlist of 10,000"
    # Bounds of the page may be weaker in the fifth digit, the rest is the same text.
    said = page.locator("#crowd-sentence").inner_text().removeprefix("SIMULATED").strip()
    said = said.removeprefix("Simulated").strip()
    wanted = spoken_crowd(crowd, 0.95, where)
    assert said.split(" (95 %")[0] == wanted.split(" (95 %")[0]
    assert said.split("), ")[1] == wanted.split("), ")[1]
    page.locator("#crowd-size").fill("30000")


def test_shares_that_do_not_add_up_are_scaled_and_said_so(page: Page) -> None:
    page.locator("#share-0").fill("10")
    assert "scaled to 100 %" in page.locator("#composition-note").inner_text()
    page.locator("#factor").select_option("ethnicity")
    assert page.locator("#composition-note").inner_text() == ""


def test_numbers_in_words_are_those_of_the_library(page: Page, study: Path) -> None:
    source = (study / "report.html").read_text("utf-8")
    start = source.index("// Numbers in words")
    script = source[start : source.index("// Tables as downloads")]
    body = (
        "return rates.map((rate) => [oneIn(rate), oneIn(rate, 'up'), oneIn(rate, 'down'), "
        "share(rate), share(rate, 'up'), share(rate, 'down'), scientific(rate), "
        "ratio(rate, 'up')]);"
    )
    said = page.evaluate(f"(rates) => {{ {script} {body} }}", RATES)
    for rate, texts in zip(RATES, said, strict=True):
        assert texts == [
            one_in(rate), one_in(rate, "up"), one_in(rate, "down"), share(rate),
            share(rate, "up"), share(rate, "down"), scientific(rate), ratio(rate, "up"),
        ], rate  # fmt: skip


@pytest.mark.parametrize("table", ["#explore-rates", "#answer .quote", "#rates .rates"])
def test_every_rate_tells_by_keyboard_what_stands_behind_it(page: Page, table: str) -> None:
    numbers = page.locator(table).first.locator(".drill")
    assert numbers.count() >= 2
    assert page.locator(table).first.locator(".drill[tabindex='0']").count() == 1
    page.locator(table).first.locator(".drill[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    said = page.locator("#evidence").inner_text()
    for part in ("people", "nterval"):
        assert part in said
    assert "inding" in said or "No planned comparison" in said
    focused = page.evaluate("document.activeElement.getAttribute('aria-describedby')")
    assert focused == "evidence"
    page.keyboard.press("Escape")
    assert not page.locator("#evidence").is_visible()


BEHIND = {
    "#findings .comparisons": ("p adjusted:", "Largest ratio still possible:", "Finding ", "Test:"),
    "#explore-verdicts": ("Verdict:", "Finding "),
    "#equity .measures": ("Value:", "Highest F", "Lowest F", " people", "No verdict rests on it."),
    "#published .published": ("Fisher", "Each person counts once"),
    "#crowd-table": ("people had", "interval", "Method:"),
    "#modelled td:nth-of-type(2):has(.sci)": ("MODELLED, not observed", "MODELLED interval"),
}


@pytest.mark.parametrize("table", BEHIND)
def test_figures_that_are_no_rates_tell_what_stands_behind_them_too(page: Page, table: str) -> None:
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    numbers = page.locator(table).first.locator(".drill")
    assert numbers.count()
    for number in (numbers.first, numbers.last) if table != "#crowd-table" else (numbers.first,):
        number.focus()
        said = page.locator("#evidence").inner_text()
        for part in BEHIND[table]:
            assert part in said, said
        page.keyboard.press("Escape")
    if table == "#crowd-table":
        numbers.last.focus()
        assert "MOVER" in page.locator("#evidence").inner_text()
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = false")


def test_pointing_at_a_number_shows_it_too(page: Page) -> None:
    page.locator("#explore-rates .drill").first.hover()
    assert "Method:" in page.locator("#evidence").inner_text()
    page.mouse.move(0, 0)
    page.locator("#evidence").wait_for(state="hidden")


def test_every_chart_has_its_numbers(page: Page) -> None:
    for chart in page.locator("figure.chart").all():
        part = chart.locator("details.numbers")
        assert part.count() == 1, chart.get_attribute("id")
        part.evaluate("part => { part.open = true; }")
        part.locator("table").wait_for(state="attached")
        assert part.locator("tbody tr").count() > 0, chart.get_attribute("id")
        part.evaluate("part => { part.open = false; }")


def test_a_table_can_be_saved_and_holds_the_numbers(page: Page, study: Path) -> None:
    with page.expect_download() as download:
        page.locator("#explore .csv").first.click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    head, *rows = list(csv.reader(text.splitlines()))
    assert head[-1] == "data"
    assert all(row[-1] == "simulated" for row in rows)
    wanted = {
        rate.group: rate.rate for rate in rows_at(study, "TPIR", OPERATING, SIZES[0], "gender")
    }
    assert {row[0]: pytest.approx(float(row[2]), rel=1e-9) for row in rows} == wanted
    assert download.value.suggested_filename.startswith("simulated-walk-past-")
