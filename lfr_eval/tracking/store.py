"""Stage tracking: the address of the MLflow store, its client, and time limits."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from lfr_eval.contract.defaults import TIMEOUT
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.writing import leftover, written_aside

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

TAG_LIMIT = 5000


class TrackingError(MendableError, RuntimeError):
    """The data could not be sent to MLflow; they are safe on disk."""


LOCAL, ESCAPED = "sqlite:///", "sqlite+pysqlite:///"
"""The second is the same to SQLAlchemy. MLflow makes the folder that it takes the first to name,
without taking its escapes back."""


def default_uri(studies: Path) -> str:
    """Return MLFLOW_TRACKING_URI, or a SQLite file beside the studies at an absolute path."""
    return os.environ.get("MLFLOW_TRACKING_URI") or local_uri(studies.resolve() / "mlflow.db")


def local_uri(database: Path) -> str:
    """Return the address of a SQLite file, with special characters escaped."""
    path = re.sub(r"[%?#]", lambda sign: quote(sign[0]), str(database))
    return (LOCAL if path == str(database) else ESCAPED) + path


def local_file(uri: str) -> Path | None:
    """Return the SQLite file of an address; None for a server."""
    for start in (LOCAL, ESCAPED):
        if uri.startswith(start):
            return Path(unquote(uri.removeprefix(start).partition("?")[0]))
    return None


def connect(uri: str, experiment: str) -> tuple[MlflowClient, str]:
    """Return a client and the id of an experiment, which is created if necessary."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    # What MLflow does with its own database concerns nobody who runs a study. What fails there is
    # raised, too, and becomes a sentence; MLflow would print its traceback before.
    for name, level in (("mlflow.store.db.utils", logging.CRITICAL), ("alembic", logging.WARNING)):
        logging.getLogger(name).setLevel(level)
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


UNFINISHED = "SCHEDULED"
"""State of a run that is being written. Searches for running or finished runs skip it."""

PARAMS, TAGS, METRICS = 100, 100, 1000
"""Limits of MLflow for one request."""


def begin(
    client: MlflowClient,
    experiment_id: str,
    name: str,
    tags: Mapping[str, str],
    started: int | None = None,
) -> str:
    """Create a run in a state other than running, and return its id.

    If the process is killed before the run is terminated, no run stays behind that seems to be
    running.

    Parameters
    ----------
    started
        Milliseconds since 1970; None: now.
    """
    run = client.create_run(experiment_id, start_time=started, tags=dict(tags), run_name=name)
    client.update_run(run.info.run_id, status=UNFINISHED)
    return str(run.info.run_id)


def put(
    client: MlflowClient,
    run_id: str,
    params: Mapping[str, str],
    metrics: Sequence[Metric],
    tags: Mapping[str, str],
) -> None:
    """Log the content of a run, in as many requests as MLflow needs."""
    from mlflow.entities import Param, RunTag

    kept = [Param(name, value) for name, value in params.items()]
    said = [RunTag(name, value[:TAG_LIMIT]) for name, value in tags.items()]
    for start in range(0, len(kept), PARAMS):
        client.log_batch(run_id, params=kept[start : start + PARAMS])
    for start in range(0, len(said), TAGS):
        client.log_batch(run_id, tags=said[start : start + TAGS])
    for start in range(0, len(metrics), METRICS):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS])


def _artifacts(uri: str) -> str | None:
    """Return the folder of a local store's artifacts: beside its database, as an absolute path."""
    database = local_file(uri)
    return (database.parent / "mlartifacts").resolve().as_uri() if database else None


@contextmanager
def one_at_a_time(uri: str) -> Iterator[None]:
    """Let only one process at a time create a SQLite store, because two would break it."""
    database = local_file(uri)
    if database is None:
        yield
        return
    from filelock import FileLock

    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database}.lock"):
        _make(database)
        yield


def make_ready(uri: str) -> None:
    """Make a local store where there is none, before MLflow does when it looks into it."""
    database = local_file(uri)
    if database is not None and not _is_there(database):
        with one_at_a_time(uri):
            pass


def _is_there(database: Path) -> bool:
    return database.exists() and database.stat().st_size > 0


def _make(database: Path) -> None:
    """Make a SQLite store where there is none: whole, or not at all.

    MLflow creates its tables one by one in many transactions; a kill in between would leave a
    store that neither works nor is ever mended.
    """
    for path in database.parent.glob(f".{database.name}.*"):
        if leftover(path.with_name(path.name.removesuffix("-journal"))):
            path.unlink(missing_ok=True)
    if _is_there(database):
        return
    import sqlalchemy
    from mlflow.store.db.utils import _initialize_tables

    with written_aside(database) as aside:
        engine = sqlalchemy.create_engine(local_uri(aside))
        try:
            _initialize_tables(engine)  # type: ignore[no-untyped-call]
        finally:
            engine.dispose()


@contextmanager
def impatient(timeout: int = TIMEOUT) -> Iterator[None]:
    """Make MLflow give up soon on a server that does not answer, inside this context.

    Within another such context, the outer one decides.
    """
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
