"""Stage cohort: a cohort and its simulated passes in, one cohort out.

Degraded pictures have their own dataset card, so that nobody mistakes them for recordings of a
camera.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.cohort import Cohort, cohort_digest
from lfr_eval.cohort.manifest import CARD
from lfr_eval.contract.tables import COHORT

SUFFIX = ", simulated capture"


def with_captures(cohort: Cohort, images: pd.DataFrame, folder: Path, recipe: str) -> Cohort:
    """Return the cohort with simulated passes.

    Parameters
    ----------
    cohort
        The people and their images as they were captured.
    images
        Table `COHORT` with the simulated passes: rows whose image is not in `cohort`.
    folder
        Folder of the degraded pictures.
    recipe
        What was simulated, in words.
    """
    images = COHORT.conform(images)
    made = ~images["image_id"].isin(cohort.images["image_id"])
    sources = images.loc[made, CARD].unique()
    images.loc[made, CARD] = images.loc[made, CARD] + SUFFIX
    cards = tuple(_card(card, recipe) for card in cohort.cards if card.name in sources)
    return replace(
        cohort,
        images=images,
        cards=(*cohort.cards, *cards),
        digest=cohort_digest(images),
        other_roots={**cohort.other_roots, **{card.name: folder for card in cards}},
    )


def _card(card: DatasetCard, recipe: str) -> DatasetCard:
    return replace(
        card,
        name=card.name + SUFFIX,
        title=f"{card.title}{SUFFIX}",
        origin=f"A computer then made copies of these pictures worse: {recipe}.",
        limits=(
            "The passes are simulated: copies of still images, degraded by "
            f"{recipe.split(';')[0]}. Nobody walked past a camera, and a real camera does several "
            "of these things at once.",
        ),
    )
