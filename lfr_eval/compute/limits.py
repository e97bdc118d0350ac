"""Limits of this process while it reads foreign files: memory, and time of the processor."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SHARE = 0.8
"""Of the free memory, the part that a foreign file may take."""
LEAST = 1 << 28
"""Bytes that any may take."""


@dataclass
class _Limit:
    """The one limit of this process, however many threads are within it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    within: int = 0
    before: tuple[int, int] = (0, 0)


_LIMIT = _Limit()


@contextmanager
def within_free_memory(most: float = float("inf")) -> Iterator[None]:
    """Make allocations fail for which this machine has no room, so that nothing is killed.

    A few bytes of a network or of a packed page can ask for a terabyte. Only Linux counts so;
    elsewhere, nothing changes.

    Parameters
    ----------
    most
        Bytes beyond which they fail at any rate.
    """
    try:
        import resource

        limit = _held() + int(min(most, max(LEAST, SHARE * _free())))
    except (ImportError, OSError, ValueError, KeyError):
        yield
        return
    with _LIMIT.lock:
        _LIMIT.within += 1
        if _LIMIT.within == 1:
            soft, hard = _LIMIT.before = resource.getrlimit(resource.RLIMIT_AS)
            lower = limit if soft == resource.RLIM_INFINITY else min(limit, soft)
            resource.setrlimit(resource.RLIMIT_AS, (lower, hard))
    try:
        yield
    finally:
        with _LIMIT.lock:
            _LIMIT.within -= 1
            if not _LIMIT.within:
                resource.setrlimit(resource.RLIMIT_AS, _LIMIT.before)


class TookTooLong(RuntimeError):
    """What was to be done took longer than it may."""


@contextmanager
def within_seconds(seconds: float) -> Iterator[None]:
    """Stop what takes more time of the processor, such as a page that draws itself again and again.

    Only the main thread of a Unix system can be stopped; elsewhere, nothing changes.

    Raises
    ------
    TookTooLong
        Again after a second, if something passes it over.
    """
    can_stop = threading.current_thread() is threading.main_thread()
    if not (can_stop and hasattr(signal, "setitimer")):
        yield
        return

    def stop(*_: object) -> None:
        raise TookTooLong(f"it takes more than {seconds:g} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, min(seconds, 1))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _held() -> int:
    """Return the bytes of addresses that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _free() -> int:
    """Return the bytes that are free for this process: of the machine, or of its container."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = 1024 * int(dict(line.split(":") for line in lines)["MemAvailable"].split()[0])
    # There is no such file, or it says "max", where nothing limits a container.
    with suppress(OSError, ValueError, KeyError):
        group = Path("/sys/fs/cgroup")
        most = int((group / "memory.max").read_text())
        lines = (group / "memory.stat").read_text().splitlines()
        cached = int(dict(line.split() for line in lines)["inactive_file"])
        free = min(free, most - int((group / "memory.current").read_text()) + cached)
    return free
