"""Logs of a live system as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cohort.cohort import Cohort
from lfr_eval.cohort.loading import load_manifest
from lfr_eval.cohort.opportunities import with_passes
from lfr_eval.contract.dates import Order

WATCHLIST = (
    "image_id,subject_id,role,gender,ethnicity\n"
    + "".join(f"r{i},s{i},reference,{'fm'[i % 2]},{'bw'[i // 2 % 2]}\n" for i in range(8))
    + "".join(f"f{i},x{i},filler,{'fm'[i % 2]},{'bw'[i // 2 % 2]}\n" for i in range(20))
)


@dataclass(frozen=True)
class Logs:
    """A watchlist, passes and alerts as files."""

    folder: Path

    def write(self, passes: str, alerts: str, name: str = "alerts.csv") -> list[str]:
        (self.folder / "people.csv").write_text(WATCHLIST)
        (self.folder / "passes.csv").write_text(passes)
        (self.folder / name).write_text(alerts)
        return [
            *("~experiment", "dataset=manifest", f"dataset.path={self.folder / 'people.csv'}"),
            *(f"dataset.pass_log={self.folder / 'passes.csv'}", "matcher=alerts"),
            *(f"matcher.path={self.folder / name}", "matcher.floor=0.6", "design=live"),
            *("design.watchlist_members=everybody", "report.pdf=false"),
            "inference.factors=[gender]",
        ]

    def cohort(self, dates: Order | None = None) -> Cohort:
        cohort = load_manifest(self.folder / "people.csv", templates_only=True)
        return with_passes(cohort, self.folder / "passes.csv", dates=dates)

    def images(self, dates: Order | None = None) -> pd.DataFrame:
        return self.cohort(dates).images


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)
