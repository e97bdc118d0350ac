"""Measure time per comparison and peak memory as the number of templates grows.

    python benchmarks/scale.py
    python benchmarks/scale.py --counts 20000 1000000 --part 0.002

Each size runs in a process of its own, on synthetic templates in a mapped file. Above 250,000
templates a part of the shards is made, evenly spread; the table says which.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from all_pairs import SIMILARITY, device_name, people

from lfr_eval.comparison import Compute, LocalExecutor
from lfr_eval.comparison.bulk import sample_bulk
from lfr_eval.comparison.executors import Job, Result
from lfr_eval.comparison.pairs import exact_tail
from lfr_eval.comparison.tiles import Plan, Shard

SIZE = 512
FLOOR = 0.21
"""One in a million of the scores of random templates of this size is at or above it."""

WHOLE = 250_000


@dataclass
class Part:
    """Makes a part of the shards, and says how long that took."""

    share: float
    device: str = "cpu"
    comparisons: int = 0
    seconds: float = 0.0

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        """Make evenly spread shards."""
        step = max(1, round(1.0 / self.share))
        chosen = list(shards)[step // 2 :: step] or list(shards)[:1]
        self.comparisons = sum(shard.comparisons for shard in chosen)
        start = time.perf_counter()
        yield from LocalExecutor.of(device=self.device).run(job, chosen)
        self.seconds = time.perf_counter() - start


def templates(count: int, folder: Path) -> np.ndarray:
    """Make random templates in a file, a few at a time, and map it."""
    path = folder / "templates.npy"
    mapped = np.lib.format.open_memmap(path, "w+", np.float32, (count, SIZE))
    rng = np.random.default_rng(0)
    for start in range(0, count, 10_000):
        drawn = rng.standard_normal((min(10_000, count - start), SIZE), np.float32)
        mapped[start : start + 10_000] = SIMILARITY.prepare(drawn)
    mapped.flush()
    del mapped
    return np.load(path, mmap_mode="r")


def measure(count: int, share: float, precision: str) -> None:
    """Print the measurements of one size as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        # By another process, so that making the templates counts for nothing here.
        maker = multiprocessing.get_context("fork").Process(
            target=templates, args=(count, Path(folder))
        )
        maker.start()
        maker.join()
        vectors = np.load(Path(folder) / "templates.npy", mmap_mode="r")
        start = time.perf_counter()
        sides = people(count)
        plan = Plan.of(sides)
        bulk = sample_bulk(plan, 0, vectors, SIMILARITY)
        executor = Part(share)
        compute = Compute(executor, precision=precision)  # type: ignore[arg-type]
        tail = exact_tail(sides, plan, vectors, SIMILARITY, FLOOR, bulk, compute)
        total = time.perf_counter() - start
    print(
        json.dumps(
            {
                "count": count,
                "share": share,
                "comparisons": executor.comparisons,
                "seconds": executor.seconds,
                "before": total - executor.seconds,
                "hits": len(tail.score),
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[20_000, 50_000, 200_000, 10**6])
    parser.add_argument("--part", type=float, default=0.02, help="of the largest sizes")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one, given.part, given.precision)
        return
    print(f"{device_name()}; {SIZE} values a template, precision {given.precision}", flush=True)
    print("| templates | part | comparisons | ns each | before, s | hits | peak memory, GB |")
    print("|---|---|---|---|---|---|---|")
    for count in given.counts:
        share = 1.0 if count <= WHOLE else given.part
        command = [sys.executable, __file__, "--one", str(count), "--part", str(share)]
        command += ["--precision", given.precision]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        print(
            f"| {count:,} | {share:.1%} | {found['comparisons']:,} "
            f"| {found['seconds'] / found['comparisons'] * 1e9:.2f} | {found['before']:.1f} "
            f"| {found['hits']:,} | {found['peak'] / 1e9:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
