"""Time the exact tail of all pairs against packages that score pairs, in an environment of theirs.

    python -m venv peers && peers/bin/pip install cimat bob.bio.base "scikit-learn<1.6"
    python benchmarks/peers.py --python peers/bin/python

Their pins and ours exclude each other, so each turn runs them in a process of their own, which says
how many comparisons a second it made, and then the engine here. A comparison is one of two
different templates, counted once, however often a package scores it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
from all_pairs import SIMILARITY, device_name, people

from lfr_eval.comparison import Compute
from lfr_eval.comparison.bulk import sample_bulk
from lfr_eval.comparison.pairs import exact_tail
from lfr_eval.comparison.tiles import Plan

SIZE, SHARE = 512, 1e-4

PEERS = {
    "cimat, MTData.generate_similarity_scores": """
from cimat.mtdata import MTData
data = MTData({n: {0: rng.normal(size=512)} for n in range(400)})
work, comparisons = data.generate_similarity_scores, 400 * 399 // 2
""",
    "bob.bio.base, Distance.compare, 1,000 x 1,000": """
from bob.bio.base.algorithm import Distance
peer = Distance()
one, two = (
    peer.create_templates([[rng.normal(size=512)] for _ in range(1000)], enroll=side)
    for side in (True, False)
)
work, comparisons = lambda: peer.compare(one, two), 1_000_000
""",
    "bob.bio.base, Distance.compare, a pair at a time": """
from bob.bio.base.algorithm import Distance
peer = Distance()
one, two = (
    peer.create_templates([[rng.normal(size=512)] for _ in range(100)], enroll=side)
    for side in (True, False)
)
work = lambda: [peer.compare(one[i : i + 1], two[i : i + 1]) for i in range(100)]
comparisons = 100
""",
}
FRAME = """
import time, warnings
import numpy as np
warnings.filterwarnings("ignore")
rng = np.random.default_rng(0)
{setup}
start = time.perf_counter()
work()
print(comparisons / (time.perf_counter() - start))
"""


def rate_of(python: Path, setup: str) -> float | None:
    """Comparisons a second of a package; None where it cannot be run."""
    done = subprocess.run(
        [python, "-c", FRAME.format(setup=setup)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1])
        return None
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", type=Path, required=True, help="of the packages' environment")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--count", type=int, default=32_768, help="templates of the engine")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    vectors = SIMILARITY.prepare(rng.normal(size=(given.count, SIZE)).astype(np.float32))
    sides = people(given.count)
    plan = Plan.of(sides)
    bulk = sample_bulk(plan, 0, vectors, SIMILARITY)
    floor = float(np.quantile(bulk.score, 1.0 - SHARE))
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in PEERS}
    for _ in range(given.repetitions):
        for name, setup in PEERS.items():
            rate = rate_of(given.python, setup)
            theirs[name].append(np.nan if rate is None else rate)
        start = time.perf_counter()
        exact_tail(sides, plan, vectors, SIMILARITY, floor, bulk, Compute())
        ours.append(plan.comparisons / (time.perf_counter() - start))
    print(f"{device_name()}; engine: {statistics.median(ours) / 1e6:,.0f} million comparisons/s")
    print("| package | comparisons/s | engine / package | range |")
    print("|---|---|---|---|")
    for name, rates in theirs.items():
        ratios = [our / their for our, their in zip(ours, rates, strict=True)]
        print(
            f"| {name} | {statistics.median(rates):,.0f} | {statistics.median(ratios):,.0f} "
            f"| {min(ratios):,.0f}-{max(ratios):,.0f} |"
        )


if __name__ == "__main__":
    main()
