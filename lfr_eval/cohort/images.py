"""Stage cohort: image paths in, the SHA-256 digest or the problem of each out.

Before any matcher sees an image, this module checks that it is in the manifest's folder, that its
header declares a size that can be decoded safely, and that it can be decoded to the end.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from lfr_eval.contract.pictures import PictureError, check_picture, content_of


@dataclass(frozen=True)
class ImageCheck:
    """Result of checking one image file.

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
    """Check image files, in threads.

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
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 1)) as pool:
        # Pillow warns about decompression bombs and damaged metadata; the checks say it better.
        warnings.simplefilter("ignore")
        return list(pool.map(lambda path: _check(home, path), paths))


def _check(home: Path, path: str) -> ImageCheck:
    if outside := _outside(home, path):
        return outside
    file = home / path
    digest = None
    try:
        file.stat()
    except (OSError, ValueError):
        remedy = "Add the file or correct the path (relative to the manifest, with '/')."
        return ImageCheck(None, "missing file", "there is no such file", remedy)
    try:
        content = content_of(file)
        digest = hashlib.sha256(content).hexdigest()
        check_picture(content)
    except PictureError as error:
        return ImageCheck(digest, error.kind, error.message, error.remedy)
    except OSError as error:
        message = f"the file cannot be read ({error.strerror})"
        return ImageCheck(None, "unreadable file", message, "Check its permissions.")
    return ImageCheck(digest)


def _outside(home: Path, path: str) -> ImageCheck | None:
    windows = PureWindowsPath(path)
    if PurePosixPath(path).is_absolute() or windows.drive or windows.root:
        remedy = "Write paths relative to the manifest, so that the folder can be moved."
        return ImageCheck(None, "absolute path", "the path is absolute", remedy)
    try:
        resolved = (home / path).resolve()
    except (OSError, ValueError, RuntimeError):
        return ImageCheck(None, "missing file", "this is not a valid path", "Correct the path.")
    if not resolved.is_relative_to(home):
        remedy = "Put the image below the manifest's folder."
        message = "the path leaves the manifest's folder"
        if ".." not in PurePosixPath(path).parts:
            message += " through a symbolic link"
        return ImageCheck(None, "path outside", message, remedy)
    return None
