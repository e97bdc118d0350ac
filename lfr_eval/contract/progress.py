"""Contract: how long work says where it is: stages by name, and counts with an estimate.

On a terminal there is a bar; elsewhere, in a log, a line comes now and then. All of it goes to
standard error. Off a terminal it needs the standard library only, because `inference` counts too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TextIO, TypeVar

Item = TypeVar("Item")

SILENT, LOG = 2.0, 60.0
"""Seconds from which on a stage says how long it took, and between lines of a log."""


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
    total = len(items) if isinstance(items, Sized) else total
    with counting(what, total, stream, clock) as done:
        for item in items:
            yield item
            done(1)


@contextmanager
def counting(
    what: str,
    total: float | None = None,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[float], None]]:
    """Yield a function that is told of every so many done, and says how long the rest may take."""
    shown = stream or sys.stderr
    if shown.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Left

        said = TextColumn("{task.description}", markup=False)
        columns = (BarColumn(), MofNCompleteColumn(), said, Left())
        screen = Console(file=getattr(shown, "steered", shown))
        with Progress(*columns, console=screen, transient=True, get_time=clock) as bar:
            task = bar.add_task(what, total=total)
            yield lambda more: bar.advance(task, more)
        return
    began = clock()
    following, number = began + LOG, 0.0

    def done(more: float) -> None:
        nonlocal following, number
        number += more
        if clock() >= following:
            print(_line(what, number, total, clock() - began), file=shown, flush=True)
            following = clock() + LOG

    yield done


def _line(what: str, done: float, total: float | None, seconds: float) -> str:
    if total is None:
        return f"  {done:,.0f} {what} in {spoken(seconds)}"
    left = f", about {spoken(seconds * (total - done) / done)} left" if done else ""
    return f"  {done:,.0f} of {total:,.0f} {what}{left}"


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
