"""What a test session makes once, for all tests and all workers of pytest-xdist."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

FOLDER = "LFR_EVAL_TESTS_SHARED"
"""Environment variable: a folder of the session, made by its first process."""


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that `make` has filled, in whichever process came first; do not change it."""
    folder = Path(os.environ[FOLDER]) / name
    done = folder.with_suffix(".done")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def fresh_store(folder: Path) -> str:
    """Return the address of an empty MLflow store in a folder: a copy, for MLflow takes seconds."""
    template = made_once("mlflow", _empty_store) / "mlflow.db"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "mlflow.db").exists():
        shutil.copyfile(template, folder / "mlflow.db")
    return f"sqlite:///{folder}/mlflow.db"


def _empty_store(folder: Path) -> None:
    from mlflow import MlflowClient

    MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()
