"""Fixtures that every room's tests share."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

from lfr_eval.contract.folder import StudyFolder
from tests.forked import Forked
from tests.shared import FOLDER, made_once
from tests.studies import LONDON, SMALL, SWEPT, fewer_faces, finished, run, run_on_faces, unreported


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the workers of a session share."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="lfr-eval-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported for all tests is not looked through by each collection of garbage."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Folders that tests use are noted in a folder of theirs, not in the home."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """Nothing in a worker waits for the disk.

    A study syncs some eighty files, and MLflow each of its commits; no test here can tell, for none
    cuts the power. Tests of killed processes run them elsewhere, where all is synced.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def hasty(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    event.listen(Engine, "connect", hasty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield
    event.remove(Engine, "connect", hasty)


PREPARED = """
import lfr_eval.cli.main, lfr_eval.study.run, lfr_eval.comparison, torch
from lfr_eval.config.plugins import installed
from lfr_eval.report.templating import environment
from lfr_eval.study.overrides import composed

composed([])
# A process finds the matchers of other packages by itself: its path may be another.
installed.cache_clear()
for name in environment().list_templates(["j2"]):
    if "/" not in name:
        environment().get_template(name)
"""


@pytest.fixture(scope="session")
def python() -> Iterator[Forked]:
    """Processes that have imported, read and compiled what most commands need."""
    forked = Forked(PREPARED)
    yield forked
    forked.close()


@pytest.fixture(name="unreported")
def _unreported() -> Iterator[None]:
    """Studies are run for their tables; nobody reads their reports."""
    with unreported():
        yield


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The offline mirror of real faces and weights; without it the test is skipped."""
    folder = os.environ.get("LFR_EVAL_MIRROR")
    if not folder:
        pytest.skip("LFR_EVAL_MIRROR is not set: no real faces or weights here")
    path = Path(folder)
    if not path.is_dir():
        pytest.skip(f"LFR_EVAL_MIRROR names '{path}', which is not a folder")
    return path


@pytest.fixture(scope="session")
def faces(mirror: Path) -> Path:
    """Folder of studies of real faces, for `run_on_faces`, that all workers share."""
    return made_once("faces", partial(fewer_faces, mirror))


@pytest.fixture(scope="session")
def london(faces: Path) -> StudyFolder:
    """The study of London faces with its whole sweep, finished; no test may change it."""
    given = (*LONDON, *SWEPT, "report.pdf=true")
    return finished("london", lambda folder: run_on_faces(faces, *given, f"paths.studies={folder}"))


@pytest.fixture(scope="session")
def small() -> StudyFolder:
    """A small rehearsal, finished; made once a session, so no test may change it."""
    return finished("small", lambda folder: run(folder, *SMALL, "report.pdf=true"))
