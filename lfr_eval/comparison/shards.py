"""Shard files, so that finished shards are not computed again (results to files and back).

A shard's result depends only on the shard, not on who computes it or how often. Each is written to
a temporary file and renamed. After an interruption or a full disk, only the unfinished shards are
computed again.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from lfr_eval.comparison.executors import Executor, Job
from lfr_eval.comparison.sides import ComparisonError
from lfr_eval.comparison.tiles import Shard
from lfr_eval.contract.errors import DISK_FULL
from lfr_eval.contract.folder import written_aside
from lfr_eval.contract.progress import counting


class ArraysOnly(Protocol):
    """A dataclass whose fields are numpy arrays."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Result = TypeVar("Result", bound=ArraysOnly)


@dataclass(frozen=True)
class ShardFolder:
    """A private folder with one file per finished shard."""

    path: Path

    def file(self, shard: Shard) -> Path:
        """Return where the result of a shard is."""
        return self.path / f"shard-{shard.number:06d}.npz"

    def read(self, shard: Shard, kind: type[Result]) -> Result:
        """Read a finished shard."""
        with np.load(self.file(shard), allow_pickle=False) as arrays:
            return kind(**{entry.name: arrays[entry.name] for entry in fields(kind)})

    def write(self, shard: Shard, result: ArraysOnly) -> None:
        """Write a finished shard, whole or not at all.

        Raises
        ------
        ComparisonError
            If the disk is full.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            with written_aside(self.file(shard), tidy=False) as aside, aside.open("wb") as file:
                os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
                np.savez(file, **{one.name: getattr(result, one.name) for one in fields(result)})
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            done = sum(1 for _ in self.path.glob("shard-*.npz"))
            raise ComparisonError(
                f"The disk of {self.path} is full ({error.strerror}). Free space there, or choose "
                f"another place with paths.cache=FOLDER, and run the study again: its {done:,} "
                "finished shards are kept."
            ) from error

    def remove(self) -> None:
        """Delete the folder, once its shards are merged."""
        shutil.rmtree(self.path, ignore_errors=True)


def run_shards(
    executor: Executor,
    job: Job[Result],
    shards: Sequence[Shard],
    kind: type[Result],
    folder: ShardFolder | None,
) -> Iterator[Result]:
    """Yield the result of every shard, in any order: read where it is finished, else made.

    Raises
    ------
    ComparisonError
        If the disk is full.
    """
    done = {shard.number for shard in shards if folder and folder.file(shard).is_file()}
    todo = [shard for shard in shards if shard.number not in done]
    with counting("comparisons", sum(shard.comparisons for shard in todo)) as made:
        for shard, result in executor.run(job, todo):
            if folder:
                folder.write(shard, result)
            made(shard.comparisons)
            yield result
    for shard in shards:
        if folder and shard.number in done:
            yield folder.read(shard, kind)
