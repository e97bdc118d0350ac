"""Stage report: does the method keep its promises (measured figures in, rows and a chart out).

The figures are those of docs/calibration.md, measured on populations in which the truth is known.
They belong to the version of the method that made the report, not to the study.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lfr_eval.contract.words import count
from lfr_eval.report.numbers import with_numbers
from lfr_eval.report.svg import FAINT, INK, SERIES, Chart, to_chart

NOMINAL, GOAL = 5.0, (0.0, 6.5)
COVERAGE_GOAL = (93.5, 100.0)
LEAST = 0.2
"""Lower end of the chart, in per cent."""

MARKERS = ("o", "s", "^", "D")


@dataclass(frozen=True)
class Cell:
    """What was measured in one population, number of people a group and number of events.

    All shares are percentages; None where it was not measured.
    """

    population: str
    people: int
    events: int
    repetitions: int
    false_alarms: float
    false_alarms_of_pairs: float
    false_equivalence: float | None
    coverage: float | None
    coverage_ratio: float | None


def read_calibration() -> tuple[Cell, ...]:
    """Return the figures that travel with the package."""
    text = resources.files("lfr_eval.report").joinpath("calibration.csv").read_text("utf-8")
    return tuple(
        Cell(
            row["population"],
            *(int(row[name]) for name in ("people", "events", "repetitions")),
            *(float(row[name]) for name in ("false_alarms", "false_alarms_of_pairs")),
            *(
                float(row[name]) if row[name] else None
                for name in ("false_equivalence", "coverage", "coverage_ratio")
            ),
        )
        for row in csv.DictReader(text.splitlines())
    )


@dataclass(frozen=True)
class Kept:
    """In how many situations a promise was kept, for one number of repetitions.

    Attributes
    ----------
    level, coverage
        Situations within the goal for false alarms, for intervals.
    levels, coverages
        Situations measured.
    """

    repetitions: int
    level: int
    levels: int
    coverage: int
    coverages: int


def summarise(cells: Sequence[Cell]) -> tuple[Kept, ...]:
    """Count the situations within the goals, most repetitions first: few judge roughly."""
    found = []
    for repetitions in sorted({cell.repetitions for cell in cells}, reverse=True):
        rows = [cell for cell in cells if cell.repetitions == repetitions]
        level = [GOAL[0] <= row.false_alarms <= GOAL[1] for row in rows]
        known = [row.coverage for row in rows if row.coverage is not None]
        coverage = [COVERAGE_GOAL[0] <= value <= COVERAGE_GOAL[1] for value in known]
        found.append(Kept(repetitions, sum(level), len(level), sum(coverage), len(coverage)))
    return tuple(found)


def calibration_chart(name: str, cells: Sequence[Cell]) -> Chart:
    """Draw how often each test reports a difference where there is none."""
    figure = Figure(figsize=(7.6, 3.6))
    axes = figure.add_axes((0.1, 0.15, 0.88, 0.66))
    shown = [cell for cell in cells if cell.repetitions == max(c.repetitions for c in cells)]
    people = shown[0].people
    axes.axhspan(LEAST, GOAL[1], color=FAINT, alpha=0.18, linewidth=0)
    axes.axhline(NOMINAL, color=INK, linewidth=1, linestyle=(0, (5, 3)))
    for place, population in enumerate(dict.fromkeys(cell.population for cell in shown)):
        rows = sorted((c for c in shown if c.population == population), key=lambda c: c.events)
        events = [row.events for row in rows]
        style: Any = {"color": SERIES[place % 4], "marker": MARKERS[place % 4], "markersize": 5}
        axes.plot(events, [max(row.false_alarms, LEAST) for row in rows], label=population, **style)
        axes.plot(
            events, [row.false_alarms_of_pairs for row in rows], linestyle=(0, (1, 1.5)),
            markerfacecolor="none", **style,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(LEAST, 100)
    axes.set_yticks(
        [0.5, 1, 2, 5, 10, 20, 50], ["0.5 %", "1 %", "2 %", "5 %", "10 %", "20 %", "50 %"]
    )
    axes.set_xticks([4, 10, 30, 100, 300, 1000], ["4", "10", "30", "100", "300", "1,000"])
    axes.minorticks_off()
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("Expected events in a group (log scale)")
    axes.set_ylabel("Differences reported (log scale)", color=INK)
    figure.legend(loc="upper left", bbox_to_anchor=(0.09, 1), ncols=2, fontsize=9)
    caption = (
        "How often a difference is reported between two groups that do not differ, at a nominal "
        f"5 % (dashed; goal shaded), {count(people)} people a group, "
        f"{count(shown[0].repetitions)} repetitions. Filled marks, solid line: the test of this "
        "report, which counts people. Hollow marks, dotted line: a test that counts comparisons."
    )
    description = "; ".join(
        f"{cell.population}, {cell.events} events: {cell.false_alarms} % against "
        f"{cell.false_alarms_of_pairs} %"
        for cell in shown
    )
    # The figures are measured whatever the study is: they are never marked as simulated.
    chart = to_chart(figure, name, caption, f"{description}.", caption, mark=None)
    return with_numbers(chart, pd.DataFrame([vars(cell) for cell in cells]))
