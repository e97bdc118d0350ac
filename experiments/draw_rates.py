"""Draw rates by group with their intervals: `python draw_rates.py STUDY_FOLDER PICTURE METRIC ...`.

One panel a metric, at the operating threshold and the largest watchlist; rates without an event
are drawn as the bound that they are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from lfr_eval.contract.names import group_name


def draw(study: Path, metrics: list[str]) -> Figure:
    """Draw one panel a metric."""
    described = json.loads((study / "study.json").read_text())
    threshold = described["thresholds"]["operating"]
    rates = pd.read_parquet(study / "rates.parquet")
    rates = rates[rates["threshold"].sub(threshold).abs() < 1e-9]
    within = rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])
    rates = rates[within & rates["upper"].notna() & rates["rank"].isna()]
    panels = [_rows(rates, metric) for metric in metrics]
    height = 1.2 + 0.27 * max(len(rows) for rows in panels)
    figure = Figure(figsize=(5.4 * len(metrics) + 1, height), layout="constrained")
    axes = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for one, metric, rows in zip(axes, metrics, panels, strict=True):
        _draw(one, metric, rows)
    mark = "SIMULATED: " if described["simulated"] else ""
    figure.suptitle(
        f"{mark}{described['study']}, threshold {threshold:g}, 95 % intervals by people"
    )
    return figure


def _rows(rates: pd.DataFrame, metric: str) -> pd.DataFrame:
    rows = rates[rates["metric"] == metric]
    if rows["watchlist_size"].notna().any():
        rows = rows[rows["watchlist_size"] == rows["watchlist_size"].max()]
    finest = rows["factor"].str.count(" x ").max()
    chosen = rows[(rows["factor"].str.count(" x ") == finest) | (rows["factor"] == "overall")]
    return chosen.sort_values("rate", ascending=False)


def _draw(axes: Axes, metric: str, rows: pd.DataFrame) -> None:
    for _, row in rows.iterrows():
        label = f"{group_name(row['group'])} ({row['subjects']:,})"
        if row["events"]:
            axes.plot([row["lower"], row["upper"]], [label, label], color="#005a9c")
            axes.plot(row["rate"], label, "o", color="#005a9c")
        else:
            axes.plot(row["upper"], label, "<", color="#b3430b")
    axes.set_xscale("log")
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel(f"{metric} (log scale); a triangle: no event, the rate is below")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"1 in {1 / value:,.0f}"))
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 60 * low else (1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x", alpha=0.4)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), sys.argv[3:]).savefig(sys.argv[2], dpi=110)
