"""Several studies from one command, side by side: none is lost, and MLflow can compare them."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import FINDINGS, RATES
from tests.engine.studies import write_people
from tests.forked import Forked

pytest.importorskip(
    "hydra_plugins.hydra_joblib_launcher", reason="needs hydra-joblib-launcher, of the extra dev"
)

pytestmark = [
    pytest.mark.slow,
    # MLflow and what it stands on warn about themselves.
    pytest.mark.filterwarnings("ignore"),
]

JOBS = 3
STUDY = (
    *("dataset=manifest", "matcher=null_matcher", "design=verification"),
    *("thresholds.values=[0.1,0.2,0.3]", "thresholds.operating=0.2"),
    *("inference.factors=[gender]", "report.pdf=false", "tracking.system_metrics=true"),
)


def multirun(python: Forked, folder: Path, *overrides: str) -> CompletedProcess[str]:
    """Run studies in two processes at once."""
    environment = {
        "OMP_NUM_THREADS": "1",
        **{f"LFR_EVAL_{name}": str(folder / name.lower()) for name in ("STUDIES", "CACHE")},
        "MLFLOW_TRACKING_URI": "",
    }
    launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    return python.command(folder, "run", "-m", *launcher, *STUDY, *overrides, **environment)


def test_more_jobs_than_processes_on_a_fresh_store_are_one_comparison(
    tmp_path: Path, python: Forked
) -> None:
    from mlflow import MlflowClient

    people = write_people(tmp_path / "people")
    done = multirun(python, tmp_path, f"dataset.path={people}", f"matcher.salt=range({JOBS})")
    assert done.returncode == 0, done.stderr
    studies = [path.parent for path in (tmp_path / "studies").glob("*/provenance.json")]
    assert len(studies) == JOBS
    assert not list((tmp_path / "studies").glob("pending/*"))

    client = MlflowClient(f"sqlite:///{tmp_path}/studies/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'lfr_eval'")
    (parent,) = client.search_runs([experiment.experiment_id], "tags.multirun LIKE '%'")
    fmr = "metrics.`operating/FMR/overall/everybody`"
    runs = client.search_runs(
        [experiment.experiment_id],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}' and {fmr} >= 0",
        order_by=[f"{fmr} ASC"],
    )
    assert {run.data.tags["study_hash"] for run in runs} == {
        StudyFolder(study).study_hash() for study in studies
    }
    shown = [run.data.metrics["operating/FMR/overall/everybody"] for run in runs]
    assert shown == sorted(shown)
    assert shown[0] < shown[-1]
    for run in runs:
        assert run.info.status == "FINISHED"
        (dataset,) = run.inputs.dataset_inputs
        assert run.data.tags["dataset_sha256"] in {tag.value for tag in dataset.tags}
        assert run.data.metrics["system/cpu_utilization_percentage"] >= 0
    assert_compared(studies, {run.data.tags["study_hash"]: run.data.metrics for run in runs})


def assert_compared(studies: list[Path], metrics: dict[str, dict[str, float]]) -> None:
    """What the page of a comparison shows is what the tables say at the operating threshold."""
    for path in studies:
        study = StudyFolder(path)
        shown, rates, findings = (
            metrics[study.study_hash()],
            study.read(RATES),
            study.read(FINDINGS),
        )
        own = rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])
        here = rates[(rates["threshold"] == 0.2) & (rates["metric"] == "FMR") & own]
        for row in here.itertuples():
            assert shown[f"operating/FMR/{row.factor}/{row.group}"] == row.rate
            if row.factor == "overall":
                assert shown[f"operating/FMR/{row.factor}/{row.group}/upper"] == row.upper
        verdicts = findings.loc[findings["primary"], "verdict"].value_counts().to_dict()
        assert {f"primary/{verdict}": count for verdict, count in verdicts.items()} == {
            name: value for name, value in shown.items() if name.startswith("primary/")
        }


def test_a_job_that_fails_in_another_process_is_the_status_of_all(
    tmp_path: Path, python: Forked
) -> None:
    done = multirun(python, tmp_path, "dataset.path=a.csv,b.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
