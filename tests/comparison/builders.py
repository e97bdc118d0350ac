"""Small random cohorts with every role, several images a person, and failures to acquire."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.comparison import Sides
from lfr_eval.comparison.similarity import KINDS, Cosine, MinusEuclidean, Similarity
from lfr_eval.contract.score_scale import ScoreScale

WITHOUT_SCALE: dict[str, Similarity] = {name: kind() for name, kind in KINDS.items()}

COMPARED: dict[str, Similarity] = {
    **WITHOUT_SCALE,
    "cosine, 0 to 1": Cosine(ScoreScale(0.5, 0.5)),
    "cosine, 0 to 100": Cosine(ScoreScale(50.0, 50.0)),
    # float32 has steps of 0.001 there: many scores are alike that were not before.
    "cosine, coarse": Cosine(ScoreScale(1.0, 99.0)),
    "euclidean, below 1": MinusEuclidean(ScoreScale(0.3, 1.0)),
}
"""Similarities with and without a scale."""

SIZE = 6
ROLES = ("reference", "probe", "both", "filler")


def images_of(seed: int, people: int = 7) -> tuple[pd.DataFrame, np.ndarray]:
    """Images of people (and of as many fillers), and whether each was acquired."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        for number in range(rng.integers(1, 5)):
            role = str(rng.choice(ROLES[:3]))
            rows.append((f"p{person}-{number}", f"p{person}", role, f"p{person}-pass{number // 2}"))
    for person in range(people):
        rows.append((f"f{person}-0", f"f{person}", "filler", f"f{person}-pass0"))
    columns = ["image_id", "subject_id", "role", "pass_id"]
    images = pd.DataFrame(rows, columns=columns).astype("string")
    return images, rng.random(len(images)) > 0.15


def every_score(vectors: np.ndarray, kind: str) -> np.ndarray:
    """The exact score of every pair of images, (images, images)."""
    similarity = COMPARED[kind]
    prepared = similarity.prepare(vectors)
    count = len(prepared)
    rows, columns = np.repeat(np.arange(count), count), np.tile(np.arange(count), count)
    return similarity.exact(prepared[rows], prepared[columns]).reshape(count, count)


def cohort(seed: int, people: int = 7) -> Sides:
    """The sides of a random cohort."""
    return Sides.of(*images_of(seed, people))


def templates(seed: int, people: int = 7) -> np.ndarray:
    """Random templates; some are exactly alike, so that scores tie."""
    images, acquired = images_of(seed, people)
    rng = np.random.default_rng(seed + 1)
    vectors = rng.normal(size=(len(images), SIZE)).astype(np.float32)
    for _ in range(len(images) // 4):
        a, b = rng.integers(len(images), size=2)
        vectors[a] = vectors[b]
    vectors[~acquired] = np.nan
    return vectors
