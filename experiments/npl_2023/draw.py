"""Draw chart.png from the rates of the two shipped studies.

python experiments/npl_2023/draw.py STUDY_OF_EQUAL_GROUPS STUDY_OF_UNEQUAL_GROUPS
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
from matplotlib import pyplot as plt

TITLES = ("True rates equal", "True rate of Black subjects three times the others'")
STYLES = {"asian": ("#0072b2", "s"), "black": ("#d55e00", "o"), "white": ("#009e73", "^")}
SIZE = 178_000


def ethnic(study: Path, table: str) -> pd.DataFrame:
    """Return the false positive rates of ethnic groups against the whole filler set."""
    rows = pd.read_parquet(study / f"{table}.parquet")
    kept = (rows["metric"] == "FPIR") & (rows["watchlist_size"] == SIZE)
    return rows[kept & (rows["factor"] == "ethnicity")].sort_values("threshold")


def main() -> None:
    """Draw measured rates with intervals, bounds where there was no event, and true rates."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True, layout="constrained")
    for axis, study, title in zip(axes, map(Path, sys.argv[1:3]), TITLES, strict=True):
        rates, truth = ethnic(study, "rates"), ethnic(study, "truth")
        for number, (group, (colour, marker)) in enumerate(STYLES.items()):
            own = rates[rates["group"] == group]
            at = own["threshold"].to_numpy() + 0.004 * (number - 1)
            rate, low, high = (own[name].to_numpy(float) for name in ("rate", "lower", "upper"))
            seen = rate > 0
            error = [rate[seen] - low[seen], high[seen] - rate[seen]]
            axis.errorbar(at[seen], rate[seen], error, fmt=marker, color=colour, label=group)
            axis.plot(at[~seen], high[~seen], "v", color=colour, fillstyle="none")
            axis.vlines(at[~seen], 1e-5, high[~seen], color=colour, lw=0.8, ls=":")
            true = truth[truth["group"] == group]
            axis.plot(true["threshold"], true["rate"], "-", color=colour, lw=1, alpha=0.6)
        axis.set(title=title, xlabel="threshold", yscale="log", ylim=(3e-5, 0.2))
        axis.set_xticks(np.sort(rates["threshold"].unique()))
        axis.grid(alpha=0.25)
    axes[0].set_ylabel(f"false positive rate of a pass, {SIZE:,} fillers")
    axes[0].legend(title="Simulated subjects", loc="lower left")
    figure.suptitle(
        "One study each, 400 people x 10 passes. Markers: measured, 95 % intervals; hollow: no "
        "event, upper bound; lines: true rates",
        fontsize=9,
    )
    figure.savefig(Path(__file__).with_name("chart.png"), dpi=110)


if __name__ == "__main__":
    main()
