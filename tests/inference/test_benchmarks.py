"""Reduced runs of the calibration and extrapolation benchmarks."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(script: str, *arguments: str) -> list[dict[str, str]]:
    """Run a benchmark and read its table."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


@pytest.mark.slow
@pytest.mark.parametrize("population", ["lambs 30", "passes"])
def test_tests_and_intervals_keep_their_promises(population):
    rows = run("calibration.py", "--people", "80", "--repetitions", "150", "--only", population)
    assert rows
    # Three Monte Carlo standard errors of 150 repetitions are 5.3 points.
    for row in rows:
        if float(row["events"].replace(",", "")) >= 10:
            assert float(row["I ours"]) <= 6.5 + 5.3
            assert float(row["cover"]) >= 93.5 - 5.3
            assert float(row["false equiv."]) <= 5 + 5.3


@pytest.mark.slow
def test_pairs_counted_as_independent_do_not():
    rows = run("calibration.py", "--people", "80", "--repetitions", "100", "--only", "lambs 30")
    assert max(float(row["I pairs chi2"]) for row in rows) > 20


@pytest.mark.slow
def test_modelled_rates_cover_two_decades_beyond():
    rows = run("extrapolation.py", "--people", "150", "--repetitions", "20", "--replicates", "100")
    assert all(float(row["cover"].rstrip("%")) >= 85 for row in rows)


@pytest.mark.slow
def test_intervals_of_rates_cover():
    rows = run("calibration_intervals.py", "--people", "80", "--repetitions", "100")
    # Three Monte Carlo standard errors of 200 intervals are 4.6 points.
    ordinary = [row for row in rows if "skewed" not in row["population"]]
    assert all(float(row["cover"]) >= 93.5 - 4.6 for row in ordinary)
    assert all(float(row["alone: cover"]) >= float(row["no skewness"]) for row in rows)
    # Thresholds that bound each other bring ends nearer, and hardly ever past the truth.
    assert all(float(row["cover"]) >= float(row["alone: cover"]) - 1 for row in rows)
    assert all(float(row["upper / truth"]) <= float(row["alone: upper / truth"]) for row in rows)


@pytest.mark.slow
def test_true_rates_of_a_simulated_study_are_recovered():
    rows = run("recovery.py", "--repetitions", "40")
    assert {row["metric"] for row in rows} == {"FPIR", "TPIR", "FTA"}
    # Three Monte Carlo standard errors of 40 intervals are 10.3 points. The mean over all rows was
    # 96 in 500 repetitions; counting passes as independent makes it 82 in these 40.
    assert all(float(row["cover"]) >= 93.5 - 10.3 for row in rows)
    assert 93 <= sum(float(row["cover"]) for row in rows) / len(rows) <= 99
