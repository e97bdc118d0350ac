"""Draw chart.png from the tables of the study: `python chart.py STUDY_FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

THRESHOLD = 0.60
WAYS = {
    "resampled": ("drawn from the fillers", "#005a9c", "-"),
    "closed_form": ("closed form", "#b3430b", "--"),
    "linear": ("in proportion", "#1c2430", ":"),
}


def draw(study: Path) -> Figure:
    """Draw the three ways with the truth, and two compositions by gender."""
    sizes = pd.read_parquet(study / "watchlist_sizes.parquet")
    truth = pd.read_parquet(study / "truth.parquet")
    sizes = sizes[sizes["threshold"].sub(THRESHOLD).abs() < 1e-9]
    truth = truth[(truth["metric"] == "FPIR") & (truth["threshold"].sub(THRESHOLD).abs() < 1e-9)]
    figure = Figure(figsize=(11, 4.3), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    given = sizes[sizes["composition"] == "given"]
    _three_ways(left, given[given["factor"] == "overall"], truth[truth["factor"] == "overall"])
    _compositions(right, sizes[sizes["factor"] == "gender"], truth[truth["factor"] == "gender"])
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(100, 200_000)
        axes.set_ylim(1e-4, 1)
        axes.set_xlabel("references on the watchlist")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"1 in {1 / value:,.0f}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(visible=True, alpha=0.4)
        axes.legend(frameon=False, fontsize=9)
    left.set_ylabel("false alerts per pass (FPIR)")
    figure.suptitle(f"SIMULATED: false alerts by watchlist size at threshold {THRESHOLD:.2f}")
    return figure


def _three_ways(axes: Axes, rows: pd.DataFrame, truth: pd.DataFrame) -> None:
    for way, (label, colour, line) in WAYS.items():
        part = rows[rows["way"] == way].sort_values("watchlist_size")
        axes.plot(part["watchlist_size"], part["rate"], color=colour, linestyle=line, label=label)
        if way == "resampled":
            axes.fill_between(
                part["watchlist_size"], part["lower"], part["upper"], color=colour, alpha=0.15
            )
    axes.plot(truth["watchlist_size"], truth["rate"], "k^", markersize=7, label="true rate")
    axes.set_title("everybody, watchlist of 80 % men", fontsize=11)


def _compositions(axes: Axes, rows: pd.DataFrame, truth: pd.DataFrame) -> None:
    names = {"given": ("80 % men", "-"), "fillers": ("balanced", "--")}
    for group, colour in (("male", "#00704f"), ("female", "#8a2f73")):
        for composition, (label, line) in names.items():
            part = rows[
                (rows["group"] == group)
                & (rows["composition"] == composition)
                & (rows["way"] == "resampled")
            ].sort_values("watchlist_size")
            axes.plot(
                part["watchlist_size"],
                part["rate"],
                color=colour,
                linestyle=line,
                label=f"{group}, watchlist {label}",
            )
        own = truth[truth["group"] == group]
        axes.plot(own["watchlist_size"], own["rate"], "^", color=colour, markersize=7)
    axes.set_title("by gender, drawn (triangles: truth, 80 % men)", fontsize=11)


if __name__ == "__main__":
    mpl.use("Agg")
    draw(Path(sys.argv[1])).savefig(Path(__file__).parent / "chart.png", dpi=110)
