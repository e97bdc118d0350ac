"""Numbers in words: one formatter, and no end of an interval printed inside the computed one."""

from __future__ import annotations

import doctest
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_eval.contract import names, words
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.words import alike, one_in, p_text, percentage, ratio
from lfr_eval.inference.rate_statements import rate_statement

RATE = r"1 in [\d,.]*\d(?: million)?|[\d.]+ %|0"
RATIO = r"[\d,.]*\d|∞"
NEAR = 1e-12
"""Room for the last binary digits of 1 / N."""


def number(text: str) -> float:
    """The value of a rate or ratio as a reader takes it."""
    if text.endswith(" %"):
        return float(text.removesuffix(" %")) / 100
    if text == "∞":
        return float("inf")
    plain = text.removeprefix("1 in ").removesuffix(" million").replace(",", "")
    value = float(plain) * (1e6 if text.endswith("million") else 1)
    return 1 / value if text.startswith("1 in ") else value


def test_examples() -> None:
    for module in (words, names):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0


@given(st.floats(1e-12, 1), st.sampled_from([one_in, percentage]))
def test_ends_of_rates_are_rounded_outwards(rate, write) -> None:
    assert number(write(rate, "down")) <= rate * (1 + NEAR)
    assert number(write(rate, "up")) >= rate * (1 - NEAR)
    assert number(write(rate)) == pytest.approx(rate, rel=0.05)


@given(st.floats(1e-9, 1e9))
def test_ends_of_ratios_are_rounded_outwards(value: float) -> None:
    assert number(ratio(value, "down")) <= value <= number(ratio(value, "up"))
    assert number(ratio(value)) == pytest.approx(value, rel=0.05)


def test_an_end_just_beyond_the_margin_is_printed_beyond_it() -> None:
    assert (ratio(0.2849, "down"), ratio(1.5049, "up")) == ("0.28", "1.51")


@given(st.lists(st.floats(1e-9, 1), min_size=2, max_size=4), st.booleans())
def test_rates_that_are_compared_share_a_unit(rates: list[float], success: bool) -> None:
    texts = alike(*((rate, "nearest") for rate in rates), success=success)
    assert len({text.endswith(" %") for text in texts}) == 1


@given(st.floats(1e-300, 1))
def test_no_p_value_is_printed_as_zero(value: float) -> None:
    assert p_text(value) != "p = 0"


@pytest.fixture(scope="module")
def study(small: StudyFolder) -> Path:
    return small.path


def within(printed: str, lower: float, upper: float, end: str) -> bool:
    """Whether a printed end lies inside the computed interval."""
    value = number(printed)
    return value > lower * (1 + NEAR) if end == "lower" else value < upper * (1 - NEAR)


def test_no_sentence_of_a_rate_prints_an_end_inside_its_interval(study: Path) -> None:
    rates = pd.read_parquet(study / "rates.parquet")
    told = 0
    for _, row in rates.iterrows():
        said = rate_statement(row)
        if not said:
            continue
        both = re.search(rf" interval ({RATE}) to ({RATE});", said)
        bound = re.search(rf" is below ({RATE}) \(", said)
        assert (both is None) != (bound is None), said
        if both:
            assert not within(both[1], row.lower, row.upper, "lower"), said
            assert not within(both[2], row.lower, row.upper, "upper"), said
            assert both[1].endswith("%") == both[2].endswith("%"), said
        elif bound:
            assert not within(bound[1], row.lower, row.upper, "upper"), said
        told += 1
    assert told > 50


def test_one_person_has_no_rate_to_quote() -> None:
    none = float("nan")
    row = {"metric": "FPIR", "trials": 1, "events": 1, "rate": 1.0, "lower": none, "upper": none}
    assert rate_statement(row) == ""


def test_no_sentence_of_a_finding_prints_an_end_inside_its_interval(study: Path) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    told = 0
    for row in findings[findings["ratio_lower"].notna()].itertuples():
        if row.verdict == "untestable":
            assert "too little was seen" in row.statement, row.statement
            continue
        both = re.search(rf" interval ({RATIO}) to ({RATIO});", row.statement)
        least, most = (
            re.search(rf"interval: at {end} ({RATIO}) times", row.statement)
            or re.search(
                rf"for chance, [^;]*? at {end} ({RATIO}) times as often as [^;]*? interval\)[;.]",
                row.statement,
            )
            for end in ("least", "most")
        )
        assert both or least or most, row.statement
        lower, upper = row.ratio_lower, row.ratio_upper
        if row.verdict == "equivalent":
            lower, upper = row.equivalence_lower, row.equivalence_upper
        open_ = re.search(rf"Anything from ({RATIO}) to ({RATIO}) times", row.statement)
        assert open_ is None or (open_[1], open_[2]) == (both[1], both[2]), row.statement
        for found, end in ((both, "lower"), (least, "lower"), (most, "upper")):
            if found:
                assert not within(found[1], lower, upper, end), row.statement
        if both:
            assert not within(both[2], lower, upper, "upper"), row.statement
        told += 1
    assert told > 20


def bounds_of(row: object) -> list[tuple[str, str]]:
    """The sides of a finding whose rate is only bounded from above, each with what is printed."""
    both = re.search(rf" may still be as high as ({RATE}) and ({RATE}) ", row.statement)
    if both:
        return [("a", both[1]), ("b", both[2])]
    one = re.search(rf"; the rate is below ({RATE}) ", row.statement)
    return [("a" if row.rate_a <= 0 else "b", one[1])] if one else []


def test_no_bound_beside_no_event_is_printed_inside_the_computed_one(study: Path) -> None:
    rates = pd.read_parquet(study / "rates.parquet")
    rates = rates[rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])]
    place = ["metric", "factor", "group", "watchlist_size", "threshold"]
    upper = rates.fillna({"watchlist_size": 0, "threshold": 0.0}).set_index(place)["upper"]
    told = {False: 0, True: 0}
    for row in pd.read_parquet(study / "findings.parquet").itertuples():
        found = bounds_of(row)
        assert bool(found) == ("confidence" in row.statement), row.statement
        for side, printed in found:
            group = getattr(row, f"group_{side}")
            pooled = group == "rest"
            if pooled:
                # No row of the rates holds all the others; no bound is stronger than that of as
                # many independent trials as theirs are worth.
                worth = row.trials_b / row.design_effect_b
                computed = -math.expm1(math.log1p(-row.level) / worth)
            else:
                setting = (
                    0 if pd.isna(one) else one for one in (row.watchlist_size, row.threshold)
                )
                computed = upper[(row.metric, row.factor, group, *setting)]
                assert printed in (one_in(computed, "up"), percentage(computed, "up"))
            assert not within(printed, 0, computed, "upper"), row.statement
            told[pooled] += 1
    assert told[False] > 50
    assert told[True] > 10


def test_no_sentence_of_a_finding_contradicts_its_interval(study: Path) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    pairs = findings[findings["group_a"] != "*"]
    assert set(pairs["verdict"]) >= {"inconclusive", "untestable"}
    for row in pairs.itertuples():
        significant = "is significant" in row.statement
        assert significant == (row.verdict == "different"), row.statement
        if significant:
            assert not row.ratio_lower <= 1 <= row.ratio_upper, row.statement
        if row.verdict == "inconclusive":
            assert re.search("remains? possible|ruled out", row.statement)
            alike = not (row.ratio_lower > 1 or row.ratio_upper < 1)
            assert alike or not row.primary, row.statement
            assert alike != ("leaves out equal rates" in row.statement), row.statement
        if row.verdict == "equivalent":
            assert row.equivalence_lower >= 1 / row.margin, row.statement
            assert row.equivalence_upper <= row.margin, row.statement


def test_sides_of_a_finding_share_a_unit(study: Path) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    said = (
        findings["statement"]
        .str.extract(
            rf"; ({RATE}) against ({RATE}) (?:of )?(?:passes|comparisons|reference images);"
        )
        .dropna()
    )
    assert len(said)
    assert (said[0].str.endswith("%") == said[1].str.endswith("%")).all()
