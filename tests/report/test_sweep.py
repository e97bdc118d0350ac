"""The sweep, the crowd and the grid of groups against what pandas computes of the same tables."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_eval.contract import tables
from lfr_eval.contract.words import one_in, percentage
from lfr_eval.report.crossed import SHADES, to_grids
from lfr_eval.report.crowd import crowd_sentence
from lfr_eval.report.explorer import STEPS, sweep_thresholds
from lfr_eval.report.page import to_json
from lfr_eval.report.picture import to_bar, top_of
from lfr_eval.report.rates import at_threshold, to_rows
from lfr_eval.report.reading import read_report
from tests.report.builders import OPERATING, SIZES


@pytest.fixture(scope="module")
def rates(study: Path) -> pd.DataFrame:
    return pd.read_parquet(study / "rates.parquet")


def alerts_of(rates: pd.DataFrame, factor: str) -> pd.DataFrame:
    chosen = at_threshold(rates[rates["threshold"].notna()], [OPERATING])
    return chosen[
        (chosen["metric"] == "FPIR")
        & (chosen["watchlist_size"] == SIZES[0]).fillna(False)
        & (chosen["factor"] == factor)
    ]


def test_the_crowd_has_the_rate_and_the_range_of_everybody(rates: pd.DataFrame) -> None:
    """One figure for one thing: the crowd has the mix of groups of the study."""
    frame = alerts_of(rates, "overall")
    (everybody,) = to_rows(frame)
    assert everybody.lower is not None
    assert everybody.upper is not None
    lower, upper = math.floor(10_000 * everybody.lower), math.ceil(10_000 * everybody.upper)
    said = crowd_sentence(everybody, simulated=False)
    assert f"Anything from {lower:,} to {upper:,} fits what was seen." in said


def test_a_crowd_without_a_measured_rate_is_not_told(rates: pd.DataFrame) -> None:
    (everybody,) = to_rows(alerts_of(rates, "overall").assign(rate=None, lower=None, upper=None))
    assert crowd_sentence(everybody, simulated=False) == ""


@pytest.mark.parametrize(("size", "place"), list(zip(SIZES, (0, 1), strict=True)))
def test_the_words_of_the_slider_are_those_of_the_rates_table(
    study: Path, rates: pd.DataFrame, size: int, place: int
) -> None:
    explorer = read_report(study).explorer
    assert explorer is not None
    factor = explorer.factors.index("ethnicity")
    part, pool = explorer.data["parts"][f"{place}|{factor}"], explorer.data["words"]
    shown = [float(text) for text in explorer.thresholds]
    for name, sides in part["rows"]:
        for metric, bars in zip(("FPIR", "TPIR"), sides, strict=True):
            rows = rates[
                (rates["metric"] == metric)
                & (rates["watchlist_size"] == size).fillna(False)
                & (rates["group"] == name.lower())
            ]
            for step, threshold in enumerate(shown):
                row = rows[(rows["threshold"] - threshold).abs() < 1e-9].iloc[0]
                missed = row["trials"] - row["events"]
                events = missed if metric == "TPIR" else row["events"]
                rate = 1 - row["rate"] if metric == "TPIR" else row["rate"]
                said = one_in(rate) if events else "none seen"
                assert pool[bars[step][0]] in (said, percentage(rate))


def test_the_verdicts_of_the_slider_are_those_of_the_findings_table(study: Path) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    explorer = read_report(study).explorer
    assert explorer is not None
    part = explorer.data["parts"][f"0|{explorer.factors.index('ethnicity')}"]
    place = explorer.thresholds.index(f"{OPERATING:.2f}")
    chosen = findings[
        (findings["threshold"] == OPERATING)
        & (findings["factor"] == "ethnicity")
        & (findings["watchlist_size"] == SIZES[0]).fillna(False)
        & findings["metric"].isin(["FPIR", "TPIR"])
    ]
    told = [explorer.data["words"][row[2][place]] for row in part["verdicts"]]
    assert sorted(text.split()[1].strip(",") for text in told) == sorted(chosen["verdict"])
    assert not any("exploratory" in text for text in told)
    away = explorer.thresholds.index("0.58")
    assert all("exploratory" in explorer.data["words"][row[2][away]] for row in part["verdicts"])


def test_a_bar_never_shows_less_than_the_interval(rates: pd.DataFrame) -> None:
    rows = to_rows(alerts_of(rates, "ethnicity"))
    top, words = top_of(rows)
    assert words == one_in(top)
    for row in rows:
        bar = to_bar(row, top)
        assert bar.low == pytest.approx(row.lower / top)
        assert bar.high == pytest.approx(row.upper / top)
        assert bar.high <= 1
        assert bar.behind == f"{row.subjects_with_event:,} of {row.subjects:,}"


@given(
    st.lists(st.integers(0, 100_000), min_size=1, max_size=400, unique=True),
    st.integers(0, 399),
)
def test_a_thinned_sweep_keeps_both_ends_and_what_must_be_kept(steps: list[int], of: int) -> None:
    values = sorted(step / 100_000 for step in steps)
    kept = values[of % len(values)]
    found = sweep_thresholds(pd.DataFrame({"threshold": [*values, None]}), [kept])
    assert list(found) == sorted(set(found))
    assert {found[0], found[-1], kept} >= {values[0], values[-1], kept}
    assert kept in found
    assert set(found) <= set(values)
    assert len(found) <= STEPS + 1


@given(st.text())
def test_no_text_ends_the_script_that_holds_it(text: str) -> None:
    written = to_json({"group": text.encode("utf-8", "replace").decode("utf-8")})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written)["group"] == text.encode("utf-8", "replace").decode("utf-8")


def crossed_rates() -> pd.DataFrame:
    rows = []
    for place, (probe, other, events) in enumerate(
        [("a", "a", 90), ("a", "b", 10), ("b", "a", 0), ("b", "b", 30), ("a", None, 100)]
    ):
        trials = 10_000 + place
        ends = (events / trials / 2, min(1.0, 2 * events / trials + 1e-4))
        rows.append(
            ("FMR", OPERATING, None, None, "gender", probe, other, events, trials, 50, 5,
             events / trials, *ends, 0.95, 100.0, "Wilson")
        )  # fmt: skip
    return tables.RATES.build(rows)


def test_the_grid_is_a_pivot_of_the_rates_of_two_groups() -> None:
    frame = crossed_rates()
    (grid,) = to_grids(to_rows(frame))
    pivot = frame.dropna(subset=["counterpart"]).pivot_table(
        index="group", columns="counterpart", values="rate"
    )
    assert list(grid.groups) == list(pivot.index) == list(pivot.columns)
    shown = [[cell.rate if cell else None for cell in row] for row in grid.cells]
    np.testing.assert_array_equal(np.array(shown, float), pivot.to_numpy(float))
    shades = np.array([[grid.shade(cell) for cell in row] for row in grid.cells])
    rates = pivot.to_numpy(float)
    with np.errstate(divide="ignore"):
        steps = np.floor(np.log(rates.max() / rates) / np.log(3) + 1e-9)
    wanted = np.where(rates == 0, 0, np.maximum(1, SHADES - steps))
    np.testing.assert_array_equal(shades, wanted)


def test_rates_within_groups_alone_make_no_grid() -> None:
    frame = crossed_rates()
    assert to_grids(to_rows(frame[frame["group"] == frame["counterpart"]])) == ()
