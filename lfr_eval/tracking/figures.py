"""Stage tracking: table `rates` in, the figures of a run out.

The figures show the rates at the operating threshold, by group with intervals, and the curves over
all thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lfr_eval.contract.words import confidence
from lfr_eval.tracking.metrics import at_threshold, compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def figures_of(rates: pd.DataFrame, operating: float | None) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each figure and the figure."""
    from matplotlib.figure import Figure

    known = rates[rates["rate"].notna()]
    own = known["counterpart"].isna() | (known["counterpart"] == known["group"])
    shown = compared(known[own])
    shown = shown[shown["rank"].isna() | (shown["rank"] == shown["rank"].min())]
    kinds = list(dict.fromkeys(shown["metric"]))
    if operating is not None and not (here := shown[at_threshold(shown, operating)]).empty:
        groups = here.groupby("metric")["group"].size().max()
        figure = Figure(figsize=(5.5 * len(kinds), 1.4 + 0.3 * groups), layout="constrained")
        for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
            _dots(axes, here[here["metric"] == kind])
        level = confidence(here["level"].iloc[0])
        figure.suptitle(f"At the operating threshold of {operating:g}, with {level} intervals")
        yield "rates", figure
    if len(shown["threshold"].unique()) > 1:
        figure = Figure(figsize=(5.5 * len(kinds), 4.5), layout="constrained")
        for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
            _curves(axes, shown[shown["metric"] == kind])
        yield "curves", figure


def _dots(axes: Axes, rates: pd.DataFrame) -> None:
    places = np.arange(len(rates))
    rate, lower, upper = (rates[name].to_numpy(float) for name in ("rate", "lower", "upper"))
    axes.hlines(places, lower, upper, color="0.5")
    axes.plot(rate, places, "o", color="C0")
    axes.set_yticks(places, [_plain(group) for group in rates["group"]])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(_searched(rates))


def _curves(axes: Axes, rates: pd.DataFrame) -> None:
    for (factor, group), own in rates.groupby(["factor", "group"], sort=False):
        line = own.sort_values("threshold")
        drawn = line["rate"].astype(float)
        axes.plot(
            *(line["threshold"], drawn.where(drawn > 0)),
            color="black" if factor == "overall" else None,
            label=_plain(group),
        )
    axes.set_yscale("log")
    axes.set_xlabel("threshold")
    axes.set_ylabel(_searched(rates))
    axes.legend(fontsize="small")


def _searched(rates: pd.DataFrame) -> str:
    size = rates["watchlist_size"].iloc[0]
    watchlist = "" if pd.isna(size) else f", watchlist of {int(size):,}"
    return f"{rates['metric'].iloc[0]}{watchlist}"


def _plain(group: object) -> str:
    """Return a group's name escaped, so that matplotlib does not read it as mathematics."""
    return str(group).replace("$", r"\$")[:40]
