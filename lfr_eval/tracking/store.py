"""Stage tracking: where MLflow keeps its records, and how patiently it is spoken to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from lfr_eval.contract.errors import MendableError

if TYPE_CHECKING:
    from mlflow import MlflowClient


class TrackingError(MendableError, RuntimeError):
    """The tracking server did not take the study; the study itself is safe on disk."""


LOCAL = "sqlite:///"


def default_uri(studies: Path) -> str:
    """Return MLFLOW_TRACKING_URI, or a SQLite file beside the studies at an absolute path."""
    return os.environ.get("MLFLOW_TRACKING_URI") or local_uri(studies.resolve() / "mlflow.db")


def local_uri(database: Path) -> str:
    """Return the address of a SQLite file: signs that mean something in an address are escaped."""
    return LOCAL + re.sub(r"[%?#]", lambda sign: quote(sign[0]), str(database))


def local_file(uri: str) -> Path | None:
    """Return the SQLite file that an address names; None for a server."""
    if not uri.startswith(LOCAL):
        return None
    return Path(unquote(uri.removeprefix(LOCAL).partition("?")[0]))


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
    database = local_file(uri)
    return (database.parent / "mlartifacts").resolve().as_uri() if database else None


@contextmanager
def one_at_a_time(uri: str) -> Iterator[None]:
    """Let one process at a time create a SQLite store: two that race break it."""
    database = local_file(uri)
    if database is None:
        yield
        return
    from filelock import FileLock

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
        # It would print the address of a run with the password of the server.
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
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
