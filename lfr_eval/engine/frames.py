"""Engine: a video file, a folder of pictures or a live stream in, numbered frames out.

A frame that cannot be decoded is passed on without a picture, so that it is counted. An interrupted
source is reopened at the frame where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from PIL import Image

from lfr_eval.contract.pictures import PictureError, read_picture
from lfr_eval.contract.reading import why_no_file
from lfr_eval.engine.decoding import (
    OF_STREAMS,
    BrokenSource,
    SourceError,
    check_recording,
    decoded,
    opened,
    upright,
    video_of,
)
from lfr_eval.engine.picture_folder import listed

__all__ = [
    "BrokenSource",
    "Frame",
    "LiveStream",
    "PictureFolder",
    "Source",
    "SourceError",
    "VideoFile",
    "follow",
    "source_named",
]


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
    """A source of frames."""

    @property
    def live(self) -> bool:
        """Whether frames arrive in real time and are lost if they are not processed."""

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield the frames from number `start` on.

        Raises
        ------
        SourceError
            If there is no such source.
        BrokenSource
            If it breaks off.
        """


def utc() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class VideoFile:
    """A recorded video."""

    path: Path
    live = False

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield the frames from number `start` on. Earlier frames are decoded and skipped."""
        with opened(str(self.path)) as container:
            check_recording(container, self.path)
            stream = video_of(container, self.path)
            number = -1
            for number, at, frame in decoded(container, stream, whole=True):
                if number >= start:
                    yield Frame(number, at, None if frame is None else upright(frame, stream))
        if number < 0:
            raise SourceError(
                f"{self.path} contains no frame that can be decoded. Give the whole recording."
            )


@dataclass(frozen=True)
class LiveStream:
    """A stream such as rtsp://.

    Attributes
    ----------
    began
        Start of its clock.
    clock
        Returns the time now.
    """

    url: str
    began: datetime
    clock: Callable[[], datetime] = utc
    live = True

    def frames(self, start: int) -> Iterator[Frame]:
        """Yield frames as they arrive, numbered from `start` on."""
        number = start - 1
        with opened(self.url, OF_STREAMS) as container:
            stream = video_of(container, "the stream")
            for number, _, frame in decoded(container, stream, start):
                now = (self.clock() - self.began).total_seconds()
                yield Frame(number, now, None if frame is None else upright(frame, stream))
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
            raise SourceError(f"{self.path} contains no pictures. {listing.left_out}".rstrip())
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
        raise SourceError(
            f"source={name} {why_no_file(path)}. Give a video file, a folder or a URL."
        )
    return VideoFile(path)


def follow(
    source: Source, start: int, attempts: int, wait: float, broke: Callable[[str], None]
) -> Iterator[Frame]:
    """Yield frames, and reopen an interrupted source where it stopped.

    Parameters
    ----------
    start
        Number of the first frame.
    attempts
        How many times in a row it is reopened without receiving a frame.
    wait
        Seconds before each attempt.
    broke
        Called with a sentence at each interruption.

    Raises
    ------
    BrokenSource
        If the source does not continue.
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


def _read(file: Path) -> Image.Image | None:
    try:
        return read_picture(file)
    except (OSError, PictureError):
        return None
