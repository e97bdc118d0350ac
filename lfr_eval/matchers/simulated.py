"""Templates of a simulated cohort (memory to templates)."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.matchers import Embedding, MatcherCard, Templates, Vector, assemble


class SimulatedMatcher:
    """The templates of a simulated cohort, in the order of its images.

    Parameters
    ----------
    vectors : (images, size)
        Templates.
    acquired : (images,)
        Whether a template was made.
    """

    def __init__(self, vectors: Vector, acquired: NDArray[np.bool_]) -> None:
        self._vectors, self._acquired = vectors, acquired
        content = hashlib.sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()
        self.card = MatcherCard(
            name="simulated",
            fingerprint=content,
            description="simulated templates, cosine similarity; no real matcher was run",
            similarity="cosine",
            score_range=(-1.0, 1.0),
            acquisition="a simulated share of passes gives no template",
        )

    def templates(self, images: pd.DataFrame) -> Templates:
        """Return the templates of the images of table `cohort`, in its order."""
        embeddings = [
            Embedding(vector) if acquired else Embedding(None, "simulated failure to acquire", 0)
            for vector, acquired in zip(self._vectors, self._acquired, strict=True)
        ]
        return assemble(images, embeddings)
