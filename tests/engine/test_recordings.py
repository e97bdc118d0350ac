"""Recordings as cameras, phones and archives make them: each frame upright, timed and counted."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageOps

from lfr_eval.engine.frames import BrokenSource, Frame, SourceError, VideoFile

RATE = 25
Times = list[float]


def record(
    path: Path,
    times: Times,
    codec: str = "mpeg4",
    sound: float = 0.0,
    start: float = 0.0,
    picture: Image.Image | None = None,
    pixel: Fraction | None = None,
    form: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video of pictures at these times, and that many seconds of sound."""
    shown = picture or Image.new("RGB", (128, 96), (90, 120, 150))
    ticks = RATE if path.suffix == ".avi" else 1000  # AVI has no times, only a rate
    with av.open(str(path), "w", format=form) as container:
        video = container.add_stream(codec, rate=RATE, options=options or {})
        video.width, video.height, video.pix_fmt = *shown.size, "yuv420p"
        video.codec_context.time_base = Fraction(1, ticks)
        if pixel is not None:
            video.codec_context.sample_aspect_ratio = pixel
        heard = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for time in times:
            frame = av.VideoFrame.from_image(shown)
            frame.pts, frame.time_base = round((time + start) * ticks), Fraction(1, ticks)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for block in range(int(sound * 16_000 / 1024)):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            samples.sample_rate, samples.pts = 16_000, block * 1024
            assert heard is not None
            container.mux(heard.encode(samples))
        if heard is not None:
            container.mux(heard.encode(None))
    return path


def steps(count: int) -> Times:
    return [number / RATE for number in range(count)]


def frames(path: Path, start: int = 0) -> list[Frame]:
    return list(VideoFile(path).frames(start))


def times(path: Path) -> Times:
    return [round(frame.time, 3) for frame in frames(path)]


@pytest.mark.parametrize("form", ["mp4", "mkv", "mov", "ts", "flv"])
@pytest.mark.parametrize("sound", [0.3, 1.2, 3.0])
def test_sound_of_any_length_ends_with_its_source(tmp_path: Path, form: str, sound: float) -> None:
    codec = "flv" if form == "flv" else "mpeg4"
    path = record(tmp_path / f"a.{form}", steps(25), codec, sound)
    assert times(path) == pytest.approx(steps(25), abs=0.002)


@pytest.mark.parametrize("start", [0.0, 3.5, 90_000.0])
def test_time_begins_with_the_first_frame_whatever_the_clock_says(
    tmp_path: Path, start: float
) -> None:
    path = record(tmp_path / "clock.ts", steps(30), start=start)
    assert times(path) == pytest.approx(steps(30), abs=0.002)
    assert [frame.time for frame in frames(path, 20)] == pytest.approx(steps(30)[20:], abs=0.002)


@pytest.mark.parametrize("start", [0.0, 3.5, 1000.0])
@pytest.mark.parametrize(
    ("form", "codec"),
    [("mkv", "libx264"), ("webm", "libvpx"), ("nut", "mpeg4"), ("wmv", "wmv2"), ("flv", "libx264")],
)
def test_a_recording_ends_whole_whatever_its_stated_length_counts_from(
    tmp_path: Path, form: str, codec: str, start: float
) -> None:
    reordered = {"bf": "3"} if codec == "libx264" else {}
    path = record(tmp_path / f"clock.{form}", steps(30), codec, start=start, options=reordered)
    assert times(path) == pytest.approx(steps(30), abs=0.002)
    if form in ("nut", "wmv"):  # What is left of these states its own length.
        return
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(BrokenSource):
        frames(path)


@pytest.mark.parametrize("form", ["mkv", "mp4", "ts"])
def test_a_recording_whose_video_holds_no_picture_is_said_to_be_one(
    tmp_path: Path, form: str
) -> None:
    source, path = record(tmp_path / "a.ts", steps(5), sound=1.0), tmp_path / f"piece.{form}"
    with av.open(str(source)) as inside, av.open(str(path), "w") as outside:
        copied = [outside.add_stream_from_template(one) for one in inside.streams]
        for packet in inside.demux(audio=0):
            if packet.dts is not None:
                packet.stream = copied[packet.stream_index]
                outside.mux(packet)
    with pytest.raises(SourceError, match=r"no frame that can be decoded|no video"):
        frames(path)


def test_pictures_that_come_later_than_the_sound_begin_at_zero(tmp_path: Path) -> None:
    path = record(tmp_path / "late.mp4", steps(25), start=1.0, sound=2.5)
    assert times(path) == pytest.approx(steps(25), abs=0.002)


@pytest.mark.parametrize("count", [10, 30])
def test_the_clock_of_a_recording_may_begin_anew_within_it(tmp_path: Path, count: int) -> None:
    whole = record(tmp_path / "a.ts", steps(count), start=5.0).read_bytes()
    other = record(tmp_path / "b.ts", steps(count), start=70_000.0).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(whole + whole + other)
    assert times(path) == pytest.approx(steps(3 * count), abs=0.05)


def test_pauses_of_a_recording_are_kept(tmp_path: Path) -> None:
    irregular = [0.0, 0.04, 0.08, 2.0, 2.04, 5.5, 5.54, 30.0]
    for form in ("mp4", "mkv"):
        path = record(tmp_path / f"a.{form}", irregular)
        assert times(path) == pytest.approx(irregular, abs=0.002)


@pytest.mark.parametrize("form", ["h264", "m4v"])
def test_a_stream_without_times_is_timed_by_its_rate(tmp_path: Path, form: str) -> None:
    codec = "libx264" if form == "h264" else "mpeg4"
    path = record(tmp_path / f"raw.{form}", steps(50), codec, form=form)
    seen = times(path)
    assert len(seen) == 50
    assert seen == sorted(set(seen))
    assert seen[:2] == pytest.approx([0.0, 1 / RATE], abs=0.011)


def test_reordered_frames_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    for form in ("mp4", "mkv", "ts"):
        path = record(tmp_path / f"b.{form}", steps(50), "libx264", options={"bf": "3", "g": "25"})
        assert times(path) == pytest.approx(steps(50), abs=0.002), form


def test_reordered_frames_without_times_come_in_order(tmp_path: Path) -> None:
    path = record(tmp_path / "b.avi", steps(50), "libx264", options={"bf": "3", "g": "25"})
    seen = times(path)
    assert seen == sorted(seen)
    assert seen == pytest.approx(steps(50), abs=2.5 / RATE)
    assert np.diff(seen)[5:] == pytest.approx(1 / RATE, abs=0.002)


def test_frames_that_an_edit_list_hides_do_not_count(tmp_path: Path) -> None:
    path = record(tmp_path / "cut.mp4", steps(100), "libx264", options={"g": "50", "bf": "2"})
    content = bytearray(path.read_bytes())
    place = content.index(b"elst") + 4
    version, entries, length, begins = struct.unpack(">B3xIIi", content[place : place + 16])
    assert (version, entries) == (0, 1)
    tick = 12_800 / RATE
    for hidden, kept in ((25, 75), (30, 40)):
        edited = bytearray(content)
        lasts = round(length * kept / 100)
        struct.pack_into(">Ii", edited, place + 8, lasts, round(begins + hidden * tick))
        path.write_bytes(edited)
        assert len(times(path)) == pytest.approx(kept, abs=1), "as a player shows it"
        assert times(path)[0] == 0.0


@pytest.mark.parametrize("form", ["mkv", "avi", "mp4"])
@pytest.mark.parametrize("sound", [0.0, 4.0])
def test_what_was_cut_short_still_breaks_off(tmp_path: Path, form: str, sound: float) -> None:
    fast = {"movflags": "faststart"} if form == "mp4" else {}
    source = record(tmp_path / f"whole.{form}", steps(100), sound=sound)
    path = tmp_path / f"cut.{form}"
    if fast:
        with av.open(str(source)) as inside, av.open(str(path), "w", options=fast) as outside:
            streams = {one.index: outside.add_stream_from_template(one) for one in inside.streams}
            for packet in inside.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream_index]
                    outside.mux(packet)
    else:
        path = source
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(BrokenSource):
        frames(path)


def turned(content: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """Return an MP4 file whose track states another display matrix (a, b, c, d)."""
    a, b, c, d = (value << 16 for value in matrix)
    changed = bytearray(content)
    place = content.index(b"tkhd") + 4 + 40
    struct.pack_into(">9i", changed, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return bytes(changed)


# What a viewer does by hand, in the words of EXIF: orientation of the stored picture.
ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


@pytest.mark.parametrize(("matrix", "orientation"), ORIENTATIONS.items())
def test_frames_are_turned_and_mirrored_as_the_file_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], orientation: int
) -> None:
    stored = Image.new("RGB", (128, 96))
    for colour, box in (
        ((250, 10, 10), (0, 0, 64, 48)),
        ((10, 250, 10), (64, 0, 128, 48)),
        ((10, 10, 250), (0, 48, 64, 96)),
    ):
        stored.paste(colour, box)
    stored.getexif()[0x0112] = orientation
    shown = ImageOps.exif_transpose(stored)
    path = record(tmp_path / "phone.mp4", steps(3), "libx264", picture=stored)
    path.write_bytes(turned(path.read_bytes(), matrix))
    (first, *_) = frames(path)
    assert first.picture is not None
    assert first.picture.size == shown.size
    difference = np.abs(np.asarray(first.picture).astype(int) - np.asarray(shown)).mean()
    assert difference < 12


def test_pixels_are_made_square(tmp_path: Path) -> None:
    path = record(tmp_path / "wide.mp4", steps(3), "libx264", pixel=Fraction(16, 11))
    assert [frame.picture and frame.picture.size for frame in frames(path)] == [(186, 96)] * 3


def test_the_cover_picture_of_a_recording_is_not_looked_at(tmp_path: Path) -> None:
    source = record(tmp_path / "a.mp4", steps(25))
    path = tmp_path / "cover.mkv"
    with av.open(str(source)) as inside, av.open(str(path), "w") as outside:
        cover = outside.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        copied = outside.add_stream_from_template(inside.streams.video[0])
        outside.mux(cover.encode(av.VideoFrame.from_image(Image.new("RGB", (32, 32)))))
        outside.mux(cover.encode(None))
        for packet in inside.demux():
            if packet.dts is not None:
                packet.stream = copied
                outside.mux(packet)
    assert [frame.picture and frame.picture.size for frame in frames(path)] == [(128, 96)] * 25


@pytest.mark.parametrize("form", ["ts", "mp4", "mkv", "avi"])
def test_a_damaged_recording_ends_with_its_frames_or_a_sentence(tmp_path: Path, form: str) -> None:
    """Damage reaches tables of programmes, names of languages and codecs that do not exist."""
    whole = record(tmp_path / f"whole.{form}", steps(10), "libx264", sound=0.5).read_bytes()
    random, path = np.random.default_rng(1), tmp_path / f"damaged.{form}"
    outcomes = set()
    for _ in range(40):
        damaged = bytearray(whole)
        for place in random.integers(0, len(damaged), random.integers(1, 60)):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        try:
            outcomes.add(len(frames(path)))
        except (SourceError, BrokenSource) as error:
            outcomes.add(type(error))
    assert len(outcomes) > 2


def test_a_language_in_odd_letters_does_not_keep_a_recording_from_being_read(
    tmp_path: Path,
) -> None:
    path = record(tmp_path / "a.mkv", steps(5))
    content = path.read_bytes()
    assert content.count(b"ENCODER") > 0
    path.write_bytes(content.replace(b"ENCODER", b"ENC\xe9\xe9ER"))
    assert len(frames(path)) == 5


def test_enormous_pictures_of_a_recording_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "a.mp4", steps(2))
    monkeypatch.setattr("lfr_eval.engine.decoding.PIXEL_LIMIT", 128 * 96 - 1)
    with pytest.raises(SourceError, match=r"pictures of 128 x 96 pixels, more than 12,287"):
        frames(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nb.ts\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", "ffconcat version 1.0\nfile b.ts\n"),
        ("a.mp4", "ffconcat version 1.0\nfile b.ts\n"),
        ("a.ans", "\x1b[31mhello\n" * 100),
    ],
)
def test_a_list_of_other_files_and_a_text_are_no_recordings(
    name: str, text: str, tmp_path: Path
) -> None:
    """FFmpeg plays both; a list could name any file here, or go on for ever."""
    record(tmp_path / "b.ts", steps(25))
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match="not a recording"):
        frames(tmp_path / name)
