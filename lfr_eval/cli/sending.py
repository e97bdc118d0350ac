"""Commands that hand on what studies hold: to MLflow, and templates to a private file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import OK, Seconds, Study, commands
from lfr_eval.contract.defaults import EXPERIMENT, TIMEOUT

templates = commands("templates", "Write the templates of a study to a file.")


def track(
    study: Annotated[Path | None, Parameter(name="STUDY")] = None,
    /,
    *,
    pending: bool = False,
    uri: Annotated[str | None, Parameter(metavar="URI")] = None,
    experiment: Annotated[str | None, Parameter(metavar="NAME")] = None,
    timeout: Seconds = TIMEOUT,
) -> int:
    """Send a finished study to MLflow.

    Parameters
    ----------
    study
        A study folder; with --pending, the folder of studies.
    pending
        Send all studies that wait.
    uri
        Tracking URI; default: MLFLOW_TRACKING_URI, else local.
    experiment
        MLflow experiment; default: that of the run, else lfr_eval.
    timeout
        Seconds to wait for the tracking server.
    """
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.tracking import default_uri
    from lfr_eval.tracking import track as send
    from lfr_eval.tracking.pending import forget

    if pending:
        return _track_pending(study, uri, experiment, timeout)
    if study is None:
        from lfr_eval.config import ConfigError

        raise ConfigError("Give a study folder, or --pending for all that wait.")
    folder = StudyFolder.open(study)
    where = uri or default_uri(folder.path.parent)
    print(f"MLflow run: {send(folder, where, experiment or EXPERIMENT, timeout)}")
    forget(folder.path.resolve().parent, folder.path.resolve().name)
    return OK


def _track_pending(
    parent: Path | None, uri: str | None, experiment: str | None, timeout: int
) -> int:
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.tracking import default_uri, track
    from lfr_eval.tracking.pending import forget, pending

    studies = parent or Path(default_paths().studies).expanduser()
    where = uri or default_uri(studies)
    sent = 0
    for entry, folder in pending(studies):
        if folder is None:
            print(f"{entry.study}: its folder is gone; it is not sent.")
        else:
            multirun = Path(entry.parent) if entry.parent else None
            run = track(folder, where, experiment or entry.experiment, timeout, multirun)
            print(f"{entry.study}: MLflow run {run}")
            sent += 1
        forget(studies, entry.study)
    print(f"{sent} sent.")
    return OK


@templates.command
def export(
    study: Study,
    /,
    *,
    to: Annotated[Path, Parameter(metavar="FILE")],
    cache: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
) -> int:
    """Write the templates of a study to a private file.

    Parameters
    ----------
    to
        The .npz file to write.
    cache
        Folder of the cache; default: that of a study.
    """
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.words import several
    from lfr_eval.finished.exporting import export_templates

    where = cache or cache_folder(default_paths())
    number = export_templates(StudyFolder.open(study), to, where)
    print(f"Templates: {to} ({several(number, 'image')})")
    print(
        "Warning: templates identify people for life, like their faces, and image_id may name "
        "them. Only you can read the file. Encrypt it before you hand it on, and delete it "
        "yourself: `lfr-eval purge` does not delete it.",
        file=sys.stderr,
    )
    return OK
