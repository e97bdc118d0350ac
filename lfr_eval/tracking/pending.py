"""Stage tracking: a queue, beside the studies, of studies that could not be sent yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from lfr_eval.contract.folder import StudyFolder, write_json
from lfr_eval.contract.reading import read_json

PENDING = "pending"


@dataclass(frozen=True)
class Waiting:
    """A study that waits to be sent.

    Attributes
    ----------
    study
        Name of its folder.
    experiment
        Experiment that it goes to. The server is the one configured when it is sent: an address may
        hold a password, so none is stored.
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
    """Remove a study from the queue, if it is there."""
    _entry(studies, study).unlink(missing_ok=True)


def pending(studies: Path) -> Iterator[tuple[Waiting, StudyFolder | None]]:
    """Yield the studies of the queue. A study whose folder is gone has no folder."""
    for path in sorted((studies / PENDING).glob("*.json")):
        entry = Waiting(**read_json(path))
        folder = StudyFolder(studies / entry.study)
        yield entry, folder if folder.path.is_dir() else None


def _entry(studies: Path, study: str) -> Path:
    return studies / PENDING / f"{study}.json"
