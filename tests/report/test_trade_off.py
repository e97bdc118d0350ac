"""Bands along the threshold, and one error against the other, from the rates that they show."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.report.along import (
    Setting,
    along_threshold,
    band_words,
    is_banded,
    line_of,
    trade_off,
)
from lfr_eval.report.chart import across, rate_scale
from lfr_eval.report.rates import Rate, as_miss, to_rows
from lfr_eval.report.reading import read_record, read_report

THRESHOLDS = [0.4, 0.5, 0.6]


def side(rates: list[float], events: list[int]) -> list[Rate | None]:
    one = Rate(
        *("FPIR", 0.5, 1000, None, "ethnicity", "black", None, 5, 1000, 100, 5, 0.005),
        *(0.002, 0.01, 0.95, 900.0, "Wilson", 0.001, 0.02),
    )
    return [
        replace(one, rate=r, events=e, lower=r / 2, upper=2 * r, band_lower=r / 4, band_upper=4 * r)
        for r, e in zip(rates, events, strict=True)
    ]


def test_the_band_is_drawn_where_there_is_one() -> None:
    rates = side([0.08, 0.02, 0.0], [80, 20, 0])
    banded = line_of("first", THRESHOLDS, rates, True)
    assert banded.lower[:2] == [0.02, 0.005]
    assert banded.upper[:2] == [0.32, 0.08]
    plain = line_of("first", THRESHOLDS, rates, False)
    assert plain.upper[:2] == [0.16, 0.04]
    # A band that leaps where few errors are left is cut: the rate cannot rise with the threshold.
    leaping = [*rates[:1], replace(rates[1], band_upper=0.9, band_lower=0.09), rates[2]]
    cut = line_of("first", THRESHOLDS, leaping, True)
    assert cut.upper[:2] == [0.32, 0.32]
    assert cut.lower[:2] == [0.09, 0.09]
    # Where nothing was seen, the bound of the group stands, not the band.
    assert math.isnan(banded.upper[2])
    assert banded.bound[2] == plain.bound[2] == 0.0


def test_a_band_of_recognition_is_turned_round_as_a_rate_is() -> None:
    (one,) = side([0.9], [900])
    assert one is not None
    turned = as_miss(replace(one, metric="TPIR", band_lower=0.85, band_upper=0.95))
    assert (turned.band_lower, turned.band_upper) == pytest.approx((0.05, 0.15))


def test_rates_of_studies_without_bands_have_none(study: Path, small: StudyFolder) -> None:
    frame = pd.read_parquet(study / "rates.parquet").drop(columns="band_lower", errors="ignore")
    assert {each.band_lower for each in to_rows(frame.head(5))} == {None}
    with_bands = to_rows(pd.read_parquet(small.path / "rates.parquet").dropna(subset="band_lower"))
    assert with_bands
    for one in with_bands:
        ends = [each for each in (one.band_lower, one.rate, one.band_upper) if each is not None]
        assert len(ends) == 3
        assert ends == sorted(ends)


def test_the_legend_says_which_interval_is_drawn(study: Path, small: StudyFolder) -> None:
    record = read_record(study)
    assert "95 % bands, which hold for all these groups at all thresholds" in band_words(
        record, True
    )
    assert "each for one group at one threshold" in band_words(record, False)
    explorer = read_report(small.path).explorer
    assert explorer is not None
    assert all("95 % bands" in part.chart.caption for part in explorer.parts)


def setting_at(threshold: float) -> Setting:
    return Setting("0|0", ("FPIR", "FNIR"), 1000, "ethnicity", THRESHOLDS, threshold)


def test_a_curve_goes_through_its_rates(study: Path) -> None:
    wrong, right = side([0.08, 0.02, 0.005], [80, 20, 5]), side([0.01, 0.04, 0.1], [10, 40, 100])
    chart = trade_off(setting_at(0.5), ["black"], [[wrong], [right]], [], read_record(study))
    assert chart is not None
    (panel,) = chart.panels
    scale = rate_scale([0.08, 0.02, 0.005])
    for rate in (0.08, 0.02, 0.005):
        assert f"{across(rate, scale):.1f} " in panel
    assert f'cx="{across(0.02, scale):.1f}"' in panel
    assert "Ring: threshold 0.50." in chart.caption


def test_thresholds_without_errors_are_left_out(study: Path) -> None:
    record = read_record(study)
    silent = side([0.0, 0.0, 0.0], [0, 0, 0])
    missed = side([0.01, 0.04, 0.1], [10, 40, 100])
    assert trade_off(setting_at(0.5), ["black"], [[silent], [missed]], [], record) is None
    half = side([0.08, 0.02, 0.0], [80, 20, 0])
    chart = trade_off(setting_at(0.6), ["black"], [[half], [missed]], [], record)
    assert chart is not None
    assert "<circle" not in chart.panels[0]
    along = along_threshold(setting_at(0.6), ["black"], [[half], [missed]], record)
    assert "95 % bands" in along.caption
    assert is_banded([[half], [missed]])
