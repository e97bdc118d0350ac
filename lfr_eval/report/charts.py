"""Stage report: charts of error rates by group (table `rates` in, SVG out).

Up to four groups share one panel and differ in line, marker and colour; more get a panel each,
beside everybody's rate. Where a group had no event its upper bound is drawn: the line would
otherwise vanish exactly where a reader may take it for perfection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lfr_eval.contract.names import Metric
from lfr_eval.contract.tables import EVERYBODY, OVERALL
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.contract.words import count, one_in, spoken_threshold
from lfr_eval.report.linking import follow_rates, follow_threshold
from lfr_eval.report.panels import (
    Floats,
    Panel,
    Sheet,
    lay_out,
    mark_above,
    rate_scale,
    threshold_scale,
)
from lfr_eval.report.svg import FAINT, INK, SERIES, Chart, to_chart
from lfr_eval.report.sweep import setting_key
from lfr_eval.report.words import shorten

LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1.2)))
MARKERS = ("o", "s", "^", "D")
SHARED_PANEL = len(SERIES)
POINTS, POINTS_OF_MANY = 50, 16
"""Thresholds drawn at most in one line: more cannot be seen on paper and would swell the page.
The second is for groups that have a small panel each."""


@dataclass(frozen=True)
class Series:
    """One group's rates along the thresholds, ascending; NaN where there is none.

    `bound` is the upper end of the interval where the group had trials but no event.
    """

    label: str
    threshold: Floats
    rate: Floats
    lower: Floats
    upper: Floats
    bound: Floats


@dataclass(frozen=True)
class Setting:
    """What a chart needs to know of the study besides its rates."""

    operating: float | None
    keep: tuple[float, ...]
    level: str
    mark: str | None


def rate_chart(
    name: str,
    frame: pd.DataFrame,
    everybody: pd.DataFrame,
    metric: Metric,
    size: int | None,
    setting: Setting,
) -> Chart | None:
    """Draw rate by group against threshold; None where no group had a trial.

    Parameters
    ----------
    name
        Unique within the page: letters, digits, hyphens.
    frame
        Rows of table `rates`: one metric, factor and watchlist size.
    everybody
        The same for the factor `overall`; may be empty.
    """
    series = to_series(frame, setting)
    if not series:
        return None
    factor = str(frame["factor"].iloc[0])
    shared = len(series) <= SHARED_PANEL
    thresholds = np.concatenate([each.threshold for each in series])
    x_scale = threshold_scale(float(thresholds.min()), float(thresholds.max()), 8 if shared else 3)
    y_scale = rate_scale(*limits(series), room=8 if shared else 5)
    labels = [each.label for each in series]
    axis = f"{metric.code} (log scale)"
    sheet = lay_out(labels, x_scale, y_scale, "Threshold", axis, shared)
    reference = next(iter(to_series(everybody, setting)), None)
    for panel in sheet.panels:
        if setting.operating is not None:
            mark_operating(sheet.axes, panel, setting.operating, labelled=shared)
        if reference is not None and not shared:
            x, y = panel.x(reference.threshold), panel.y(reference.rate)
            sheet.axes.plot(x, y, color=FAINT, linewidth=1.1, linestyle=":")
    for place, each in enumerate(series):
        panel = sheet.panels[0 if shared else place]
        draw_series(sheet.axes, panel, each.threshold, each, place if shared else 0)
    if shared:
        legend(sheet, series)
    caption = (
        f"{metric.name} ({metric.code}) by {factor}{_where(size)}, against threshold, with "
        f"{setting.level} intervals.{_gaps(frame)}"
    )
    chart = to_chart(sheet.figure, name, caption, _describe(series), caption, setting.mark)
    return follow_threshold(chart, sheet)


def against_overall_chart(
    name: str,
    frame: pd.DataFrame,
    everybody: pd.DataFrame,
    metric: Metric,
    size: int | None,
    setting: Setting,
) -> Chart | None:
    """Draw each group's rate against everybody's at the same threshold; the diagonal is parity."""
    reference = next(iter(to_series(everybody, setting)), None)
    series = to_series(frame, setting)
    if reference is None or not series or not np.isfinite(reference.rate).any():
        return None
    factor = str(frame["factor"].iloc[0])
    shared = len(series) <= SHARED_PANEL
    across, upright = limits([reference], with_bounds=False), limits([*series, reference])
    sheet = lay_out(
        [each.label for each in series],
        rate_scale(*across, room=7 if shared else 2),
        rate_scale(*upright, room=8 if shared else 5),
        f"{metric.code} of everybody (log scale)",
        f"{metric.code} of the group (log scale)",
        shared,
    )
    for panel in sheet.panels:
        ends = (max(across[0], upright[0]), min(across[1], upright[1]))
        sheet.axes.plot(panel.x(ends), panel.y(ends), color=INK, linewidth=1, linestyle=(0, (5, 3)))
    for place, each in enumerate(series):
        panel = sheet.panels[0 if shared else place]
        along = _at_thresholds(reference, each.threshold)
        draw_series(sheet.axes, panel, along, each, place if shared else 0, band=not shared)
    if shared:
        legend(sheet, series)
    caption = (
        f"{metric.code} of each group by {factor} against {metric.code} of everybody{_where(size)}."
        " Above the dashed diagonal a group has more errors than all together, below it fewer."
        f"{_gaps(frame)}"
    )
    groups = ", ".join(each.label for each in series)
    description = f"Groups: {groups}. The tables give the numbers."
    chart = to_chart(sheet.figure, name, caption, description, caption, setting.mark)
    keys = [setting_key(metric.code, size, of) for of in (OVERALL, factor)]
    return follow_rates(
        chart, sheet, (keys[0], EVERYBODY), keys[1], [each.label for each in series]
    )


def to_series(frame: pd.DataFrame, setting: Setting) -> list[Series]:
    """Split rows of table `rates` into one series a group, in the order in which groups come."""
    points = POINTS if frame["group"].nunique() <= SHARED_PANEL else POINTS_OF_MANY
    drawn = _thin(np.unique(frame["threshold"].to_numpy(float)), setting.keep, points)
    frame = frame[frame["threshold"].isin(drawn)]
    series = []
    for label, rows in frame.groupby("group", sort=False):
        ordered = rows.sort_values("threshold")
        none = ordered["events"].to_numpy(float, na_value=math.nan) == 0
        values = {
            name: ordered[name].to_numpy(float, na_value=math.nan)
            for name in ("threshold", "rate", "lower", "upper")
        }
        shown = {
            name: np.where(none, math.nan, values[name]) for name in ("rate", "lower", "upper")
        }
        bound = np.where(none, values["upper"], math.nan)
        if np.isfinite(shown["rate"]).any() or np.isfinite(bound).any():
            series.append(Series(str(label), values["threshold"], **shown, bound=bound))
    return series


def _thin(thresholds: Floats, keep: Sequence[float], points: int) -> Floats:
    if len(thresholds) <= points:
        return thresholds
    places = set(np.linspace(0, len(thresholds) - 1, points).round().astype(int).tolist())
    for value in keep:
        places.add(int(np.abs(thresholds - value).argmin()))
    return thresholds[sorted(places)]


def _at_thresholds(reference: Series, thresholds: Floats) -> Floats:
    pairs = zip(reference.threshold, reference.rate, strict=True)
    rates = {threshold_key(value): float(rate) for value, rate in pairs}
    return np.array([rates.get(threshold_key(value), math.nan) for value in thresholds])


def draw_series(
    axes: Axes, panel: Panel, along: Floats, each: Series, place: int, band: bool = True
) -> None:
    """Draw one group: its rates, their intervals, and upper bounds where it had no event."""
    colour, line, marker = SERIES[place], LINES[place], MARKERS[place]
    step = max(1, len(along) // 8)
    x, rate, bound = panel.x(along), panel.y(each.rate), panel.y(each.bound)
    if band:
        low = panel.y(np.maximum(each.lower, panel.y_scale.low))
        high = panel.y(each.upper)
        axes.fill_between(x, low, high, color=colour, alpha=0.13, linewidth=0)
    axes.plot(
        x, rate, color=colour, linestyle=line, marker=marker, markersize=4.2,
        markevery=_spread(rate, step, place), markerfacecolor=colour,
    )  # fmt: skip
    if np.isfinite(bound).any():
        axes.plot(
            x, bound, color=colour, linewidth=0.9, linestyle=(0, (1, 2)), marker="v", markersize=6,
            markevery=_spread(bound, step, place), markerfacecolor="none", markeredgewidth=1.2,
        )  # fmt: skip


def _spread(values: Floats, step: int, place: int) -> list[int]:
    """Choose points that carry a marker, shifted by series so that markers do not coincide."""
    present = np.flatnonzero(np.isfinite(values))
    chosen = present[(place * step // SHARED_PANEL) % max(1, len(present)) :: step]
    return [int(value) for value in chosen]


def limits(series: Sequence[Series], with_bounds: bool = True) -> tuple[float, float]:
    """Return limits that hold every rate, and every upper end; lower ends may reach below."""
    shown = np.concatenate([each.rate for each in series])
    if with_bounds:
        shown = np.concatenate([shown, *(part for s in series for part in (s.bound, s.upper))])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    lowest = float(shown.min()) if len(shown) else 1e-3
    highest = float(shown.max()) if len(shown) else 1.0
    return min(lowest * 0.6, 0.5), min(1.0, max(highest * 1.3, lowest * 5)) * 1.03


def legend(sheet: Sheet, series: Sequence[Series]) -> None:
    """Name the groups that share a panel, by line and marker."""
    handles = [
        Line2D(
            [],
            [],
            color=SERIES[place],
            linestyle=LINES[place],
            marker=MARKERS[place],
            markersize=4.6,
            label=shorten(each.label, 30),
        )
        for place, each in enumerate(series)
    ]
    if any(np.isfinite(each.bound).any() for each in series):
        silent = Line2D([], [], color=INK, linestyle=(0, (1, 2)), linewidth=0.9, marker="v")
        silent.set(markersize=6, markerfacecolor="none", label="no event: upper bound")
        handles.append(silent)
    sheet.figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(sheet.panels[0].left / sheet.axes.get_xlim()[1] - 0.012, 1.0),
        ncols=5 if sum(len(str(each.get_label())) for each in handles) < 60 else 2,
        handlelength=3.2,
        columnspacing=1.6,
        borderaxespad=0.2,
        fontsize=9,
    )


def mark_operating(axes: Axes, panel: Panel, threshold: float, labelled: bool) -> None:
    """Draw the operating threshold, where the panel reaches it."""
    if not panel.x_scale.low <= threshold <= panel.x_scale.high:
        return
    x = float(panel.x(threshold))
    top = panel.bottom + panel.height
    axes.plot([x, x], [panel.bottom, top], color=INK, linewidth=1, linestyle=(0, (5, 3)))
    if labelled:
        mark_above(axes, panel, x, f"operating threshold {spoken_threshold(threshold)}")


def _describe(series: Sequence[Series]) -> str:
    parts = []
    for each in series:
        seen = np.flatnonzero(np.isfinite(each.rate))
        if not len(seen):
            parts.append(f"{each.label}: no event at any threshold, upper bounds are drawn")
            continue
        text = f"{each.label}: " + ", ".join(
            f"{one_in(float(each.rate[end]))} at {spoken_threshold(float(each.threshold[end]))}"
            for end in (seen[0], seen[-1])
        )
        if np.isfinite(each.bound).any():
            text += ", upper bounds where it had no event"
        parts.append(text)
    return "; ".join(parts) + ". The tables give the numbers at the thresholds of the plan."


def _gaps(frame: pd.DataFrame) -> str:
    """Say why a line breaks off or a group has none, where a publication withholds counts."""
    gone = frame["events"].isna()
    if not gone.any():
        return ""
    whole = gone.groupby(frame["group"], sort=False).all()
    absent = ", ".join(str(name) for name in whole.index[whole])
    missing = f" Not drawn, because all of theirs are: {absent}." if absent else ""
    return f" Where a line breaks off, counts are withheld.{missing}"


def _where(size: int | None) -> str:
    return "" if size is None else f", watchlist of {count(size)}"
