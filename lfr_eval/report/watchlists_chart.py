"""Stage report: false alerts against watchlist size, both logarithmic (`Growth` in, SVG out).

Every group has a panel of its own, everybody a large one. What follows from the fillers alone is a
solid line with its interval; the closed form is dashed, scaling in proportion dotted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.words import count, one_in, spoken_threshold
from lfr_eval.report.charts import Setting
from lfr_eval.report.numbers import with_numbers
from lfr_eval.report.panels import Floats, Panel, Scale, lay_out, mark_above, rate_scale
from lfr_eval.report.svg import FAINT, INK, SERIES, Chart, to_chart
from lfr_eval.report.watchlists import WAYS, Growth

STYLES: dict[str, tuple[str, Any]] = {
    "resampled": (SERIES[0], "-"),
    "closed_form": (SERIES[1], "--"),
    "linear": (INK, (0, (1, 1.2))),
}
DRAWN = 3.0
"""Decades of watchlist sizes drawn below the longest of the fillers: shorter ones tell no more."""


def growth_charts(growth: Growth, setting: Setting) -> Iterator[tuple[int, Chart]]:
    """Draw one chart a composition and factor; the place of its block comes with it."""
    for place, block in enumerate(growth.blocks):
        rows = growth.curves[
            (growth.curves["composition"] == block.composition)
            & (growth.curves["factor"] == block.factor)
        ]
        chart = _chart(f"growth-{place}", block.composition, block.factor, rows, setting)
        if chart is not None:
            yield place, chart


def _chart(
    name: str, composition: str, factor: str, rows: pd.DataFrame, setting: Setting
) -> Chart | None:
    longest = int(rows["fillers"].iloc[0])
    rows = rows[(rows["matches"] > 0) & (rows["watchlist_size"] >= longest / 10**DRAWN)]
    if rows.empty:
        return None
    groups = list(dict.fromkeys(rows["group"].astype(str)))
    shared = factor == OVERALL
    positive = rows.loc[rows["rate"] > 0, "rate"].to_numpy(float)
    sizes = rows["watchlist_size"].to_numpy(float)
    sheet = lay_out(
        groups,
        size_scale(float(sizes.min()), float(sizes.max()), room=6 if shared else 3),
        rate_scale(positive.min() * 0.6, min(1.0, positive.max() * 1.3), room=8 if shared else 5),
        "References on the watchlist (log scale)",
        "FPIR (log scale)",
        shared,
    )
    for panel, group in zip(sheet.panels, groups, strict=True):
        _draw_longest(sheet.axes, panel, longest, labelled=shared)
        for way in reversed(WAYS):
            _draw(sheet.axes, panel, rows[(rows["group"] == group) & (rows["way"] == way)], way)
    # The label of the axis stands at the top left of a sheet of small panels.
    left = 0.115 if shared else 0.25
    handles = [
        Line2D([], [], color=colour, linestyle=line, label=WAYS[way])
        for way, (colour, line) in STYLES.items()
    ]
    sheet.figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(left, 1), ncols=3, fontsize=9,
        handlelength=3.0, columnspacing=1.4, borderaxespad=0.2,
    )  # fmt: skip
    threshold = spoken_threshold(float(rows["threshold"].iloc[0]))
    by = "" if shared else f" by {factor}"
    caption = (
        f"False alerts (FPIR){by} against watchlist size at threshold {threshold}, "
        f"composition: {composition}. Shaded: {setting.level} interval of drawn watchlists. "
        f"Vertical line: the longest watchlist that the fillers allow, {count(longest)}; beyond it "
        "nothing was compared."
    )
    chart = to_chart(sheet.figure, name, caption, _describe(rows), caption, setting.mark)
    columns = ["group", "way", "watchlist_size", "rate", "lower", "upper"]
    return with_numbers(chart, rows[columns])


def size_scale(low: float, high: float, room: int) -> Scale:
    """Return a logarithmic scale of watchlist sizes with round ticks."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    if high <= low:
        low, high = low / 2, high * 2
    # Labels at the very ends would run into those of the next panel.
    ticks = [10.0**power for power in powers if 1.5 * low <= 10.0**power <= high / 1.5]
    ticks = ticks[:: math.ceil(len(ticks) / room)] if ticks else [math.sqrt(low * high)]
    return Scale(low, high, True, tuple(ticks), lambda value: count(round(value)))


def _draw(axes: Axes, panel: Panel, rows: pd.DataFrame, way: str) -> None:
    colour, line = STYLES[way]
    rows = rows.sort_values("watchlist_size")
    x = panel.x(rows["watchlist_size"].to_numpy(float))
    if way == "resampled":
        low, high = (_within(panel, rows[end].to_numpy(float)) for end in ("lower", "upper"))
        axes.fill_between(x, panel.y(low), panel.y(high), color=colour, alpha=0.16, linewidth=0)
    axes.plot(
        x, panel.y(_within(panel, rows["rate"].to_numpy(float))), color=colour, linestyle=line
    )


def _within(panel: Panel, rates: Floats) -> Floats:
    return np.clip(rates, panel.y_scale.low, panel.y_scale.high)


def _draw_longest(axes: Axes, panel: Panel, longest: int, labelled: bool) -> None:
    x, top = float(panel.x(float(longest))), panel.bottom + panel.height
    axes.plot([x, x], [panel.bottom, top], color=FAINT, linewidth=1, linestyle=(0, (5, 3)))
    if labelled:
        mark_above(axes, panel, x, "all fillers")


def _describe(rows: pd.DataFrame) -> str:
    longest = rows[rows["watchlist_size"] == rows["fillers"]]
    parts = []
    for group, ways in longest.groupby("group", sort=False):
        rates = ways.set_index("way")["rate"].astype(float)
        parts.append(
            f"{group}: at {count(int(ways['fillers'].iloc[0]))} {one_in(rates['resampled'])}, by "
            f"the closed form {one_in(rates['closed_form'])}"
        )
    return "; ".join(parts) + ". The table gives the numbers."
