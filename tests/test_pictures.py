"""A picture is read as it was meant, whatever its depth, colours or position, or it is refused."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from lfr_eval.contract.pictures import PictureError, check_picture, is_picture, read_picture
from lfr_eval.engine.frames import PictureFolder
from lfr_eval.engine.picture_folder import listed

RAMP = np.tile(np.arange(256, dtype=np.uint16), (16, 1))
"""Every grey level of 8 bits."""


def written(picture: Image.Image, kind: str, **settings: object) -> bytes:
    with io.BytesIO() as file:
        picture.save(file, kind, **settings)
        return file.getvalue()


def png(rows: np.ndarray, colour: int, bits: int) -> bytes:
    """A PNG written by hand: rows of big-endian values, (height, width[, channels])."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    height, width = rows.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    lines = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in rows)
    data = zlib.compress(lines)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def white_is_zero(values: np.ndarray) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    content = written(Image.fromarray(values), "TIFF", tiffinfo=tags)
    with Image.open(io.BytesIO(content)) as image:
        assert image.tag_v2[262] == 1  # type: ignore[attr-defined]
    # PhotometricInterpretation, a SHORT: 1 (black is zero) becomes 0.
    entry = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    assert content.count(entry) == 1
    return content.replace(entry, struct.pack("<HHIHH", 262, 3, 1, 0, 0))


DEEP: dict[str, Callable[[], bytes]] = {
    "grey png": lambda: png(RAMP * 257, 0, 16),
    "grey tiff": lambda: written(Image.fromarray(RAMP * 257), "TIFF"),
    "compressed tiff": lambda: written(Image.fromarray(RAMP * 257), "TIFF", compression="tiff_lzw"),
    "tiff where white is zero": lambda: white_is_zero(65_535 - RAMP * 257),
    "grey pgm": lambda: b"P5 256 16 65535\n" + (RAMP * 257).astype(">u2").tobytes(),
    "colour png": lambda: png(np.stack([RAMP * 257] * 3, 2), 2, 16),
    "grey and opaque png": lambda: png(np.stack([RAMP * 257, RAMP * 0 + 65_535], 2), 4, 16),
    "jpeg 2000": lambda: written(Image.fromarray(RAMP * 257), "JPEG2000"),
}


@pytest.mark.parametrize("name", DEEP)
def test_sixteen_bits_keep_every_grey_level(name: str) -> None:
    content = DEEP[name]()
    check_picture(content)
    read = np.asarray(read_picture(content))
    assert read.shape == (16, 256, 3)
    assert np.array_equal(read, np.stack([RAMP] * 3, 2))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: written(Image.fromarray(RAMP.astype(np.int32)), "TIFF"), "32-bit integers"),
        (lambda: written(Image.fromarray(RAMP / np.float32(255)), "TIFF"), "floating-point"),
        (lambda: written(Image.fromarray(RAMP * 16), "TIFF"), "above 4,080 of 65,535"),
        (lambda: png(RAMP * 64, 0, 16), "above 16,320 of 65,535"),
        (lambda: png(np.stack([RAMP * 16] * 3, 2), 2, 16), "above 15 of 255"),
        (lambda: written(Image.new("LAB", (4, 4)), "TIFF"), "the mode LAB"),
    ],
)
def test_values_without_an_agreed_white_are_refused(
    content: Callable[[], bytes], message: str
) -> None:
    for read in (read_picture, check_picture):
        with pytest.raises(PictureError, match=message):
            read(content())


COLOURS = Image.new("RGB", (32, 32), (200, 40, 90))
COLOURS.paste((20, 180, 120), (0, 0, 16, 32))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("JPEG", {"quality": 100, "subsampling": 0}), ("TIFF", {})],
)
def test_cmyk_has_the_colours_it_was_made_of(kind: str, settings: dict[str, object]) -> None:
    read = np.asarray(read_picture(written(COLOURS.convert("CMYK"), kind, **settings))).astype(int)
    assert np.abs(read - np.asarray(COLOURS)).max() <= 4


def test_what_is_transparent_is_white_and_what_is_opaque_is_itself() -> None:
    hidden = COLOURS.convert("RGBA")
    hidden.putalpha(Image.new("L", (32, 32), 255))
    assert np.array_equal(read_picture(written(hidden, "PNG")), np.asarray(COLOURS))
    hidden.paste((0, 0, 0, 0), (0, 0, 16, 32))
    hidden.paste((0, 0, 0, 51), (16, 0, 32, 16))
    read = np.asarray(read_picture(written(hidden, "PNG")))
    assert (read[:, :16] == 255).all()
    assert (read[:16, 16:] == 204).all()  # a fifth of black over white
    assert (read[16:, 16:] == (200, 40, 90)).all()


def test_grey_with_transparency_and_palettes_with_transparency() -> None:
    grey = Image.new("LA", (8, 8), (90, 255))
    grey.paste((0, 0), (0, 0, 4, 8))
    read = np.asarray(read_picture(written(grey, "PNG")))
    assert (read[:, :4] == 255).all()
    assert (read[:, 4:] == 90).all()
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.paste(0, (0, 0, 4, 8))
    read = np.asarray(read_picture(written(palette, "PNG", transparency=0)))
    assert (read[:, :4] == 255).all()
    assert (read[:, 4:] == (10, 20, 30)).all()
    assert (np.asarray(read_picture(written(palette, "PNG")))[:, :4] == 0).all()


def test_one_bit_is_black_and_white() -> None:
    bits = Image.new("1", (8, 8), 1)
    bits.paste(0, (0, 0, 4, 8))
    for kind in ("PNG", "TIFF", "BMP", "PPM"):
        read = np.asarray(read_picture(written(bits, kind)))
        assert (read[:, :4] == 0).all()
        assert (read[:, 4:] == 255).all()


UPRIGHT = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[9, 9, 9], [99, 99, 99], [0, 0, 0]]])
"""Two rows of three pixels, all different."""

SEEN = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT, 1),
    7: UPRIGHT[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}
"""What a camera stores in each orientation, so that it is seen upright (EXIF 2.3, 4.6.4 A)."""


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", SEEN)
def test_every_orientation_is_seen_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(SEEN[orientation]).astype(np.uint8))
    more: dict[str, object] = {"lossless": True} if kind == "WEBP" else {}
    content = written(stored, kind, exif=exif, **more)
    assert np.array_equal(read_picture(content), UPRIGHT)


def exif_of(*entries: tuple[int, int, int, bytes]) -> bytes:
    """EXIF data of raw entries: tag, type, count and four bytes."""
    body = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3].ljust(4, b"\0") for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + b"\0\0\0\0"


SIX = (0x0112, 3, 1, b"\x06\0")


@pytest.mark.parametrize(
    "odd",
    [
        (0x010F, 5, 1, b"\x01\0\0\0"),
        (0x011A, 1, 1, b"\x01"),
        (0x0002, 4, 1, b"abc\0"),
        (0x9003, 2, 1, b"\xff\xff\xff\xff"),
        (0x8769, 4, 1, b"\xff\xff\xff\x7f"),
        (0x010E, 7, 4, b"\0\1\2\3"),
    ],
)
def test_odd_exif_tags_do_not_matter(odd: tuple[int, int, int, bytes]) -> None:
    lying = Image.new("RGB", (32, 16), (120, 90, 60))
    entries = sorted([SIX, odd])
    content = written(lying, "JPEG", exif=exif_of(*entries))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_picture(content).size == (16, 32)
        check_picture(content)


@pytest.mark.parametrize(
    "exif",
    [
        exif_of((0x0112, 2, 2, b"6\0")),
        exif_of((0x0112, 3, 1, b"\x63\0")),
        exif_of(SIX).replace(b"II*", b"XX*"),
        exif_of(SIX)[:18],
    ],
)
def test_an_orientation_that_nobody_can_read_turns_nothing(exif: bytes) -> None:
    content = written(Image.new("RGB", (32, 16)), "JPEG", exif=exif)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_picture(content).size == (32, 16)
        check_picture(content)


def test_several_pictures_in_one_file_are_refused_and_previews_are_not() -> None:
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (10, 200, 90)]
    for kind in ("PNG", "WEBP", "TIFF"):
        content = written(frames[0], kind, save_all=True, append_images=frames[1:])
        for read in (read_picture, check_picture):
            with pytest.raises(PictureError, match="holds 3 pictures"):
                read(content)
    # Phones write the photograph first and previews behind it (MPO).
    content = written(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert np.asarray(read_picture(content))[0, 0, 0] == pytest.approx(10, abs=2)
    preview = Image.new("RGB", (4, 4))
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    with io.BytesIO() as file:
        frames[0].save(file, "TIFF", save_all=True, append_images=[preview])
        assert np.array_equal(read_picture(file.getvalue()), frames[0])


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xff\x0a" + b"\0" * 30, "a JPEG XL image"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIF"),
        (written(Image.new("RGB", (8, 8)), "AVIF"), "an AVIF image"),
        (written(Image.new("RGB", (8, 8)), "GIF"), "a GIF image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "a PostScript file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"hello", "not an image in a known format"),
        (b"", "not an image in a known format"),
    ],
)
def test_other_formats_are_refused_by_their_name(content: bytes, name: str) -> None:
    for read in (read_picture, check_picture):
        with pytest.raises(PictureError, match=name):
            read(content)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_a_picture_that_breaks_off_is_refused(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    content = written(Image.fromarray(noise), kind)
    for share in (0.2, 0.5, 0.8):
        for read in (read_picture, check_picture):
            with pytest.raises(PictureError):
                read(content[: int(len(content) * share)])


@pytest.mark.parametrize("look", [read_picture, check_picture])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_that_was_cut_and_given_an_end_is_refused(
    mode: str, look: Callable[[bytes], object]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (96, 96, 3), np.uint8)
    whole = written(Image.fromarray(noise).convert(mode), "JPEG")
    look(whole)
    look(written(Image.new(mode, (96, 96), (128,) * 3 if mode == "RGB" else 128), "JPEG"))
    with pytest.raises(PictureError, match="cut short"):
        look(whole[: len(whole) * 2 // 3] + b"\xff\xd9")


def test_a_jpeg_is_not_refused_by_its_check_and_then_read() -> None:
    """Cut after each number of rows, in pictures whose height is no multiple of a block's."""
    noise = np.random.default_rng(1).integers(0, 255, (70, 90, 3), np.uint8)
    for quality in (30, 90):
        whole = written(Image.fromarray(noise), "JPEG", quality=quality)
        for share in np.linspace(0.3, 0.99, 24):
            content = whole[: int(share * len(whole))] + b"\xff\xd9"
            refused = []
            for look in (check_picture, read_picture):
                try:
                    look(content)
                except PictureError:
                    refused.append(look)
            assert len(refused) in (0, 2), (quality, share)


def test_what_is_checked_is_what_is_read(tmp_path: Path) -> None:
    COLOURS.save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png"), COLOURS)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "b.png")
    with pytest.raises(PictureError, match="not a file"):
        read_picture(tmp_path)
    assert is_picture(tmp_path / "a.png")


def test_a_folder_is_looked_at_in_natural_order_and_says_what_it_leaves_out(
    tmp_path: Path,
) -> None:
    names = ["frame_1.png", "frame_2.jpeg", "Frame_10.png", "frame_011.png"]
    for shade, name in enumerate(names):
        Image.new("RGB", (8, 8), (shade * 50,) * 3).save(tmp_path / name)
    (tmp_path / "frame_2.jpeg").rename(tmp_path / "frame_2.dat")  # a picture, whatever its name
    (tmp_path / "frame_3.jp2").write_bytes(b"broken")  # a frame that cannot be decoded
    (tmp_path / "frame_4.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden").write_text("no picture")
    (tmp_path / "more.png").mkdir()
    frames = list(PictureFolder(tmp_path, 5).frames(0))
    shades = [f.picture and round(np.asarray(f.picture)[0, 0, 0] / 50) for f in frames]
    assert shades == [0, 1, None, 2, 3]
    said = listed(tmp_path).left_out
    assert "3 files left out" in said
    assert all(name in said for name in ("frame_4.heic", "more.png", "notes.txt"))
    assert listed(tmp_path / "more.png").left_out == ""


def test_mutated_files_are_read_or_refused_in_words() -> None:
    """The benchmark, at a size of seconds: no traceback, and none lost without a word."""
    program = Path(__file__).parents[1] / "benchmarks" / "fuzz_images.py"
    words = [sys.executable, str(program), "--images", "200", "--seed", "5"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.stdout.endswith(": 0 faults\n"), told.stdout[-2000:] + told.stderr[-2000:]
    ends = re.findall(r"^ *([\d,]+)  (read|refused)", told.stdout, re.MULTILINE)
    assert sum(int(count) for count, _ in ends) == 200
    assert int(ends[0][0]) >= 30
