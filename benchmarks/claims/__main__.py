"""Train the network that reads claims, and measure it on voices that it does not learn from.

    python -m benchmarks.claims --base FOLDER
    python -m benchmarks.claims --measure

`FOLDER` has `model.safetensors` and `tokenizer.json` of all-MiniLM-L6-v2 (sentence-transformers,
Apache 2.0). Training takes about 25 minutes of one core.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.claims.examples import HELD_OUT, Example, read_examples
from benchmarks.claims.training import EPOCHS, trained, write
from lfr_eval.finished.claims.learned import (
    ALIKE,
    DIFFERENCE,
    NAMED,
    NEITHER,
    READINGS,
    REASONS,
    SURE,
    SURE_WHICH,
)
from lfr_eval.finished.claims.network import WEIGHTS, Network
from lfr_eval.finished.claims.pieces import pieces_of

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors`."""


def main() -> None:
    """Train and write, or measure what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="file to write")
    parser.add_argument("--measure", action="store_true", help="measure --out, train nothing")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the sentences")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    left = read_examples(HELD_OUT)
    if not given.measure:
        if given.base is None:
            parser.error("--base is needed to train: the folder of all-MiniLM-L6-v2")
        weights = given.base / "model.safetensors"
        if hashlib.sha256(weights.read_bytes()).hexdigest() != SHA256:
            parser.error(f"{weights} is not that of all-MiniLM-L6-v2 (SHA-256 {SHA256})")
        torch.set_num_threads(1)
        for reader, vocabulary in trained(given.base, read_examples(), given.seed, given.epochs):
            write(reader, vocabulary, given.out)
            measure(Network(given.out), left)
    else:
        measure(Network(given.out), left)


def measure(network: Network, examples: Sequence[Example]) -> None:
    """Print how a network reads sentences, at the limits of `learned` and at others."""
    told = [network.read(pieces_of(one.sentence, network.vocabulary)) for one in examples]
    chances = np.array([one.readings for one in told])
    right = np.array([READINGS.index(one.reading) for one in examples])
    best, sure = chances.argmax(1), chances.max(1)
    against = {READINGS.index(ALIKE): DIFFERENCE, READINGS.index(DIFFERENCE): ALIKE}
    turned = np.array([READINGS.index(against[b]) == y if b in against else False
                       for b, y in zip(best, right, strict=True)])  # fmt: skip
    other = np.array([p[READINGS.index(against[b])] if b in against else 0.0
                      for b, p in zip(best, chances, strict=True)])  # fmt: skip
    print(
        f"{len(examples)} sentences; read rightly without doubts {np.mean(best == right):.1%}",
        flush=True,
    )
    for limit in (0.5, 0.6, 0.7, SURE, 0.9):
        kept = (sure >= limit) & (other < SURE_WHICH)
        print(
            f"  from {limit:.2f}: rightly {np.mean(kept & (best == right)):.1%}, "
            f"cannot tell {np.mean(~kept):.1%}, wrongly {np.mean(kept & (best != right)):.1%}, "
            f"as the opposite {np.sum(kept & turned)}"
        )
    print(f"  reasons of those that claim neither: {_reasons(examples, told):.1%}")


def _reasons(examples: Sequence[Example], told: Sequence[object]) -> float:
    """Return the share whose reasons are all named and no wrong ones."""
    good = []
    for one, chances in zip(examples, told, strict=True):
        values = np.asarray(chances[1])  # type: ignore[index]
        if one.reading != NEITHER or all(y is None for y in one.reasons):
            continue
        named = {at for at in range(len(REASONS)) if values[at] >= NAMED} or {int(values.argmax())}
        must = {at for at, y in enumerate(one.reasons) if y == 1}
        may = {at for at, y in enumerate(one.reasons) if y is None}
        good.append(must <= named <= must | may | {REASONS.index("beyond")})
    return float(np.mean(good))


if __name__ == "__main__":
    main()
