"""What a killed run, a full disk or a broken worker cost: the shards in work, and no more."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.comparison import Compute, LocalExecutor, Sides, compare_pairs, search_watchlist
from lfr_eval.comparison.executors import Job, Result
from lfr_eval.comparison.shards import ShardFolder
from lfr_eval.comparison.sides import ComparisonError, Gallery
from lfr_eval.comparison.similarity import Cosine
from lfr_eval.comparison.tiles import Plan, Shard
from tests.comparison.test_engine import FLOOR, assert_same, compare, crowd
from tests.forked import Forked

TILE = 50
SLOWLY = """
import sys, time
from pathlib import Path
from lfr_eval.comparison import tail, Compute, LocalExecutor, compare_pairs
from tests.comparison.test_engine import crowd, FLOOR
from lfr_eval.comparison.similarity import Cosine
run = tail.TailJob.run
def slow(self, shard, device):
    time.sleep(0.01)
    return run(self, shard, device)
tail.TailJob.run = slow
sides, vectors = crowd(700)
compute = Compute(tile=50, scratch=Path(sys.argv[1]), executor=LocalExecutor(("cpu",) * 2))
Path(sys.argv[3]).touch()
pairs = compare_pairs(sides, vectors, Cosine(), FLOOR, compute)
pairs.non_mated.to_parquet(sys.argv[2])
"""


def shards_of(sides: Sides) -> int:
    """How many shards a comparison has."""
    return len(Plan.of(sides).shards(TILE))


class Counting:
    """Runs shards one after another, counts them, and gives up after some."""

    device = "cpu"

    def __init__(self, until: int) -> None:
        self.until, self.made = until, 0

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        for shard in shards:
            if self.made == self.until:
                raise RuntimeError("the worker was lost")
            self.made += 1
            yield shard, job.run(shard, "cpu")


@pytest.mark.parametrize("until", [0, 1, 4])
def test_a_lost_worker_costs_its_shards_only(tmp_path: Path, until: int) -> None:
    sides, vectors = crowd(500)
    with pytest.raises(RuntimeError, match="was lost"):
        compare(sides, vectors, tile=TILE, scratch=tmp_path, executor=Counting(until))
    kept = list(tmp_path.rglob("shard-*.npz"))
    assert len(kept) == until
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)
    assert all(stat.S_IMODE(path.parent.stat().st_mode) == 0o700 for path in kept)
    again = Counting(1000)
    resumed = compare(sides, vectors, tile=TILE, scratch=tmp_path, executor=again)
    assert again.made == shards_of(sides) - until
    assert_same(resumed, compare(sides, vectors))
    assert not list(tmp_path.rglob("shard-*.npz"))


def test_a_search_goes_on_too(tmp_path: Path) -> None:
    sides, vectors = crowd(400)
    sides.images["pass_id"] = sides.images["image_id"]
    gallery = Gallery(np.random.default_rng(0).permutation(400), (100, 400))
    lost = Compute(tile=TILE, scratch=tmp_path, executor=Counting(3))
    with pytest.raises(RuntimeError, match="was lost"):
        search_watchlist(sides, vectors, Cosine(), gallery, lost)
    again = Counting(1000)
    found = search_watchlist(
        sides, vectors, Cosine(), gallery, Compute(tile=TILE, scratch=tmp_path, executor=again)
    )
    assert again.made == 8 - 3
    plain = search_watchlist(sides, vectors, Cosine(), gallery)
    pd.testing.assert_frame_equal(found.searches, plain.searches)
    pd.testing.assert_frame_equal(found.candidates, plain.candidates)


def test_other_templates_or_floors_start_anew(tmp_path: Path) -> None:
    sides, vectors = crowd(300)
    with pytest.raises(RuntimeError, match="was lost"):
        compare(sides, vectors, tile=TILE, scratch=tmp_path, executor=Counting(3))
    other = np.ascontiguousarray(vectors[::-1])
    again = Counting(1000)
    found = compare(sides, other, tile=TILE, scratch=tmp_path, executor=again)
    assert again.made == shards_of(sides)
    assert_same(found, compare(sides, other))


def test_a_full_disk_says_so_and_keeps_what_is_done(tmp_path: Path) -> None:
    sides, vectors = crowd(600)
    last = shards_of(sides) - 1
    with pytest.raises(RuntimeError, match="was lost"):
        compare(sides, vectors, tile=TILE, scratch=tmp_path / "sizes", executor=Counting(last))
    sizes = sorted(path.stat().st_size for path in (tmp_path / "sizes").rglob("shard-*.npz"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # Shards shrink along the diagonal: backwards, the first ones fit and later ones do not.
    resource.setrlimit(resource.RLIMIT_FSIZE, (sizes[len(sizes) // 2], limits[1]))
    backwards = Backwards()
    scratch = tmp_path / "scratch"
    try:
        with pytest.raises(ComparisonError, match=r"disk of .* is full .*paths\.cache=FOLDER"):
            compare(sides, vectors, tile=TILE, scratch=scratch, executor=backwards)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    kept = len(list(scratch.rglob("shard-*.npz")))
    assert kept > 0
    assert not [path for path in scratch.rglob(".*") if path.is_file()]
    again = Counting(1000)
    resumed = compare(sides, vectors, tile=TILE, scratch=scratch, executor=again)
    assert again.made == shards_of(sides) - kept
    assert_same(resumed, compare(sides, vectors))


class Backwards(Counting):
    """Runs the last shard first."""

    def __init__(self) -> None:
        super().__init__(1000)

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        yield from super().run(job, shards[::-1])


def test_another_fault_of_the_disk_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(np, "savez", broken)
    sides, vectors = crowd(100)
    with pytest.raises(OSError, match="input/output"):
        compare(sides, vectors, scratch=tmp_path)
    assert ShardFolder(tmp_path).path == tmp_path


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_to_the_same_result(tmp_path: Path) -> None:
    output, scratch = tmp_path / "tail.parquet", tmp_path / "scratch"
    rng, kills = random.Random(0), 0
    python = Forked("import torch, tests.comparison.test_engine")
    while kills < 20:
        begun = tmp_path / f"begun-{kills}"
        process = python.begin(SLOWLY, str(scratch), str(output), str(begun))
        while not begun.exists():
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.12))
        os.kill(process.pid, signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        begun.unlink()
        if output.exists():
            # It was done before it could be killed: begin again.
            assert_tail(output)
            output.unlink()
    assert python.begin(SLOWLY, str(scratch), str(output), str(tmp_path / "last")).wait() == 0
    python.close()
    assert_tail(output)


def assert_tail(path: Path) -> None:
    sides, vectors = crowd(700)
    plain = compare_pairs(
        sides, vectors, Cosine(), FLOOR, Compute(executor=LocalExecutor(("cpu",)))
    ).non_mated
    pd.testing.assert_frame_equal(pd.read_parquet(path), plain, check_dtype=False)
