"""Time the embedding pipeline against the bare models on pictures that are read already.

    python benchmarks/embed.py
    python benchmarks/embed.py --images FOLDER --weights FILE --count 256

Both are timed in turn within one process, on the same real faces; the ratio is the median over the
turns of images/s of the pipeline, reading included, to images/s of the bare models, one batch after
another with all of torch's threads; the bare detector takes a batch at once, which makes it faster
and its result depend on the batch. Without --images and --weights they are taken from the offline
mirror (LFR_EVAL_MIRROR).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from all_pairs import device_name

from lfr_eval.compute.workers import cores
from lfr_eval.matchers.facenet import FacenetMatcher
from lfr_eval.matchers.faces import open_pictures

BATCH = 32


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mirror = Path(os.environ.get("LFR_EVAL_MIRROR", "."))
    parser.add_argument("--images", type=Path, default=mirror / "fairface")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=cores())
    given = parser.parse_args()
    paths = sorted(given.images.rglob("*.jpg"))[: given.count]
    weights = given.weights or next((mirror / "weights").rglob("*.pt"))
    matcher = FacenetMatcher(weights, batch_size=BATCH)
    batches = [open_pictures(paths[start : start + BATCH]) for start in range(0, len(paths), BATCH)]
    detector, network = matcher._finder._network, matcher._network
    results: list[np.ndarray] = []

    def bare() -> None:
        with torch.inference_mode():
            for batch in batches:
                # All pictures of a batch are of one size, as the detector wants them.
                boxes, _ = detector.detect(batch)
                crops = [
                    detector.extract(picture, box[:1], None)[0]
                    for picture, box in zip(batch, boxes, strict=True)
                    if box is not None
                ]
                network(torch.stack(crops).to(memory_format=torch.channels_last))

    def pipeline() -> None:
        made = [one.template for one in matcher.embed(paths)]
        results.append(np.stack([one for one in made if one is not None]))

    torch.set_num_threads(given.threads)
    seconds: dict[str, list[float]] = {"bare": [], "pipeline": []}
    for turn in range(given.repetitions + 1):
        for name, way in (("bare", bare), ("pipeline", pipeline)):
            taken = timed(way)
            if turn:  # the first warms up
                seconds[name].append(taken)
    ratios = [b / p for b, p in zip(seconds["bare"], seconds["pipeline"], strict=True)]
    print(f"{device_name()}; {len(paths)} images, batches of {BATCH}")
    for name, times in seconds.items():
        print(f"{name}: {len(paths) / statistics.median(times):.1f} images/s")
    print(f"pipeline / bare: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    same = all(np.array_equal(one, results[0]) for one in results)
    print(f"templates {'identical' if same else 'DIFFER'} from turn to turn")


if __name__ == "__main__":
    main()
