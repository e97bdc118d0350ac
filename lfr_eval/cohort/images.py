"""Stage cohort: image paths in, a SHA-256 digest of each, or what is wrong with it, out.

An image is looked at before any matcher sees it: that it lies in the manifest's folder, that its
header declares a size that can be decoded safely, and that it can be decoded to the end.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from PIL import Image, UnidentifiedImageError

PIXEL_LIMIT = 64_000_000
"""Pixels of the largest image that is decoded; below Pillow's own limit (89 million)."""

BYTE_LIMIT = 256 * 1024 * 1024
"""Bytes of the largest image file that is read."""

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000")
"""Formats that are decoded. Formats whose decoders run other programs (EPS) are not."""


@dataclass(frozen=True)
class ImageCheck:
    """What looking at one image file found.

    Attributes
    ----------
    digest
        SHA-256 of the file; None where it could not be read.
    kind, message, remedy
        What is wrong, as in `Problem`; None where nothing is.
    """

    digest: str | None = None
    kind: str | None = None
    message: str = ""
    remedy: str = ""


def check_images(root: Path, paths: Sequence[str]) -> list[ImageCheck]:
    """Look at image files, in threads.

    Parameters
    ----------
    root
        The manifest's folder.
    paths
        Paths relative to it, as written in the manifest.

    Returns
    -------
    list of ImageCheck
        One for each path, in order.
    """
    home = root.resolve()
    # Pillow knows only some formats until it is told to load them all.
    Image.init()
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 1)) as pool:
        # Pillow warns about decompression bombs and damaged metadata; the checks say it better.
        warnings.simplefilter("ignore")
        return list(pool.map(lambda path: _check(home, path), paths))


def _check(home: Path, path: str) -> ImageCheck:
    if outside := _outside(home, path):
        return outside
    file = home / path
    try:
        status = file.stat()
    except (OSError, ValueError):
        remedy = "Add the file or correct the path (relative to the manifest, with '/')."
        return ImageCheck(None, "missing file", "there is no such file", remedy)
    if not stat.S_ISREG(status.st_mode):
        return ImageCheck(None, "missing file", "this is not a file", "Name an image file.")
    if status.st_size == 0:
        return ImageCheck(None, "empty image", "the file has no bytes", "Copy the image again.")
    if status.st_size > BYTE_LIMIT:
        message = f"the file has {status.st_size:,} bytes, more than {BYTE_LIMIT:,}"
        return ImageCheck(None, "enormous image", message, "Save the image smaller.")
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"the file cannot be read ({error.strerror})"
        return ImageCheck(None, "unreadable file", message, "Check its permissions.")
    return _decode(content, hashlib.sha256(content).hexdigest())


def _outside(home: Path, path: str) -> ImageCheck | None:
    windows = PureWindowsPath(path)
    if PurePosixPath(path).is_absolute() or windows.drive or windows.root:
        remedy = "Write paths relative to the manifest, so that the folder can be moved."
        return ImageCheck(None, "absolute path", "the path is absolute", remedy)
    try:
        resolved = (home / path).resolve()
    except (OSError, ValueError, RuntimeError):
        return ImageCheck(None, "missing file", "this cannot be a path", "Correct the path.")
    if not resolved.is_relative_to(home):
        remedy = "Put the image below the manifest's folder."
        message = "the path leaves the manifest's folder"
        if ".." not in PurePosixPath(path).parts:
            message += " through a symbolic link"
        return ImageCheck(None, "path outside", message, remedy)
    return None


def _decode(content: bytes, digest: str) -> ImageCheck:
    try:
        with Image.open(
            io.BytesIO(content), formats=[name for name in FORMATS if name in Image.OPEN]
        ) as image:
            width, height = image.size
            if width * height > PIXEL_LIMIT:
                message = f"{width} x {height} pixels, more than {PIXEL_LIMIT:,}"
                return ImageCheck(digest, "enormous image", message, "Save the image smaller.")
            # A JPEG decoded at an eighth of its size still reads every byte, in less time.
            image.draft("L", (max(1, width // 8), max(1, height // 8)))
            image.load()
    except Image.DecompressionBombError:
        message = "the header declares far more pixels than can be decoded safely"
        return ImageCheck(digest, "enormous image", message, "Save the image smaller.")
    except UnidentifiedImageError:
        message = f"not an image in a known format ({', '.join(FORMATS)})"
        return ImageCheck(digest, "undecodable image", message, "Convert it to JPEG or PNG.")
    except Exception as error:
        # Decoders raise many types for damaged data; each of them makes the image unusable.
        kind = "truncated image" if "truncated" in str(error).lower() else "undecodable image"
        message = f"the image cannot be decoded ({str(error) or type(error).__name__})"
        return ImageCheck(digest, kind, message, "Copy the image again from its source.")
    return ImageCheck(digest)
