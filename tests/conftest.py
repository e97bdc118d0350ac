"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lfr_eval.contract.folder import StudyFolder
from tests.studies import SMALL, run


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
def small(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A small rehearsal, finished."""
    return run(tmp_path_factory.mktemp("small"), *SMALL)
