from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_eval.contract.names import group_name, group_words, metric_named
from lfr_eval.contract.words import (
    measure,
    one_in,
    p_value,
    ratio,
    scientific,
    share,
    signed,
    spoken_threshold,
)
from lfr_eval.report.words import clean, shorten, spoken_rate


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (1 / 6000, "1 in 6,000"),
        (0.00017, "1 in 5,880"),
        (0.11, "1 in 9.1"),
        (0.5, "1 in 2"),
        (0.923, "92.3 %"),
        (1.0, "100 %"),
        (2.5e-7, "1 in 4 million"),
        (0.0, "0"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_a_rate_is_once_in_so_many(rate: float | None, text: str) -> None:
    assert one_in(rate) == text


def test_rates_of_one_row_are_told_in_one_unit() -> None:
    missed = metric_named("FNMR")
    assert spoken_rate(missed, 0.4) == "1 in 2.5"
    assert spoken_rate(missed, 0.4, beside=(0.2, 0.997)) == "40 %"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("east_asian/white", "mixed East Asian and White people"),
        ("White and Black African", "mixed White and Black African people"),
        ("latino_hispanic", "Latino or Hispanic people"),
        ("white/european", "White and European people"),
    ],
)
def test_a_mixed_label_is_not_told_as_two_groups(label: str, said: str) -> None:
    assert group_words(label) == said
    assert group_name(label) == said[:1].upper() + said[1:].removesuffix(" people")


@given(st.floats(1e-12, 1, exclude_max=True))
def test_a_printed_bound_never_claims_more_than_was_computed(rate: float) -> None:
    def back(text: str) -> float:
        if text.endswith(" %"):
            return float(text.removesuffix(" %")) / 100
        number = text.removeprefix("1 in ").replace(",", "")
        return 1 / (float(number.removesuffix(" million")) * (1e6 if "million" in number else 1))

    assert back(one_in(rate, "up")) >= rate * (1 - 1e-12)
    assert back(one_in(rate, "down")) <= rate * (1 + 1e-12)


@given(st.floats(0.01, 1, exclude_max=True), st.sampled_from(["nearest", "up", "down"]))
def test_only_certainty_is_printed_as_certainty(rate: float, rounding: str) -> None:
    assert share(rate, rounding) not in ("100 %", "0 %")


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.891, "89.1 %"), (0.99996, "99.996 %"), (1.0, "100 %"), (0.0, "0 %"), (0.002, "1 in 500")],
)
def test_success_is_a_percentage(rate: float, text: str) -> None:
    assert spoken_rate(metric_named("TPIR"), rate) == text


def test_statisticians_read_powers_of_ten() -> None:
    assert scientific(0.000167) == "1.67 × 10⁻⁴"
    assert scientific(0.0) == "0"
    assert ratio(12.345) == "12"
    assert ratio(math.inf) == "∞"
    assert p_value(0.0001) == "0.0001"
    assert p_value(0.04996) == "0.05"
    assert p_value(None) == "–"


def test_small_p_values_are_powers_of_ten() -> None:
    assert p_value(2.934e-8) == "2.93 × 10⁻⁸"
    assert p_value(0.0) == "0"


@pytest.mark.parametrize(
    ("value", "rounding", "text"),
    [
        (0.973, "nearest", "0.973"),
        (0.99996, "nearest", "0.99996"),
        (0.99996, "up", "0.99996"),
        (1.00004, "down", "1.00004"),
        (1.0, "nearest", "1"),
        (0.0, "down", "0"),
        (12.34, "up", "12.4"),
    ],
)
def test_a_measure_is_1_only_where_it_is_exactly_1(value: float, rounding: str, text: str) -> None:
    assert measure(value, rounding) == text


def test_parameters_of_a_fit_have_a_sign() -> None:
    assert [signed(value) for value in (-0.1234, 0.5, None)] == ["−0.123", "0.5", "–"]


def test_thresholds_have_two_decimals_or_as_many_as_they_need() -> None:
    assert [spoken_threshold(value) for value in (0.6, 0.491, -1.0)] == ["0.60", "0.491", "−1.00"]


def test_labels_are_cleaned_of_what_can_deceive_or_break_a_page() -> None:
    assert clean("a\x00b\u202ec\n d\ud800") == "a\ufffdb\ufffdc d\ufffd"
    assert clean("Ĳsland Ωμέγα 女性") == "Ĳsland Ωμέγα 女性"


@given(st.text(max_size=80), st.integers(1, 40))
def test_long_labels_are_shortened_in_the_middle(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length
    assert shorten(text, 80) == text
