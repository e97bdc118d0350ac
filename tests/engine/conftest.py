"""What the tests of deployments share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.builders import frames_of, write_video
from tests.engine.deployed import SECONDS, WALKS


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "walk.mkv", frames_of(WALKS, SECONDS))
