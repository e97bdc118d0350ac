"""Stage report: charts of what lies behind the rates (tables `truth`, `histogram` in, SVG out)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import count, number, ratio, spoken_threshold
from lfr_eval.report.charts import Setting
from lfr_eval.report.linking import follow_in_axes
from lfr_eval.report.numbers import with_numbers
from lfr_eval.report.svg import FAINT, INK, SERIES, Chart, to_chart
from lfr_eval.report.truth import Coverage, Measured
from lfr_eval.report.words import shorten

RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
WIDE_TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
WIDE = 25.0
"""Reach from which the finer ticks would run into each other."""
WIDEST_RATIO = 100.0


def truth_chart(name: str, coverage: Coverage, threshold: float, setting: Setting) -> Chart | None:
    """Draw each group's measured rate and interval as multiples of the true rate."""
    rows = [
        row
        for row in coverage.rows
        if row.rate.threshold is not None
        and same_threshold(row.rate.threshold, threshold)
        and row.true_rate > 0
        and row.rate.upper is not None
    ]
    if not rows:
        return None
    height = 0.26 * len(rows) + 1.0
    figure = Figure(figsize=(7.6, height))
    axes = figure.add_axes((0.34, 0.55 / height, 0.63, 1 - 0.9 / height))
    ends = [end for row in rows for end in _multiples(row) if end is not None and end > 0]
    reach = min(WIDEST_RATIO, 1.15 * max(2.0, max(ends), 1 / min(ends)))
    _draw_intervals(axes, rows, reach)
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(1 / reach, reach)
    axes.xaxis.set_major_locator(
        FixedLocator(
            [
                tick
                for tick in (WIDE_TICKS if reach > WIDE else RATIO_TICKS)
                if 1 / reach <= tick <= reach
            ]
        )
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{ratio(value)} ×"))
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    for place, row in enumerate(rows):
        # As ticks, the names of fourteen groups would cost more time than all that is drawn.
        label = shorten(row.rate.group, 34)
        axes.annotate(
            label, (1 / reach, place), (-6, 0), textcoords="offset points", ha="right", va="center"
        )
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("measured rate, as a multiple of the true rate (log scale)")
    size = coverage.watchlist_size
    where = "" if size is None else f", watchlist of {count(size)}"
    contained = sum(row.is_contained is True for row in rows)
    caption = (
        f"{coverage.metric.code} measured against the true rate at threshold "
        f"{spoken_threshold(threshold)}{where}. Solid line, filled dot: the interval "
        f"contains the truth ({contained} of {len(rows)}). Dashed line, hollow dot: it does not. "
        "Arrowhead: no event, a bound only."
    )
    description = "; ".join(
        f"{row.rate.group}: interval {'contains' if row.is_contained else 'misses'} the true rate"
        for row in rows
    )
    chart = to_chart(figure, name, caption, f"{description}.", caption, setting.mark)
    columns = ["group", "threshold", "events", "trials", "rate", "lower", "upper", "true_rate"]
    frame = pd.DataFrame([{**vars(row.rate), "true_rate": row.true_rate} for row in rows])
    return with_numbers(chart, frame[columns])


def _draw_intervals(axes: Axes, rows: Sequence[Measured], reach: float) -> None:
    """Draw what contains the truth and what does not, each as one set of lines and one of dots."""
    for inside in (True, False):
        colour, line = (SERIES[0], "-") if inside else (SERIES[1], (0, (3, 1.5)))
        spans: list[tuple[tuple[float, int], tuple[float, int]]] = []
        dots: list[tuple[float, int]] = []
        arrows: list[tuple[float, int]] = []
        for place, row in enumerate(rows):
            if (row.is_contained is True) != inside:
                continue
            low, middle, high = _multiples(row)
            start, stop = max(low or 0, 1 / reach), min(high or reach, reach)
            spans.append(((start, place), (stop, place)))
            if middle and 1 / reach <= middle <= reach:
                dots.append((middle, place))
            else:
                arrows.append((stop, place))
        axes.add_collection(
            LineCollection(spans, colors=colour, linewidths=1.6, linestyles=[line]), False
        )
        filled = colour if inside else "none"
        for points, marker, face in ((dots, "o", filled), (arrows, "<", colour)):
            if points:
                axes.plot(
                    *zip(*points, strict=True), linestyle="none", marker=marker, markersize=5,
                    color=colour, markerfacecolor=face, clip_on=False,
                )  # fmt: skip


def _multiples(row: Measured) -> tuple[float | None, float | None, float | None]:
    rate = row.rate
    none = rate.events == 0
    return tuple(  # type: ignore[return-value]
        None if value is None else value / row.true_rate
        for value in (rate.lower, None if none else rate.rate, rate.upper)
    )


def score_chart(name: str, histogram: pd.DataFrame, setting: Setting) -> Chart | None:
    """Draw the distributions of mated and non-mated scores, as shares of their comparisons."""
    figure = Figure(figsize=(7.6, 3.9))
    axes = figure.add_axes((0.15, 0.14, 0.835, 0.7))
    parts: list[str] = []
    smallest = 1.0
    kinds = (("non_mated", "two different people", "-"), ("mated", "the same person", "--"))
    for place, (kind, label, line) in enumerate(kinds):
        rows = histogram[histogram["kind"] == kind].sort_values("lower")
        counts = rows["count"].to_numpy(float)
        if not len(rows) or counts.sum() == 0:
            continue
        shares = counts / counts.sum()
        smallest = min(smallest, float(shares[shares > 0].min()))
        edges = np.append(rows["lower"].to_numpy(float), rows["upper"].iloc[-1])
        axes.stairs(
            np.where(shares > 0, shares, math.nan), edges, color=SERIES[place], linestyle=line,
            linewidth=1.7, label=f"{label} ({count(int(counts.sum()))} comparisons)", baseline=None,
        )  # fmt: skip
        peak = int(shares.argmax())
        parts.append(
            f"{label}: {count(int(counts.sum()))} comparisons, most often between "
            f"{number(round(float(edges[peak]), 4))} and {number(round(float(edges[peak + 1]), 4))}"
        )
    if not parts:
        return None
    axes.set_yscale("log")
    axes.set_ylim(smallest * 0.6, 1)
    axes.yaxis.set_minor_locator(NullLocator())
    decades = range(0, math.ceil(-math.log10(smallest)) + 1, 1 if smallest > 1e-5 else 2)
    axes.yaxis.set_major_locator(FixedLocator([10.0**-power for power in decades]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"1 in {round(1 / value):,}"))
    axes.xaxis.set_major_locator(MaxNLocator(8))
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("Comparison score")
    axes.set_ylabel("Share of comparisons (log scale)", color=INK)
    axes.tick_params(color=FAINT)
    if setting.operating is not None:
        axes.axvline(setting.operating, color=INK, linewidth=1, linestyle=(0, (5, 3)))
    figure.legend(loc="upper left", bbox_to_anchor=(0.14, 1), handlelength=3.2, fontsize=9)
    marked = ""
    if setting.operating is not None:
        at = spoken_threshold(setting.operating)
        marked = f" The dashed vertical line is the operating threshold {at}."
    caption = (
        "How often each comparison score occurred, for images of the same person and of two "
        f"different people.{marked}"
    )
    chart = to_chart(figure, name, caption, "; ".join(parts) + ".", caption, setting.mark)
    chart = follow_in_axes(chart, axes)
    return with_numbers(chart, histogram[histogram["count"] > 0])
