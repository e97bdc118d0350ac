"""Workers of this machine: threads that each compute alone, and stages that overlap."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


def cores() -> int:
    """Return how many processor cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let torch use one thread for each product, and no shortcuts in float32.

    Threads of ours are the workers. Several threads within one product wait for the slowest of
    them, and collapse where another program has one of the cores.
    """
    import torch

    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)


def one_thread() -> None:
    """Let torch use one thread in this worker."""
    import torch

    torch.set_num_threads(1)


def overlapping(items: Iterable[In], function: Callable[[In], Out], workers: int) -> Iterator[Out]:
    """Yield `function(item)` in the order of the items, made by workers ahead of the consumer.

    One stage of a pipeline: give the iterator of one stage to the next as its items, and all
    stages work at once. No more than twice as many items as workers are waiting, so that memory
    is bounded; an error of an item is raised in its turn, and what has not begun is not done.
    """
    waiting: deque[Future[Out]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(workers, initializer=one_thread) as pool:
        try:
            for item in islice(source, 2 * workers):
                waiting.append(pool.submit(function, item))
            while waiting:
                done = waiting.popleft().result()
                for item in islice(source, 1):
                    waiting.append(pool.submit(function, item))
                yield done
        finally:
            for future in waiting:
                future.cancel()
