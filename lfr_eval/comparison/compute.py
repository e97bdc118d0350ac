"""Processors, precision and memory for comparisons. Nothing here changes a result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lfr_eval.comparison.executors import Executor, LocalExecutor
from lfr_eval.comparison.screening import Asked, Precision, choose_precision
from lfr_eval.comparison.shards import ShardFolder
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.comparison.tiles import Ints
from lfr_eval.compute.workers import single_threaded

TAIL_MEMORY = 2_000_000_000


@dataclass(frozen=True)
class Compute:
    """Workers, tiles and memory.

    Attributes
    ----------
    executor
        Executor of the work; default: one thread per core, or the GPUs.
    tile
        Templates on each side of one matrix product.
    precision
        `float32`, `bfloat16`, or `auto`: the faster one.
    tail_memory
        Bytes of memory for scores above the floor.
    scratch
        A private folder for finished shards, so that an interrupted run can continue; None: memory.
    """

    executor: Executor = field(default_factory=LocalExecutor.of)
    tile: int = 4096
    precision: Asked = "auto"
    tail_memory: int = TAIL_MEMORY
    scratch: Path | None = None

    def choose(
        self, vectors: Vectors, rows: Ints, similarity: Similarity, comparisons: int
    ) -> Precision:
        """Return the precision to screen in."""
        with single_threaded():
            return choose_precision(
                self.precision, vectors, rows, similarity, comparisons, self.executor.device
            )

    @contextmanager
    def shard_folder(self, key: str) -> Iterator[ShardFolder | None]:
        """Yield the folder of the shards of one job; it is deleted when all went well.

        Parameters
        ----------
        key
            Hash of everything that the shards depend on.
        """
        folder = ShardFolder(self.scratch / key) if self.scratch else None
        yield folder
        if folder:
            folder.remove()
