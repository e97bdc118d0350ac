"""Stage tracking: a finished study folder in, an MLflow run out.

Everything is read from the folder, so a study can be sent at any time; what is sent is tables,
figures and text, never a face, a template or the name of a person.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lfr_eval.contract.addresses import masked
from lfr_eval.contract.commands import command
from lfr_eval.contract.defaults import TIMEOUT
from lfr_eval.contract.folder import PROVENANCE, REPORTS, STUDY, StudyFolder
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.contract.tables import FINDINGS, RATES, REGISTERED_STATES, TRUTH
from lfr_eval.tracking.figures import figures_of
from lfr_eval.tracking.metrics import metrics_of
from lfr_eval.tracking.names import part
from lfr_eval.tracking.pages import study_page, verdicts
from lfr_eval.tracking.store import TrackingError, begin, connect, impatient, put
from lfr_eval.tracking.system import Sample
from lfr_eval.tracking.versions import Tested, record_study, tested_in

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

PARAM_LIMIT = 6000
KIND, HASH, PARENT = "study", "study_hash", "mlflow.parentRunId"


def track(
    folder: StudyFolder,
    uri: str,
    experiment: str,
    timeout: int = TIMEOUT,
    parent: Path | None = None,
    system: Sequence[Sample] = (),
) -> str:
    """Log a finished study as one MLflow run; return the run's id.

    A study that was logged before, under the same study hash, is not logged again. An interrupted
    logging is completed in the same run. A study of a registered matcher is
    written to the matcher's version too.

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
            known = known_run(client, experiment_id, study_hash)
            if known is None:
                return _log(client, experiment_id, folder, study_hash, parent, system)
            if parent is not None and PARENT not in client.get_run(known).data.tags:
                # A sweep of which one study existed: its run is one of the sweep's, too.
                client.set_tag(known, PARENT, _parent_run(client, experiment_id, parent))
            return known
    except Exception as error:
        # MLflow raises its own, SQLAlchemy's and requests' errors; none may lose a study.
        raise TrackingError(
            f"The study could not be sent to MLflow at {masked(uri)}: "
            f"{masked(str(error))}\n"
            f"{_remedy(str(error))}Nothing is lost. Send it later: "
            f"{command('track', folder.path)}"
        ) from error


def known_run(
    client: MlflowClient, experiment_id: str, study_hash: str, finished: bool = True
) -> str | None:
    """Return the finished or interrupted run of a study, if there is one."""
    state = "=" if finished else "!="
    runs = client.search_runs(
        [experiment_id],
        f"tags.{HASH} = '{study_hash}' and attributes.status {state} 'FINISHED'",
        max_results=1,
    )
    return str(runs[0].info.run_id) if runs else None


def _log(
    client: MlflowClient,
    experiment_id: str,
    folder: StudyFolder,
    study_hash: str,
    parent: Path | None,
    system: Sequence[Sample],
) -> str:
    about, provenance = folder.record(), folder.provenance()
    run_id = known_run(client, experiment_id, study_hash, finished=False)
    if run_id is None:
        name = f"{about.study} {about.matcher.name} {about.design.name}"
        tags = {"kind": KIND, HASH: study_hash}
        run_id = begin(client, experiment_id, name, tags, _milliseconds(about.started))
    try:
        tested = tested_in(client, about)
        tags = _tags(folder, about, provenance)
        if parent is not None:
            tags[PARENT] = _parent_run(client, experiment_id, parent)
        metrics = [*_metrics(folder, about, tested), *_load(system)]
        put(client, run_id, dict(_flat(provenance.config)), metrics, tags)
        _log_dataset(client, run_id, about)
        _log_files(client, run_id, folder, about)
        if tested is not None:
            record_study(client, run_id, folder, about, tested)
        page = study_page(about, study_hash, folder.read(RATES), folder.read(FINDINGS))
        client.set_tag(run_id, "mlflow.note.content", page)
    except Exception:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, end_time=_milliseconds(about.finished))
    return run_id


def _tags(folder: StudyFolder, about: StudyRecord, provenance: Provenance) -> dict[str, str]:
    return {
        "dataset_sha256": about.data_digest,
        "matcher_fingerprint": about.matcher.fingerprint,
        "git_revision": str(provenance.git_revision),
        "code_digest": str(provenance.code_digest),
        "simulated": str(about.simulated).lower(),
        "registration": about.registration.state if about.registration else REGISTERED_STATES[0],
        "verdicts": verdicts(folder.read(FINDINGS)),
        "mlflow.user": getpass.getuser(),
        "mlflow.source.name": "lfr-eval run",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": str(provenance.git_revision).rstrip("+"),
    }


def _metrics(folder: StudyFolder, about: StudyRecord, tested: Tested | None) -> Iterator[Metric]:
    from mlflow.entities import Metric

    # MLflow knows a value again by its time: a study that is sent twice has each once.
    finished = _milliseconds(about.finished)
    operating = about.thresholds.operating
    for one in metrics_of(folder.read(RATES), folder.read(FINDINGS), operating):
        yield Metric(
            key=one.name,
            value=one.value,
            timestamp=finished,
            step=one.step,
            model_id=tested.model_id if tested else None,
            dataset_name=about.datasets[0].name,
            dataset_digest=about.data_digest[:36],
        )


def _load(system: Sequence[Sample]) -> Iterator[Metric]:
    from mlflow.entities import Metric

    for one in system:
        yield Metric(one.name, one.value, one.timestamp, one.step)


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
        tags = {"kind": "multirun", "multirun": multirun.name}
        run_id = begin(client, experiment_id, multirun.name, tags)
        client.set_terminated(run_id)
        return run_id


def _log_files(client: MlflowClient, run_id: str, folder: StudyFolder, about: StudyRecord) -> None:
    for file in (*REPORTS, PROVENANCE, STUDY, RATES.file, FINDINGS.file, TRUTH.file):
        if (folder.path / file).is_file():
            client.log_artifact(run_id, str(folder.path / file))
    with tempfile.TemporaryDirectory() as aside:
        for table in (RATES, FINDINGS):
            path = Path(aside) / f"{table.name}.csv"
            path.write_text(csv_text(folder.read(table)), encoding="utf-8", newline="")
            client.log_artifact(run_id, str(path), "tables")
    for name, figure in figures_of(folder.read(RATES), about.thresholds.operating):
        client.log_figure(run_id, figure, f"figures/{name}.png")


def _log_dataset(client: MlflowClient, run_id: str, about: StudyRecord) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for card in about.datasets:
        # MLflow's own digest covers the first rows only and holds 36 characters; the whole one
        # is a tag of the input and of the run.
        dataset = Dataset(
            name=card.name,
            digest=about.data_digest[:36],
            source_type="card",
            source=masked(str(card.origin)),
        )
        tags = [
            InputTag("mlflow.data.context", "evaluation"),
            InputTag("sha256", about.data_digest),
        ]
        client.log_inputs(run_id, [DatasetInput(dataset, tags)])


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in config.items():
        name = f"{prefix}{part(key)}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, str(value)[:PARAM_LIMIT]


def _milliseconds(moment: str) -> int:
    return round(1000 * datetime.fromisoformat(moment).timestamp())


def _remedy(error: str) -> str:
    if "401" in error or "403" in error:
        return "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. "
    return ""
