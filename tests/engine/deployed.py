"""Deployments that tests run: from frames in memory or a video, against a small watchlist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from lfr_eval.cohort import load_manifest
from lfr_eval.config import EngineConfig
from lfr_eval.engine.alerts import ALERTS, AlertFile
from lfr_eval.engine.counts import State
from lfr_eval.engine.deployment import Announce, Deployment, deploy, deployment_folder, silent
from lfr_eval.engine.frames import Frame, Source
from lfr_eval.engine.permission import Permission
from lfr_eval.engine.watchlist import enrol
from tests.engine.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    RATE,
    Registered,
    SquareMatcher,
    Walk,
    configured,
    write_watchlist,
)

WALKS = [Walk(ALICE, 0.5, 2.5), Walk(EVE, 1.0, 3.0, row=80), Walk(BOB, 3.5, 5.5)]


SECONDS = 6.0


APPROVED = Permission(True, "cd" * 32)


class Pictures:
    """Frames from memory."""

    live = False

    def __init__(self, pictures: Sequence[Image.Image | None]) -> None:
        self.pictures = pictures

    def frames(self, start: int) -> Iterator[Frame]:
        for number, drawn in enumerate(self.pictures[start:], start):
            yield Frame(number, number / RATE, drawn)


def run(
    tmp_path: Path,
    source: Source,
    config: EngineConfig | None = None,
    matcher: SquareMatcher | None = None,
    permission: Permission = APPROVED,
    announce: Announce = silent,
) -> tuple[Path, State]:
    config = config or configured(tmp_path)
    manifest = write_watchlist(tmp_path / "people", {"alice": ALICE, "bob": BOB, "carol": CAROL})
    cohort = load_manifest(manifest)
    matcher, enrolling = matcher or SquareMatcher(), SquareMatcher()
    enrolling.card = matcher.card
    watchlist = enrol(cohort, enrolling, tmp_path / "cache")
    folder = deployment_folder(config, Registered(), cohort.digest)
    deployment = Deployment(config, folder, source, matcher, watchlist, Registered(), permission)
    state = deploy(deployment, announce)
    return folder, state


def raised(folder: Path) -> list[tuple[str, int]]:
    return [(alert.reference_id, alert.frame) for alert in AlertFile(folder / ALERTS).read()]
