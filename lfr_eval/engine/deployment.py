"""Engine: a source, a watchlist and a registered matcher in; alerts and a deployment record out.

    frame -> faces (detected, embedded) -> passes -> best reference -> threshold -> alert

Templates and face pictures stay in memory only while their frame is processed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lfr_eval.config import EngineConfig
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import digest, private_folder
from lfr_eval.contract.places import DEPLOYMENTS, remember
from lfr_eval.engine.alerts import ALERTS, Alert, AlertFile, Suppression
from lfr_eval.engine.counts import Counts, State
from lfr_eval.engine.frames import BrokenSource, Frame, Source, follow
from lfr_eval.engine.pace import paced
from lfr_eval.engine.permission import Permission, unwatched
from lfr_eval.engine.record import Model, describe, now, write_record
from lfr_eval.engine.retention import Retained, expire
from lfr_eval.engine.tracks import Tracker
from lfr_eval.engine.watchlist import Candidate, Watchlist
from lfr_eval.matchers import Face, FrameMatcher

SAVED_EVERY = 5.0
"""Seconds between writings of the state. After a crash, up to this much is processed again."""


Announce = Callable[[Alert], None]


def silent(_: Alert) -> None:
    """Announce nothing."""


class EngineError(MendableError, RuntimeError):
    """The engine cannot start; the message says why."""


@dataclass
class Engine:
    """Processes frames.

    Attributes
    ----------
    model
        The registered version in words, NAME/VERSION.
    prefix
        Start of every alert id.
    announce
        Called with each alert once it is on disk.
    """

    matcher: FrameMatcher
    watchlist: Watchlist
    threshold: float
    tracker: Tracker
    suppression: Suppression
    alerts: AlertFile
    retained: Retained
    counts: Counts
    model: str
    prefix: str
    announce: Announce

    def look(self, frame: Frame) -> None:
        """Find, follow and compare the faces of a frame; raise alerts."""
        if frame.picture is None:
            self.counts.corrupted += 1
            return
        start = time.perf_counter()
        faces = self.matcher.faces_of(frame.picture)
        tracks = self.tracker.assign([face.box for face in faces], frame.time)
        self.counts.detections += len(faces)
        self.counts.tracks = self.tracker.tracks
        for face, track in zip(faces, tracks, strict=True):
            match = self.watchlist.best(face.template)
            # A face without a usable template has no score, and reaches no threshold.
            if not np.float32(match.score) >= np.float32(self.threshold):
                continue
            if self.suppression.allows(track, match.subject_id, frame.time):
                self._raise(frame, face, track.number, match)
            else:
                self.counts.repeats += 1
        self.counts.took(time.perf_counter() - start)

    def _raise(self, frame: Frame, face: Face, track: int, match: Candidate) -> None:
        self.counts.alerts += 1
        alert = Alert(
            alert_id=f"{self.prefix}-{self.counts.alerts:05d}",
            time=round(frame.time, 3),
            at=now(),
            frame=frame.number,
            track=track,
            reference_id=match.reference_id,
            score=match.score,
            threshold=self.threshold,
            model=self.model,
        )
        self.alerts.add(alert)
        self.announce(alert)
        assert frame.picture is not None
        self.counts.overdue = self.retained.clear()
        self.retained.keep(alert.alert_id, frame.picture, face.box)


def deployment_folder(config: EngineConfig, model: Model, watchlist_digest: str) -> Path:
    """Return the folder of a deployment. The same configuration always has the same folder."""
    identity = [
        config.source,
        config.threshold,
        config.name,
        model.name,
        str(model.version),
        model.fingerprint,
        watchlist_digest,
    ]
    root = Path(config.paths.deployments).expanduser().resolve()
    return root / f"{config.name}-{digest(identity)[:8]}"


@dataclass(frozen=True)
class Deployment:
    """What runs, on what, and by whose permission."""

    config: EngineConfig
    folder: Path
    source: Source
    matcher: FrameMatcher
    watchlist: Watchlist
    model: Model
    permission: Permission


def deploy(
    deployment: Deployment,
    announce: Announce = silent,
    permitted: Callable[[], None] = unwatched,
) -> State:
    """Run a deployment, or continue an interrupted one, and return its state.

    Parameters
    ----------
    announce
        Called with each alert as it is raised.
    permitted
        Called with each frame; raises if the permission is no longer in force.

    Raises
    ------
    EngineError
        If the deployment has finished already.
    NotApprovedError
        If the approval expires or is withdrawn while it runs.
    SourceError
        If there is no such source.
    """
    from filelock import FileLock, Timeout

    folder = deployment.folder
    private_folder(folder.parent)
    remember(DEPLOYMENTS, folder.parent)
    private_folder(folder)
    try:
        with FileLock(folder / ".lock", timeout=0):
            return _deploy(deployment, announce, permitted)
    except Timeout:
        raise EngineError(
            f"Another process is running the deployment in {folder}. Stop it, or give another "
            "name=NAME."
        ) from None


def _deploy(deployment: Deployment, announce: Announce, permitted: Callable[[], None]) -> State:
    config, folder, model = deployment.config, deployment.folder, deployment.model
    watchlist = deployment.watchlist
    state = State.read(folder) or State(started=now())
    if state.ended:
        raise EngineError(
            f"This deployment has finished ({state.ended}): {folder}. "
            "Give another name=NAME to run it again."
        )
    counts, alerts = state.counts, AlertFile(folder / ALERTS)
    about = describe(config, folder.name, watchlist, model, deployment.permission)
    alerts.begin({"from_frame": state.next_frame, **about})
    raised = alerts.read()
    counts.alerts = len(raised)
    subjects = watchlist.subjects()
    save = _saving(state, folder)
    expire(folder, config.retention.alert_faces_hours)
    counts.overdue = 0
    engine = Engine(
        matcher=deployment.matcher,
        watchlist=watchlist,
        threshold=config.threshold,
        tracker=Tracker(config.overlap, config.gap, counts.tracks),
        suppression=Suppression(
            config.cooldown, {subjects[alert.reference_id]: alert.time for alert in raised}
        ),
        alerts=alerts,
        retained=Retained(folder, config.retention.alert_faces_hours),
        counts=counts,
        model=f"{model.name}/{model.version}",
        prefix=folder.name,
        announce=announce,
    )
    try:
        for frame in _frames(config, deployment.source, state):
            permitted()
            if config.seconds is not None and frame.time > config.seconds:
                state.ended = f"after the {config.seconds:g} s that were asked for"
                break
            counts.dropped += frame.number - state.next_frame
            engine.look(frame)
            state.pass_to(frame.number, frame.time)
            save()
        else:
            state.ended = "the source ended"
    except BrokenSource:
        pass
    finally:
        state.write(folder)
        write_record(folder, state, about)
    return state


def _frames(config: EngineConfig, source: Source, state: State) -> Iterator[Frame]:
    def broke(_: str) -> None:
        state.counts.breaks += 1

    frames = follow(source, state.next_frame, config.attempts, config.wait, broke)
    return paced(frames, config.pace, source.live)


def _saving(state: State, folder: Path) -> Callable[[], None]:
    saved = time.monotonic()

    def save() -> None:
        nonlocal saved
        if time.monotonic() - saved >= SAVED_EVERY:
            state.write(folder)
            saved = time.monotonic()

    return save
