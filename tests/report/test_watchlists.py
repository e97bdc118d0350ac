"""The section on watchlist sizes, and modelled rates of searches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.mixing import AS_THEY_COME, Mix
from lfr_eval.contract.names import group_name
from lfr_eval.contract.tables import MODELLED_SEARCHES
from lfr_eval.contract.trials import WatchlistTrials
from lfr_eval.inference import Plan, watchlist_size_table
from lfr_eval.report import render
from lfr_eval.report.watchlists import WAYS, to_growth
from tests.report.builders import OPERATING, write_study
from tests.report.pages import Element, parse

FILLERS = 1_000


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Women match many fillers in few passes, men one filler in many passes; children none."""
    people = pd.DataFrame({"gender": ["female"] * 40 + ["male"] * 40 + ["child"] * 5})
    female = [(pass_, reference) for pass_ in range(0, 80, 10) for reference in range(0, 400, 10)]
    male = [(400 + 5 * n, 3 * n) for n in range(40)]
    hits = np.array([*female, *male])
    trials = WatchlistTrials(
        85,
        np.repeat(np.arange(85), 10),
        np.ones(850, bool),
        np.full(FILLERS, -1),
        hits[:, 0],
        hits[:, 1],
        np.full(len(hits), 0.7, np.float32),
        0.6,
    )
    references = pd.DataFrame({"gender": ["female", "male"] * (FILLERS // 2)})
    half = Mix.of("mostly men", "gender", {"female": 1, "male": 4})
    plan = Plan(factors=("gender",))
    mixes = [half, AS_THEY_COME]
    return watchlist_size_table(trials, people, references, mixes, [OPERATING], plan, [100])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Element:
    study = write_study(tmp_path_factory.mktemp("sizes") / "study")
    table.to_parquet(study / "watchlist_sizes.parquet")
    modelled = pd.read_parquet(study / "modelled.parquet")
    searches = modelled.assign(metric="FPIR", watchlist_size=pd.array([1_000] * len(modelled)))
    MODELLED_SEARCHES.conform(searches).to_parquet(study / "modelled_searches.parquet")
    render(study)
    return parse(study / "report.html")


@pytest.fixture(scope="module")
def section(page: Element) -> Element:
    return page.with_id("watchlists")


def test_what_each_group_rests_on_is_said(section: Element) -> None:
    said = section.text
    assert "Women: 320 matches in 8 passes of 8 people, in 400 passes of 40 people in all." in said
    assert "Men: 40 matches in 40 passes of " in said
    assert "no match in 50 passes of 5 people, so there is only a bound." in said


def test_every_shown_rate_is_one_of_the_table(table: pd.DataFrame, section: Element) -> None:
    sizes = [FILLERS, 2 * FILLERS, 10 * FILLERS]
    shown = table[(table["composition"] == "fillers") & table["watchlist_size"].isin(sizes)]
    shown = shown[shown["rate"] > 0]
    printed = {value for row in section.all("tr") for value in row.values}
    assert set(shown["rate"]) <= printed
    assert printed <= set(table["rate"])
    assert "no match at most 1 in" in section.text
    assert 'Composition "mostly men": the fillers allow 625 references' in section.text


def test_a_cross_stands_where_a_way_leaves_the_interval(
    table: pd.DataFrame, section: Element
) -> None:
    blocks = table.groupby(["composition", "factor"], sort=False)
    crosses = 0
    for (_, part), drawn in zip(blocks, section.all("table"), strict=True):
        apart = {
            (group_name(row.group), f"{row.watchlist_size:,}", row.way)
            for row in part[part["rate"] > 0].itertuples()
            if pd.notna(row.agrees) and not row.agrees
        }
        for row in drawn.all("tr")[1:]:
            group, size, *cells = (cell.text for cell in row.all("th", "td"))
            for way, cell in zip(WAYS, cells, strict=True):
                assert ("✗" in cell) == ((group, size, way) in apart)
                crosses += "✗" in cell
    assert crosses


def test_every_factor_has_a_chart_with_all_three_ways(section: Element) -> None:
    charts = section.all("figure")
    assert len(charts) == 4
    for chart in charts:
        caption = chart.all("figcaption")[0].text
        assert "Solid, with its interval: drawn from the fillers; dashed: closed form" in caption
        styles = " ".join(path.attributes.get("style", "") for path in chart.all("path"))
        assert all(dash in styles for dash in ("--series-1", "dasharray:6 3", "dasharray:1.5 2"))


def test_modelled_rates_of_searches_stand_beside_those_of_comparisons(page: Element) -> None:
    modelled = page.with_id("modelled")
    assert "False alerts (FPIR), watchlist of 1,000" in modelled.text
    assert page.with_id("modelled-rates-1").text.startswith("Simulated MODELLED, not observed")
    names = [figure.attributes["id"] for figure in modelled.all("figure")]
    assert len(names) == len(set(names))
    assert any("1000" in name for name in names)


def test_a_study_without_searches_says_so(bare_page: Element, table: pd.DataFrame) -> None:
    assert "nobody was searched for" in bare_page.with_id("watchlists").text
    assert to_growth(table[:0], [OPERATING], [100]) is None
