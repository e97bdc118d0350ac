"""Choosing: the figure (an answer in, an SVG or PNG file out), one panel a constraint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lfr_eval.contract.words import one_in, threshold_text
from lfr_eval.contract.writing import written_aside
from lfr_eval.finished.choosing.answer import Answer
from lfr_eval.finished.choosing.weighing import ALERTS, FMR, FMR_WITHIN, FPIR, RATIO, TPIR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {
    FPIR: "FPIR, the worst group",
    FMR: "FMR of everybody",
    FMR_WITHIN: "FMR within the worst group",
    RATIO: "ratio of FPIR, the least bounded pair",
    TPIR: "TPIR, the worst group",
    ALERTS: "false alerts a day",
}
SAMPLES = (("choosing", "#005a9c", "-", "o"), ("reporting", "#b3430b", "--", "s"))
MET = "#00704f"


def draw(found: Answer, file: Path) -> None:
    """Draw bounds against thresholds, the limits, and the threshold that was chosen."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(found.points["constraint"]))
    panels = len(kinds) + (found.costs is not None)
    with mpl.rc_context({"svg.hashsalt": "lfr_eval", "font.size": 9, "text.parse_math": False}):
        rows, columns = -(-panels // 2), min(panels, 2)
        figure = Figure(figsize=(5.2 * columns, 4.2 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for spare in grid[panels:]:
            spare.set_visible(False)
        axes = grid[:panels]
        for axis, kind in zip(axes, kinds, strict=False):
            _constraint(axis, found, kind)
        if found.costs is not None:
            _cost(axes[-1], found)
        for axis in axes:
            if found.chosen is not None:
                label = f"chosen: {threshold_text(found.chosen)}"
                axis.axvline(found.chosen, color=MET, linewidth=1.2, label=label)
            axis.set_xlabel("threshold")
            axis.grid(True, color="#d9dee5", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
            axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16))
        if found.study.simulated:
            figure.suptitle("SIMULATED", x=0.99, ha="right", fontsize=9, fontweight="bold")
        kind, plain = file.suffix[1:], {"Date": None} if file.suffix == ".svg" else None
        with written_aside(file) as aside:
            figure.savefig(aside, format=kind, dpi=150, metadata=plain)


def _constraint(axis: Axes, found: Answer, kind: str) -> None:
    points = found.points[found.points["constraint"] == kind].sort_values("threshold")
    for sample, colour, line, marker in SAMPLES:
        rows = points[points["people"] == sample]
        at, bound = rows["threshold"].to_numpy(float), rows["bound"].to_numpy(float)
        bound = np.where(np.isfinite(bound) & (bound > 0), bound, np.nan)
        end = "lower" if kind == TPIR else "upper"
        axis.plot(at, bound, color=colour, linestyle=line, marker=marker, markersize=2.5,
                  label=f"{end} end, {sample} people")  # fmt: skip
        estimate = rows["estimate"].to_numpy(float)
        if kind != TPIR:
            estimate = np.where(estimate > 0, estimate, np.nan)
        axis.plot(at, estimate, color=colour, linestyle=":", linewidth=0.9, label="its estimate")
    limit = float(points["limit"].iloc[0])
    axis.axhline(limit, color="#1c2430", linewidth=1.0, label="limit")
    if kind != TPIR:
        _log(axis, one_in if kind in (FPIR, FMR, FMR_WITHIN) else _plain)
    axis.set_title(LABELS[kind], fontsize=9, loc="left")


def _log(axis: Axes, word: Callable[[float], str]) -> None:
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: word(value))
    axis.yaxis.set_minor_formatter("")


def _plain(value: float) -> str:
    return f"{value:,.10g}"


def _cost(axis: Axes, found: Answer) -> None:
    assert found.costs is not None
    own = found.costs[found.costs["factor"] == "overall"].sort_values("threshold")
    at = own["threshold"].to_numpy(float)
    axis.fill_between(at, own["lower"].to_numpy(float), own["upper"].to_numpy(float),
                      color="#005a9c", alpha=0.13, linewidth=0)  # fmt: skip
    cost = own["cost"].to_numpy(float)
    shown = np.where(cost > 0, cost, np.nan)
    axis.plot(at, shown, color="#005a9c", label="everybody, with interval")
    _log(axis, _plain)
    axis.set_title("expected cost of a pass", fontsize=9, loc="left")
