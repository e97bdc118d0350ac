"""How tests run studies: composed as on the command line, small where the point allows it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from hydra.core.global_hydra import GlobalHydra

from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.study.overrides import composed
from lfr_eval.study.run import run_study
from tests.shared import made_once

SMALL = (
    "dataset.people=60",
    "dataset.passes=4",
    "dataset.fillers=300",
    "design.watchlist_sizes=[100,300]",
    "thresholds.sweep=[0.4,0.6,0.05]",
    "thresholds.operating=0.45",
)

LONDON = ("experiment=london", "matcher=facenet", "design.watchlist_sizes=[100,500]")
SWEPT = ("thresholds.sweep=[0.391,0.791,0.01]", "thresholds.operating=0.491")
"""As long a sweep as FaceNet's own, with the threshold that other tests of faces use."""


def configured(studies: Path, *overrides: str) -> StudyConfig:
    """A configuration whose study, cache and logs stay below `studies`."""
    GlobalHydra.instance().clear()
    here = [f"paths.studies={studies}", f"paths.cache={studies / 'cache'}", "tracking=none"]
    return composed([*here, *overrides])


def run(studies: Path, *overrides: str) -> StudyFolder:
    """Run a study in this process; nothing is printed unless `report.pdf=true` asks for it."""
    return run_study(configured(studies, "report.pdf=false", *overrides))


@contextmanager
def unreported() -> Iterator[None]:
    """Run studies without rendering their reports, a third of their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lfr_eval.study.sealing.render", lambda *_: None)
        yield


def tables_of(studies: Path, *overrides: str) -> StudyFolder:
    """Run a study of which nobody reads the report."""
    with unreported():
        return run(studies, *overrides)


def finished(name: str, make: Callable[[Path], object]) -> StudyFolder:
    """Return the study that `make` puts into a folder, once a session; no test may change it."""
    (file,) = made_once(name, make).glob("*/provenance.json")
    return StudyFolder(file.parent)


def fewer_faces(mirror: Path, folder: Path) -> None:
    """Make a mirror with a third of the FairFace faces, as their publisher names the files.

    White people are a third of them, so that watchlists which are mostly White can be drawn.
    """
    for whole in ("london", "weights"):
        (folder / "mirror" / whole).parent.mkdir(exist_ok=True)
        (folder / "mirror" / whole).symlink_to(mirror / whole)
    faces = folder / "mirror" / "fairface"
    (faces / "val").mkdir(parents=True)
    labels = pd.read_csv(mirror / "fairface" / "labels.csv")
    number = labels.groupby(["gender", "ethnicity"]).cumcount()
    kept = labels[number < np.where(labels["ethnicity"] == "white", 125, 40)]
    for file in kept["file"]:
        shutil.copyfile(mirror / "fairface" / file, faces / "val" / file)
    race = kept["ethnicity"].str.replace("_", " ").str.title()
    published = {
        "file": "val/" + kept["file"],
        "age": kept["age"],
        "gender": kept["gender"].str.title(),
        "race": race.replace({"Latino Hispanic": "Latino_Hispanic"}),
    }
    pd.DataFrame(published).to_csv(faces / "fairface_label_val.csv", index=False)


def run_on_faces(faces: Path, *overrides: str) -> StudyFolder:
    """Run a study of real faces, with a cache in which each is embedded once a session."""
    with FileLock(faces / "one-at-a-time"):
        return run(faces, *places(faces), *overrides)


def places(faces: Path) -> tuple[str, str]:
    """Return the overrides that name the cache and the mirror of such a study."""
    return f"paths.cache={faces / 'cache'}", f"paths.mirror={faces / 'mirror'}"
