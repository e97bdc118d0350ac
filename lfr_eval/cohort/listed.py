"""Stage cohort: the people of a list of pairs in, a cohort without images out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.cohort import Cohort, cohort_digest, make_cohort
from lfr_eval.cohort.labels import respelled
from lfr_eval.cohort.loading import manifest_card
from lfr_eval.cohort.near_names import told_alike
from lfr_eval.cohort.reading import TextTable
from lfr_eval.contract.tables import COHORT

ROLE = "pair"
"""Role of people in a list of pairs without images: neither reference nor probe."""


def cohort_of_pairs(people: pd.DataFrame, path: Path, counted: tuple[str, str]) -> Cohort:
    """Return the people in a list of pairs.

    Parameters
    ----------
    people
        subject_id and labels, one row per person, or per pair if its people are unknown.
    path
        The list. Its name becomes the name of the card.
    counted
        What a row of `people` is, one and several.
    """
    card = manifest_card(path)
    labels = respelled(_as_table(people, path), card, counted)
    people = pd.concat([people[["subject_id"]], labels.table.frame], axis=1)
    rows = people.assign(image_id=people["subject_id"], pass_id=people["subject_id"], role=ROLE)
    digest: str | None = None
    alike: tuple[str, ...] = ()
    if counted[0] == "pair":
        # No pair has a name; what there is are so many pairs of each group.
        alone = labels.table.frame.astype("string").assign(role=ROLE)
        numbers = alone.value_counts(dropna=False).rename("pairs").reset_index()
        rows, digest = rows.assign(pass_id=None), cohort_digest(numbers)
    else:
        alike = told_alike(people["subject_id"].tolist())
    # Of millions of pairs, a column without values is made once and not eleven times.
    nothing = pd.Series(None, rows.index, "string")
    absent = {name: nothing for name in COHORT.names if name not in rows}
    images = COHORT.conform(rows.assign(**absent))
    cohort = make_cohort(images, path.parent.absolute(), (card,), digest=digest)
    return replace(cohort, notes=(*labels.table.notes, *alike), label_names=labels.names)


def _as_table(people: pd.DataFrame, path: Path) -> TextTable:
    labels = people.drop(columns="subject_id").astype("string")
    return TextTable(path, labels, np.arange(1, len(labels) + 1))
