"""Stage tracking: a finished study folder in, an MLflow run out.

Everything is read from the folder, so a study can be sent at any time; what is sent is tables,
figures and text, never a face, a template or the name of a person.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lfr_eval.folder import PROVENANCE, REPORT, STUDY, StudyFolder, read_json
from lfr_eval.tables import FINDINGS, RATES, REGISTERED_STATES, TRUTH
from lfr_eval.tracking.store import TrackingError, connect, impatient, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARAM_LIMIT, TAG_LIMIT, BATCH = 6000, 5000, 1000
STEP = 1_000_000
"""Steps are whole numbers: a threshold's step is the threshold times this, rounded."""


def track(folder: StudyFolder, uri: str, experiment: str, timeout: int = 20) -> str:
    """Log a finished study as one MLflow run; return the run's id.

    A study that was logged before, under the same study hash, is not logged twice.

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
            return _known_run(client, experiment_id, study_hash) or _log(
                client, experiment_id, folder, study_hash
            )
    except Exception as error:
        # MLflow raises its own, SQLAlchemy's and requests' errors; none may lose a study.
        raise TrackingError(
            f"The tracking store {without_password(uri)} did not take the study: "
            f"{without_password(str(error))}\n"
            f"Nothing is lost; send it later: lfr-eval track {folder.path}"
        ) from error


def _log(client: MlflowClient, experiment_id: str, folder: StudyFolder, study_hash: str) -> str:
    from mlflow.entities import Param, RunTag

    about, provenance = read_json(folder.path / STUDY), folder.provenance()
    name = f"{about['study']} {about['matcher']['name']} {about['design']['name']}"
    run = client.create_run(experiment_id, run_name=name)
    run_id = str(run.info.run_id)
    tags = {
        "study_hash": study_hash,
        "dataset_sha256": about["data_digest"],
        "matcher_fingerprint": about["matcher"]["fingerprint"],
        "git_revision": str(provenance["git_revision"]),
        "code_digest": provenance["code_digest"],
        "simulated": str(about["simulated"]).lower(),
        "registration": (about.get("registration") or {}).get("state", REGISTERED_STATES[0]),
        "verdicts": _verdicts(folder.read(FINDINGS)),
    }
    params = [Param(key, str(value)[:PARAM_LIMIT]) for key, value in _flat(provenance["config"])]
    client.log_batch(
        run_id,
        params=params,
        tags=[RunTag(key, value[:TAG_LIMIT]) for key, value in tags.items()],
    )
    metrics = _metrics(folder.read(RATES))
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])
    _log_dataset(client, run_id, about)
    for file in (REPORT, PROVENANCE, STUDY, RATES.file, FINDINGS.file, TRUTH.file):
        if (folder.path / file).is_file():
            client.log_artifact(run_id, str(folder.path / file))
    _log_tables(client, run_id, folder)
    client.set_terminated(run_id)
    return run_id


def _log_tables(client: MlflowClient, run_id: str, folder: StudyFolder) -> None:
    with tempfile.TemporaryDirectory() as aside:
        for table in (RATES, FINDINGS):
            path = Path(aside) / f"{table.name}.csv"
            folder.read(table).to_csv(path, index=False)
            client.log_artifact(run_id, str(path), "tables")


def _log_dataset(client: MlflowClient, run_id: str, about: Mapping[str, Any]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for card in about["datasets"]:
        # MLflow's own digest covers the first rows only and holds 36 characters; the whole one
        # is the tag dataset_sha256.
        dataset = Dataset(
            name=card["name"],
            digest=about["data_digest"][:36],
            source_type="card",
            source=str(card["origin"]),
        )
        tag = InputTag("mlflow.data.context", "evaluation")
        client.log_inputs(run_id, [DatasetInput(dataset, [tag])])


def _metrics(rates: pd.DataFrame) -> list[Any]:
    """Return rates as metrics, one a group, stepped by threshold."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    own = rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])
    known = rates[rates["rate"].notna() & own]
    size = ("-" + known["watchlist_size"].astype("string")).fillna("")
    rank = ("-rank-" + known["rank"].astype("string")).fillna("")
    key = known["metric"] + size + rank + "/" + known["factor"] + "/" + known["group"]
    step = (known["threshold"].fillna(0.0) * STEP).round().astype(int)
    columns = (key.tolist(), known["rate"].tolist(), step.tolist())
    return [
        Metric(_metric_name(name), rate, now, at) for name, rate, at in zip(*columns, strict=True)
    ]


def _metric_name(text: str) -> str:
    return re.sub(r"[^\w\-. :/]", "_", text, flags=re.ASCII)[:250]


def _verdicts(findings: pd.DataFrame) -> str:
    counts = findings.loc[findings["primary"].fillna(False), "verdict"].value_counts()
    return ", ".join(f"{verdict}: {count}" for verdict, count in counts.items()) or "none"


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in config.items():
        name = _metric_name(f"{prefix}{key}")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _known_run(client: MlflowClient, experiment_id: str, study_hash: str) -> str | None:
    runs = client.search_runs(
        [experiment_id],
        f"tags.study_hash = '{study_hash}' and attributes.status = 'FINISHED'",
        max_results=1,
    )
    return str(runs[0].info.run_id) if runs else None
