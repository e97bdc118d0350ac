"""Engine: a manifest of references in, the watchlist that passing faces are compared with out.

References are embedded as in a study, through the same private template store, and compared by
the same score. A threshold therefore means the same in both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort import Cohort
from lfr_eval.comparison.similarity import Similarity, Vectors, similarity_of
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.tables import UNKNOWN
from lfr_eval.matchers import ImageMatcher, Vector
from lfr_eval.matchers.store import acquire

ENROLLED = ("reference", "both", "filler")
COMPOSED_OF = ("gender", "ethnicity")


class WatchlistError(MendableError, ValueError):
    """The watchlist cannot be used."""


@dataclass(frozen=True)
class Candidate:
    """The best reference of a face."""

    reference_id: str
    subject_id: str
    score: float


@dataclass(frozen=True, eq=False)
class Watchlist:
    """References that were enrolled.

    Attributes
    ----------
    images
        Rows of table `cohort`, one a reference.
    templates : (references, size)
        Prepared for the similarity.
    failed
        References of which no template could be made.
    """

    images: pd.DataFrame
    templates: Vectors
    similarity: Similarity
    failed: tuple[str, ...]

    @property
    def size(self) -> int:
        """References enrolled."""
        return len(self.images)

    def best(self, template: Vector) -> Candidate:
        """Return the reference with the highest score; of equal ones the first."""
        probe = self.similarity.prepare(template[None])
        scores = self.similarity.exact(np.broadcast_to(probe, self.templates.shape), self.templates)
        place = int(np.argmax(scores))
        row = self.images.iloc[place]
        return Candidate(str(row["image_id"]), str(row["subject_id"]), float(scores[place]))

    def subjects(self) -> dict[str, str]:
        """Return the person of each reference."""
        return dict(zip(self.images["image_id"], self.images["subject_id"], strict=True))

    def composition(self) -> dict[str, dict[str, int]]:
        """Return how many references there are of each group of each factor."""
        return {
            factor: dict(sorted(Counter(self.images[factor].fillna(UNKNOWN)).items()))
            for factor in COMPOSED_OF
        }


def enrol(cohort: Cohort, matcher: ImageMatcher, cache: Path) -> Watchlist:
    """Make the watchlist of a manifest's references and fillers.

    Raises
    ------
    WatchlistError
        If the manifest has no reference.
    MatcherError
        If no template could be made of any of them.
    """
    images = cohort.images[cohort.images["role"].isin(ENROLLED)].reset_index(drop=True)
    if images.empty:
        raise WatchlistError("The watchlist is empty: no row has the role reference or filler.")
    paths = [cohort.resolve(image) for image in images["image_id"]]
    templates = acquire(matcher, images, paths, cache)
    acquired = templates.acquisition["acquired"].to_numpy(bool)
    similarity = similarity_of(matcher.card.similarity, matcher.card.scale)
    return Watchlist(
        images[acquired].reset_index(drop=True),
        similarity.prepare(templates.vectors[acquired]),
        similarity,
        tuple(images.loc[~acquired, "image_id"]),
    )
