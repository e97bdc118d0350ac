"""Engine: what is kept of faces, and for how long; by default nothing."""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lfr_eval.engine.tracks import Box
from lfr_eval.folder import private_folder

FOLDER = "retained"


@dataclass(frozen=True)
class Retained:
    """Pictures of the faces of alerts, in a private folder of the deployment.

    They can only be deleted while something runs: whenever a deployment with this folder starts
    or raises an alert, and by `lfr-eval engine expire`.

    Attributes
    ----------
    deployment
        Folder of the deployment.
    hours
        How long pictures are kept; 0: none is written.
    """

    deployment: Path
    hours: float

    def keep(self, alert_id: str, picture: Image.Image, box: Box) -> None:
        """Keep the face of an alert, if the policy says so."""
        expire(self.deployment, self.hours)
        if self.hours <= 0:
            return
        private_folder(self.deployment / FOLDER)
        path = self.deployment / FOLDER / f"{alert_id}.png"
        path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        left, top, right, bottom = (round(edge) for edge in box)
        picture.crop((left, top, right, bottom)).save(path)


def expire(deployment: Path, hours: float) -> int:
    """Delete retained pictures that are older than `hours`; return how many."""
    count = 0
    for path in (deployment / FOLDER).glob("*.png"):
        if time.time() - path.stat().st_mtime > 3600 * hours:
            path.unlink()
            count += 1
    return count
