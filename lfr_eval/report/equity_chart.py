"""Stage report: how unequal groups are, in one picture (rows of a measure in, SVG out)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from lfr_eval.contract.words import count, ratio, spoken_threshold
from lfr_eval.report.charts import Setting
from lfr_eval.report.equity import DIVIDED, Equity, MeasureTable
from lfr_eval.report.numbers import with_numbers
from lfr_eval.report.svg import INK, SERIES, Chart, to_chart
from lfr_eval.report.words import shorten

TICKS = (1, 1.5, 2, 3, 5, 10, 20, 50)
WIDE_TICKS = (1, 3, 10, 30, 100, 300, 1000)
WIDE = 25.0
"""Reach from which the finer ticks would run into each other."""
WIDEST = 1000.0


def equity_chart(name: str, measures: Sequence[MeasureTable], setting: Setting) -> Chart | None:
    """Draw the worst group's rate as a multiple of the best one's, where both had events."""
    rows = [
        row
        for table in measures
        if table.name == DIVIDED
        for block in table.blocks
        for row in block.rows
        if row.value is not None and math.isfinite(row.value) and not row.says_nothing
    ]
    if not rows:
        return None
    height = 0.27 * len(rows) + 1.05
    figure = Figure(figsize=(7.6, height))
    axes = figure.add_axes((0.4, 0.55 / height, 0.575, 1 - 0.9 / height))
    reach = min(WIDEST, 1.2 * max(2.0, *(_end(row) for row in rows)))
    for place, row in enumerate(rows):
        low, high = max(1.0, row.lower or 1.0), min(reach, _end(row))
        axes.plot([low, high], [place, place], color=SERIES[0], linewidth=1.6)
        axes.plot([min(reach, row.value or 1.0)], [place], color=SERIES[0], marker="o")
        if _end(row) > reach or row.upper is None or math.isinf(row.upper):
            axes.plot([high], [place], color=SERIES[0], marker=">", clip_on=False)
        axes.annotate(
            shorten(_label(row), 42), (1, place), (-8, 0), textcoords="offset points", ha="right",
            va="center",
        )  # fmt: skip
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(1, reach)
    ticks = WIDE_TICKS if reach > WIDE else TICKS
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if tick <= reach]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{ratio(value)} ×"))
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("highest rate as a multiple of the lowest (log scale)")
    caption = (
        "The group with the highest rate against the one with the lowest, with intervals from "
        "redrawn people. 1 × is equality. An arrowhead: the interval reaches further. The highest "
        "and the lowest are chosen after the fact, so that equal groups too lie above 1 ×."
    )
    description = "; ".join(f"{_label(row)}: {ratio(row.value)} times" for row in rows)
    chart = to_chart(figure, name, caption, f"{description}.", caption, setting.mark)
    columns = ["metric", "watchlist_size", "threshold", "factor", "value", "lower", "upper"]
    return with_numbers(chart, pd.DataFrame([vars(row) for row in rows])[columns])


def _end(row: Equity) -> float:
    if row.upper is None or math.isinf(row.upper):
        return max(1.0, row.value or 1.0)
    return max(1.0, row.upper)


def _label(row: Equity) -> str:
    size = "" if row.watchlist_size is None else f", {count(row.watchlist_size)}"
    at = "" if row.threshold is None else f" at {spoken_threshold(row.threshold)}"
    return f"{row.metric}{size}{at} · {row.factor}"
