"""What stands beside the answer: measures of inequality, published tests, modelled rates."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from lfr_eval.contract import tables
from lfr_eval.contract.names import group_name
from lfr_eval.report.equity import Equity, Side, to_measures
from lfr_eval.report.modelled import spoken_decades, to_tails
from lfr_eval.report.rates import Rate
from lfr_eval.report.templating import environment
from tests.report.builders import OPERATING
from tests.report.further import FDR, MEASURES, REFUSED, TOO_FAR, TOO_FEW
from tests.report.pages import Element
from tests.report.test_rates import rate

SECTIONS = ("equity", "published", "modelled")


def of(study: Path, table: str) -> pd.DataFrame:
    """Return the rows of a table at the operating threshold or without one."""
    frame = pd.read_parquet(study / f"{table}.parquet")
    return frame[frame["threshold"].isna() | (frame["threshold"] == OPERATING)]


def test_every_measure_is_printed_with_definition_range_and_caveat(page: Element) -> None:
    folded = page.with_id("equity").all("details")[1:]
    assert [each.all("summary")[0].text for each in folded] == [*(m[0] for m in MEASURES), FDR[0]]
    for each, (_, definition, span, caveat) in zip(folded, (*MEASURES, FDR), strict=True):
        assert definition[1:] in each.text
        assert span in each.text
        assert caveat in each.text
        assert "people redrawn 10,000 times" in each.all("caption")[0].text


def test_the_measures_hold_the_defined_values_of_the_equity_table(
    study: Path, page: Element
) -> None:
    equity, rates = of(study, "equity"), of(study, "rates")
    for each in page.with_id("equity").all("details")[1:]:
        rows = equity[equity["measure"] == each.all("summary")[0].text]
        silent = {
            (metric, size if pd.notna(size) else None, factor)
            for (metric, size, factor), part in rates.groupby(
                ["metric", "watchlist_size", "factor"], dropna=False
            )
            if not part["events"].any()
        }
        expected = [
            row.value
            for row in rows.itertuples()
            if pd.notna(row.value)
            and (row.metric, row.watchlist_size if pd.notna(row.watchlist_size) else None,
                 row.factor) not in silent
        ]  # fmt: skip
        assert sorted(each.values) == sorted(expected)
        assert expected


def test_no_measure_of_inequality_is_a_headline(page: Element) -> None:
    answer = page.with_id("answer").text
    assert not any(name in answer for name in ("worst/best", "Gini", "FDR", "MODELLED", "odelled"))


def equity(value: float | None, lower: float | None, upper: float | None, *sides: Side) -> Equity:
    return Equity("worst/best", "FPIR", 0.6, 1_000, "gender", 2, value, lower, upper, sides)


def side(*groups: tuple[str, int, float, float]) -> Side:
    template = vars(rate("FPIR", 0.6, 1_000))
    fields = ("group", "events", "lower", "upper")
    values = [template | dict(zip(fields, each, strict=True)) for each in groups]
    return Side("FPIR", tuple(Rate(**each) for each in values))


def said(macro: str, row: Equity) -> str:
    """Return what the page says of a value."""
    context = {"record": None, "report": None, "paper": False}
    macros = environment().get_template("macros.html.j2").make_module(context)
    return " ".join(getattr(macros, macro)(row).split())


SILENT = ("female", 0, 0.0, 0.001)


def test_an_infinite_end_is_words_and_no_number() -> None:
    assert said("measured", equity(2.0, 1.234, math.inf)) == "1.23 or more, without upper end"
    assert said("measured", equity(2.0, 1.2341, 4.5671)) == "1.23 to 4.57"
    assert said("remark", equity(2.0, 1.2, 4.5)) == ""


def test_an_undefined_measure_is_a_bound_in_words() -> None:
    seen = side(SILENT, ("male", 9, 0.004, 0.02))
    row = equity(None, math.inf, math.inf, seen)
    assert said("measured", row) == "–"
    assert said("remark", row) == (
        "Undefined. Women had no FPIR event, but may have a rate of up to 1 in 1,000."
    )
    assert "at least 3.21." in said("remark", equity(None, 3.217, math.inf, seen))


def test_where_nothing_happened_no_number_may_pass_for_equality() -> None:
    row = equity(0.0, 0.0, 0.0, side(SILENT, ("male", 0, 0.0, 0.002)))
    assert row.says_nothing
    assert said("remark", row) == "No group had an event: nothing to measure. The formula gives 0."
    half = equity(0.9, 0.8, 1.0, side(SILENT), side(SILENT, ("male", 1, 0.1, 0.2)))
    assert said("remark", half) == "No group had an FPIR event, which counts as equal here."


def test_a_measure_finds_the_rates_behind_it() -> None:
    row = ("Gini", "FPIR + FNIR", 0.6, 1_000, "gender", 2, 0.5, 0.1, 1, 0.95, 100, "d", "r", "c")
    known = [rate("FPIR", 0.6000000000001, 1_000), rate("FNIR", 0.6, 1_000), rate("FNIR", 0.6, 5)]
    (table,) = to_measures(tables.EQUITY.build([row]), known)
    (found,) = table.blocks[0].rows
    assert [len(each.rates) for each in found.sides] == [1, 1]


def test_published_tests_hold_the_numbers_and_are_never_the_planned_ones(
    study: Path, page: Element
) -> None:
    section = page.with_id("published")
    columns = ["affected_a", "exposed_a", "affected_b", "exposed_b"]
    columns += ["fisher", "boschloo", "chi_square", "chi_square_corrected"]
    expected = []
    for row in of(study, "person_tests").itertuples():
        names = columns if row.group_a != "*" else [*columns[:2], *columns[4:]]
        values = [getattr(row, name) for name in names]
        expected.append([float(value) for value in values if pd.notna(value)])
    printed = [row.values for row in section.all("tr") if row.all("data")]
    assert sorted(printed) == sorted(expected)
    assert "They are not the primary test" in section.text
    for caption in section.all("caption"):
        assert "for comparison with published studies; not the primary test" in caption.text


def test_published_tests_of_false_matches_are_called_invalid(page: Element) -> None:
    for each in page.with_id("published").all("details")[1:]:
        of_pairs = "(FMR)" in each.all("summary")[0].text
        assert each.all("summary")[0].text.endswith("not valid") == of_pairs
        because = "Not valid: every false match touches two people."
        assert (because in each.all("caption")[0].text) == of_pairs
    assert "must not be quoted as evidence" in page.with_id("published").text


def test_everything_modelled_is_called_so_and_stands_in_one_frame(page: Element) -> None:
    section = page.with_id("modelled")
    marked = section.all("caption", "figcaption")
    assert len(marked) > 4
    assert all("MODELLED, not observed" in each.text for each in marked)
    for chart in section.all("svg"):
        assert chart.attributes["aria-label"].endswith(": MODELLED")
        assert chart.all("text")[0].text.endswith(": MODELLED")
    assert page.text.count("MODELLED") == section.text.count("MODELLED")
    drawn = [each for each in page.all("figure") if "modelled" in each.attributes["id"]]
    assert len(drawn) == len(section.all("figure"))


def test_modelled_rates_stand_beside_what_was_observed(study: Path, page: Element) -> None:
    modelled = pd.read_parquet(study / "modelled.parquet")
    known = modelled[modelled["rate"].notna() & modelled["threshold"].isin([0.56, 0.6, 0.64])]
    assert len(known)
    table = page.with_id("modelled-rates-0")
    body = page.with_id("modelled").text
    printed = [value for row in page.with_id("modelled").all("tr") for value in row.values]
    assert set(known["rate"]) <= set(printed)
    assert table.text.startswith("Simulated MODELLED, not observed")
    assert "none seen in" in body
    assert "at most 1 in" in body


def test_a_threshold_of_0_is_a_threshold(study: Path) -> None:
    modelled, rates = (
        frame.assign(threshold=(frame["threshold"] - 0.6).round(9))
        for frame in (pd.read_parquet(study / f"{name}.parquet") for name in ("modelled", "rates"))
    )
    (tail,) = to_tails(modelled, None, rates, None, [0.0]) or ()
    rows = [row for block in tail.blocks for row in block.rows]
    assert rows
    assert all(row.observed and row.observed.group == row.group for row in rows)


def test_refusals_are_told_with_their_reason(page: Element) -> None:
    section = page.with_id("modelled")
    assert f"Refused: {TOO_FEW}" in section.text
    assert f"refused above: {TOO_FAR}" in section.text
    titles = [text.text for chart in section.all("svg") for text in chart.all("text")]
    assert "White men: MODELLED" in titles
    assert not any(group_name(REFUSED) in title for title in titles)


def test_decades_are_spoken() -> None:
    spoken = [spoken_decades(value) for value in (None, -0.4, 0.84, math.inf)]
    assert spoken == ["–", "within the data", "0.8", "the fitted tail ends before"]


def test_a_folder_without_the_tables_says_so_where_a_reader_would_look(bare_page: Element) -> None:
    for name, table in zip(SECTIONS, ("equity", "person_tests", "modelled"), strict=True):
        assert f"holds no {table}.parquet" in bare_page.with_id(name).text
