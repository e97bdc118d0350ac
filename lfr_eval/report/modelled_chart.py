"""Stage report: observed and modelled rates, group by group (`Tail` in, SVG out).

Every group has a panel of its own. What was observed is a solid line, what is modelled a dashed one
in another colour with a dotted frame round its interval, and the word MODELLED stands in every
chart: cut out of the page, it must still say what it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lfr_eval.contract.words import count, one_in, several, spoken_threshold
from lfr_eval.report.charts import LINES, Series, Setting, limits, mark_operating, to_series
from lfr_eval.report.modelled import Tail
from lfr_eval.report.numbers import with_numbers
from lfr_eval.report.panels import Panel, lay_out, rate_scale, threshold_scale
from lfr_eval.report.svg import PAPER, SERIES, Chart, to_chart

OBSERVED, MODELLED = SERIES[0], SERIES[1]
NUMBERS = ["group", "threshold", "events", "rate", "lower", "upper", "decades"]
DEEPEST = 1e-3
"""Lowest drawn share of the smallest modelled rate: lower ends may be 0, which has no place."""


def modelled_charts(tail: Tail, setting: Setting) -> Iterator[Chart]:
    """Draw one chart a factor; groups of which nothing could be modelled have no panel."""
    for place, factor in enumerate(tail.modelled["factor"].unique()):
        modelled = tail.modelled[tail.modelled["factor"] == factor]
        observed = tail.observed[tail.observed["factor"] == factor]
        name = f"modelled-chart-{tail.watchlist_size or 'pairs'}-{place}"
        chart = _chart(name, tail, str(factor), modelled, observed, setting)
        if chart is not None:
            kept = modelled[modelled["rate"].notna()].sort_values("threshold")
            yield with_numbers(chart, kept[NUMBERS])


def _chart(
    name: str,
    tail: Tail,
    factor: str,
    modelled: pd.DataFrame,
    observed: pd.DataFrame,
    setting: Setting,
) -> Chart | None:
    # The table counts the events observed; a modelled rate is drawn whether there were any or not.
    lines = to_series(modelled[modelled["rate"].notna()].assign(events=1), setting)
    if not lines:
        return None
    seen = {each.label: each for each in to_series(observed, setting)}
    drawn = [*lines, *(seen[each.label] for each in lines if each.label in seen)]
    thresholds = np.concatenate([each.threshold for each in drawn])
    low, high = limits(drawn)
    smallest = min(float(each.rate.min()) for each in lines)
    sheet = lay_out(
        [each.label for each in lines],
        threshold_scale(float(thresholds.min()), float(thresholds.max()), 3),
        rate_scale(max(low, smallest * DEEPEST), high, room=5),
        "Threshold",
        f"{tail.metric.code} (log scale)",
        shared=False,
    )
    for panel, each in zip(sheet.panels, lines, strict=True):
        if setting.operating is not None:
            mark_operating(sheet.axes, panel, setting.operating, labelled=False)
        if each.label in seen:
            _draw_observed(sheet.axes, panel, seen[each.label])
        _draw_modelled(sheet.axes, panel, each)
    handles = [
        Line2D([], [], color=OBSERVED, linestyle=LINES[0], label="observed"),
        Line2D([], [], color=OBSERVED, linestyle="none", marker="v", markersize=5,
               markerfacecolor="none", label="no event: upper bound"),
        Line2D([], [], color=MODELLED, linestyle=LINES[1], label="MODELLED"),
    ]  # fmt: skip
    sheet.figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.52, 1), ncols=3, fontsize=9,
        handlelength=2.4, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
    sheet.figure.text(
        0.27, 0.012, "MODELLED, NOT OBSERVED", ha="left", va="bottom", fontsize=9,
        fontweight="bold", color=PAPER,
        bbox={"facecolor": MODELLED, "edgecolor": "none", "pad": 3},
    )  # fmt: skip
    caption = (
        f"MODELLED, not observed: {tail.metric.name.lower()} ({tail.metric.code}) by {factor}"
        f"{_where(tail.watchlist_size)} against threshold. Solid line "
        f"and shaded band: observed, with {setting.level} intervals. Dashed line in a dotted "
        f"frame: the model and its interval.{_without(modelled)}"
    )
    return to_chart(sheet.figure, name, caption, _describe(lines), caption, setting.mark)


def _where(size: int | None) -> str:
    return "" if size is None else f", watchlist of {count(size)},"


def _without(modelled: pd.DataFrame) -> str:
    refused = (
        modelled["group"].nunique() - modelled.loc[modelled["rate"].notna(), "group"].nunique()
    )
    if not refused:
        return ""
    verb = "has" if refused == 1 else "have"
    return f" {several(refused, 'group')} {verb} no panel: the model was refused."


def _draw_observed(axes: Axes, panel: Panel, each: Series) -> None:
    x = panel.x(each.threshold)
    low = panel.y(np.maximum(each.lower, panel.y_scale.low))
    axes.fill_between(x, low, panel.y(each.upper), color=OBSERVED, alpha=0.16, linewidth=0)
    axes.plot(x, panel.y(each.rate), color=OBSERVED, linestyle=LINES[0])
    silent = np.flatnonzero(np.isfinite(each.bound))
    axes.plot(
        x, panel.y(each.bound), color=OBSERVED, linestyle="none", marker="v", markersize=5,
        markevery=silent[:: max(1, len(silent) // 5)].tolist(), markerfacecolor="none",
    )  # fmt: skip


def _draw_modelled(axes: Axes, panel: Panel, each: Series) -> None:
    x = panel.x(each.threshold)
    low, high = (panel.y(np.maximum(end, panel.y_scale.low)) for end in (each.lower, each.upper))
    axes.fill_between(x, low, high, color=MODELLED, alpha=0.08, linewidth=0)
    axes.plot(
        [*x, *x[::-1], x[0]], [*low, *high[::-1], low[0]], color=MODELLED, linewidth=1.0,
        linestyle=(0, (1, 1.6)),
    )  # fmt: skip
    axes.plot(x, panel.y(np.maximum(each.rate, panel.y_scale.low)), color=MODELLED,
              linestyle=LINES[1], marker="s" if len(x) == 1 else None, markersize=4)  # fmt: skip


def _describe(lines: list[Series]) -> str:
    parts = [
        f"{each.label}: modelled from {one_in(float(each.rate[0]))} at "
        f"{spoken_threshold(float(each.threshold[0]))} to {one_in(float(each.rate[-1]))} at "
        f"{spoken_threshold(float(each.threshold[-1]))}"
        for each in lines
    ]
    return "; ".join(parts) + ". None of these rates was observed. The tables give the numbers."
