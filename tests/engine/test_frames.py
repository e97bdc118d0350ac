"""Videos, folders and broken sources: every frame has its number, none is lost uncounted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image

from lfr_eval.engine.frames import BrokenSource, Frame, SourceError, VideoFile, follow, source_named
from lfr_eval.engine.pace import newest, paced
from tests.engine.builders import ALICE, RATE, Walk, frames_of, write_video

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = frames_of([Walk(ALICE, 0.0, 4.0)], 4.0)
    return write_video(tmp_path_factory.mktemp("video") / "walk.mkv", pictures)


def cut(video: Path, into: Path, share: float) -> Path:
    content = video.read_bytes()
    into.write_bytes(content[: int(len(content) * share)])
    return into


def test_frames_are_numbered_and_timed(video: Path) -> None:
    frames = list(VideoFile(video).frames(0))
    assert [frame.number for frame in frames] == list(range(40))
    assert [frame.time for frame in frames] == pytest.approx([n / RATE for n in range(40)])
    assert all(frame.picture is not None and frame.picture.mode == "RGB" for frame in frames)
    later = list(VideoFile(video).frames(30))
    assert [frame.number for frame in later] == list(range(30, 40))
    assert np.array_equal(np.asarray(later[0].picture), np.asarray(frames[30].picture))


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4"])
def test_damaged_frames_come_without_a_picture(codec: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    pictures = [Image.fromarray(np.roll(noise, 3 * n, 1)) for n in range(40)]
    path = write_video(tmp_path / "damaged.mkv", pictures, codec)
    content = bytearray(path.read_bytes())
    for place in (1, 2, 3):
        start = len(content) * place // 4
        content[start : start + 400] = np.random.default_rng(place).bytes(400)
    path.write_bytes(content)
    frames = list(VideoFile(path).frames(0))
    assert [frame.number for frame in frames] == list(range(len(frames)))
    assert 38 <= len(frames) <= 41
    assert 1 <= sum(frame.picture is None for frame in frames) <= 4


def test_a_file_that_was_cut_short_breaks_and_goes_on_when_it_is_whole(
    video: Path, tmp_path: Path
) -> None:
    short = cut(video, tmp_path / "short.mkv", 0.6)
    seen: list[int] = []
    with pytest.raises(BrokenSource, match="breaks off after frame"):
        seen.extend(frame.number for frame in VideoFile(short).frames(0))
    assert seen == list(range(len(seen)))
    assert 15 < len(seen) < 35
    rest = [frame.number for frame in VideoFile(video).frames(len(seen))]
    assert seen + rest == list(range(40))


def test_a_folder_is_a_video_and_unreadable_pictures_are_frames(tmp_path: Path) -> None:
    for number, drawn in enumerate(frames_of([Walk(ALICE, 0.0, 1.0)], 0.5)):
        drawn.save(tmp_path / f"{number:03}.png")
    (tmp_path / "002.png").write_bytes(b"not a picture")
    (tmp_path / "notes.txt").write_text("not a picture either")
    frames = list(source_named(str(tmp_path), 5.0, NOW).frames(1))
    assert [(frame.number, frame.time) for frame in frames] == [
        (1, 0.2),
        (2, 0.4),
        (3, pytest.approx(0.6)),
        (4, 0.8),
    ]
    assert [frame.picture is None for frame in frames] == [False, True, False, False]


def test_what_is_no_video_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "text.mkv").write_text("no video")
    with pytest.raises(SourceError, match=r"text\.mkv cannot be opened as video"):
        next(source_named(str(tmp_path / "text.mkv"), 5.0, NOW).frames(0))
    with pytest.raises(SourceError, match="does not exist"):
        source_named(str(tmp_path / "nothing.mkv"), 5.0, NOW)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="contains no pictures"):
        next(source_named(str(tmp_path / "empty"), 5.0, NOW).frames(0))


def test_a_password_in_a_stream_is_not_repeated() -> None:
    source = source_named("rtsp://user:secret@127.0.0.1:9/stream", 5.0, NOW)
    assert source.live
    with pytest.raises(SourceError) as caught:
        next(source.frames(0))
    assert "secret" not in str(caught.value)


def test_a_stream_over_the_network_is_numbered_on_and_never_ends_by_itself(video: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(video.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/{video.name}"
            source = source_named(url, 5.0, datetime.now(UTC) - timedelta(seconds=100))
            frames: list[Frame] = []
            with pytest.raises(BrokenSource, match="stopped after frame 46"):
                frames.extend(source.frames(7))
        finally:
            server.shutdown()
            thread.join()
    assert [frame.number for frame in frames] == list(range(7, 47))
    assert all(100 <= frame.time < 200 for frame in frames)


class Flaky:
    """Ten frames; breaks off after those whose number is in `breaks`, once each."""

    live = False

    def __init__(self, *breaks: int) -> None:
        self.breaks = set(breaks)
        self.opened: list[int] = []

    def frames(self, start: int) -> Iterator[Frame]:
        self.opened.append(start)
        for number in range(start, 10):
            yield Frame(number, number / 10, None)
            if number in self.breaks:
                self.breaks.discard(number)
                raise BrokenSource(f"after {number}")


def test_a_source_that_breaks_is_opened_again_where_it_stopped() -> None:
    source, breaks = Flaky(2, 6), []
    numbers = [frame.number for frame in follow(source, 0, 1, 0.0, breaks.append)]
    assert numbers == list(range(10))
    assert source.opened == [0, 3, 7]
    assert breaks == ["after 2", "after 6"]


def test_a_source_that_stays_away_is_given_up() -> None:
    class Gone(Flaky):
        def frames(self, start: int) -> Iterator[Frame]:
            if start:
                self.opened.append(start)
                raise SourceError("it cannot be opened")
            yield from super().frames(start)

    source, breaks = Gone(4), []
    with pytest.raises(BrokenSource):
        list(follow(source, 0, 3, 0.0, breaks.append))
    assert source.opened == [0, 5, 5, 5, 5][: len(source.opened)]
    assert len(breaks) == 4


def test_at_a_live_pace_the_newest_frame_is_looked_at_and_the_last_is_not_lost() -> None:
    looking, filmed = Event(), Event()

    def camera() -> Iterator[Frame]:
        for number in range(20):
            yield Frame(number, number / 100, None)
            if number == 0:
                looking.wait()
        filmed.set()

    seen = []
    for frame in newest(camera()):
        seen.append(frame.number)
        looking.set()  # the others come while this frame is looked at
        filmed.wait()
    assert seen == [0, 19]
    every = paced(camera(), "every", live=True)
    assert [frame.number for frame in every] == list(range(20))


def test_an_error_of_the_reader_reaches_the_looker() -> None:
    def broken() -> Iterator[Frame]:
        yield Frame(0, 0.0, None)
        raise BrokenSource("gone")

    frames = newest(broken())
    with pytest.raises(BrokenSource, match="gone"):
        list(frames)
