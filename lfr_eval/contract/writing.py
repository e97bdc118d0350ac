"""Shared by all that writes: a file is there whole, or as it was before.

Files and folders are private: only their owner can read them.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ASIDE = re.compile(r"\.(.+)\.([0-9]+)\.aside")
"""A file that is being written: its name, and the process that writes it."""


@contextmanager
def written_aside(path: Path, new: bool = False, tidy: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; put it in the place of `path` when all went well.

    Parameters
    ----------
    new
        Whether there must be no such file before.
    tidy
        Whether to delete what an earlier process left that died while it wrote this file. It takes
        a look at every name of the folder, so say no where files are many and others tidy up.

    Raises
    ------
    FileExistsError
        If there is one, and it must be new.
    """
    if tidy:
        clear_dead(path.parent, glob.escape(path.name))
    aside = path.with_name(f".{path.name}.{os.getpid()}.aside")
    try:
        # Made here, so that nobody else can ever open it.
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield aside
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        if new and path.exists():
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        aside.replace(path)
        _settle(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def write_whole(file: int, content: bytes) -> None:
    """Write all of the content to an open file, and wait until it is on the disk.

    Raises
    ------
    OSError
        If the disk is full.
    """
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)


def check_room(folder: Path, needed: int) -> None:
    """Refuse to write more than fits on a disk; if its free room is unknown, refuse nothing.

    Raises
    ------
    OSError
        ENOSPC, if fewer bytes are free than needed.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if needed > free:
        why = f"{needed:,} bytes are needed and {free:,} are free"
        raise OSError(errno.ENOSPC, why, str(folder))


def leftover(path: Path) -> bool:
    """Return whether a file is one that a process was writing when it died."""
    found = ASIDE.fullmatch(path.name)
    return found is not None and not _alive(int(found[2]))


def clear_dead(folder: Path, name: str = "*") -> None:
    """Delete what processes left half-written in a folder, or of one file, that died since."""
    # A folder may be enormous, gone or closed to us.
    with suppress(OSError):
        for path in list(folder.glob(f".{name}.*.aside")):
            if leftover(path):
                path.unlink(missing_ok=True)


def clear_asides(folder: Path) -> None:
    """Delete what other processes left half-written in a folder that is held by the caller."""
    for path in folder.iterdir():
        found = ASIDE.fullmatch(path.name)
        if found and int(found[2]) != os.getpid():
            path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def private_folder(path: Path) -> None:
    """Create a folder that only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)


@contextmanager
def kept_private() -> Iterator[None]:
    """Make files and folders that only their owner can read, while this holds."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with written_aside(path) as aside:
        aside.write_bytes(content)


def json_text(value: object) -> str:
    """Return a JSON text that people can read, too."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json_text(value))
