"""What the report says of covariates, differences and pooled rates is what the tables say."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from pypdf import PdfReader

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import ADJUSTED, CROSS, FINDINGS, RATES
from lfr_eval.contract.words import ratio
from lfr_eval.report.adjusted import to_adjustment
from lfr_eval.report.rates import as_miss, quote, tabulate, to_rows
from tests.report.pages import Element, parse


@pytest.fixture(scope="module")
def table(adjusted: StudyFolder) -> pd.DataFrame:
    """The rows that the section shows: both errors of the brief, single factors."""
    frame = adjusted.read(ADJUSTED)
    longest = (frame["watchlist_size"] == 300) & frame["metric"].isin(["FPIR", "FNIR"])
    chosen = frame[longest & ~frame["factor"].str.contains(CROSS, regex=False)]
    return pd.DataFrame(chosen[chosen["threshold"] == 0.45])


@pytest.fixture(scope="module")
def page(adjusted: StudyFolder) -> Element:
    return parse(adjusted.path / "report.html")


def test_each_comparison_stands_with_its_three_ratios_and_its_sentence(
    page: Element, table: pd.DataFrame
) -> None:
    section = page.with_id("adjusted")
    assert section.all("h2")[0].text == "What else could explain a difference"
    (folded,) = section.all("details")
    assert "open" not in folded.attributes
    rows = section.all("tbody")[0].all("tr")
    said = [each.text for each in section.all("li")]
    assert len(rows) == len(said) == len(table) == 6
    for shown, sentence, row in zip(rows, said, table.itertuples(), strict=True):
        cells = [each.text for each in shown.all("th", "td")]
        assert sentence.startswith(row.statement)
        assert cells[2].startswith("–" if pd.isna(row.ratio) else f"{ratio(row.ratio)} (")
        if pd.isna(row.refused):
            assert cells[3].startswith(ratio(row.adjusted_ratio))
            assert cells[4].startswith(ratio(row.regression_ratio).replace("–", ""))
        else:
            assert cells[3] == cells[4] == ("refused" if row.overlap < 1 else "too little seen")
        if not pd.isna(row.mislabelled_worst_5):
            assert "1, 2 or 5 % of people were mislabelled at random, " in sentence
            assert "; in the least favourable way, " in sentence
            assert sentence.endswith(f"or {ratio(row.mislabelled_worst_5)}.")
    assert table["refused"].isna().any()


def test_refusals_and_overlap_are_shown(table: pd.DataFrame, adjusted: StudyFolder) -> None:
    brief = quote(to_rows(brief_rates(adjusted)))
    refused = table.assign(
        overlap=[0.5] * 3 + [1.0] * 3,
        fewest_people=[0] * 3 + [1] * 3,
        refused="too few people or events to compare the groups",
    )
    section = to_adjustment(refused, brief)
    assert section is not None
    assert section.held == "age band"
    assert {(row[3], row[5]) for row in section.rows} == {
        ("refused", "50 %"),
        ("too little seen", "100 % (at least 1 person)"),
    }


def test_the_paper_has_the_section_and_keeps_its_pages(
    adjusted: StudyFolder, table: pd.DataFrame
) -> None:
    pages = [page.extract_text() for page in PdfReader(adjusted.path / "report.pdf").pages]
    assert len(pages) <= 15
    text = " ".join(" ".join(pages).split())
    assert "What else could explain a difference" in text
    assert table["statement"].iloc[0][:60] in text


def test_nothing_is_said_where_nothing_was_adjusted(
    small: StudyFolder, adjusted: StudyFolder
) -> None:
    brief = quote(to_rows(brief_rates(adjusted)))
    assert to_adjustment(None, brief) is None
    assert to_adjustment(ADJUSTED.empty(), brief) is None
    assert to_adjustment(adjusted.read(ADJUSTED), None) is None
    text = (small.path / "report.html").read_text("utf-8")
    assert 'id="adjusted"' not in text


def test_differences_are_told_where_a_margin_was_set(
    small: StudyFolder, adjusted: StudyFolder, page: Element
) -> None:
    findings = adjusted.read(FINDINGS)
    told = findings[(findings["threshold"] == 0.45) & findings["absolute_statement"].notna()]
    shown = page.with_id("comparisons").text
    assert len(told) > 20
    assert all(" ".join(text.split()) in shown for text in told["absolute_statement"])
    assert small.read(FINDINGS)["absolute_statement"].notna().any()
    text = parse(small.path / "report.html").with_id("comparisons").text
    assert "interval of the difference" not in text


def test_pooled_rates_stand_beside_those_of_crossed_groups_alone(
    adjusted: StudyFolder, page: Element
) -> None:
    for shown in page.with_id("rates").all("table"):
        names = [each.text for each in shown.all("thead")[0].all("th")]
        if names[-1] != "Pooled with the other groups (no verdict)":
            continue
        for block in shown.all("tbody"):
            head, *rows = block.all("tr")
            cells = [row.all("td")[-1] for row in rows]
            assert all(bool(cell.text) == (" and " in head.text) for cell in cells)
    known = adjusted.read(RATES)
    known = known[(known["metric"] == "FPIR") & (known["watchlist_size"] == 300)]
    known = known[(known["threshold"] == 0.45) & known["pooled"].notna()]
    values = set(page.with_id("rates").values)
    assert len(known) == 6
    assert set(known["pooled"].round(12)) <= {round(value, 12) for value in values}


def test_a_pooled_rate_of_misses_is_the_rest_of_that_of_recognition() -> None:
    frame = pd.DataFrame([[None] * len(RATES.names)], columns=RATES.names).assign(
        metric="TPIR", factor="a x b", group="c x d", trials=10, events=9, rate=0.9,
        pooled=0.8, pooled_lower=0.7, pooled_upper=0.95,
    )  # fmt: skip
    (row,) = to_rows(frame)
    miss = as_miss(row)
    ends = (miss.pooled, miss.pooled_lower, miss.pooled_upper)
    assert ends == pytest.approx((0.2, 0.05, 0.3))
    assert tabulate([row])[0].pooled
    assert not tabulate([dataclasses.replace(row, pooled=None)])[0].pooled


def brief_rates(study: StudyFolder) -> pd.DataFrame:
    rates = study.read(RATES)
    chosen = (rates["threshold"] == 0.45) & (rates["watchlist_size"] == 300)
    return pd.DataFrame(rates[chosen & rates["rank"].isna()])
