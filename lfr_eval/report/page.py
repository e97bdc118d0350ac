"""Stage report: the view model in, one HTML page out, written aside and then renamed."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lfr_eval.report import words
from lfr_eval.report.calibration import calibration_chart, read_calibration, summarise
from lfr_eval.report.charts import Setting, against_overall_chart, rate_chart
from lfr_eval.report.crowd import spoken_crowd
from lfr_eval.report.equity_chart import equity_chart
from lfr_eval.report.evidence_charts import score_chart, truth_chart
from lfr_eval.report.findings import VERDICTS
from lfr_eval.report.limits import cannot_tell
from lfr_eval.report.model import Report
from lfr_eval.report.modelled import spoken_decades
from lfr_eval.report.modelled_chart import modelled_charts
from lfr_eval.report.numbers import charts_in
from lfr_eval.report.panel import to_panel
from lfr_eval.report.rates import settings_in_order
from lfr_eval.report.svg import Chart, drawing
from lfr_eval.report.sweep import setting_key, to_json
from lfr_eval.report.tradeoff_chart import tradeoff_chart
from lfr_eval.report.watchlists_chart import growth_charts
from lfr_eval.report.words import METRICS, Metric, confidence, metric_named
from lfr_eval.tables import OVERALL

SCRIPTS = ("printing", "words", "tables", "evidence", "explore", "crowd", "start")
"""Parts of the page's script, in order."""
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
    """All charts of a page."""

    rates: tuple[ChartGroup, ...]
    tradeoff: tuple[Chart, ...]
    equity: Chart | None
    calibration: Chart
    modelled: tuple[tuple[Chart, ...], ...]
    growth: tuple[tuple[int, Chart], ...]
    truth: tuple[Chart, ...]
    scores: Chart | None


@cache
def _environment() -> Environment:
    """Return the templates, compiled once a process: a study renders its report more than once."""
    environment = Environment(
        loader=PackageLoader("lfr_eval.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = words
    return environment


def to_html(report: Report, charts: Charts) -> str:
    """Return the whole page."""
    environment = _environment()
    style = _source(environment, "style.css")
    parts = "\n".join(_source(environment, f"script/{name}.js") for name in SCRIPTS)
    # Names of one script's parts stay out of the page's other globals.
    script = f"(() => {{\n{parts}\n}})();"
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    cells = read_calibration()
    return environment.get_template("page.html.j2").render(
        report=report,
        record=report.record,
        charts=charts,
        calibration=cells,
        calibrated=summarise(cells),
        data=Markup(to_json(page_data(report, charts))),
        verdicts=VERDICTS,
        cannot_tell=cannot_tell(report),
        panel=to_panel(report),
        metrics=_metrics_of(report),
        spoken_crowd=spoken_crowd,
        spoken_decades=spoken_decades,
        style=Markup(style),
        script=Markup(script),
        script_digest=digest,
    )


def write(page: str | bytes, destination: Path) -> Path:
    """Write a report so that a reader finds the old one or the new one, never half of one."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(page.encode("utf-8") if isinstance(page, str) else page)
        # mkstemp makes a private file; a report is as readable as other files of the study.
        mask = os.umask(0)
        os.umask(mask)
        Path(aside).chmod(0o666 & ~mask)
        Path(aside).replace(destination)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return destination


def page_data(report: Report, charts: Charts) -> dict[str, Any]:
    """Return everything that the page's script may show: the sweep, and numbers behind charts."""
    data = {} if report.explorer is None else dict(report.explorer.data)
    data["marks"] = {each.name: each.symbol for each in VERDICTS}
    data["mark"] = report.record.mark
    data["study"] = report.record.study
    data["metrics"] = {each.code: [each.plain, each.trial] for each in METRICS}
    data["tables"] = {
        chart.name: dict(chart.table) for chart in charts_in(charts) if chart.table is not None
    }
    return data


def draw_charts(report: Report) -> Charts:
    """Draw every chart of the page."""
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


def _metrics_of(report: Report) -> tuple[Metric, ...]:
    codes = {table.metric.code for table in report.rate_tables}
    return tuple(metric for metric in METRICS if metric.code in codes)


def _source(environment: Environment, name: str) -> str:
    if environment.loader is None:
        raise RuntimeError("The page's templates cannot be found.")
    return environment.loader.get_source(environment, name)[0].strip()
