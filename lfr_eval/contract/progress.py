"""Contract: how long work says where it is: stages by name, and counts with an estimate.

On a terminal one line is written over; elsewhere, in a log, a line comes now and then. All of it
goes to standard error. It needs the standard library only, because `inference` counts too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TextIO, TypeVar

Item = TypeVar("Item")

SILENT, TERMINAL, LOG = 2.0, 0.5, 60.0
"""Seconds before the first line, between lines on a terminal, and between lines of a log."""


@contextmanager
def stage(
    name: str,
    number: int,
    total: int,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Name a stage while it runs, and say how long it took.

    Parameters
    ----------
    number, total
        Which one of how many.
    clock
        Returns seconds.
    """
    shown, began = stream or sys.stderr, clock()
    print(f"Stage {number} of {total}: {name}", file=shown, flush=True)
    yield
    took = clock() - began
    if took >= SILENT:
        print(f"Stage {number} of {total}: {name}, done in {spoken(took)}", file=shown, flush=True)


def counted(
    items: Iterable[Item],
    what: str,
    total: int | None = None,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Yield items, and say how many are done and how long the rest may take.

    Parameters
    ----------
    what
        The items in plural.
    total
        How many there are, where `items` does not know its length.
    """
    shown = stream or sys.stderr
    terminal, total = shown.isatty(), len(items) if isinstance(items, Sized) else total
    began = clock()
    following, widest = began + (SILENT if terminal else LOG), 0
    for done, item in enumerate(items):
        if clock() >= following:
            line = _line(what, done, total, clock() - began)
            end = "" if terminal else "\n"
            print(f"\r{line:<{widest}}" if terminal else line, end=end, file=shown, flush=True)
            widest = max(widest, len(line))
            following = clock() + (TERMINAL if terminal else LOG)
        yield item
    if terminal and widest:
        print(f"\r{'':<{widest}}\r", end="", file=shown, flush=True)


def _line(what: str, done: int, total: int | None, seconds: float) -> str:
    if total is None:
        return f"  {done:,} {what} in {spoken(seconds)}"
    left = f", about {spoken(seconds * (total - done) / done)} left" if done else ""
    return f"  {done:,} of {total:,} {what}{left}"


def spoken(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> spoken(4.2), spoken(200), spoken(7000)
    ('4 s', '3 min', '1 h 57 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
