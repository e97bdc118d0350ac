"""What the tests of deployments and of signed approvals share."""

from __future__ import annotations

from pathlib import Path

import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import Key, new_key
from lfr_eval.contract.ledger import Ledger
from tests.engine.builders import frames_of, write_video
from tests.engine.deployed import SECONDS, WALKS
from tests.engine.studies import sealed


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "walk.mkv", frames_of(WALKS, SECONDS))


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return sealed(tmp_path / "studies" / "trial")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "approvals.jsonl")


@pytest.fixture
def grey(tmp_path: Path) -> Key:
    return new_key(tmp_path / "grey.pem")


@pytest.fixture
def white(tmp_path: Path) -> Key:
    return new_key(tmp_path / "white.pem")
