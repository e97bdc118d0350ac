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
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lfr_eval.engine.frames import LiveStream
from tests.engine.builders import ALICE, BOB, EVE, Walk, configured, frames_of, write_video
from tests.engine.test_deployment import raised, run

pytest.importorskip("aio_rtsp_toolkit", reason="needs aio-rtsp-toolkit, of the extra dev")

pytestmark = pytest.mark.slow

SERVER = """
import asyncio, sys
from aio_rtsp_toolkit import server
asyncio.run(server.serve(sys.argv[1], host="127.0.0.1", port=int(sys.argv[2])))
"""


def wait_for(port: int) -> None:
    until = time.monotonic() + 30
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
        server.wait(10)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def stream(tmp_path: Path, port: int, walks: list[Walk], seconds: float) -> LiveStream:
    (tmp_path / "videos").mkdir(exist_ok=True)
    write_video(tmp_path / "videos" / "walk.mp4", frames_of(walks, seconds), "libx264")
    return LiveStream(f"rtsp://127.0.0.1:{port}/walk.mp4?play_count=1", datetime.now(UTC))


def test_who_walks_past_a_camera_is_alerted_on_as_it_happens(tmp_path: Path, port: int) -> None:
    walks = [Walk(ALICE, 2.0, 4.0), Walk(EVE, 2.5, 4.5, row=80), Walk(BOB, 5.0, 7.0)]
    source = stream(tmp_path, port, walks, 8.0)
    with camera(tmp_path / "videos", port):
        config = configured(tmp_path, pace="live", attempts=0, seconds=7.0)
        folder, state = run(tmp_path, source, config)
    assert [reference for reference, _ in raised(folder)] == ["alice-1", "bob-1"]
    assert (state.counts.breaks, state.counts.corrupted) == (0, 0)
    assert state.ended == "after the 7 s that were asked for"
    # FFmpeg takes a second or two to look at a stream, and hands on what came meanwhile.
    assert 40 <= state.counts.frames + state.counts.dropped <= 75


def test_a_camera_that_dies_is_waited_for_and_the_deployment_goes_on(
    tmp_path: Path, port: int
) -> None:
    source = stream(tmp_path, port, [Walk(ALICE, 1.0, 2.5), Walk(BOB, 3.0, 5.0)], 6.0)
    config = configured(tmp_path, pace="live", attempts=50, wait=0.2, seconds=12.0)

    def dies_once() -> None:
        with camera(tmp_path / "videos", port) as server:
            time.sleep(4.0)
            server.kill()
            server.wait(10)
        time.sleep(1.0)
        with camera(tmp_path / "videos", port):
            done.wait(30)

    done, other = threading.Event(), threading.Thread(target=dies_once)
    other.start()
    wait_for(port)
    try:
        folder, state = run(tmp_path, source, config)
    finally:
        done.set()
        other.join()
    # The stream begins anew, so Alice passes twice: within the cooldown.
    assert [reference for reference, _ in raised(folder)] == ["alice-1", "bob-1"]
    assert state.counts.breaks >= 2, "it broke off, and was not there when it was opened again"
    assert state.next_frame == state.counts.frames + state.counts.dropped + state.counts.corrupted
