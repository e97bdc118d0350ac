"""A command in a process of its own that is killed at a moment, or at a write."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import lfr_eval.report.document
import lfr_eval.report.pdf
import lfr_eval.study.run
import lfr_eval.tracking.runs  # noqa: F401
from lfr_eval.cli.main import main as command

WRITES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
NOT_OURS = (".lock", "-journal", "-wal", "-shm", "mlflow.db", "said", ".pyc")
"""Ends of names that are no results: locks, and what SQLite writes and mends itself."""


def die_at(folder: Path, place: int) -> Callable[[], int]:
    """Make this process kill itself at a write below a folder; return what counts them."""
    count = 0

    def perhaps() -> None:
        nonlocal count
        count += 1
        if count == place:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, details: tuple[object, ...]) -> None:
        if event != "open" and event not in WRITES:
            return
        if not isinstance(details[0], str | os.PathLike):
            return
        name = str(folder / os.fspath(details[0]))
        if not name.startswith(str(folder)) or name.endswith(NOT_OURS):
            return
        if event != "open" or (isinstance(details[2], int) and details[2] & _WRITING):
            perhaps()

    synced = os.fsync

    def slow(file: int) -> None:
        perhaps()
        synced(file)

    os.fsync = slow
    sys.addaudithook(hook)
    return lambda: count


_WRITING = os.O_WRONLY | os.O_RDWR


def forked(
    folder: Path, words: Sequence[str], after: float | None = None, write: int | None = None
) -> bool:
    """Run a command in a folder; kill it after so many seconds. Whether it came to its end.

    Parameters
    ----------
    write
        The write at which it dies instead; 0: it counts them.

    Raises
    ------
    RuntimeError
        If it ended otherwise than by the kill, and not well.
    """
    child = os.fork()
    if child == 0:
        status = 70
        with contextlib.suppress(BaseException):
            os.setsid()
            os.chdir(folder)
            counted = None if write is None else die_at(folder, write)
            with (folder.parent / "said").open("w") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            try:
                status = command(list(words))
            except SystemExit as end:
                status = int(end.code or 0)
            if counted is not None:
                (folder.parent / "writes").write_text(str(counted()))
        os._exit(status)
    until = None if after is None else time.monotonic() + after
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if until is not None and time.monotonic() >= until:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.002)
    if write and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status:
        said = (folder.parent / "said").read_text()[-800:]
        raise RuntimeError(f"{' '.join(words)} ended with {status}: {said}")
    return True
