"""Stage report: does the method keep its promises (measured figures in, counts out).

The figures are those of docs/calibration.md, measured on populations in which the truth is known.
They belong to the version of the method that made the report, not to the study.
"""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

import pandas as pd

MOST_FALSE_ALARMS, LEAST_COVERAGE = 6.5, 93.5


class Kept(NamedTuple):
    """Situations within the goals for false alarms and for intervals, each of those measured."""

    repetitions: int
    level: int
    levels: int
    coverage: int
    coverages: int


def read_calibration() -> pd.DataFrame:
    """Return the figures that travel with the package.

    A row holds what was measured in one population, number of people a group and number of events.
    All shares are percentages, missing where they were not measured.
    """
    with resources.files("lfr_eval.report").joinpath("calibration.csv").open() as file:
        return pd.read_csv(file)


def summarise(cells: pd.DataFrame) -> list[Kept]:
    """Count the situations within the goals, most repetitions first: few judge roughly."""
    level = cells.assign(_level=cells["false_alarms"] <= MOST_FALSE_ALARMS)
    met = level.assign(_coverage=cells["coverage"] >= LEAST_COVERAGE).groupby("repetitions")
    known = {"_level": ["sum", "size"], "_coverage": "sum", "coverage": "count"}
    return [Kept(*map(int, row)) for row in met.agg(known)[::-1].itertuples()]
