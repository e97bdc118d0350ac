"""A finished study in MLflow: what is logged, once, and what a store that is down costs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lfr_eval.folder import StudyFolder
from lfr_eval.tables import RATES
from lfr_eval.tracking import STEP, TrackingError, default_uri, track

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture(scope="module")
def logged(small: StudyFolder, store: str) -> object:
    from mlflow import MlflowClient

    run_id = track(small, store, "tests")
    return MlflowClient(tracking_uri=store).get_run(run_id)


def test_params_are_the_flattened_configuration(logged: object) -> None:
    params = logged.data.params  # type: ignore[attr-defined]
    assert params["dataset.people"] == "60"
    assert params["inference.permutations"] == "199"
    assert not any("path" in name for name in params)


def test_tags_carry_the_whole_hashes(logged: object, small: StudyFolder) -> None:
    tags = logged.data.tags  # type: ignore[attr-defined]
    about = json.loads((small.path / "study.json").read_text())
    assert tags["study_hash"] == small.study_hash()
    assert tags["dataset_sha256"] == about["data_digest"]
    assert len(tags["dataset_sha256"]) == 64
    assert tags["matcher_fingerprint"] == about["matcher"]["fingerprint"]
    assert tags["git_revision"]
    assert tags["simulated"] == "true"
    assert tags["registration"] == "none"


def test_rates_are_metrics_stepped_by_threshold(
    logged: object, small: StudyFolder, store: str
) -> None:
    from mlflow import MlflowClient

    history = MlflowClient(tracking_uri=store).get_metric_history(
        logged.info.run_id,  # type: ignore[attr-defined]
        "FPIR-300/ethnicity/black",
    )
    rates = small.read(RATES)
    own = rates[
        (rates["metric"] == "FPIR") & (rates["watchlist_size"] == 300) & (rates["group"] == "black")
    ]
    logged_rates = {point.step: point.value for point in history}
    expected = dict(zip(np.round(own["threshold"] * STEP).astype(int), own["rate"], strict=True))
    assert logged_rates == expected


def test_artifacts_hold_no_biometrics(logged: object, store: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store)
    run_id = logged.info.run_id  # type: ignore[attr-defined]
    files = {item.path for item in client.list_artifacts(run_id)}
    files |= {item.path for item in client.list_artifacts(run_id, "tables")}
    assert {"report.html", "rates.parquet", "findings.parquet", "tables/rates.csv"} <= files
    assert not files & {"cohort.parquet", "mated.parquet", "searches.parquet", "non_mated.parquet"}


def test_the_dataset_is_an_input(logged: object) -> None:
    (dataset,) = logged.inputs.dataset_inputs  # type: ignore[attr-defined]
    assert dataset.dataset.name == "rehearsal"


def test_a_study_is_logged_once(logged: object, small: StudyFolder, store: str) -> None:
    assert track(small, store, "tests") == logged.info.run_id  # type: ignore[attr-defined]


def test_a_store_that_is_down_costs_a_message(small: StudyFolder) -> None:
    with pytest.raises(TrackingError, match="send it later: lfr-eval track") as caught:
        track(small, "http://user:secret@127.0.0.1:9", "tests", timeout=2)
    assert "secret" not in str(caught.value)
    assert small.verify() == []


def test_the_local_store_has_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert default_uri(Path("studies")) == f"sqlite:///{tmp_path}/studies/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example")
    assert default_uri(Path("studies")) == "http://tracking.example"


@pytest.mark.slow
def test_processes_that_race_on_a_fresh_store_all_arrive(
    small: StudyFolder, tmp_path: Path
) -> None:
    count = 6
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    copies = []
    for number in range(count):
        copy = tmp_path / f"study-{number}"
        shutil.copytree(small.path, copy)
        (copy / "note.txt").write_text(str(number))
        StudyFolder(copy).seal(StudyFolder(copy).provenance())
        copies.append(copy)
    command = [sys.executable, "-W", "ignore", "-m", "lfr_eval.cli", "track", "--uri", uri]
    running = [
        subprocess.Popen([*command, str(copy)], stdout=subprocess.PIPE, text=True)
        for copy in copies
    ]
    said = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [0] * count
    assert len({line.split()[-1] for line in said}) == count
