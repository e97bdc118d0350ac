"""Stage tracking: studies that no server took are remembered beside the studies, and sent later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from lfr_eval.contract.folder import StudyFolder, read_json, write_json

PENDING = "pending"


@dataclass(frozen=True)
class Waiting:
    """A study that waits for its server.

    Attributes
    ----------
    study
        Name of its folder.
    experiment
        Where it goes, on the server that studies go to when it is sent: an address may hold a
        password, so none is remembered.
    parent
        Folder of the multirun that it is part of.
    """

    study: str
    experiment: str
    parent: str | None = None


def remember(studies: Path, waiting: Waiting) -> None:
    """Put a study into the queue."""
    (studies / PENDING).mkdir(parents=True, exist_ok=True)
    write_json(_entry(studies, waiting.study), asdict(waiting))


def forget(studies: Path, study: str) -> None:
    """Take a study out of the queue, if it is in."""
    _entry(studies, study).unlink(missing_ok=True)


def pending(studies: Path) -> Iterator[tuple[Waiting, StudyFolder | None]]:
    """Yield the studies of the queue; without a folder if it is gone."""
    for path in sorted((studies / PENDING).glob("*.json")):
        entry = Waiting(**read_json(path))
        folder = StudyFolder(studies / entry.study)
        yield entry, folder if folder.path.is_dir() else None


def _entry(studies: Path, study: str) -> Path:
    return studies / PENDING / f"{study}.json"
