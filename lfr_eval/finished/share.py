"""A copy of a study to hand on: everything but who took part and what they scored.

The files that are copied are those of the study, byte for byte, and so is its provenance with the
hash of every file and the seal. So `lfr-eval verify` can say that a share is one of the study with
this hash, and which files it leaves out. Unlike a publication it holds small counts.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lfr_eval.contract.folder import PROVENANCE, FolderError, StudyFolder, write_json
from lfr_eval.contract.sealing import SHARED, read_sealed
from lfr_eval.contract.swapping import SHARE
from lfr_eval.contract.words import several


def share_study(study: StudyFolder, to: Path) -> tuple[str, ...]:
    """Write a share of a study; return the names of the files that it leaves out.

    Parameters
    ----------
    to
        A new folder, outside of the study.

    Raises
    ------
    FolderError
        If the study is not as it was sealed, or the folder exists or lies in the study.
    """
    study.check_whole()
    here, there = study.path.resolve(), to.resolve()
    if there == here or here in there.parents:
        raise FolderError(f"{to} lies in the study folder: name a folder outside of it.")
    if to.exists():
        raise FolderError(f"{to} exists: name a new folder.")
    files = read_sealed(study.path)["files"]
    if (study.path / SHARE).exists():
        raise FolderError(f"{study.path} is a share already: copy it as it is.")
    left_out = tuple(sorted(name for name in files if name not in SHARED))
    aside = to.with_name(f".{to.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        for name in (PROVENANCE, *(name for name in files if name in SHARED)):
            shutil.copyfile(study.path / name, aside / name)
        write_json(aside / SHARE, {"share_of": study.study_hash(), "left_out": list(left_out)})
        for path in aside.iterdir():
            path.chmod(0o644)
        aside.chmod(0o755)
        aside.rename(to)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, OSError):
            error.filename = str(to)  # Not the file that was being read.
        raise
    return left_out


def told(left_out: tuple[str, ...]) -> str:
    """Return in a sentence what a share leaves out."""
    files = several(len(left_out), "file")
    return f"{files} with people, scores or paths left out: {', '.join(left_out)}."
