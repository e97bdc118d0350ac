"""Stage report: does the method keep its promises (measured figures in, counts out).

The figures are those of docs/calibration.md, measured on populations in which the truth is known.
They belong to the version of the method that made the report, not to the study.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib import resources
from io import StringIO

import pandas as pd

from lfr_eval.report.rates import plain_rows

MOST_FALSE_ALARMS, LEAST_COVERAGE = 6.5, 93.5


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
    file = resources.files("lfr_eval.report").joinpath("calibration.csv")
    names = [each.name for each in fields(Cell)]
    frame = pd.read_csv(StringIO(file.read_text("utf-8")), usecols=names)
    return tuple(Cell(**row) for row in plain_rows(frame))


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
        level = [row.false_alarms <= MOST_FALSE_ALARMS for row in rows]
        coverage = [row.coverage >= LEAST_COVERAGE for row in rows if row.coverage is not None]
        found.append(Kept(repetitions, sum(level), len(level), sum(coverage), len(coverage)))
    return tuple(found)
