"""No number is written in two ways in one study: in its sentences, on its page and in its brief."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import pandas as pd
import pytest
from pypdf import PdfReader

from lfr_eval.contract.folder import BRIEF, REPORT, StudyFolder
from lfr_eval.contract.tables import EQUITY, FINDINGS, RATES, TRUTH
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import one_in, p_value, percentage

RATE = re.compile(r"1 in \d{1,3}(?:,\d{3})*(?:\.\d+)?(?: million)?")
COUNTED = re.compile(
    r"([\d,]+) (?:of|in) ([\d,]+)[^.;:()]{0,40}\((1 in [\d,.]*\d(?: million)?|[\d.]+ %)\)"
)


def writings(frames: Iterable[pd.DataFrame]) -> set[str]:
    """Every value of tables as it is written: ends outwards, all others to the nearest."""
    found = set()
    for frame in frames:
        for column in frame.select_dtypes("number"):
            way = "down" if "lower" in column else "up" if "upper" in column else "nearest"
            turned = {"down": "up", "up": "down"}.get(way, way)
            for value in frame[column].dropna().unique():
                if 0 < value < 1:
                    found |= {one_in(float(value), way), one_in(1 - float(value), turned)}
    return found


@pytest.fixture(scope="module")
def brief(small: StudyFolder) -> str:
    pages = PdfReader(small.path / BRIEF).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


@pytest.fixture(scope="module")
def page(small: StudyFolder) -> str:
    text = html.unescape((small.path / REPORT).read_text("utf-8"))
    return re.sub(r"<[^>]+>|\s+", " ", text.replace("\u00a0", " ").replace("\\u00a0", " "))


def test_a_sentence_writes_the_rates_of_its_row_and_no_others(small: StudyFolder) -> None:
    told = 0
    for row in small.read(FINDINGS).itertuples():
        said = str(row.statement)
        ways = {one_in(row.rate_a), one_in(row.rate_b)} if pd.notna(row.rate_a) else set()
        if pd.notna(row.rate_a):
            ways |= {one_in(1 - row.rate_a), one_in(1 - row.rate_b)}
        # A bound on a side without an event is an end of another interval; a rate beside it is in
        # the unit of both.
        bounds = (
            rf"({RATE.pattern} against )?(below|less than) {RATE.pattern}"
            rf"|may still be as high as {RATE.pattern} and {RATE.pattern}"
        )
        rates = RATE.findall(re.sub(bounds, "", said))
        assert set(rates) <= ways, said
        told += len(rates)
    assert told > 50


def test_the_brief_writes_what_the_tables_hold_at_the_threshold_in_use(
    small: StudyFolder, brief: str
) -> None:
    operating = small.record().thresholds.operating
    frames = []
    for table in (RATES, FINDINGS, EQUITY, TRUTH):
        frame = small.read(table)
        at = frame["threshold"]
        frames.append(frame[at.isna() | at.map(lambda one: same_threshold(one, operating))])
    # An axis is drawn from none to a round number.
    found = RATE.findall(re.sub(r"none 1 in [\d,.]*\d", "", brief))
    assert len(found) > 5
    assert set(found) <= writings(frames)


def test_a_rate_beside_its_counts_is_their_quotient(page: str, brief: str) -> None:
    told = 0
    for events, trials, rate in COUNTED.findall(f"{page} {brief}"):
        value = int(events.replace(",", "")) / int(trials.replace(",", ""))
        assert rate in (one_in(value), percentage(value)), (events, trials, rate)
        told += 1
    assert told > 1


def test_every_rate_on_the_page_is_one_of_the_study(small: StudyFolder, page: str) -> None:
    frames = [pd.read_parquet(path) for path in small.path.glob("*.parquet")]
    # Axes are labelled with powers of ten.
    found = [rate for rate in RATE.findall(page) if not re.match(r"1 in 1[0,]*( million)?$", rate)]
    assert len(found) > 100
    assert set(found) <= writings(frames)


N = r"(−?[\d,]+(?:\.\d+)?)"
ENDS = re.compile(rf"% interval:? (?:{N} to {N}|at least {N} times|at most {N} times)")
REMAINS = re.compile(rf"(?:from {N} to {N} times|from {N} upwards|up to {N} times)")
DIFFERENCE = re.compile(rf"is {N} per ([\d,]+) [^.]*? (lower|higher) than")
DIFFERENCE_ENDS = re.compile(rf"interval of the difference {N} to {N} per ([\d,]+)\)")


def read(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def assert_outwards(printed: str, computed: float, upper: bool, step: float = 0.01) -> None:
    """A printed end lies at or beyond the computed one, by less than a step of its digits."""
    beyond = (read(printed) - computed) * (1 if upper else -1)
    assert -1e-12 * abs(computed) <= beyond <= step * abs(computed) + 1e-12, (printed, computed)


def test_no_ratio_is_printed_inside_its_interval_or_in_two_ways(small: StudyFolder) -> None:
    told = 0
    for row in small.read(FINDINGS).itertuples():
        ends = ENDS.search(str(row.statement))
        if ends is None:
            continue
        lower, upper = ends[1] or ends[3], ends[2] or ends[4]
        if lower:
            assert_outwards(lower, row.ratio_lower, upper=False, step=0.1)
        if upper:
            assert_outwards(upper, row.ratio_upper, upper=True, step=0.1)
        # What remains possible is said in the same digits.
        for again in REMAINS.finditer(row.statement):
            assert (again[1] or again[3], again[2] or again[4]) == (lower, upper), row.statement
        estimate = re.search(rf"{N} times as often as", str(row.statement))
        if estimate and lower and upper:
            assert read(estimate[1]) == pytest.approx(row.ratio, rel=0.05)
        told += 1
    assert told > 50


def test_no_difference_is_printed_inside_its_interval(small: StudyFolder) -> None:
    told = 0
    for row in small.read(FINDINGS).itertuples():
        said = str(row.absolute_statement)
        ends = DIFFERENCE_ENDS.search(said)
        if ends is None:
            continue
        lower, upper, many = ends[1], ends[2], read(ends[3])
        assert_outwards(lower, many * row.difference_lower, upper=False)
        assert_outwards(upper, many * row.difference_upper, upper=True)
        estimate = DIFFERENCE.search(said)
        if estimate:
            sign = 1 if estimate[3] == "higher" else -1
            assert read(estimate[2]) == many
            assert sign * read(estimate[1]) == pytest.approx(many * row.difference, rel=0.005)
        told += 1
    assert told > 50


def test_a_p_value_is_that_of_its_row_in_one_way(small: StudyFolder) -> None:
    told = 0
    for row in small.read(FINDINGS).itertuples():
        for printed in re.findall(r"\(p = ([^)]+) after adjustment\)", str(row.statement)):
            assert printed == p_value(row.p_adjusted), row.statement
            told += 1
    assert told > 50
