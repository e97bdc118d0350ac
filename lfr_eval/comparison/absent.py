"""Comparisons that the roles of the images ask for, and a file of scores lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.dont_care import same_person
from lfr_eval.comparison.sides import Sides


@dataclass(frozen=True)
class Absent:
    """What a file of scores lacks.

    Attributes
    ----------
    mated
        Absent comparisons of a person with themselves: reference_id, probe_id and subject_id.
    people
        By subject_id, as the person of the probe: mated_due, mated (absent), non_mated_due and
        non_mated (absent).
    """

    mated: pd.DataFrame
    people: pd.DataFrame


def absent_of(sides: Sides, scores: pd.DataFrame) -> Absent:
    """Return which comparisons of acquired images have no score.

    Parameters
    ----------
    scores
        reference_id, probe_id and score of comparisons that the roles ask for, each once.
    """
    images = pd.Index(sides.images["image_id"])
    reference, probe = (
        images.get_indexer(pd.Index(scores[name])) for name in ("reference_id", "probe_id")
    )
    number = len(images)
    place, at = same_person(sides.subject[sides.probes], sides.subject[sides.references])
    due_probe, due_reference = sides.probes[place], sides.references[at]
    both = sides.in_both
    mutual = both[due_reference] & both[due_probe]
    once = (due_reference != due_probe) & (~mutual | (due_reference < due_probe))
    due_reference, due_probe = due_reference[once], due_probe[once]
    given = _pair(reference, probe, number)
    lacking = ~np.isin(_pair(due_reference, due_probe, number), given)
    names = sides.images["image_id"]
    mated = pd.DataFrame(
        {
            "reference_id": names.take(due_reference[lacking]).array,
            "probe_id": names.take(due_probe[lacking]).array,
            "subject_id": sides.images["subject_id"].take(due_probe[lacking]).array,
        }
    )
    people = sides.dont_care.people
    due = _non_mated_due(sides)
    first, second = sides.subject[reference], sides.subject[probe]
    watched = sides.images["role"].to_numpy(str)[reference] == "filler"
    counted = (first != second) & ~watched & ~sides.dont_care.has(first, second)
    # Two images that are each reference and probe are the comparison of the later person.
    later = np.where(both[reference] & both[probe], np.maximum(first, second), second)
    counts = {
        "mated_due": np.bincount(sides.subject[due_probe], minlength=people),
        "mated": np.bincount(sides.subject[due_probe[lacking]], minlength=people),
        "non_mated_due": due,
        "non_mated": due - np.bincount(later[counted], minlength=people),
    }
    subject = sides.images["subject_id"].drop_duplicates()
    return Absent(mated, pd.DataFrame(counts, index=pd.Index(subject, name="subject_id")))


def _non_mated_due(sides: Sides) -> NDArray[np.intp]:
    people, apart = sides.dont_care.people, sides.dont_care
    references, probes, both = (
        np.bincount(sides.subject[rows], minlength=people)
        for rows in (sides.references, sides.probes, np.flatnonzero(sides.in_both))
    )
    after = both.sum() - np.cumsum(both)
    due = probes * (references.sum() - references) - both * after
    left_out = probes[apart.one] * references[apart.other]
    left_out -= np.where(apart.one < apart.other, both[apart.one] * both[apart.other], 0)
    np.subtract.at(due, apart.one, left_out)
    counted: NDArray[np.intp] = due.astype(np.intp)
    return counted


def _pair(first: NDArray[np.intp], second: NDArray[np.intp], images: int) -> NDArray[np.intp]:
    """Return one number for each pair of images, in either order."""
    return np.minimum(first, second) * images + np.maximum(first, second)
