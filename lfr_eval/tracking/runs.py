"""Stage tracking: a finished study folder in, an MLflow run out.

Everything is read from the folder, so a study can be sent at any time; what is sent is tables,
figures and text, never a face, a template or the name of a person.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lfr_eval.contract.addresses import masked
from lfr_eval.contract.folder import PDF, PROVENANCE, REPORT, STUDY, StudyFolder
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import FINDINGS, RATES, REGISTERED_STATES, TRUTH
from lfr_eval.tracking.metrics import metric_name, metrics_of
from lfr_eval.tracking.store import TrackingError, connect, impatient
from lfr_eval.tracking.system import Sample
from lfr_eval.tracking.versions import record_study

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARAM_LIMIT, TAG_LIMIT, BATCH = 6000, 5000, 1000


def track(
    folder: StudyFolder,
    uri: str,
    experiment: str,
    timeout: int = 20,
    parent: Path | None = None,
    system: Sequence[Sample] = (),
) -> str:
    """Log a finished study as one MLflow run; return the run's id.

    A study that was logged before, under the same study hash, is not logged twice. A study of a
    registered matcher is written to the matcher's version too.

    Parameters
    ----------
    timeout
        Seconds that a server may take to answer.
    parent
        Folder of the multirun that the study is part of: its run is the parent of this one.
    system
        The machine's load while the study ran.

    Raises
    ------
    FolderError
        If the study is not finished.
    TrackingError
        If the server is down, too slow, or refuses.
    """
    study_hash = folder.study_hash()
    try:
        with impatient(timeout):
            client, experiment_id = connect(uri, experiment)
            return known_run(client, experiment_id, study_hash) or _log(
                client, experiment_id, folder, study_hash, parent, system
            )
    except Exception as error:
        # MLflow raises its own, SQLAlchemy's and requests' errors; none may lose a study.
        raise TrackingError(
            f"The tracking store {masked(uri)} did not take the study: "
            f"{masked(str(error))}\n"
            f"{_remedy(str(error))}Nothing is lost; send it later: lfr-eval track {folder.path}"
        ) from error


def _log(
    client: MlflowClient,
    experiment_id: str,
    folder: StudyFolder,
    study_hash: str,
    parent: Path | None,
    system: Sequence[Sample],
) -> str:
    from mlflow.entities import Metric, Param, RunTag

    about, provenance = folder.record(), folder.provenance()
    name = f"{about.study} {about.matcher.name} {about.design.name}"
    run = client.create_run(experiment_id, run_name=name)
    run_id = str(run.info.run_id)
    tags = {
        "study_hash": study_hash,
        "dataset_sha256": about.data_digest,
        "matcher_fingerprint": about.matcher.fingerprint,
        "git_revision": str(provenance["git_revision"]),
        "code_digest": provenance["code_digest"],
        "simulated": str(about.simulated).lower(),
        "registration": about.registration.state if about.registration else REGISTERED_STATES[0],
        "verdicts": _verdicts(folder.read(FINDINGS)),
    }
    if parent is not None:
        tags["mlflow.parentRunId"] = _parent_run(client, experiment_id, parent)
    params = [Param(key, str(value)[:PARAM_LIMIT]) for key, value in _flat(provenance["config"])]
    client.log_batch(
        run_id,
        params=params,
        tags=[RunTag(key, value[:TAG_LIMIT]) for key, value in tags.items()],
    )
    now = int(time.time() * 1000)
    values = metrics_of(folder.read(RATES), folder.read(FINDINGS), about.thresholds.operating)
    metrics = [Metric(one.name, one.value, now, one.step) for one in values]
    metrics += [Metric(one.name, one.value, one.timestamp, one.step) for one in system]
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])
    _log_dataset(client, run_id, about)
    for file in (REPORT, PDF, PROVENANCE, STUDY, RATES.file, FINDINGS.file, TRUTH.file):
        if (folder.path / file).is_file():
            client.log_artifact(run_id, str(folder.path / file))
    _log_tables(client, run_id, folder)
    record_study(client, run_id, folder, about, tags["verdicts"])
    client.set_terminated(run_id)
    return run_id


def _parent_run(client: MlflowClient, experiment_id: str, multirun: Path) -> str:
    """Return the run of a multirun, which the first of its studies creates."""
    from filelock import FileLock

    multirun.mkdir(parents=True, exist_ok=True)
    with FileLock(multirun / ".run.lock"):
        found = client.search_runs(
            [experiment_id], f"tags.multirun = '{multirun.name}'", max_results=1
        )
        if found:
            return str(found[0].info.run_id)
        tags = {"multirun": multirun.name}
        run_id = client.create_run(experiment_id, tags=tags, run_name=multirun.name).info.run_id
        client.set_terminated(run_id)
        return str(run_id)


def _log_tables(client: MlflowClient, run_id: str, folder: StudyFolder) -> None:
    with tempfile.TemporaryDirectory() as aside:
        for table in (RATES, FINDINGS):
            path = Path(aside) / f"{table.name}.csv"
            folder.read(table).to_csv(path, index=False)
            client.log_artifact(run_id, str(path), "tables")


def _log_dataset(client: MlflowClient, run_id: str, about: StudyRecord) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for card in about.datasets:
        # MLflow's own digest covers the first rows only and holds 36 characters; the whole one
        # is a tag of the input and of the run.
        dataset = Dataset(
            name=card.name,
            digest=about.data_digest[:36],
            source_type="card",
            source=str(card.origin),
        )
        tags = [
            InputTag("mlflow.data.context", "evaluation"),
            InputTag("sha256", about.data_digest),
        ]
        client.log_inputs(run_id, [DatasetInput(dataset, tags)])


def _verdicts(findings: pd.DataFrame) -> str:
    counts = findings.loc[findings["primary"].fillna(False), "verdict"].value_counts()
    return ", ".join(f"{verdict}: {count}" for verdict, count in counts.items()) or "none"


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in config.items():
        name = metric_name(f"{prefix}{key}")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _remedy(error: str) -> str:
    if "401" in error or "403" in error:
        return "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. "
    return ""


def known_run(client: MlflowClient, experiment_id: str, study_hash: str) -> str | None:
    """Return the finished run of a study, if there is one."""
    runs = client.search_runs(
        [experiment_id],
        f"tags.study_hash = '{study_hash}' and attributes.status = 'FINISHED'",
        max_results=1,
    )
    return str(runs[0].info.run_id) if runs else None
