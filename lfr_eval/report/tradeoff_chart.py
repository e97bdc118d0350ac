"""Stage report: recognition against false alerts by group (table `rates` in, SVG out).

Every point is one threshold at one watchlist size, so that the two rates of a point always belong
together. Groups whose lines lie apart are treated differently at any threshold.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from lfr_eval.contract.thresholds import same_threshold, threshold_key
from lfr_eval.contract.words import count, share, spoken_threshold
from lfr_eval.report.charts import (
    LINES,
    MARKERS,
    SHARED_PANEL,
    Series,
    Setting,
    legend,
    limits,
    to_series,
)
from lfr_eval.report.linking import follow_rates
from lfr_eval.report.panels import Floats, Panel, Scale, Sheet, lay_out, rate_scale
from lfr_eval.report.svg import INK, SERIES, Chart, to_chart
from lfr_eval.report.sweep import setting_key


def tradeoff_chart(
    name: str, false_alerts: pd.DataFrame, recognition: pd.DataFrame, size: int, setting: Setting
) -> Chart | None:
    """Draw TPIR against FPIR along the thresholds; None where no group has both.

    Parameters
    ----------
    false_alerts, recognition
        Rows of table `rates`, of FPIR and TPIR: one factor, one watchlist size.
    """
    right = {each.label: each for each in to_series(recognition, setting)}
    left = [each for each in to_series(false_alerts, setting) if each.label in right]
    left = [
        each for each in left if np.isfinite(each.rate * _beside(each, right[each.label])).any()
    ]
    if not left:
        return None
    factor = str(false_alerts["factor"].iloc[0])
    shared = len(left) <= SHARED_PANEL
    upright = [_beside(each, right[each.label]) for each in left]
    lowest = min(float(np.nanmin(values)) for values in upright)
    sheet = lay_out(
        [each.label for each in left],
        rate_scale(*limits(left, with_bounds=False), room=7 if shared else 2),
        _share_scale(lowest),
        "FPIR (log scale)",
        "TPIR",
        shared,
    )
    for place, (each, values) in enumerate(zip(left, upright, strict=True)):
        panel = sheet.panels[0 if shared else place]
        _draw(sheet, panel, each, values, place if shared else 0, setting.operating)
    if shared:
        legend(sheet, left)
    caption = (
        f"TPIR against FPIR by {factor}, watchlist of {count(size)}: each point of a line is one "
        "threshold. Further up and to the left is better."
    )
    if setting.operating is not None:
        at = spoken_threshold(setting.operating)
        caption += f" The cross on a line is the operating threshold {at}."
    description = "; ".join(
        f"{each.label}: TPIR {share(float(values[np.isfinite(values)][0]))} at "
        f"{spoken_threshold(float(each.threshold[np.isfinite(values)][0]))} to "
        f"{share(float(values[np.isfinite(values)][-1]))} at "
        f"{spoken_threshold(float(each.threshold[np.isfinite(values)][-1]))}"
        for each, values in zip(left, upright, strict=True)
    )
    chart = to_chart(sheet.figure, name, caption, f"{description}.", caption, setting.mark)
    keys = [setting_key(code, size, factor) for code in ("FPIR", "TPIR")]
    return follow_rates(chart, sheet, (keys[0], None), keys[1], [each.label for each in left])


def _beside(wrong: Series, right: Series) -> Floats:
    rates = {
        threshold_key(at): float(rate) for at, rate in zip(right.threshold, right.rate, strict=True)
    }
    return np.array([rates.get(threshold_key(at), math.nan) for at in wrong.threshold])


def _share_scale(lowest: float) -> Scale:
    low = max(0.0, math.floor(10 * lowest - 1e-9) / 10)
    step = 0.2 if low < 0.5 else 0.1 if low < 0.8 else 0.05
    ticks = tuple(float(value) for value in np.arange(1.0, low - 1e-9, -step))
    return Scale(low, 1.02, False, ticks, share)


def _draw(
    sheet: Sheet, panel: Panel, each: Series, values: Floats, place: int, operating: float | None
) -> None:
    x, y = panel.x(each.rate), panel.y(values)
    shown = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    sheet.axes.plot(
        x, y, color=SERIES[place], linestyle=LINES[place], marker=MARKERS[place], markersize=4.2,
        markevery=shown[:: max(1, len(shown) // 6)].tolist(),
    )  # fmt: skip
    if operating is not None:
        at = np.flatnonzero(same_threshold(each.threshold, operating))
        sheet.axes.plot(
            x[at], y[at], color=INK, linestyle="none", marker="x", markersize=8, markeredgewidth=2
        )
