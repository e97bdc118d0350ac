"""Engine: which face pictures are kept, and for how long. By default, none.

The deadline of each picture is written beside it. Overdue pictures are deleted at every start of
the engine, every alert and every `lfr-eval engine` command, and by a scheduled job.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import private_folder, write_json
from lfr_eval.contract.reading import json_value, read_text
from lfr_eval.contract.words import several
from lfr_eval.engine.alerts import ALERTS
from lfr_eval.engine.tracks import Box

FOLDER = "retained"
PICTURE, DEADLINE = ".png", ".json"


class RetentionError(MendableError, OSError):
    """Overdue face pictures could not be deleted; the message names their files."""


@dataclass(frozen=True)
class Retained:
    """Face pictures of alerts, in the private folder of the deployment.

    Attributes
    ----------
    deployment
        Folder of the deployment.
    hours
        How long pictures are kept. 0: none is written.
    """

    deployment: Path
    hours: float

    def clear(self) -> int:
        """Delete overdue pictures; return how many could not be deleted, without an error."""
        return len(clear(self.deployment, self.hours).stuck)

    def keep(self, alert_id: str, picture: Image.Image, box: Box) -> None:
        """Keep the face picture of an alert if the policy says so."""
        if self.hours <= 0:
            return
        folder, kept = self.deployment / FOLDER, clock()
        private_folder(folder)
        over = kept + timedelta(hours=self.hours)
        # The deadline first: a picture without one is deleted.
        deadline = {"kept": kept.isoformat(), "delete_after": over.isoformat()}
        write_json(folder / f"{alert_id}{DEADLINE}", deadline)
        path = folder / f"{alert_id}{PICTURE}"
        path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        left, top, right, bottom = (round(edge) for edge in box)
        picture.crop((left, top, right, bottom)).save(path)


def clock() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Cleared:
    """Number of pictures deleted, and files that could not be deleted, with the reason."""

    deleted: int
    stuck: tuple[str, ...]


def expire(folder: Path, hours: float | None = None) -> int:
    """Delete overdue pictures as `clear` does, and return how many.

    Raises
    ------
    RetentionError
        If a picture cannot be deleted. The others are still deleted.
    """
    cleared = clear(folder, hours)
    if cleared.stuck:
        raise RetentionError(
            f"{several(len(cleared.stuck), 'retained face')} past the deadline could not be "
            f"deleted: {', '.join(cleared.stuck)}. Delete them by hand, or run this command as "
            "their owner."
        )
    return cleared.deleted


def clear(folder: Path, hours: float | None = None) -> Cleared:
    """Delete overdue pictures.

    Parameters
    ----------
    folder
        Folder of a deployment, or of several. A folder without an alerts file is not a deployment
        and is left alone.
    hours
        Also delete pictures older than this; None: only those past their deadline.
    """
    count, stuck = 0, []
    for retained in (folder / FOLDER, *folder.glob(f"*/{FOLDER}")):
        if not (retained.parent / ALERTS).is_file():
            continue
        for name in sorted({path.stem for path in retained.glob("*")}):
            if not _is_over(retained / f"{name}{DEADLINE}", hours):
                continue
            picture = retained / f"{name}{PICTURE}"
            try:
                count += picture.exists()
                picture.unlink(missing_ok=True)
                picture.with_suffix(DEADLINE).unlink(missing_ok=True)
            except OSError as error:
                stuck.append(f"{picture} ({error.strerror})")
    return Cleared(count, tuple(stuck))


def _is_over(deadline: Path, hours: float | None) -> bool:
    """Whether a picture is overdue. A picture with an unreadable deadline is."""
    now = clock()
    try:
        said = json_value(read_text(deadline))
        kept, over = (datetime.fromisoformat(said[name]) for name in ("kept", "delete_after"))
        return now >= over or (hours is not None and now - kept >= timedelta(hours=hours))
    except (OSError, ValueError, KeyError, TypeError):
        return True
