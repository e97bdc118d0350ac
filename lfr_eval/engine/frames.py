"""Engine: a video file, a folder of pictures or a live stream in, numbered frames out.

Video is decoded by PyAV (FFmpeg). A frame that cannot be decoded is handed on without a picture,
so that it is counted; a source that breaks off is opened again at the frame where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.pictures import PictureError, read_picture
from lfr_eval.engine.picture_folder import listed

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

STALLED = 10.0
"""Seconds without data after which a stream counts as broken."""


OF_STREAMS = {
    # What FFmpeg looks at before it hands on the first frame, microseconds; its own 5 s would be
    # 5 s of delay whenever a stream is opened.
    "analyzeduration": "1000000",
    # RTSP over UDP loses packets on a busy network, and so parts of faces.
    "rtsp_flags": "prefer_tcp",
}


class SourceError(MendableError, RuntimeError):
    """There is no video to read; the message says why."""


class BrokenSource(Exception):
    """The source broke off before its end; it may go on when it is opened again."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    Attributes
    ----------
    number
        From 0, over the whole source.
    time
        Seconds since the source's (a live stream: the deployment's) start.
    picture
        RGB; None if it could not be decoded.
    """

    number: int
    time: float
    picture: Image.Image | None


class Source(Protocol):
    """Where frames come from."""

    @property
    def live(self) -> bool:
        """Whether frames come when they come and are lost if nobody takes them."""

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield the frames from number `start` on.

        Raises
        ------
        SourceError
            If there is no such source.
        BrokenSource
            If it breaks off.
        """


@dataclass(frozen=True)
class VideoFile:
    """A recorded video."""

    path: Path
    live = False

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield the frames from number `start` on; those before are decoded and passed over."""
        number, at = -1, 0.0
        with _opened(str(self.path)) as container:
            stream = _video(container, self.path)
            for number, at, decoded in _decoded(container, stream):
                if number >= start:
                    yield Frame(number, at, _picture(decoded))
            lasts = (container.duration or 0) / 1_000_000
            # The last frame begins one frame before the end; half a frame more for rounding.
            step = 1.5 / float(stream.average_rate or 25)
            if stream.frames > number + 1 or lasts > at + step:
                raise BrokenSource(f"{self.path} breaks off after frame {number}, {at:.2f} s.")


@dataclass(frozen=True)
class LiveStream:
    """A stream such as rtsp://; its time is the clock's."""

    url: str
    began: datetime
    live = True

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield frames as they come, numbered from `start` on."""
        number = start - 1
        with _opened(self.url, OF_STREAMS) as container:
            stream = _video(container, "the stream")
            for number, _, decoded in _decoded(container, stream, start):
                now = (datetime.now(UTC) - self.began).total_seconds()
                yield Frame(number, now, _picture(decoded))
        raise BrokenSource(f"The stream stopped after frame {number}.")


@dataclass(frozen=True)
class PictureFolder:
    """A folder of pictures, in the natural order of their names, at a stated rate."""

    path: Path
    rate: float
    live = False

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield the pictures from number `start` on."""
        listing = listed(self.path)
        if not listing.pictures:
            raise SourceError(f"{self.path} holds no pictures. {listing.left_out}".rstrip())
        for number, file in enumerate(listing.pictures[start:], start):
            yield Frame(number, number / self.rate, _read(file))


def source_named(name: str, rate: float, began: datetime) -> Source:
    """Return the source that a configuration names.

    Parameters
    ----------
    name
        A file, a folder, or a URL.
    rate
        Pictures a second of a folder.
    began
        Start of the deployment, from which a live stream's time runs.

    Raises
    ------
    SourceError
        If there is neither a file nor a folder of this name.
    """
    if "://" in name:
        return LiveStream(name, began)
    path = Path(name).expanduser()
    if path.is_dir():
        return PictureFolder(path, rate)
    if not path.is_file():
        raise SourceError(f"source={name}: there is no such file or folder.")
    return VideoFile(path)


def follow(
    source: Source, start: int, attempts: int, wait: float, broke: Callable[[str], None]
) -> Iterator[Frame]:
    """Yield frames, opening a source that breaks off again where it stopped.

    Parameters
    ----------
    start
        Number of the first frame.
    attempts
        How often in a row it is opened again without getting a frame.
    wait
        Seconds before each.
    broke
        Called with a sentence at each break.

    Raises
    ------
    BrokenSource
        If it does not go on.
    """
    expected, failures = start, 0
    while True:
        try:
            for frame in source.frames(expected):
                expected, failures = frame.number + 1, 0
                yield frame
            return
        except (BrokenSource, SourceError) as problem:
            # A source that never opened is a mistake; one that opened before may come back.
            if isinstance(problem, SourceError) and expected == start:
                raise
            broke(str(problem))
            failures += 1
            if failures > attempts:
                raise BrokenSource(str(problem)) from problem
            time.sleep(wait)


def _opened(name: str, options: Mapping[str, str] | None = None) -> InputContainer:
    try:
        import av
    except ImportError:
        raise SourceError(
            "Video is decoded by PyAV, which is not installed: pip install 'lfr-eval[engine]'."
        ) from None
    try:
        return av.open(name, timeout=STALLED, options=dict(options or {}))
    except (av.error.FFmpegError, OSError) as error:
        # A URL may hold a password.
        shown = name.rpartition("@")[2] if "://" in name else name
        raise SourceError(f"{shown} cannot be opened as video: {error.strerror}.") from error


def _video(container: InputContainer, name: object) -> VideoStream:
    if not container.streams.video:
        raise SourceError(f"{name} holds no video.")
    stream = container.streams.video[0]
    if stream.codec_context.codec.intra_only:
        # Each packet is one picture: a damaged one is refused rather than patched up.
        stream.codec_context.options = {"err_detect": "explode"}
    return stream


def _decoded(
    container: InputContainer, stream: VideoStream, start: int = 0
) -> Iterator[tuple[int, float, Any]]:
    """Yield number, time and decoded frame, None where there is none."""
    from av.error import FFmpegError, InvalidDataError

    number, at = start - 1, 0.0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            raise BrokenSource(f"The video breaks off after frame {number}: {error}.") from error
        if packet is None:
            return
        try:
            frames = packet.decode()
        except InvalidDataError:
            number += 1
            if packet.pts is not None and packet.time_base is not None:
                at = float(packet.pts * packet.time_base)
            yield number, at, None
            continue
        for frame in frames:
            number += 1
            at = at if frame.time is None else frame.time
            yield number, at, None if frame.is_corrupt else frame


def _picture(decoded: Any) -> Image.Image | None:
    if decoded is None:
        return None
    picture: Image.Image = decoded.to_image()
    return picture


def _read(file: Path) -> Image.Image | None:
    try:
        return read_picture(file)
    except (OSError, PictureError):
        return None
