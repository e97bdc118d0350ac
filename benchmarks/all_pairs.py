"""Time the exact tail of all pairs against a bare matrix product, faiss and per-pair scoring.

    python benchmarks/all_pairs.py
    python benchmarks/all_pairs.py --count 8192 --repetitions 3

Everything is timed in turn within one process; a ratio is the median over the turns of the time
divided by the bare product's of the same turn. The bare product is `torch.mm` in float32 over the
very tiles, by as many threads. faiss is measured where it is installed (pip install faiss-cpu).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pandas as pd
import torch
from scipy.spatial.distance import cosine

from lfr_eval.comparison import Compute, LocalExecutor, Sides
from lfr_eval.comparison.bulk import sample_bulk
from lfr_eval.comparison.pairs import exact_tail
from lfr_eval.comparison.screening import LEFT_ROWS, available
from lfr_eval.comparison.similarity import Cosine
from lfr_eval.comparison.tail import Tail
from lfr_eval.comparison.tiles import Plan
from lfr_eval.compute.workers import cores, single_threaded

SIMILARITY = Cosine()
PER_PAIR = 4000


def device_name() -> str:
    """Name the processor or the GPU."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    capabilities = torch.cpu.get_capabilities()
    flags = [flag for flag in ("avx512_bf16", "amx_bf16") if capabilities.get(flag)]
    return f"{capabilities.get('cpu_name')}, {cores()} cores ({', '.join(flags) or 'no bfloat16'})"


def people(count: int) -> Sides:
    """One image of each of `count` people, reference and probe."""
    names = [f"{number}" for number in range(count)]
    images = pd.DataFrame({"image_id": names, "subject_id": names, "role": "both"})
    return Sides.of(images.astype("string"), np.ones(count, bool))


def bare_product(plan: Plan, vectors: np.ndarray, tile: int) -> None:
    """Multiply the tiles of the plan in float32 and look at no product."""

    def multiply(left: tuple[int, int], right: tuple[int, int]) -> None:
        torch.set_num_threads(1)
        rows = torch.from_numpy(vectors[left[0] : left[1]])
        for first in range(right[0], right[1], tile):
            columns = torch.from_numpy(vectors[first : min(first + tile, right[1])]).T
            buffer = torch.empty(LEFT_ROWS, columns.shape[1])
            for start in range(0, len(rows), LEFT_ROWS):
                part = rows[start : start + LEFT_ROWS]
                torch.mm(part, columns, out=buffer[: len(part)])

    with single_threaded(), ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda shard: multiply(shard.left, shard.right), plan.shards(tile)))


def faiss_tail(vectors: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Search all templates for all, as faiss does, each pair in both orders."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    limits, _, found = index.range_search(vectors, floor)
    rows = np.repeat(np.arange(len(vectors)), np.diff(limits.astype(np.int64)))
    upper = rows < found
    return rows[upper], found[upper]


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=32_768)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--share", type=float, default=1e-4, help="of scores above the floor")
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    vectors = SIMILARITY.prepare(rng.normal(size=(given.count, given.size)).astype(np.float32))
    sides = people(given.count)
    plan = Plan.of(sides)
    bulk = sample_bulk(plan, 0, vectors, SIMILARITY)
    floor = float(np.quantile(bulk.score, 1.0 - given.share))

    tails: dict[str, Tail] = {}

    def run(precision: str, name: str) -> None:
        compute = Compute(LocalExecutor.of(device="cpu"), precision=precision)  # type: ignore[arg-type]
        tails[name] = exact_tail(sides, plan, vectors, SIMILARITY, floor, bulk, compute)

    ways: dict[str, Callable[[], object]] = {
        "bare": lambda: bare_product(plan, vectors, 4096),
        "float32": lambda: run("float32", "float32"),
        "auto": lambda: run("auto", "auto"),
    }
    if available("bfloat16", "cpu"):
        ways["bfloat16"] = lambda: run("bfloat16", "bfloat16")
    if find_spec("faiss"):
        ways["faiss"] = lambda: faiss_tail(vectors, floor)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.repetitions):
        for name, way in ways.items():
            seconds[name].append(timed(way))

    comparisons = plan.comparisons
    print(f"{device_name()}; {given.count:,} x {given.size}, {comparisons:,} comparisons,")
    print(f"floor {floor:.4f}, {len(tails['auto'].score):,} comparisons at or above it")
    print("| way | million comparisons/s | time / bare product | range |")
    print("|---|---|---|---|")
    for name, times in seconds.items():
        ratios = [one / bare for one, bare in zip(times, seconds["bare"], strict=True)]
        rate = comparisons / statistics.median(times) / 1e6
        print(
            f"| {name} | {rate:,.1f} | {statistics.median(ratios):.2f} "
            f"| {min(ratios):.2f}-{max(ratios):.2f} |"
        )
    for name, tail in tails.items():
        same = all(
            np.array_equal(getattr(tail, part), getattr(tails["float32"], part))
            for part in ("left", "right", "score")
        )
        print(f"{name}: tail {'identical to' if same else 'DIFFERENT FROM'} that of float32")
    if "faiss" in ways:
        found = set(zip(*(part.tolist() for part in faiss_tail(vectors, floor)), strict=True))
        ours = set(zip(tails["auto"].left.tolist(), tails["auto"].right.tolist(), strict=True))
        ratio = [f / a for f, a in zip(seconds["faiss"], seconds["auto"], strict=True)]
        print(
            f"faiss range_search: {statistics.median(ratio):.1f} times the time of auto; "
            f"{len(found - ours)} hits more, {len(ours - found)} fewer"
        )
    pairs = rng.integers(given.count, size=(PER_PAIR, 2))
    alone = [
        timed(lambda: [1.0 - cosine(vectors[a], vectors[b]) for a, b in pairs]) for _ in range(5)
    ]
    per_pair = PER_PAIR / statistics.median(alone)
    auto = comparisons / statistics.median(seconds["auto"])
    print(
        f"one call of SciPy a pair: {per_pair:,.0f} comparisons/s; auto is {auto / per_pair:,.0f}"
    )


if __name__ == "__main__":
    main()
