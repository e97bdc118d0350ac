"""Eye distance: images in, pixels between the eyes out, by MTCNN of facenet-pytorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lfr_eval.contract.pictures import read_picture
from lfr_eval.matchers.mtcnn import MtcnnFinder

SMALLEST_FACE = 20
"""Pixels; MTCNN's own default."""


def eye_distances(images: Sequence[Path]) -> list[float | None]:
    """Return the pixels between the eyes of the largest face of each image; None without a face."""
    finder = MtcnnFinder(160, 0, SMALLEST_FACE, torch.device("cpu"))
    distances: list[float | None] = []
    for path in images:
        faces = finder.boxes(read_picture(path))
        if not faces or faces[0].landmarks is None:
            distances.append(None)
            continue
        left, right = np.asarray(faces[0].landmarks[:2], float)
        distances.append(float(np.hypot(*(right - left))))
    return distances
