"""Finished: the templates behind a study (study folder and private cache in, one file out).

Somebody else can check a count only with the templates. They are biometric data, so nothing of a
study holds them by default, and the file is for its owner alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.simulated import simulate
from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.places import EXPORTS, remember
from lfr_eval.contract.tables import ACQUISITION, COHORT
from lfr_eval.contract.words import several
from lfr_eval.contract.writing import written_aside
from lfr_eval.matchers.store import TemplateStore

SUFFIX = ".npz"


class ExportError(MendableError, ValueError):
    """Templates cannot be written out; the message says why."""


def export_templates(folder: StudyFolder, file: Path, cache: Path) -> int:
    """Write the templates of a study to a file that only its owner can read.

    Parameters
    ----------
    folder
        A finished study.
    file
        An `.npz` with `image_id` and `template` (images, values), as `matcher=templates` reads it.
        It must not exist, nor lie in the study.
    cache
        The private cache that the templates are in.

    Returns
    -------
    int
        Images with a template.

    Raises
    ------
    ExportError
        If there are no templates of this study here, or the file cannot be written.
    """
    problems = []
    if file.suffix.lower() != SUFFIX:
        problems.append(f"--to must name an {SUFFIX} file, and names {file}")
    if file.exists():
        problems.append(f"{file} exists; give another name")
    if file.resolve().is_relative_to(folder.path.resolve()):
        problems.append("a study never holds templates; write them elsewhere")
    if not file.resolve().parent.is_dir():
        problems.append(f"there is no folder {file.parent}")
    if problems:
        raise ExportError("The templates were not written: " + "; ".join(problems) + ".")
    images = folder.read(COHORT)
    acquired = folder.read(ACQUISITION)["acquired"].to_numpy(bool)
    ids, vectors = _templates(folder, images, acquired, cache)
    # Noted first: a withdrawal must find the file, and what a kill leaves of it.
    remember(EXPORTS, file)
    with written_aside(file, new=True) as aside, aside.open("wb") as stream:
        np.savez(stream, image_id=ids.to_numpy(str), template=vectors)
    return len(ids)


def _templates(
    folder: StudyFolder, images: pd.DataFrame, acquired: np.ndarray, cache: Path
) -> tuple[pd.Series, np.ndarray]:
    """Return the images that have a template, and their templates."""
    provenance = folder.provenance()
    dataset, matcher = provenance.settings("dataset"), provenance.settings("matcher")
    if dataset["kind"] == "simulated":
        simulation = simulate(SimulatedDatasetConfig(**dataset))
        own = pd.Series(np.arange(len(simulation.vectors)), simulation.cohort.images["image_id"])
        ids = images.loc[acquired, "image_id"]
        return ids, simulation.vectors[own[ids].to_numpy()]
    if matcher["kind"] in ("templates", "scores", "alerts"):
        raise ExportError(
            f"The {matcher['kind']} of this study came from elsewhere: it made no template. Ask "
            "whoever gave them."
        )
    fingerprint = provenance.matcher["fingerprint"]
    known = TemplateStore(cache, fingerprint, matcher.get("storage", "float32")).load()
    with_template = images[acquired]
    gone = [digest for digest in with_template["digest"] if digest not in known]
    if gone:
        raise ExportError(
            f"The cache {cache} has no template of {several(len(gone), 'image')} of this study, "
            "which was made with another cache or purged since. Run the study again, then export."
        )
    vectors = [known[digest].template for digest in with_template["digest"]]
    return with_template["image_id"], np.stack([np.asarray(one, np.float32) for one in vectors])
