"""Comparing: rates by group of the studies side by side, with intervals (a `Comparison` in)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lfr_eval.contract.words import one_in
from lfr_eval.finished.comparing.beside import Comparison
from lfr_eval.report.svg import FAINT, GRID, SERIES, Chart, drawing, to_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D")


def charts(found: Comparison) -> list[Chart]:
    """Return one chart a metric, for a page."""
    made = []
    with drawing():
        for metric in dict.fromkeys(found.rates["metric"]):
            caption = (
                f"{metric} by group at each study's threshold, with 95 % intervals. An open "
                "triangle is an upper bound where there was no event."
            )
            names = ", ".join(side.study.matcher for side in found.sides)
            simulated = any(side.study.simulated for side in found.sides)
            mark = "simulated" if simulated else None
            about = f"Studies: {names}. The table gives the numbers."
            figure = _figure(found, metric)
            made.append(
                to_chart(figure, f"compared-{metric.lower()}", caption, about, caption, mark)
            )
    return made


def draw(found: Comparison, file: Path) -> None:
    """Draw the metric that was matched into a .svg, .png or .pdf file."""
    with drawing():
        figure = _figure(found, found.asked.metric)
        figure.savefig(file, dpi=150, facecolor="white")


def _figure(found: Comparison, metric: str) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rates = found.rates[(found.rates["metric"] == metric).to_numpy(bool)]
    groups = list(dict.fromkeys(zip(rates["factor"], rates["group"], strict=True)))
    figure = Figure(figsize=(7.2, 1.4 + 0.3 * len(groups)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    count = len(found.sides)
    for number, side in enumerate(found.sides, 1):
        own = rates[(rates["study"] == number).to_numpy(bool)].set_index(["factor", "group"])
        own = own.reindex(groups)
        y = np.arange(len(groups)) + (number - (count + 1) / 2) * 0.6 / count
        rate, lower, upper = (own[name].to_numpy(float) for name in ("rate", "lower", "upper"))
        colour = SERIES[(number - 1) % len(SERIES)]
        marker = MARKERS[(number - 1) % len(MARKERS)]
        floor = np.where(lower > 0, lower, np.nan)
        axes.hlines(y, np.where(np.isnan(floor), upper / 30, floor), upper, color=colour, lw=1.4)
        shown = rate if metric == "TPIR" else np.where(rate > 0, rate, np.nan)
        label = f"{side.study.matcher}, threshold {side.matched.threshold:.3f}"
        axes.plot(shown, y, marker, color=colour, markersize=5, linestyle="none", label=label)
        # No event: only the bound is known, drawn as an arrow's head that points down to nothing.
        none = np.where(rate > 0, np.nan, upper)
        axes.plot(none, y, "<", color=colour, markersize=6, markerfacecolor="none")
    axes.set_yticks(np.arange(len(groups)), [group for _, group in groups])
    axes.invert_yaxis()
    if metric != "TPIR":
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda rate, _: one_in(rate))
        axes.xaxis.set_minor_formatter("")
    axes.set_xlabel(f"{metric} ({'log scale' if metric != 'TPIR' else 'share'})")
    axes.axvline(found.asked.target, color=FAINT, linewidth=0.8, linestyle=(0, (5, 3)),
                 visible=metric == found.asked.metric)  # fmt: skip
    axes.grid(True, axis="x", color=GRID)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=8)
    return figure
