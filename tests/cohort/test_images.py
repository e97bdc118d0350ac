"""An image is looked at before a matcher sees it."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from lfr_eval.cohort.images import check_images

from .builders import noise


def declared(path: Path, width: int, height: int) -> Path:
    """Write a PNG of a few bytes whose header declares a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"0" * 64)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize(("width", "height"), [(9_000, 8_000), (12_000, 9_000), (60_000, 60_000)])
def test_an_enormous_image_is_found_by_its_header(width: int, height: int, tmp_path: Path) -> None:
    declared(tmp_path / "bomb.png", width, height)
    (check,) = check_images(tmp_path, ["bomb.png"])
    assert check.kind == "enormous image"


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "tif", "webp", "ppm"])
def test_usual_formats_are_read_and_hashed(suffix: str, tmp_path: Path) -> None:
    path = noise(tmp_path / f"face.{suffix}", 1, (64, 48))
    (check,) = check_images(tmp_path, [path.name])
    assert check.kind is None
    assert check.digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_found_wherever_it_breaks_off(
    suffix: str, kept: float, tmp_path: Path
) -> None:
    path = noise(tmp_path / f"face.{suffix}", 1, (320, 240))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    (check,) = check_images(tmp_path, [path.name])
    assert check.kind in ("truncated image", "undecodable image")


def test_a_progressive_jpeg_that_breaks_off_is_found(tmp_path: Path) -> None:
    with Image.open(noise(tmp_path / "face.png", 1, (320, 240))) as image:
        image.save(tmp_path / "face.jpg", progressive=True)
    content = (tmp_path / "face.jpg").read_bytes()
    (tmp_path / "face.jpg").write_bytes(content[: len(content) // 2])
    (check,) = check_images(tmp_path, ["face.jpg"])
    assert check.kind == "truncated image"


def test_paths_within_the_folder_may_take_detours(tmp_path: Path) -> None:
    noise(tmp_path / "a" / "face.png", 1)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    checks = check_images(tmp_path, ["a/face.png", "a/../a/face.png", "b/face.png"])
    assert [check.kind for check in checks] == [None] * 3
    assert len({check.digest for check in checks}) == 1


def test_a_manifest_folder_behind_a_link_is_still_its_own_folder(tmp_path: Path) -> None:
    noise(tmp_path / "real" / "face.png", 1)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (check,) = check_images(tmp_path / "link", ["face.png"])
    assert check.kind is None


@pytest.mark.parametrize("path", ["a\0b.png", "~/face.png", "https://example.org/face.png", "loop"])
def test_what_cannot_be_a_file_is_a_problem_and_no_crash(path: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (check,) = check_images(tmp_path, [path])
    assert check.kind is not None
