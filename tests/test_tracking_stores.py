"""Where MLflow keeps runs: a file beside the studies, a server, one that is down."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from urllib3.connection import HTTPConnection

from lfr_eval.cli.main import main as cli
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.tracking import TrackingError, connect, default_uri, track
from lfr_eval.tracking.store import local_uri
from tests.shared import fresh_store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
from tests.test_tracking import copies

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("folder", ["what? now", "My%20studies", "50%25 blend", "a#b", "數 'x'"])
def test_a_local_store_stands_where_its_studies_are(tmp_path: Path, folder: str) -> None:
    from lfr_eval.tracking import connect
    from lfr_eval.tracking.store import local_file, local_uri

    place = tmp_path / folder
    fresh_store(place)
    uri = local_uri(place / "mlflow.db")
    assert local_file(uri) == place / "mlflow.db"
    connect(uri, "tests")
    assert b"mlartifacts" in (place / "mlflow.db").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_a_store_that_is_down_costs_a_message(small: StudyFolder) -> None:
    with pytest.raises(TrackingError, match="Send it later: lfr-eval track") as caught:
        track(small, "http://user:secret@127.0.0.1:9", "tests", timeout=2)
    assert "secret" not in str(caught.value)
    assert small.verify() == []


@pytest.mark.parametrize("command", ["track", "gate", "approve", "alias"])
def test_a_server_that_does_not_answer_is_waited_for_as_long_as_was_said(
    command: str,
    small: StudyFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LFR_EVAL_APPROVALS", str(tmp_path / "approvals.jsonl"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = ["--threshold", "0.45", "--by", "Dr Grey", "--role", "panel", "--proposer", "B"]
        words = {
            "track": ["track", str(small.path), "--uri", uri],
            "gate": ["gate", "models:/m@live", "--uri", uri],
            "approve": ["approve", str(small.path), *said, "--model", "models:/m/1", "--uri", uri],
            "alias": ["engine", "alias", "models:/m/1", "live", "--registry", uri],
        }[command]
        waited, connect = [], HTTPConnection.connect

        def counted(connection: HTTPConnection) -> None:
            waited.append(connection.timeout)
            connect(connection)

        with monkeypatch.context() as patch:
            patch.setattr(HTTPConnection, "connect", counted)
            assert cli([*words, "--timeout", "1"]) == 2
        # It is asked at most twice, and each time as long as was said.
        assert waited in ([1], [1, 1])
        assert "timed out" in capsys.readouterr().err
        assert cli([*words, "--timeout", "0"]) == 2
        assert "--timeout" in capsys.readouterr().err


def test_the_local_store_has_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert default_uri(Path("studies")) == f"sqlite:///{tmp_path}/studies/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example")
    assert default_uri(Path("studies")) == "http://tracking.example"


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """MLflow's own server, which lets nobody in but evaluator:secret."""
    import threading

    from werkzeug import Request, Response
    from werkzeug.serving import make_server

    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", f"sqlite:///{tmp_path}/server.db")
    monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", f"{tmp_path}/artifacts")
    monkeypatch.setenv("_MLFLOW_SERVER_SERVE_ARTIFACTS", "false")
    from mlflow.server import app

    def door(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        who = Request(environ).authorization
        if who is None or (who.username, who.password) != ("evaluator", "secret"):
            return Response("Who are you?", 401)(environ, start)
        return app(environ, start)

    server = make_server("127.0.0.1", 0, door, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.slow
def test_a_server_with_a_password_takes_the_study_of_who_has_it(
    guarded: str, small: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TrackingError, match="Set MLFLOW_TRACKING_USERNAME and"):
        track(small, guarded, "tests")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "evaluator")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    assert track(small, guarded, "tests") == track(small, guarded, "tests")


@pytest.mark.slow
def test_processes_that_race_on_a_fresh_store_all_arrive(
    small: StudyFolder, tmp_path: Path
) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    count = 6
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    context = get_context("forkserver")
    # Imported once, so that all of them reach the store at once.
    stores = ["mlflow.store.tracking.sqlalchemy_store", "mlflow.store.db.utils", "alembic.command"]
    figures = ["matplotlib.figure", "matplotlib.backends.backend_svg"]
    context.set_forkserver_preload(["mlflow", "lfr_eval.tracking", *stores, *figures])
    sweep = tmp_path / "multirun" / "1"
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        sent = [
            pool.submit(track, copy, uri, "tests", 120, sweep)
            for copy in copies(small, tmp_path, count)
        ]
        runs = {future.result(timeout=300) for future in sent}
    assert len(runs) == count
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    assert len({client.get_run(run).data.tags["mlflow.parentRunId"] for run in runs}) == 1


def test_a_store_is_made_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill while MLflow made its tables left a store that no later command could use."""
    import sqlalchemy
    from mlflow.store.db import utils

    made = utils._initialize_tables

    def half(engine: sqlalchemy.Engine) -> None:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE evaluation_datasets (x INTEGER)"))
        raise KeyboardInterrupt

    monkeypatch.setattr(utils, "_initialize_tables", half)
    database = tmp_path / "mlflow.db"
    with pytest.raises(KeyboardInterrupt):
        connect(local_uri(database), "trial")
    assert not database.exists()
    # What a killed process leaves is cleared by the next one.
    dead = tmp_path / ".mlflow.db.999999999.aside"
    dead.write_bytes(b"half")
    dead.with_name(f"{dead.name}-journal").write_bytes(b"half")
    monkeypatch.setattr(utils, "_initialize_tables", made)
    client, _ = connect(local_uri(database), "trial")
    assert client.get_experiment_by_name("trial") is not None
    assert {path.name for path in tmp_path.iterdir()} <= {"mlflow.db", "mlflow.db.lock"}
