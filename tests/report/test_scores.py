"""What the page says of scores is what the tables say, and never an error rate."""

from __future__ import annotations

import pandas as pd
import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import CROSS, GROUP_SCORES, SCORE_DIFFERENCES, SCORE_SUMMARY
from lfr_eval.report.scores import CAVEAT, SAID, to_score_words
from tests.report.pages import Element, parse


@pytest.fixture(scope="module")
def differences(small: StudyFolder) -> pd.DataFrame:
    return small.read(SCORE_DIFFERENCES)


@pytest.fixture(scope="module")
def page(small: StudyFolder) -> Element:
    return parse(small.path / "report.html")


def test_the_section_says_that_it_is_no_error_rate(page: Element) -> None:
    said = page.with_id("scores-say").text
    assert "a difference of scores and not an error rate" in said
    assert said.count("error rate") == 1


@pytest.mark.parametrize("primary", [False, True])
def test_every_comparison_of_means_is_told_once(differences: pd.DataFrame, primary: bool) -> None:
    single = ~differences["factor"].str.contains(CROSS, regex=False)
    largest = differences["watchlist_size"].max()
    leading = differences["watchlist_size"].fillna(largest) == largest
    means = differences[single & leading & (differences["statistic"] == "mean")].head(6)
    told = means.assign(
        verdict=["different"] * 5 + ["inconclusive"], p_adjusted=0.01, primary=primary
    )
    words = to_score_words(told, None)
    assert words is not None
    assert words.differ == ("primary" if primary else "exploratory")
    assert len(words.said) == SAID + 2
    assert words.said[0] == means["statement"].iloc[0].replace(CAVEAT, "")
    assert words.said[SAID] == "1 further difference of mean scores is in the evidence."
    assert words.said[-1].startswith("No difference in mean scores was shown, and none is ruled")


def test_the_table_has_all_comparisons_of_single_factors(
    page: Element, differences: pd.DataFrame
) -> None:
    simple = differences[~differences["factor"].str.contains(CROSS, regex=False)]
    assert len(page.with_id("score-differences").all("tr")) == len(simple) + 1


def test_the_chart_is_by_group_and_counts_every_score(small: StudyFolder, page: Element) -> None:
    table = small.read(GROUP_SCORES)
    panels = page.with_id("scores-chart").all("svg")
    named = [panel.attributes["aria-label"] for panel in panels]
    assert len(named) == table["group"].nunique()
    assert {"Everybody", "Women", "Black"} <= set(named)
    summary = small.read(SCORE_SUMMARY).set_index("group")
    counted = table[table["kind"] == "mated"].groupby("group")["count"].sum()
    assert (counted == summary.loc[counted.index, "mated_scores"]).all()


def test_a_study_without_scores_has_no_section(study: object, small: StudyFolder) -> None:
    assert to_score_words(None, None) is None
    assert to_score_words(small.read(SCORE_DIFFERENCES).head(0), None) is None
    assert study is not None
