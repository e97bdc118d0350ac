"""Shards on a Ray cluster: tasks anywhere, results here (shards to results).

Ray moves the templates once to each machine, where all workers read one copy in shared memory, and
each result back once. If a machine is lost, its tasks are done again on another one. Nothing else
is repeated, because a result depends on its shard alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from lfr_eval import __version__
from lfr_eval.comparison.executors import Job
from lfr_eval.comparison.tiles import Shard
from lfr_eval.compute.cluster import check_version, connect, workers
from lfr_eval.compute.workers import single_threaded

Result = TypeVar("Result")
IN_FLIGHT = 2
"""Tasks submitted at once, in multiples of the number of workers."""


@dataclass(frozen=True)
class RayExecutor:
    """The workers of a Ray cluster.

    Attributes
    ----------
    address
        `auto`: the cluster that this machine belongs to; HOST:PORT of a head; None: the one that
        this process is connected to, or else a new one on this machine.
    use_gpus
        One GPU a task instead of one processor core.
    """

    address: str | None = None
    use_gpus: bool = False

    @property
    def device(self) -> str:
        """The kind of device that tasks use; a worker sees its own GPU only."""
        return "cuda:0" if self.use_gpus else "cpu"

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        """Yield shards with their results as they are finished, in any order.

        Raises
        ------
        ClusterError
            If Ray is not installed, there is no such cluster, it has no worker of the kind, or a
            machine of it runs another version of this package.
        """
        ray = connect(self.address)
        count = workers(ray, "GPU" if self.use_gpus else "CPU")
        task = ray.remote(num_cpus=0 if self.use_gpus else 1, num_gpus=int(self.use_gpus))(_work)
        # A lost machine is no fault of the task: it is tried again until it is done.
        task = task.options(max_retries=-1)
        shared = ray.put(job)
        waiting = iter(sorted(shards, key=lambda shard: -shard.comparisons))
        running: dict[Any, Shard] = {}

        def submit(count: int) -> None:
            for shard in islice(waiting, count):
                running[task.remote(shared, shard, self.device)] = shard

        submit(IN_FLIGHT * count)
        try:
            while running:
                finished, _ = ray.wait(list(running), num_returns=1)
                for one in finished:
                    version, result = ray.get(one)
                    check_version(version)
                    submit(1)
                    yield running.pop(one), result
        finally:
            for one in running:
                ray.cancel(one, force=False)


def _work(job: Job[Result], shard: Shard, device: str) -> tuple[str, Result]:
    with single_threaded():
        return __version__, job.run(shard, device)
