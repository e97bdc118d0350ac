"""Engine: a video in, its frames out as a player shows them, each with its time.

PyAV (FFmpeg) decodes. A picture is turned and mirrored as the file's display matrix says, and
its pixels are made square. Time begins with the first picture and never runs backwards.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from lfr_eval.contract.addresses import masked
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.pictures import PIXEL_LIMIT

if TYPE_CHECKING:
    import av
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

USUAL_RATE = 25.0
"""Frames a second of a source that states neither times nor a rate; FFmpeg assumes the same."""

BACKWARDS, FORWARDS = 1.0, 10.0
"""Seconds from which a step in time is a new clock and not a pause: any container backwards, and
forwards in formats whose clock may jump (MPEG-TS), as FFmpeg's own `dts_delta_threshold`."""

BACKWARDS_OF_JUMPS = 0.1
"""The same, backwards, in formats whose clock may jump; FFmpeg takes a tenth of a second there."""

FROM_ZERO = {"matroska", "nut", "asf"}
"""Formats, by FFmpeg's names, whose stated length runs from time 0 and not from the first frame."""

CLOCK_MAY_JUMP = 0x0200
"""FFmpeg's AVFMT_TS_DISCONT."""

WIDEST_PIXEL = 4.0

NO_RECORDING = {
    **dict.fromkeys(("hls", "dash", "concat", "imf", "sdp"), "a list of other files"),
    **dict.fromkeys(("tty", "bin", "xbin", "adf", "idf"), "a text"),
}
"""What FFmpeg plays although it is no recording, by the names of its formats. A list could name any
file of this machine, and may have no end."""

TRANSPOSITIONS = {
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
"""Signs of a display matrix (a, b, c, d: x' = a x + c y, y' = b x + d y) to Pillow's operations,
which turn anticlockwise."""


class SourceError(MendableError, RuntimeError):
    """The source cannot be read as video; the message says why."""


class BrokenSource(Exception):
    """The source was interrupted before its end. Reopening it may continue it."""


class Decoded(NamedTuple):
    """One frame.

    Attributes
    ----------
    number
        From 0.
    time
        Seconds since the first frame.
    frame
        None if it could not be decoded.
    """

    number: int
    time: float
    frame: av.VideoFrame | None


def opened(name: str, options: Mapping[str, str] | None = None) -> InputContainer:
    """Open a file or an address.

    Raises
    ------
    SourceError
        If PyAV is not installed, or the source cannot be opened as video.
    """
    try:
        import av
    except ImportError:
        raise SourceError(
            "Video needs PyAV, which is not installed: pip install 'lfr-eval[engine]'."
        ) from None
    try:
        # Titles and names of languages are not used, whatever their letters.
        return av.open(
            name, timeout=STALLED, options=dict(options or {}), metadata_errors="replace"
        )
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{masked(name)} cannot be opened as video: {error.strerror}.") from error


def check_recording(container: InputContainer, file: Path) -> None:
    """Refuse a file that FFmpeg plays although it is no recording.

    Raises
    ------
    SourceError
        If it is one of `NO_RECORDING`.
    """
    for name in container.format.name.split(","):
        if name in NO_RECORDING:
            raise SourceError(
                f"{file} is {NO_RECORDING[name]} ({name}) and not a recording. Give a video file."
            )


def video_of(container: InputContainer, name: object) -> VideoStream:
    """Return the video stream of a container, ignoring cover pictures and thumbnails.

    Raises
    ------
    SourceError
        If it holds no video, one that cannot be decoded, or one of enormous pictures.
    """
    stream = container.streams.best("video")
    if stream is None:
        raise SourceError(
            f"{name} contains no video. Give a video file, a folder of pictures or a stream."
        )
    found: VideoStream = container.streams.video[container.streams.video.index(stream)]
    # Its stubs know no stream without a decoder.
    context: Any = found.codec_context
    if context is None:
        raise SourceError(f"{name} holds video in a format that FFmpeg cannot decode.")
    _check_size(context.width, context.height, name)
    if context.codec.intra_only:
        # Each packet is one picture: a damaged one is refused rather than patched up.
        found.codec_context.options = {"err_detect": "explode"}
    return found


def decoded(
    container: InputContainer, stream: VideoStream, start: int = 0, whole: bool = False
) -> Iterator[Decoded]:
    """Yield the frames of a video. Frames that cannot be decoded have no picture.

    Parameters
    ----------
    start
        Number of the first frame to yield.
    whole
        Whether the container must be read to the end that it states.

    Raises
    ------
    BrokenSource
        If the video is interrupted.
    """
    from av import VideoFrame
    from av.error import FFmpegError

    number, clock, end = start - 1, _Clock(container, stream), _End(container, stream)
    packets = container.demux()
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            raise BrokenSource(f"The video breaks off after frame {number}: {error}.") from error
        if packet is None:
            break
        end.reached(packet)
        own = packet.stream is stream
        # The packets that end other streams have number 0, whatever their stream's number.
        if packet.stream_index != stream.index or not (own or packet.size):
            continue
        try:
            # A damaged table of programmes can make a video something else from here on.
            frames = packet.decode() if own else None
        except FFmpegError:
            frames = None
        if frames is None:
            number += 1
            yield Decoded(number, clock.at(_seconds(packet.pts, packet)), None)
            continue
        for frame in frames:
            number += 1
            assert isinstance(frame, VideoFrame)
            at = clock.at(clock.guess(frame))
            yield Decoded(number, at, None if frame.is_corrupt else frame)
            del frame
        del frames
    if whole and not end.is_reached():
        raise BrokenSource(f"The video breaks off after frame {number}, {clock.now:.2f} s.")


def upright(frame: av.VideoFrame, stream: VideoStream) -> Image.Image | None:
    """Return the picture of a frame as a player would show it; None if it has no colours we know.

    Raises
    ------
    SourceError
        If it is enormous.
    """
    from av.error import FFmpegError

    _check_size(frame.width, frame.height, "The video")
    try:
        picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    except (FFmpegError, ValueError):
        return None
    ratio = float(stream.sample_aspect_ratio or 1)
    if ratio != 1 and 1 / WIDEST_PIXEL <= ratio <= WIDEST_PIXEL:
        picture = picture.resize((max(1, round(picture.width * ratio)), picture.height))
    # Its stubs know texts for keys, its mapping takes both.
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    turn = None if matrix is None else transposition(bytes(matrix))
    return picture if turn is None else picture.transpose(turn)


def _check_size(width: int, height: int, name: object) -> None:
    if width * height > PIXEL_LIMIT:
        raise SourceError(
            f"{name} has pictures of {width} x {height} pixels, more than {PIXEL_LIMIT:,}. Scale "
            "it down."
        )


def transposition(matrix: bytes) -> Image.Transpose | None:
    """Return the Pillow operations for a display matrix, to the nearest quarter turn.

    Parameters
    ----------
    matrix
        FFmpeg's AV_FRAME_DATA_DISPLAYMATRIX: nine 32-bit integers, row by row.
    """
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        b = c = 0
    else:
        a = d = 0
    return TRANSPOSITIONS.get((_sign(a), _sign(b), _sign(c), _sign(d)))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


class _Clock:
    """Times of frames, in seconds since the first one."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        rate = stream.average_rate or stream.guessed_rate
        self._step = 1 / float(rate or USUAL_RATE)
        self._jumps = bool(container.format.flags & CLOCK_MAY_JUMP)
        self._backwards = BACKWARDS_OF_JUMPS if self._jumps else BACKWARDS
        self._origin: float | None = None
        self._frames = 0
        self._last, self._faults = [-math.inf, -math.inf], [0, 0]
        self.now = 0.0

    def guess(self, frame: av.VideoFrame) -> float | None:
        """Return the time that a frame states: its presentation time, or else its decoding time.

        AVI has no times of presentation, and what FFmpeg makes up for reordered frames runs back
        and forth. The rule is that of FFmpeg's `guess_correct_pts`: whichever ran back less often.
        """
        for place, ticks in enumerate((frame.pts, frame.dts)):
            if ticks is not None:
                self._faults[place] += ticks <= self._last[place]
                self._last[place] = ticks
        presented, sent = self._faults
        ticks = frame.dts if frame.pts is None or presented > sent else frame.pts
        return None if ticks is None or frame.time_base is None else float(ticks * frame.time_base)

    def at(self, stated: float | None) -> float:
        """Return the time of the next frame, using the time that it states if there is one."""
        following = self.now + self._step if self._frames else 0.0
        self._frames += 1
        if stated is None:
            self.now = following
            return self.now
        if self._origin is None:
            self._origin = stated - following
        at = stated - self._origin
        behind, ahead = self.now - at, at - self.now
        if behind > self._backwards or (self._jumps and ahead > FORWARDS):
            self._origin = stated - following
            at = following
        self.now = max(self.now, at)
        return self.now


class _End:
    """Whether a container was read to the end that it states."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        formats = {*container.format.name.split(",")}
        self._stated: float | None = None
        self._start, zero = (container.start_time or 0) / 1_000_000, bool(formats & FROM_ZERO)
        if container.duration is not None:
            self._stated = _ending(self._start, container.duration / 1_000_000, zero)
        self._own: float | None = None
        if stream.duration is not None and stream.time_base is not None:
            start = float((stream.start_time or 0) * stream.time_base)
            self._own = _ending(start, float(stream.duration * stream.time_base), zero)
        # FLV counts its length from the first packet, which reordered frames are shown after.
        self._from_sent, self._lead = "flv" in formats, 0.0
        self._left = stream.frames
        self._video = stream.index
        self._step = 1 / float(stream.average_rate or USUAL_RATE)
        self._last = self._shown = 0.0
        self._before: float | None = None

    def reached(self, packet: av.Packet[Any]) -> None:
        """Record a packet of any stream, since sound and subtitles may last longer."""
        begins = _seconds(packet.dts if packet.pts is None else packet.pts, packet)
        lasts = _seconds(packet.duration, packet) or 0.0
        sent = _seconds(packet.dts, packet) if self._from_sent else None
        self._lead = max(self._lead, 0.0 if sent is None else self._start - sent)
        if packet.stream.type == "audio":
            # Sound is padded to whole packets, which an end may count and no packet show.
            self._step = max(self._step, lasts)
        if packet.stream_index == self._video and packet.size:
            self._left -= 1
            if begins is not None and not lasts:
                # Nothing says how long the last picture stays; perhaps as long as another did.
                self._step = max(self._step, begins - (self._before or begins))
                self._before = begins
        if begins is not None:
            self._last = max(self._last, begins + lasts)
            if packet.stream_index == self._video:
                self._shown = max(self._shown, begins + lasts)

    def is_reached(self) -> bool:
        """Whether the pictures, or all streams together, were read to the stated end."""
        if self._stated is None:
            return self._left <= 0
        # The last packet begins a step before the end; half a step more for rounding.
        slack = 1.5 * self._step
        pictures = self._own is not None and self._shown + slack >= self._own
        return pictures or self._last + slack >= self._stated - self._lead


def _ending(start: float, length: float, from_zero: bool) -> float:
    # A length that is shorter than its start can only have been counted from it.
    return length if from_zero and length > start else start + length


def _seconds(ticks: int | None, packet: av.Packet[Any]) -> float | None:
    if ticks is None or packet.time_base is None:
        return None
    return float(ticks * packet.time_base)
