"""Stage tracking: where MLflow keeps its records, and how patiently it is spoken to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.contract.errors import MendableError

if TYPE_CHECKING:
    from mlflow import MlflowClient


class TrackingError(MendableError, RuntimeError):
    """The tracking server did not take the study; the study itself is safe on disk."""


def default_uri(studies: Path) -> str:
    """Return MLFLOW_TRACKING_URI, or a SQLite file beside the studies at an absolute path."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{studies.resolve()}/mlflow.db"


def connect(uri: str, experiment: str) -> tuple[MlflowClient, str]:
    """Return a client and the id of an experiment, which is created if need be."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    with one_at_a_time(uri):
        client = MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(experiment)
        if found is not None:
            return client, str(found.experiment_id)
        try:
            return client, str(client.create_experiment(experiment, _artifacts(uri)))
        except MlflowException:
            # Somebody else created it in between.
            found = client.get_experiment_by_name(experiment)
            if found is None:
                raise
            return client, str(found.experiment_id)


def _artifacts(uri: str) -> str | None:
    """Return where a local store keeps artifacts: beside its database, at an absolute path."""
    if not uri.startswith("sqlite:///"):
        return None
    return (Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts").resolve().as_uri()


@contextmanager
def one_at_a_time(uri: str) -> Iterator[None]:
    """Let one process at a time create a SQLite store: two that race break it."""
    if not uri.startswith("sqlite:///"):
        yield
        return
    from filelock import FileLock

    database = Path(uri.removeprefix("sqlite:///"))
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database}.lock"):
        yield


@contextmanager
def impatient(timeout: int) -> Iterator[None]:
    """Make MLflow give up on a server that does not answer, for as long as this lasts."""
    limits = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(timeout),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update({name: os.environ.get(name, value) for name, value in limits.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def without_password(text: str) -> str:
    """Return a text without the credentials of its addresses."""
    return re.sub(r"//[^/?#\s]*@", "//", text)
