"""Stage report: the view model in, every chart of the report out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from lfr_eval.contract.names import Metric, metric_named
from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.words import confidence
from lfr_eval.report.calibration import calibration_chart, read_calibration
from lfr_eval.report.charts import Setting, against_overall_chart, rate_chart
from lfr_eval.report.equity_chart import equity_chart
from lfr_eval.report.evidence_charts import score_chart, truth_chart
from lfr_eval.report.model import Report
from lfr_eval.report.modelled_chart import modelled_charts
from lfr_eval.report.rates import settings_in_order
from lfr_eval.report.svg import Chart, drawing
from lfr_eval.report.sweep import setting_key
from lfr_eval.report.tradeoff_chart import tradeoff_chart
from lfr_eval.report.watchlists_chart import growth_charts

RELATIVE_METRICS = ("FMR", "FPIR")
"""Metrics drawn against everybody's rate as well: those at which wrong people are alerted on."""


@dataclass(frozen=True)
class ChartGroup:
    """The charts of one metric and watchlist size."""

    metric: Metric
    watchlist_size: int | None
    leads: bool
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Charts:
    """All charts of a report."""

    rates: tuple[ChartGroup, ...]
    tradeoff: tuple[Chart, ...]
    equity: Chart | None
    calibration: Chart
    modelled: tuple[tuple[Chart, ...], ...]
    growth: tuple[tuple[int, Chart], ...]
    truth: tuple[Chart, ...]
    scores: Chart | None


def draw_charts(report: Report) -> Charts:
    """Draw every chart of a report."""
    record = report.record
    setting = Setting(
        operating=record.thresholds.operating,
        keep=record.thresholds.tabulated,
        level=confidence(record.inference.level),
        mark=record.mark,
    )
    with drawing():
        scores = None
        if report.histogram is not None:
            scores = score_chart("score-distributions", report.histogram, setting)
        return Charts(
            rates=tuple(_rate_charts(report, setting)),
            tradeoff=tuple(_tradeoff_charts(report, setting)),
            equity=equity_chart("equity-ratios", report.measures or (), setting),
            calibration=calibration_chart("calibration-levels", read_calibration()),
            modelled=tuple(tuple(modelled_charts(tail, setting)) for tail in report.tails or ()),
            growth=tuple(growth_charts(report.growth, setting) if report.growth else ()),
            truth=tuple(_truth_charts(report, setting)),
            scores=scores,
        )


def _rate_charts(report: Report, setting: Setting) -> Iterator[ChartGroup]:
    frame = report.curves
    codes = set(frame["metric"])
    led: set[str] = set()
    pairs = zip(frame["metric"], frame["watchlist_size"], strict=True)
    sizes = ((str(code), None if pd.isna(size) else int(size)) for code, size in pairs)
    for code, size in settings_in_order(sizes):
        # TPIR and FNIR are one curve; on a log scale the misses are the legible one.
        if code == "TPIR" and "FNIR" in codes:
            continue
        rows = frame[(frame["metric"] == code) & _has_size(frame, size)]
        if code == "TPIR":
            rows, code = as_misses(rows), "FNIR"
        metric = metric_named(code)
        everybody = rows[rows["factor"] == OVERALL]
        charts: list[Chart | None] = []
        numbers: dict[str, str] = {}
        kept = "TPIR" if code == "FNIR" and "TPIR" in codes else code
        factors = [factor for factor in rows["factor"].unique() if factor != OVERALL]
        for place, factor in enumerate(factors or [OVERALL]):
            part = rows[rows["factor"] == factor]
            name = f"{code.lower()}-{size or 'pairs'}-{place}"
            for kind in ("rate", "relative"):
                numbers[f"{kind}-{name}"] = setting_key(kept, size, str(factor))
            charts.append(rate_chart(f"rate-{name}", part, everybody, metric, size, setting))
            if code in RELATIVE_METRICS and factors:
                charts.append(
                    against_overall_chart(
                        f"relative-{name}", part, everybody, metric, size, setting
                    )
                )
        drawn = tuple(
            dataclasses.replace(chart, numbers=numbers[chart.name])
            for chart in charts
            if chart is not None
        )
        if drawn:
            yield ChartGroup(metric, size, code not in led, drawn)
            led.add(code)


def _tradeoff_charts(report: Report, setting: Setting) -> Iterator[Chart]:
    """Draw recognition against false alerts at the largest watchlist."""
    if report.explorer is None or report.explorer.size is None:
        return
    size = report.explorer.size
    frame = report.curves[_has_size(report.curves, size)]
    for place, factor in enumerate(report.explorer.factors):
        rows = frame[frame["factor"] == factor]
        left, right = (rows[rows["metric"] == code] for code in ("FPIR", "TPIR"))
        if len(left) and len(right):
            chart = tradeoff_chart(f"tradeoff-{place}", left, right, size, setting)
            if chart is not None:
                key = setting_key("FPIR", size, factor)
                yield dataclasses.replace(chart, numbers=key)


def as_misses(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of TPIR as FNIR = 1 - TPIR."""
    return rows.assign(
        metric="FNIR",
        events=rows["trials"] - rows["events"],
        rate=1 - rows["rate"],
        lower=1 - rows["upper"],
        upper=1 - rows["lower"],
    )


def _truth_charts(report: Report, setting: Setting) -> Iterator[Chart]:
    if report.truth is None:
        return
    for place, coverage in enumerate(report.truth.coverage):
        for step, threshold in enumerate(report.record.thresholds.headline):
            chart = truth_chart(f"truth-{place}-{step}", coverage, threshold, setting)
            if chart is not None:
                yield chart


def _has_size(frame: pd.DataFrame, size: int | None) -> pd.Series:
    column = frame["watchlist_size"]
    return column.isna() if size is None else (column == size).fillna(False).astype(bool)
