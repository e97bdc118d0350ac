"""Executors: threads of this machine, its GPUs, or a Ray cluster (shards to results)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from lfr_eval.comparison.sides import ComparisonError
from lfr_eval.comparison.tiles import Shard
from lfr_eval.compute.workers import cores, one_thread, single_threaded

Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")


class Job(Protocol[Result_co]):
    """Work that is the same for every shard, and can be sent to another machine."""

    def run(self, shard: Shard, device: str) -> Result_co:
        """Return the result of a shard: the same wherever and however often it is made."""


class Executor(Protocol):
    """Runs a job on shards."""

    @property
    def device(self) -> str:
        """A device of the kind that is used, to choose a precision for."""

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        """Yield shards with their results as they are finished, in any order."""


@dataclass(frozen=True)
class LocalExecutor:
    """One thread per worker; a worker is a processor core or a GPU.

    Each worker multiplies with one thread of its own.

    Attributes
    ----------
    devices
        The device of each worker: `cpu` as often as there are to be threads, `cuda:0`, ...
    """

    devices: tuple[str, ...]

    @classmethod
    def of(cls, threads: int = 0, device: str = "auto") -> LocalExecutor:
        """Return an executor for this machine.

        Parameters
        ----------
        threads
            Workers on the processor; 0: one per core that this process may use.
        device
            `cpu`, `cuda` (every GPU), `cuda:1` (one), or `auto`: GPUs where there are any.

        Raises
        ------
        ComparisonError
            If there is no such device.
        """
        import torch

        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        gpus = [f"cuda:{index}" for index in range(found)]
        if device == "auto":
            device = "cuda" if gpus else "cpu"
        if device == "cpu":
            return cls(("cpu",) * (threads or cores()))
        wanted = gpus if device == "cuda" else [one for one in gpus if one == device]
        if not wanted:
            raise ComparisonError(
                f"There is no device '{device}' here, only {', '.join(['cpu', *gpus])}. Choose "
                "compute.device=auto."
            )
        return cls(tuple(wanted))

    @property
    def device(self) -> str:
        """The first worker's device."""
        return self.devices[0]

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        """Yield shards with their results as they are finished, in any order."""
        free: queue.SimpleQueue[str] = queue.SimpleQueue()
        for device in self.devices:
            free.put(device)
        own = threading.local()

        def start() -> None:
            one_thread()
            own.device = free.get_nowait()

        def work(shard: Shard) -> tuple[Shard, Result]:
            return shard, job.run(shard, own.device)

        # The largest first, and no more results in memory than workers make while one is used.
        waiting = iter(sorted(shards, key=lambda shard: -shard.comparisons))
        with single_threaded(), ThreadPoolExecutor(len(self.devices), "tiles", start) as pool:
            running: set[Future[tuple[Shard, Result]]] = set()
            try:
                for shard in islice(waiting, 2 * len(self.devices)):
                    running.add(pool.submit(work, shard))
                while running:
                    finished, running = wait(running, return_when=FIRST_COMPLETED)
                    for shard in islice(waiting, len(finished)):
                        running.add(pool.submit(work, shard))
                    for future in finished:
                        yield future.result()
            finally:
                # Also where the consumer stopped: what has not begun need not be done.
                for future in running:
                    future.cancel()
