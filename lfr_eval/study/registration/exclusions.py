"""Registration: images that a plan leaves out (cohort and rules in, table `exclusions` out)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lfr_eval.contract.tables import EXCLUSIONS
from lfr_eval.study.registration.plan import Exclusion
from lfr_eval.study.registration.record import RegistrationError


def excluded_images(images: pd.DataFrame, exclusions: Sequence[Exclusion]) -> pd.DataFrame:
    """Return every image that a plan leaves out, with the first rule that names it.

    Parameters
    ----------
    images
        The table `cohort`.
    exclusions
        Rules in order.

    Returns
    -------
    DataFrame
        The table `exclusions`.

    Raises
    ------
    RegistrationError
        If a rule names a column that the data do not have.
    """
    problems = [
        f"'{name}' in the exclusion '{exclusion.rule}'"
        for exclusion in exclusions
        for name in exclusion.where
        if name not in images
    ]
    if problems:
        raise RegistrationError(
            f"The data have no column {', '.join(problems)}; there are "
            f"{', '.join(map(str, images.columns))}."
        )
    found, taken = [], pd.Series(False, index=images.index)
    for exclusion in exclusions:
        named = _named(images, exclusion) & ~taken
        taken |= named
        found.append(
            images.loc[named, ["image_id", "subject_id"]].assign(
                rule=exclusion.rule, reason=exclusion.reason
            )
        )
    return EXCLUSIONS.conform(pd.concat(found)) if found else EXCLUSIONS.empty()


def _named(images: pd.DataFrame, exclusion: Exclusion) -> pd.Series:
    if exclusion.image_id is not None:
        return images["image_id"] == exclusion.image_id
    if exclusion.subject_id is not None:
        return images["subject_id"] == exclusion.subject_id
    named = pd.Series(True, index=images.index)
    for name, value in exclusion.where.items():
        named &= (images[name].astype("string") == value).fillna(False)
    return named
