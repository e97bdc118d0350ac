"""Engine: the record of a deployment in, one MLflow run out, without picture, place or name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from lfr_eval.contract.addresses import masked
from lfr_eval.contract.commands import command
from lfr_eval.contract.reading import read_json
from lfr_eval.deployments import DECIDED, RECORD
from lfr_eval.tracking import TrackingError, begin, connect, impatient, name, put

DEPLOYMENTS = "deployments"
"""Suffix of the experiment's name, after the experiment of the studies."""

PARAMETERS = (
    *("threshold", "model_version", "matcher_fingerprint", "watchlist_size", "failures_to_enrol"),
    *("counting_rule", "cooldown"),
)
METRICS = (
    *("faces_seen", "alerts", "repeats_suppressed", "detections", "frames", "frames_corrupted"),
    *("frames_dropped", "breaks", "hours", *DECIDED),
)


def log_deployment(folder: Path, uri: str, experiment: str, timeout: int) -> str:
    """Log a deployment as one run, or update its run, and return the run's id.

    Raises
    ------
    TrackingError
        If the server is down, too slow or refuses. The deployment is safe on disk.
    """
    record = read_json(folder / RECORD)
    try:
        with impatient(timeout):
            return _log(record, uri, experiment)
    except Exception as error:
        # MLflow raises its own, SQLAlchemy's and requests' errors.
        raise TrackingError(
            f"The deployment could not be sent to MLflow at {masked(uri)}: "
            f"{masked(str(error))}\n"
            f"Nothing is lost. Send it later: {command('engine', 'send', folder)}"
        ) from error


def _log(record: dict[str, Any], uri: str, experiment: str) -> str:
    from mlflow.entities import Metric

    client, experiment_id = connect(uri, f"{experiment}-{DEPLOYMENTS}")
    known = client.search_runs(
        [experiment_id], f"tags.deployment_id = '{record['deployment_id']}'", max_results=1
    )
    if known:
        run_id = str(known[0].info.run_id)
    else:
        tags = {"deployment_id": record["deployment_id"]}
        began = round(1000 * datetime.fromisoformat(record["started"]).timestamp())
        run_id = begin(client, experiment_id, record["deployment_id"], tags, began)
    params = {name: str(record[name]) for name in PARAMETERS}
    now = int(1000 * time.time())
    metrics = [Metric(name, value, now, 0) for name, value in _metrics(record)]
    put(client, run_id, params, metrics, _tags(record))
    client.log_dict(run_id, record, RECORD)
    client.set_terminated(run_id, "FINISHED" if record["ended"] else "KILLED")
    return run_id


def _tags(record: dict[str, Any]) -> dict[str, str]:
    permission = record["permission"]
    return {
        "deployment_id": record["deployment_id"],
        "kind": "deployment",
        "approved": str(permission["approved"]).lower(),
        "approval_entry": permission["entry"] or "none: it was started without an approval",
        "matcher_fingerprint": record["matcher_fingerprint"],
    }


def _metrics(record: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for counted in METRICS:
        yield counted, float(record[counted])
    for percentile, value in record["latency_ms"].items():
        yield f"latency_ms_{percentile}", float(value)
    for factor, groups in record["watchlist_composition"].items():
        for group, count in groups.items():
            yield name("watchlist", factor, group), float(count)
    for decided, count in record["decisions_by_group"].items():
        # The judgement, the factor, and a group that may hold a stroke of its own.
        yield name("decided", *decided.split("/", 2)), float(count)
