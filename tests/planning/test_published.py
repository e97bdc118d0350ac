"""Every planning figure that was derived of the 2023 study comes out of the planner."""

from __future__ import annotations

import re

import pytest

from lfr_eval.planning.published import Figure, _shown, as_text, figures

DERIVED = [figure for figure in figures() if figure.derived is not None]

FACTS = {
    *("141,243", "47,076", "17,650", "0.8 %", "6.7 %", "47 %", "7.4 %", "33 %", "90 %"),
    *("0.0749 %", "1 in 23,776", "0.746 %", "1 in 2,386", "2.23 %", "1 in 799", "1 in 7,929"),
    *("12.1", "0.0585", "0.104", "0.101"),
}


def test_none_is_left_out() -> None:
    assert {figure.derived for figure in DERIVED} == FACTS


@pytest.mark.parametrize("figure", DERIVED, ids=lambda figure: figure.derived)
def test_it_is_the_same_to_the_last_printed_digit(figure: Figure) -> None:
    assert figure.derived is not None
    printed = float(re.sub(r"1 in |[,% ]", "", figure.derived))
    decimals = len(figure.derived.rstrip(" %").partition(".")[2])
    value = figure.value
    if "1 in" in figure.derived:
        value = 1 / value
    elif figure.derived.endswith("%"):
        value *= 100
    assert round(value, decimals) == printed


def test_the_page_shows_both_beside_each_other() -> None:
    text = as_text()
    assert all(figure.derived in text and _shown(figure) in text for figure in DERIVED)
    assert "[DERIVED]" in text
