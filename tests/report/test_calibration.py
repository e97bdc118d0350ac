"""The measured figures that travel with the package are those of docs/calibration.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.report.calibration import Kept, read_calibration, summarise

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"
KEYS = ("population", "people", "events")
OF_TESTS = {
    "false_alarms": "I ours",
    "false_alarms_of_pairs": "I pairs chi2",
    "false_equivalence": "false equiv.",
}
OF_INTERVALS = {"coverage": "cover", "coverage_ratio": "cover ratio"}

Row = dict[str, str]


@dataclass(frozen=True)
class Documented:
    """Rows of the tables of the document by population, people and events."""

    tests: dict[tuple[str, ...], Row]
    intervals: dict[tuple[str, ...], Row]


@pytest.fixture(scope="module")
def documented() -> Documented:
    found: tuple[dict[tuple[str, ...], Row], ...] = ({}, {})
    header: list[str] = []
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            header = []
        elif not header:
            header = cells
        elif set(header) >= set(KEYS) and not cells[0].startswith("---"):
            row = dict(zip(header, cells, strict=True))
            key = tuple(
                row[name].replace(",", "") if name != "population" else row[name] for name in KEYS
            )
            for place, column in enumerate(("I ours", "cover ratio")):
                if column in row:
                    found[place][key] = row
    return Documented(*found)


def test_every_cell_of_the_document_travels_with_the_package(documented: Documented) -> None:
    rows = read_calibration().itertuples()
    cells = {(c.population, str(c.people), str(c.events)) for c in rows}
    assert len(cells) == len(read_calibration()) == 24
    assert cells == set(documented.tests)


@pytest.mark.parametrize(("field", "column"), (OF_TESTS | OF_INTERVALS).items())
def test_the_figures_are_those_of_the_document(
    documented: Documented, field: str, column: str
) -> None:
    rows = documented.tests if field in OF_TESTS else documented.intervals
    compared = 0
    for cell in read_calibration().itertuples():
        row = rows.get((cell.population, str(cell.people), str(cell.events)))
        value = getattr(cell, field)
        if row is None or row.get(column, "–") == "–":
            assert pd.isna(value)
        else:
            assert value == float(row[column]), (cell.population, cell.people, cell.events)
            compared += 1
    assert compared >= 24 or column == "false equiv."


def test_repetitions_are_those_of_the_document() -> None:
    text = DOCUMENT.read_text("utf-8")
    for people, repetitions in {(c.people, c.repetitions) for c in read_calibration().itertuples()}:
        assert f"## {people} people a group, {repetitions:,} repetitions" in text


def test_the_summary_counts_cells_within_the_goals() -> None:
    columns = ["false_alarms", "coverage", "repetitions"]
    cells = [(1.5, 93.4, 100), (6.5, 99.0, 100), (6.6, None, 100), (5.0, 95.0, 2_000)]
    found = summarise(pd.DataFrame(cells, columns=columns))
    assert found == [Kept(2_000, 1, 1, 1, 1), Kept(100, 2, 3, 1, 2)]
