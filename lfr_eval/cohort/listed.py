"""Stage cohort: the people of a list of pairs in, a cohort without images out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lfr_eval.cohort.cohort import Cohort, make_cohort
from lfr_eval.cohort.loading import manifest_card
from lfr_eval.contract.tables import COHORT

ROLE = "pair"
"""Role of people in a list of pairs without images: neither reference nor probe."""


def cohort_of_pairs(people: pd.DataFrame, path: Path) -> Cohort:
    """Return the people in a list of pairs.

    Parameters
    ----------
    people
        subject_id and labels, one row per person, or per pair if its people are unknown.
    path
        The list. Its name becomes the name of the card.
    """
    rows = people.assign(image_id=people["subject_id"], pass_id=people["subject_id"], role=ROLE)
    absent = {name: None for name in COHORT.names if name not in rows}
    images = COHORT.conform(rows.assign(**absent))
    return make_cohort(images, path.parent.absolute(), (manifest_card(path),))
