"""Draw a dose-response chart from a finished study: python chart.py STUDY.

Misses and failures to acquire by strength of degradation, everybody and the groups with the most
people, with the intervals of `rates.parquet`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd

mpl.use("Agg")
import matplotlib.pyplot as plt

from lfr_eval.contract.names import group_name

NONE = "no degradation"
PANELS = (("motion blur", "Motion blur (pixels)"), ("eye distance", "Pixels between the eyes"))
METRICS = (
    ("FNIR", "Missed (FNIR)"),
    ("FTA", "No face found (FTA)"),
    ("FPIR", "False alert (FPIR)"),
)
GROUPS = ("everybody", "white", "black", "east_asian")


def main(study: Path) -> None:
    """Write chart.png beside this file, at the operating threshold."""
    threshold = json.loads((study / "study.json").read_text())["thresholds"]["operating"]
    rates = pd.read_parquet(study / "rates.parquet")
    rates = rates[rates["threshold"].isna() | ((rates["threshold"] - threshold).abs() < 1e-9)]
    everybody = rates[rates["factor"] == "capture"].assign(of="everybody", at=lambda r: r["group"])
    crossed = rates[rates["factor"] == "capture x ethnicity"]
    parts = crossed["group"].str.split(" x ", expand=True)
    crossed = crossed.assign(at=parts[0], of=parts[1])
    rows = pd.concat([everybody, crossed])
    figure, axes = plt.subplots(len(METRICS), 2, figsize=(9, 8.6), sharey="row", sharex="col")
    for column, (transform, label) in enumerate(PANELS):
        for line, (metric, name) in enumerate(METRICS):
            ax = axes[line, column]
            own = rows[rows["metric"] == metric]
            doses = sorted({dose_of(at) for at in own["at"] if at.startswith(transform)})
            if transform == "eye distance":
                doses = doses[::-1]
            places = {NONE: 0} | {f"{transform} {dose:g} px": k + 1 for k, dose in enumerate(doses)}
            for shift, group in enumerate(GROUPS):
                mine = own[(own["of"] == group) & own["at"].isin(places)]
                mine = mine.assign(x=mine["at"].map(places)).sort_values("x")
                x = mine["x"] + 0.08 * (shift - 1.5)
                people = int(mine["subjects"].max())
                spread = [mine["rate"] - mine["lower"], mine["upper"] - mine["rate"]]
                ax.errorbar(
                    x, mine["rate"], yerr=[part.clip(lower=0) for part in spread],
                    marker="os^D"[shift], markersize=4, linewidth=0.8 if shift else 1.6,
                    capsize=2, elinewidth=0.8,
                    label=f"{group_name(group)} ({people} people)",
                )  # fmt: skip
            ax.set_xticks(list(places.values()), ["none", *(f"{dose:g}" for dose in doses)])
            ax.set_ylim(-0.03, 1.03)
            ax.grid(alpha=0.3)
            if not column:
                ax.set_ylabel(name)
        axes[-1, column].set_xlabel(label)
    axes[0, 0].legend(fontsize=8, frameon=False, loc="upper left")
    figure.suptitle(
        f"SIMULATED CAPTURE: London probes degraded, FaceNet, threshold {threshold:g}, "
        "watchlist of 1,500, 95 % intervals",
        fontsize=9.5,
    )
    figure.tight_layout()
    figure.savefig(Path(__file__).with_name("chart.png"), dpi=110)


def dose_of(condition: str) -> float:
    """Return the strength that a condition names."""
    found = re.search(r"([\d.]+) px", condition)
    return float(found.group(1)) if found else 0.0


if __name__ == "__main__":
    main(Path(sys.argv[1]))
