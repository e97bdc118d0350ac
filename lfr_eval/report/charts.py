"""Stage report: charts of error rates by group (table `rates` in, SVG out).

Up to four groups share one panel and differ in line, marker and colour; more get a panel each,
beside everybody's rate. Where a group had no event its upper bound is drawn: the line would
otherwise vanish exactly where a reader may take it for perfection.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from lfr_eval.report.svg import FAINT, INK, SERIES, Chart, to_chart
from lfr_eval.report.words import Metric, count, number, one_in, shorten

LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1.2)))
MARKERS = ("o", "s", "^", "D")
SHARED_PANEL = len(SERIES)
FINE_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
POINTS = 60
"""Thresholds drawn at most in one line: more cannot be seen on paper and would swell the page."""


@dataclass(frozen=True)
class Series:
    """One group's rates along the thresholds, ascending; NaN where there is none.

    `bound` is the upper end of the interval where the group had trials but no event.
    """

    label: str
    threshold: NDArray[np.float64]
    rate: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    bound: NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """What a chart needs to know of the study besides its rates."""

    operating: float | None
    keep: tuple[float, ...]
    level: str
    simulated: bool


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
    reference = next(iter(to_series(everybody, setting)), None)
    limits = _limits(series)

    def draw(axes: Axes, each: Series, place: int) -> None:
        _draw_series(axes, each.threshold, each, place, limits)

    def dress(axes: Axes) -> None:
        rate_axis(axes, "y", limits)
        axes.set_ylim(*limits)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value, 6))))
        if setting.operating is not None:
            axes.axvline(setting.operating, color=INK, linewidth=1, linestyle=(0, (5, 3)))

    def draw_reference(axes: Axes) -> None:
        if reference is not None:
            axes.plot(
                reference.threshold, reference.rate, color=FAINT, linewidth=1.1, linestyle=":"
            )

    figure = _panels(series, draw, dress, draw_reference, "Threshold", f"{metric.code} (log scale)")
    if setting.operating is not None and len(series) <= SHARED_PANEL:
        _mark_operating(figure.axes[0], setting.operating)
    where = "" if size is None else f", watchlist of {count(size)}"
    caption = (
        f"{metric.name} ({metric.code}) by {factor}{where}, against threshold, with "
        f"{setting.level} intervals."
    )
    return to_chart(figure, name, caption, _describe(series), caption, setting.simulated)


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
    limits = _limits([*series, reference])

    def at_overall(each: Series) -> NDArray[np.float64]:
        places = {
            round(value, 9): rate
            for value, rate in zip(reference.threshold, reference.rate, strict=True)
        }
        return np.array([places.get(round(value, 9), math.nan) for value in each.threshold])

    def draw(axes: Axes, each: Series, place: int) -> None:
        _draw_series(axes, at_overall(each), each, place, limits, band=len(series) > SHARED_PANEL)

    def dress(axes: Axes) -> None:
        rate_axis(axes, "y", limits)
        rate_axis(axes, "x", limits, crowded=len(series) > SHARED_PANEL)
        axes.set_xlim(*limits)
        axes.set_ylim(*limits)
        axes.plot(limits, limits, color=INK, linewidth=1, linestyle=(0, (5, 3)))

    x_label = f"{metric.code} of everybody (log scale)"
    figure = _panels(series, draw, dress, lambda _: None, x_label, f"{metric.code} of the group")
    where = "" if size is None else f", watchlist of {count(size)}"
    caption = (
        f"{metric.code} of each group by {factor} against {metric.code} of everybody{where}. Above "
        "the dashed diagonal a group fares worse than everybody together, below it better."
    )
    description = (
        f"Groups: {', '.join(each.label for each in series)}. The tables give the numbers."
    )
    return to_chart(figure, name, caption, description, caption, setting.simulated)


def to_series(frame: pd.DataFrame, setting: Setting) -> list[Series]:
    """Split rows of table `rates` into one series a group, in the order in which groups come."""
    drawn = _thin(np.unique(frame["threshold"].to_numpy(float)), setting.keep)
    frame = frame[frame["threshold"].isin(drawn)]
    series = []
    for label, rows in frame.groupby("group", sort=False):
        ordered = rows.sort_values("threshold")
        events = ordered["events"].to_numpy(float, na_value=math.nan)
        none = events == 0
        values = {
            name: ordered[name].to_numpy(float, na_value=math.nan)
            for name in ("threshold", "rate", "lower", "upper")
        }
        hidden = {
            name: np.where(none, math.nan, values[name]) for name in ("rate", "lower", "upper")
        }
        bound = np.where(none, values["upper"], math.nan)
        if np.isfinite(hidden["rate"]).any() or np.isfinite(bound).any():
            series.append(Series(str(label), values["threshold"], **hidden, bound=bound))
    return series


def _thin(thresholds: NDArray[np.float64], keep: Sequence[float]) -> NDArray[np.float64]:
    if len(thresholds) <= POINTS:
        return thresholds
    places = set(np.linspace(0, len(thresholds) - 1, POINTS).round().astype(int).tolist())
    for value in keep:
        places.add(int(np.abs(thresholds - value).argmin()))
    return thresholds[sorted(places)]


def _panels(
    series: Sequence[Series],
    draw: Callable[[Axes, Series, int], None],
    dress: Callable[[Axes], None],
    draw_reference: Callable[[Axes], None],
    x_label: str,
    y_label: str,
) -> Figure:
    """Lay groups out in one panel with a legend, or in a panel each."""
    if len(series) <= SHARED_PANEL:
        figure = Figure(figsize=(7.6, 4.5))
        axes = figure.add_axes((0.125, 0.12, 0.86, 0.74))
        dress(axes)
        for place, each in enumerate(series):
            draw(axes, each, place)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        _legend(figure, series)
        return figure
    columns = 4 if len(series) > 6 else 3
    rows = math.ceil(len(series) / columns)
    height = 1.75 * rows + 1.0
    figure = Figure(figsize=(7.6, height))
    left, gap = 0.125, 0.018
    width = (0.985 - left - gap * (columns - 1)) / columns
    for place, each in enumerate(series):
        row, column = divmod(place, columns)
        top = 1 - (0.42 + 1.75 * row) / height
        axes = figure.add_axes(
            (left + column * (width + gap), top - 1.3 / height - 0.16 / height, width, 1.3 / height)
        )
        dress(axes)
        draw_reference(axes)
        draw(axes, each, 0)
        axes.set_title(shorten(each.label, 96 // columns), fontsize=9.5, loc="left", pad=5)
        axes.tick_params(labelleft=column == 0, labelbottom=place + columns >= len(series))
    figure.text(left, 0.06 / height, x_label, ha="left", va="bottom")
    figure.text(left, 1 - 0.02 / height, y_label, ha="left", va="top", color=INK)
    return figure


def _draw_series(
    axes: Axes,
    x: NDArray[np.float64],
    each: Series,
    place: int,
    limits: tuple[float, float],
    band: bool = True,
) -> None:
    colour, line, marker = SERIES[place], LINES[place], MARKERS[place]
    step = max(1, len(x) // 8)
    if band:
        floor = np.maximum(each.lower, limits[0])
        axes.fill_between(x, floor, each.upper, color=colour, alpha=0.13, linewidth=0)
    axes.plot(
        x, each.rate, color=colour, linestyle=line, marker=marker, markersize=4.2,
        markevery=_spread(each.rate, step, place), markerfacecolor=colour,
    )  # fmt: skip
    if np.isfinite(each.bound).any():
        axes.plot(x, each.bound, color=colour, linewidth=0.9, linestyle=(0, (1, 2)))
        chosen = _spread(each.bound, step, place)
        axes.plot(
            x[chosen], each.bound[chosen], color=colour, linestyle="none", marker="v",
            markersize=6, markerfacecolor="none", markeredgewidth=1.2,
        )  # fmt: skip


def _spread(values: NDArray[np.float64], step: int, place: int) -> list[int]:
    """Choose points that carry a marker, shifted by series so that markers do not coincide."""
    present = np.flatnonzero(np.isfinite(values))
    chosen = present[(place * step // SHARED_PANEL) % max(1, len(present)) :: step]
    return [int(value) for value in chosen]


def _limits(series: Sequence[Series]) -> tuple[float, float]:
    """Return axis limits that hold every rate and bound; intervals may reach below."""
    shown = np.concatenate([np.concatenate([each.rate, each.bound, each.upper]) for each in series])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    lowest = float(shown.min()) if len(shown) else 1e-3
    highest = float(shown.max()) if len(shown) else 1.0
    return min(lowest * 0.6, 0.5), min(1.0, max(highest * 1.3, lowest * 5)) * 1.03


def rate_axis(
    axes: Axes, side: Literal["x", "y"], limits: tuple[float, float], crowded: bool = False
) -> None:
    """Make an axis logarithmic with labels such as "1 in 1,000"."""
    decades = math.log10(limits[1] / limits[0])
    steps = (1.0,) if decades > 2.5 or crowded else (1.0, 2.0, 5.0) if decades > 1 else FINE_STEPS
    every = 2 if crowded and decades > 2.5 else 1
    lowest, highest = math.floor(-math.log10(limits[1])), math.ceil(-math.log10(limits[0]))
    # Ticks stand where N of "1 in N" is round.
    candidates = [
        1 / (step * 10.0**power) for power in range(lowest, highest + 1, every) for step in steps
    ]
    ticks = sorted(value for value in candidates if limits[0] <= value <= min(1, limits[1]))
    axis = axes.yaxis if side == "y" else axes.xaxis
    (axes.set_yscale if side == "y" else axes.set_xscale)("log")
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: one_in(value)))
    axes.grid(visible=True, axis=side)
    axes.set_axisbelow(True)


def _legend(figure: Figure, series: Sequence[Series]) -> None:
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
        handles.append(
            Line2D(
                [],
                [],
                color=INK,
                linestyle=(0, (1, 2)),
                linewidth=0.9,
                marker="v",
                markersize=6,
                markerfacecolor="none",
                label="no event: upper bound",
            )
        )
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.115, 0.995), ncols=3,
        handlelength=3.2, columnspacing=1.6, borderaxespad=0.2, fontsize=9,
    )  # fmt: skip


def _mark_operating(axes: Axes, threshold: float) -> None:
    low, high = axes.get_xlim()
    right = threshold > (low + high) / 2
    axes.annotate(
        f"operating threshold {number(threshold)}",
        (threshold, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if right else 4, -3),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        fontsize=8.5,
        color=INK,
    )


def _describe(series: Sequence[Series]) -> str:
    parts = []
    for each in series:
        seen = np.flatnonzero(np.isfinite(each.rate))
        if not len(seen):
            parts.append(f"{each.label}: no event at any threshold, upper bounds are drawn")
            continue
        first, last = seen[0], seen[-1]
        text = f"{each.label}: " + ", ".join(
            f"{one_in(float(each.rate[end]))} at {number(float(each.threshold[end]))}"
            for end in (first, last)
        )
        if np.isfinite(each.bound).any():
            text += ", upper bounds where it had no event"
        parts.append(text)
    return "; ".join(parts) + ". The tables give the numbers at the thresholds of the plan."
