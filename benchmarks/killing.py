"""A command in a process of its own that is killed at a moment, or at a write."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import lfr_eval.report.paper
import lfr_eval.study.run
import lfr_eval.tracking.runs  # noqa: F401
from lfr_eval.cli.main import main as command

WRITES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
NOT_OURS = (".lock", "-journal", "-wal", "-shm", "mlflow.db", "said", ".pyc")
"""Ends of names that are no results: locks, and what SQLite writes and mends itself."""

PR_SET_PDEATHSIG = 1


def at_writes(folder: Path, then: Callable[[int], None]) -> Callable[[], int]:
    """Call something with the number of each write below a folder; return what counts them."""
    count = 0

    def perhaps() -> None:
        nonlocal count
        count += 1
        then(count)

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

    def then(number: int) -> None:
        if number == write:
            os.kill(os.getpid(), signal.SIGKILL)

    child = begun(folder, words, None if write is None else then)
    until = None if after is None else time.monotonic() + after
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if until is not None and time.monotonic() >= until:
            with contextlib.suppress(ProcessLookupError):  # In its first instant it leads no group.
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.002)
    if write and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    check(status, folder, words)
    return True


def begun(folder: Path, words: Sequence[str], then: Callable[[int], None] | None = None) -> int:
    """Begin a command in a folder, in a process of its own; return its number.

    Parameters
    ----------
    then
        Is called with the number of each write, in that process; None: writes are not counted.
    """
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    status = 70
    with contextlib.suppress(BaseException):
        end_with(parent)
        os.setsid()
        os.chdir(folder)
        counted = None if then is None else at_writes(folder, then)
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


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # It ended before it was asked.
            os.kill(os.getpid(), signal.SIGKILL)


def check(status: int, folder: Path, words: Sequence[str]) -> None:
    """Check that a command ended well."""
    if status:
        said = (folder.parent / "said").read_text()[-800:]
        raise RuntimeError(f"{' '.join(words)} ended with {status}: {said}")


def at_every_write(folder: Path, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Kill a copy of a command's process at each of its writes; yield the write's number.

    Also yielded are the numbers of the process and of its copy, which is dead.

    Before a write, the process makes a copy of itself, which is killed: what is in the folder is
    what the kill left, and nothing that was still in the memory. The process then waits until
    whoever looks at the folder has put it back as it was. So the way to the last write is gone
    once, and not for each.
    """
    heard, tell = os.pipe()
    wait, go = os.pipe()

    def then(number: int) -> None:
        copy = os.fork()
        if copy == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(copy, 0)[1]) == signal.SIGKILL
        os.write(tell, f"{number} {os.getpid()} {copy}\n".encode())
        os.read(wait, 1)

    process = begun(folder, words, then)
    os.close(tell)
    os.close(wait)
    try:
        with os.fdopen(heard) as lines:
            for line in lines:
                number, alive, dead = map(int, line.split())
                yield number, alive, dead
                os.write(go, b".")
        check(os.waitpid(process, 0)[1], folder, words)
    except GeneratorExit:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise
    finally:
        os.close(go)
