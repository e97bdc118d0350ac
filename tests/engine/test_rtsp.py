"""A camera's stream over RTSP: who walks past is alerted on, and a server that dies is waited for.

The server is that of aio-rtsp-toolkit, in a process of its own; it sends RTP inside of the RTSP
connection. docs/engine.md says what was seen with another server over UDP.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lfr_eval.engine import decoding
from lfr_eval.engine.frames import Frame, LiveStream, SourceError
from tests.engine.builders import ALICE, BOB, EVE, RATE, Walk, configured, frames_of, write_video
from tests.engine.deployed import raised, run

pytest.importorskip("aio_rtsp_toolkit", reason="needs aio-rtsp-toolkit, of the extra dev")

pytestmark = pytest.mark.slow

SERVER = """
import asyncio, sys
from aio_rtsp_toolkit import server
asyncio.run(server.serve(sys.argv[1], host="127.0.0.1", port=int(sys.argv[2])))
"""


def wait_for(port: int) -> None:
    until = time.monotonic() + 600
    while True:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.05)


@contextmanager
def camera(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the videos of a folder over RTSP."""
    command = [sys.executable, "-c", SERVER, str(folder), str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield server
    finally:
        server.kill()
        server.wait(60)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be silent for longer than a camera."""
    monkeypatch.setattr(decoding, "STALLED", 600.0)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Ticking:
    """A clock that moves on by a frame whenever it is asked: as slow as the machine."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self._began + timedelta(seconds=(self.asked - 1) / RATE)


def stream(tmp_path: Path, port: int, walks: list[Walk], seconds: float) -> LiveStream:
    (tmp_path / "videos").mkdir(exist_ok=True)
    write_video(tmp_path / "videos" / "walk.mp4", frames_of(walks, seconds), "libx264")
    began = datetime.now(UTC)
    url = f"rtsp://127.0.0.1:{port}/walk.mp4?play_count=1"
    return LiveStream(url, began, Ticking(began))


def test_who_walks_past_a_camera_is_alerted_on_as_it_happens(tmp_path: Path, port: int) -> None:
    walks = [Walk(ALICE, 2.0, 4.0), Walk(EVE, 2.5, 4.5, row=80), Walk(BOB, 5.0, 7.0)]
    source = stream(tmp_path, port, walks, 8.0)
    with camera(tmp_path / "videos", port):
        config = configured(tmp_path, pace="every", attempts=0, seconds=7.0)
        folder, state = run(tmp_path, source, config)
    assert [reference for reference, _ in raised(folder)] == ["alice-1", "bob-1"]
    assert (state.counts.breaks, state.counts.corrupted, state.counts.dropped) == (0, 0, 0)
    assert state.ended == "after the 7 s that were asked for"
    assert state.counts.frames == 71, "every frame up to 7 s, by a clock of frames"


def test_a_camera_that_dies_is_waited_for_and_the_deployment_goes_on(
    tmp_path: Path, port: int
) -> None:
    source = stream(tmp_path, port, [Walk(ALICE, 1.0, 2.5), Walk(BOB, 3.0, 5.0)], 6.0)
    config = configured(tmp_path, pace="every", attempts=600, wait=0.2, seconds=6.0)
    died, done = threading.Event(), threading.Event()

    def dies_once() -> None:
        with camera(tmp_path / "videos", port) as server:
            seen.wait()
            server.kill()
            server.wait(60)
        died.set()
        refused.wait()
        with camera(tmp_path / "videos", port):
            done.wait()

    seen, refused = threading.Event(), threading.Event()

    class Watched(LiveStream):
        """Tells when Alice has been seen, and when nobody answered."""

        def frames(self, start: int) -> Iterator[Frame]:
            try:
                for frame in super().frames(start):
                    yield frame
                    if frame.number == 20:
                        seen.set()
                        died.wait()
            except SourceError:
                refused.set()
                raise

    other = threading.Thread(target=dies_once)
    other.start()
    wait_for(port)
    watched = Watched(source.url, source.began, source.clock)
    try:
        folder, state = run(tmp_path, watched, config)
    finally:
        for event in (seen, refused, done):
            event.set()
        other.join()
    # The stream begins anew, so Alice passes twice: within the cooldown.
    assert [reference for reference, _ in raised(folder)] == ["alice-1", "bob-1"]
    assert state.counts.breaks >= 2, "it broke off, and was not there when it was opened again"
    assert state.next_frame == state.counts.frames + state.counts.corrupted
