"""Every benchmark still runs: each at a size of seconds, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"

SMALL = {
    "acceptance": ["--reps", "2", "--cells", "one factor"],
    "acceptance.designs": ["--studies", "2", "--designs", "across 12 and 60, no lambs"],
    "acceptance.matchers": ["--reps", "2", "--worlds", "60 and 60 same people, overall 0.15"],
    "acceptance.studies": ["--studies", "2", "--people", "40"],
    "acceptance.tables": [],
    "adjustment": ["--repetitions", "3"],
    "all_pairs": ["--count", "512", "--size", "32", "--repetitions", "1", "--share", "0.01"],
    "extrapolation": [
        *("--repetitions", "1", "--draws", "20", "--people", "40", "--only", "searches"),
    ],
    "pooling": ["--repetitions", "5"],
    "fuzz_images": ["--images", "20"],
    "fuzz_inputs": ["--files", "15"],
    "fuzz_live": ["--registrations", "20", "--models", "6", "--answers", "6"],
    "kills": ["--moments", "1", "--only", "plan register"],
    "recovery": [
        *("--repetitions", "2", "--people", "60", "--fillers", "60", "--thresholds", "0.5"),
    ],
    "score_evidence": ["--studies", "1", "--people", "120"],
    "speed": ["findings"],
    "scale": ["--counts", "300", "--part", "0.5"],
}
IMPORTED = {"calibration_worlds", "worlds"}
"""Populations that the others draw from."""
OTHERS = sorted({path.stem for path in BENCHMARKS.glob("*.py")} - set(SMALL) - IMPORTED)
"""Those that need more than CI has, and any that nobody gave a small size yet."""


def started(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a benchmark, a file or a module of a package."""
    file = BENCHMARKS / f"{name}.py"
    command = [str(file)] if file.is_file() else ["-m", f"benchmarks.{name}"]
    path = f"{ROOT}{os.pathsep}{BENCHMARKS}"
    return subprocess.run(
        [sys.executable, "-W", "ignore", *command, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_runs_at_a_size_of_seconds(name: str) -> None:
    done = started(name, *SMALL[name])
    assert done.returncode == 0, done.stderr[-2000:]
    assert any(sign.isdigit() for sign in done.stdout), "it prints figures"


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_a_benchmark_that_needs_more_can_be_imported(name: str) -> None:
    done = started(name, "--help")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.mirror
def test_the_embedding_benchmark_runs_on_real_faces(mirror: Path) -> None:
    small = ["--images", str(mirror / "london"), "--count", "4", "--repetitions", "1"]
    done = started("embed", *small)
    assert done.returncode == 0, done.stderr[-2000:]
