"""Every benchmark still runs: each at a size of seconds, in a process of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import Forked

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"

SMALL = {
    "acceptance": ["--reps", "2", "--cells", "one factor"],
    "acceptance.afterwards": ["--studies", "2", "--populations", "80 pairs of twins"],
    "acceptance.designs": ["--studies", "2", "--designs", "across 12 and 60, no lambs"],
    "acceptance.lending": ["--studies", "2", "--alone"],
    "acceptance.matchers": ["--reps", "2", "--worlds", "60 and 60 same people, overall 0.15"],
    "acceptance.studies": ["--studies", "2", "--people", "40"],
    "acceptance.tables": [],
    "adjustment": ["--repetitions", "3"],
    "bands": ["--studies", "2", "--groups", "1"],
    "black_box": ["FOLDER", "--people", "60", "--fillers", "300"],
    "embed": [
        *("--images", "MIRROR/london", "--count", "2", "--repetitions", "1", "--threads", "1"),
    ],
    "families": ["--studies", "5"],
    "fuzz_own": ["--manifests", "3", "--overrides", "2"],
    "fuzz_trust": ["--part", "0.1"],
    "peers": ["--python", sys.executable, "--repetitions", "1", "--count", "512"],
    "planned_power": ["--studies", "2", "--designs", "3"],
    "rehearsal": ["--studies", "1", "--people", "60"],
    "report": ["--study", "STUDY", "--repetitions", "1"],
    "all_pairs": ["--count", "512", "--size", "32", "--repetitions", "1", "--share", "0.01"],
    "extrapolation": [
        *("--repetitions", "1", "--draws", "20", "--people", "40", "--only", "searches"),
    ],
    "monitoring": ["--series", "2", "--found", "1", "--looks", "30"],
    "pooling": ["--repetitions", "5"],
    "fuzz_images": ["--images", "20"],
    "fuzz_inputs": ["--files", "15"],
    "fuzz_templates": ["--files", "40"],
    "fuzz_live": ["--registrations", "20", "--models", "6", "--answers", "6"],
    "kills": ["--moments", "1", "--only", "plan register"],
    "recovery": [
        *("--repetitions", "2", "--people", "60", "--fillers", "60", "--thresholds", "0.5"),
    ],
    "score_evidence": ["--studies", "1", "--people", "120", "--means", "2"],
    "speed": ["findings"],
    "scale": ["--counts", "300", "--part", "0.5"],
}
"""Of each benchmark; FOLDER, STUDY and MIRROR are those of the test."""
IMPORTED = {"calibration_worlds", "killed_commands", "killing", "shortcut", "worlds"}
"""What the others are made of."""


RUN = """
import os, runpy, sys
sys.stdout = open(sys.argv[1], "w")
name, sys.argv = sys.argv[2], sys.argv[2:]
try:
    if name.endswith(".py"):
        runpy.run_path(name, run_name="__main__")
    else:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
except SystemExit as end:
    if end.code:
        raise
finally:
    sys.stdout.flush()
"""


@pytest.fixture(scope="module")
def python() -> Iterator[Forked]:
    """Processes that have imported what most benchmarks need."""
    forked = Forked(
        "import os, sys, warnings\n"
        "os.environ['OMP_NUM_THREADS'] = '1'\n"
        f"sys.path[:0] = {[str(ROOT), str(BENCHMARKS)]!r}\n"
        "warnings.simplefilter('ignore')\n"
        "import lfr_eval.study.run, mlflow, tests.studies"
    )
    yield forked
    forked.close()


def printed(python: Forked, folder: Path, name: str, *arguments: str) -> str:
    """Run a benchmark, a file or a module of a package; return what it prints."""
    file, said = BENCHMARKS / f"{name}.py", folder / "said"
    command = str(file) if file.is_file() else f"benchmarks.{name}"
    assert python.begin(RUN, str(said), command, *arguments).wait() == 0
    return said.read_text()


def test_every_benchmark_has_a_size_of_seconds() -> None:
    assert {path.stem for path in BENCHMARKS.glob("*.py")} - IMPORTED <= set(SMALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.mirror] * (name == "embed")) for name in SMALL],
)
def test_a_benchmark_runs_at_a_size_of_seconds(
    name: str, python: Forked, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    arguments = [one.replace("FOLDER", str(tmp_path)) for one in SMALL[name]]
    for word, fixture in (("STUDY", "small"), ("MIRROR", "mirror")):
        if any(word in one for one in arguments):
            place = request.getfixturevalue(fixture)
            place = place.path if fixture == "small" else place
            arguments = [one.replace(word, str(place)) for one in arguments]
    said = printed(python, tmp_path, name, *arguments)
    assert any(sign.isdigit() for sign in said), "it prints figures"


KILLED = """
import os, signal, sys, time
from pathlib import Path
import killing
killing.command = lambda words: time.sleep(60)
child = killing.begun(Path(sys.argv[1]) / "work", [])
(Path(sys.argv[1]) / "child").write_text(str(child))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_a_command_ends_with_the_benchmark_that_began_it(python: Forked, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert python.begin(KILLED, str(tmp_path)).wait() == -9
    status = Path("/proc") / (tmp_path / "child").read_text() / "status"
    until = time.monotonic() + 30
    # Where nobody asks for its status, a process that ended stays as a zombie.
    while status.exists() and "State:\tZ" not in status.read_text():
        assert time.monotonic() < until, "it goes on"
        time.sleep(0.05)
