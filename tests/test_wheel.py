"""The wheel works outside the checkout: configuration and cards travel inside it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.studies import SMALL

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_configuration_and_cards_travel_inside(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("conf", "datasets"):
        for path in (ROOT / folder).rglob("*.yaml"):
            assert f"lfr_eval/{folder}/{path.relative_to(ROOT / folder).as_posix()}" in names
    assert "lfr_eval/py.typed" in names
    assert any(name.startswith("lfr_eval/report/templates/") for name in names)
    assert not any(name.startswith("tests/") for name in names)


@pytest.mark.slow
def test_the_wheel_runs_a_study_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(installed), str(wheel)], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = subprocess.run(
        [sys.executable, "-c", "import lfr_eval; print(lfr_eval.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=elsewhere,
        env=environment,
    )
    assert where.stdout.startswith(str(installed))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "lfr_eval.cli.main",
            "run",
            *SMALL,
            "inference.factors=[gender]",
            "tracking=none",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=elsewhere,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    (report,) = elsewhere.glob("studies/*/report.html")
    assert report.stat().st_size > 10_000
    assert f"Report: {report}" in done.stdout
