"""The published grids, read once a session: pdfplumber takes seconds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.deployments import import_records
from tests.shared import made_once


@pytest.fixture
def published(mirror: Path) -> pd.DataFrame:
    """Records of the grids of the mirror, a copy of its own for each test."""

    def make(folder: Path) -> None:
        files = sorted((mirror / "deployments").glob("*.pdf"))
        import_records(files).records.to_pickle(folder / "records.pkl")

    frame = pd.read_pickle(made_once("deployments", make) / "records.pkl")
    assert isinstance(frame, pd.DataFrame)
    return frame
