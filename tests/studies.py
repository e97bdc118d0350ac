"""How tests run studies: composed as on the command line, small where the point allows it."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock
from hydra.core.global_hydra import GlobalHydra

from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.study.overrides import composed
from lfr_eval.study.run import run_study

SMALL = (
    "dataset.people=60",
    "dataset.passes=4",
    "dataset.fillers=300",
    "design.watchlist_sizes=[100,300]",
    "thresholds.sweep=[0.4,0.6,0.05]",
    "thresholds.operating=0.45",
)


def configured(studies: Path, *overrides: str) -> StudyConfig:
    """A configuration whose study, cache and logs stay below `studies`."""
    GlobalHydra.instance().clear()
    here = [f"paths.studies={studies}", f"paths.cache={studies / 'cache'}", "tracking=none"]
    return composed([*here, *overrides])


def run(studies: Path, *overrides: str) -> StudyFolder:
    """Run a study in this process; nothing is printed unless `report.pdf=true` asks for it."""
    return run_study(configured(studies, "report.pdf=false", *overrides))


def run_on_faces(faces: Path, *overrides: str) -> StudyFolder:
    """Run a study of real faces, with a cache in which each is embedded once a session."""
    with FileLock(faces / "one-at-a-time"):
        return run(faces, f"paths.cache={faces / 'cache'}", *overrides)
