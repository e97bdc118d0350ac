"""Every planning figure that was derived of the 2023 study comes out of the planner."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from lfr_eval.planning.published import Figure, _shown, as_text, figures
from lfr_eval.planning.sample import Setting, difference_power, people_needed

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "planning.md").read_text().split())
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


def test_the_documentation_states_the_sizes_that_are_printed() -> None:
    listed = [one for one in figures() if one.meaning.startswith("people") and not one.derived]
    two, three, five = map(_shown, listed)
    assert f"this tool's test listed takes {two}, {three} and {five})" in PAGE


def test_the_documentation_states_the_people_whom_false_matches_take() -> None:
    alike, unlike = (
        people_needed(
            partial(difference_power, Setting(1 / 1000, 1, 1.0, 0.05, spread), ratio=3), 0.8
        )
        for spread in (0.0, 1.0)
    )
    assert (
        f"a ratio of 3 takes {alike:g} people per group who are alike, and {unlike:g} who" in PAGE
    )
