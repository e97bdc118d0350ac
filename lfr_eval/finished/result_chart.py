"""A rate by group as dots with intervals (table `rates` in, matplotlib axes in and out)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from lfr_eval.config import ConfigError
from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import confidence, count, spoken_threshold


def chosen_rates(
    rates: pd.DataFrame,
    metric: str,
    by: str | None,
    threshold: float,
    watchlist_size: int | None,
) -> pd.DataFrame:
    """Return the rates of the groups of one factor, one row per group.

    Raises
    ------
    ConfigError
        If there are none; the message says what there is.
    """
    found = _narrowed(rates, "metric", metric)
    by = by or next((name for name in found["factor"] if name != OVERALL), OVERALL)
    found = _narrowed(found, "factor", by)
    if found["threshold"].notna().any():
        found = _narrowed(found, "threshold", threshold)
    if found["watchlist_size"].notna().any():
        largest = int(found["watchlist_size"].max())
        found = _narrowed(found, "watchlist_size", watchlist_size or largest)
    # Groups of both sides are drawn where they are alike, and ranks only where all count.
    alike = found["counterpart"].isna() | (found["counterpart"] == found["group"])
    return found[(alike & found["rank"].isna()).to_numpy(bool)]


def draw(found: pd.DataFrame, simulated: bool, ax: Axes | None = None) -> Axes:
    """Draw the chosen rates, one group below the other, and return the axes."""
    if ax is None:
        import matplotlib.pyplot as plt

        height = 1.2 + 0.35 * len(found)
        ax = plt.subplots(figsize=(6.4, height), layout="constrained")[1]
    y = np.arange(len(found))
    rate, lower, upper = (found[name].to_numpy(float) for name in ("rate", "lower", "upper"))
    none = found["events"].to_numpy(float) == 0
    ax.hlines(y, lower, upper, color="0.45", linewidth=1.5)
    ax.plot(rate[~none], y[~none], "o", color="C0", label="rate")
    ax.plot(upper[none], y[none], "<", color="C0", fillstyle="none", label="upper end, no event")
    factor = str(found["factor"].iloc[0])
    ax.set_yticks(y, [group_name(str(group), factor) for group in found["group"]])
    ax.set_ylim(len(found) - 0.5, -0.5)
    ax.set_xlim(left=0)
    first = found.iloc[0]
    code = str(first["metric"])
    name = metric_named(code).plain
    ax.set_xlabel(f"{name} ({code}), with {confidence(first['level'])} intervals")
    ax.set_ylabel("" if factor == OVERALL else factor_words(factor).capitalize())
    ax.set_title(_title(first, simulated))
    return ax


def _title(row: pd.Series, simulated: bool) -> str:
    said = [] if pd.isna(row["threshold"]) else [f"threshold {spoken_threshold(row['threshold'])}"]
    if not pd.isna(row["watchlist_size"]):
        said.append(f"watchlist of {count(int(row['watchlist_size']))}")
    return ", ".join([*said, *(["simulated people"] if simulated else [])])


def _narrowed(rates: pd.DataFrame, column: str, wanted: str | float) -> pd.DataFrame:
    """Return the rows with a value, or say which values there are."""
    values = rates[column]
    if isinstance(wanted, str):
        same = (values == wanted).to_numpy(bool)
    else:
        same = same_threshold(values.to_numpy(float, na_value=np.nan), wanted)
    if not same.any():
        there = ", ".join(f"{value}" for value in values.dropna().unique())
        raise ConfigError(
            f"The study has no rates with {column} {wanted!r}. Choose one of: {there or 'none'}."
        )
    return rates[same]
