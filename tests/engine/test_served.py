"""FaceNet registered, served by MLflow, compared and evaluated through HTTP: real faces."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from lfr_eval.contract.reading import read_json
from lfr_eval.contract.tables import RATES
from lfr_eval.matchers.http import HttpMatcher
from lfr_eval.matchers.packing import unpack
from lfr_eval.registry.parity import check_parity, record_parity
from lfr_eval.registry.registered import load_registered
from lfr_eval.registry.registering import register_matcher
from tests.engine.serving import served
from tests.matchers.test_onnx import reduced
from tests.shared import fresh_store
from tests.studies import configured, tables_of

pytestmark = [
    pytest.mark.mirror,
    pytest.mark.slow,
    # MLflow and what it stands on warn about themselves.
    pytest.mark.filterwarnings("ignore"),
]

WAIT = 300.0


@contextmanager
def serving(model: Path) -> Iterator[str]:
    """Run `mlflow models serve`; yield the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model)]
    # MLflow starts the server by name, which an environment that is not activated does not find.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "600"}
    server = subprocess.Popen(
        [*command, "--env-manager", "local", "--port", str(port), "--workers", "1"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + WAIT
        while True:
            try:
                if requests.get(f"http://127.0.0.1:{port}/ping", timeout=5).ok:
                    break
            except requests.RequestException:
                assert time.monotonic() < until, "the server did not start"
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def test_what_is_tested_is_what_runs(mirror: Path, tmp_path: Path) -> None:
    registry = fresh_store(tmp_path)
    facenet = ("matcher=facenet", "matcher.device=cpu")
    config = configured(tmp_path, "experiment=london", *facenet)
    register_matcher(config, "lfr-matcher", registry)
    registered = load_registered("models:/lfr-matcher@candidate", registry)
    people = reduced(mirror, tmp_path, 8)
    pictures = sorted((mirror / "london").rglob("*.jpg"))[:8]
    (model,) = (path.parent for path in (tmp_path / "mlartifacts").rglob("MLmodel"))
    given = (
        "dataset=manifest",
        f"dataset.path={people}",
        "design=verification",
        "inference.factors=[gender]",
        "thresholds.values=[0.2,0.3,0.4,0.491,0.6]",
        "thresholds.operating=0.491",
    )
    with serving(model) as url:
        record = check_parity(registered, HttpMatcher(url), pictures)
        assert record.holds, record.differences
        assert record.templates == 8
        record_parity(registered, record, registry)
        there = tables_of(
            tmp_path,
            *given,
            "matcher=http",
            f"matcher.url={url}",
            "matcher.model=models:/lfr-matcher/1",
            f"matcher.registry={registry}",
        )
    here = tables_of(tmp_path, *given, *facenet)
    assert there.file(RATES).read_bytes() == here.file(RATES).read_bytes()
    live = read_json(there.path / "study.json")["live_engine"]
    assert live["described"] is True

    shutil.copytree(model, tmp_path / "copy")
    packed = tmp_path / "copy" / "artifacts" / "matcher" / "matcher.json"
    content = json.loads(packed.read_text())
    content["parameters"]["margin"] = 0
    packed.write_text(json.dumps(content))
    # What MLflow serves is what it unpacks; starting it once shows that.
    with served(unpack(packed.parent)) as url:
        changed = check_parity(registered, HttpMatcher(url), pictures[:4])
    assert not changed.holds
    assert changed.differences[0] == "in what runs, margin is 0 instead of 14"
    assert "4 of 4 templates differ" in changed.differences[1]
