"""Contract: whether an archive (.xlsx, .npz) would unpack to far more than it seems to hold."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile, ZipFile

LEAST, TIMES = 1 << 28, 200
"""Bytes that any archive may unpack to, and how many times its own size a larger one may."""


def swollen(path: Path) -> str | None:
    """Return what is wrong with an archive that unpacks to far more than a real one would.

    The sizes are those that it states. Readers stop there, so stating less hides nothing.
    """
    with suppress(OSError, BadZipFile, NotImplementedError, ValueError), ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        packed = max(1, path.stat().st_size)
        if size > max(LEAST, TIMES * packed):
            return f"it unpacks to {size:,} bytes, {size // packed:,} times its size"
    return None
