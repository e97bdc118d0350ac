"""Stage `publishing`: how published counts hang together (cohort and groups in, sums out).

Everybody is the sum of the genders, each gender the sum of its intersections with ethnicity, and so
on: every published count is a sum over the smallest groups that the factors tell apart, here called
atoms. What can be worked out from a publication is what follows from these sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.trials import labels_by

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Group = tuple[str, str]
"""Factor and group."""


class PublicationError(MendableError, ValueError):
    """A study cannot be published so; the message says why and the remedy."""


@dataclass(frozen=True)
class Linked:
    """Counts of groups in one or several layers: thresholds, watchlist sizes.

    Attributes
    ----------
    member : (groups, atoms)
        Of which atoms a group is the sum.
    values : (groups, layers)
        The counts.
    caps : (groups, layers)
        What none can exceed: its trials or people.
    order
        Pairs of layers: in the first, no atom has fewer than in the second.
    names
        What the counts of each group are, for messages.
    """

    member: Flags
    values: Counts
    caps: Counts
    order: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()

    def only(self, groups: Flags) -> Linked:
        """Return the counts of some groups."""
        return Linked(self.member[groups], self.values[groups], self.caps[groups], self.order)


def memberships(
    cohort: pd.DataFrame,
    groups: Sequence[Group],
    conditions: Sequence[str] = (),
    fillers: bool = False,
) -> Flags:
    """Return of which atoms each group consists.

    Parameters
    ----------
    cohort
        Table `cohort`.
    groups
        Factor and group of every published count.
    conditions
        Parts of factors that are conditions of passes: references and fillers have none.
    fillers
        Whether fillers are counted, who may be of groups of which nobody is tested.

    Raises
    ------
    PublicationError
        If the cohort lacks a column of a factor.
    """
    factors = list(dict.fromkeys(factor for factor, _ in groups))
    parts = {part for factor in factors if factor != OVERALL for part in factor.split(CROSS)}
    lacking = sorted(part for part in parts if part not in cohort)
    if lacking:
        raise PublicationError(
            f"The cohort has no column {', '.join(lacking)}, so that it is not known which groups "
            "add up to which: run the study again, or leave these factors out."
        )
    other = ["reference", "filler"] if parts & set(conditions) else [] if fillers else ["filler"]
    images = cohort[~cohort["role"].isin(other)]
    atoms = pd.DataFrame({factor: labels_by(images, factor) for factor in factors})
    atoms = atoms.drop_duplicates()
    return np.array(
        [
            np.ones(len(atoms), bool) if factor == OVERALL else (atoms[factor] == group).to_numpy()
            for factor, group in groups
        ],
        dtype=bool,
    ).reshape(len(groups), len(atoms))


def pairs_within(member: Flags) -> Flags:
    """Return the sums for comparisons of two people of one group: atoms are pairs of atoms."""
    first, second = np.triu_indices(member.shape[1])
    return np.unique(member[:, first] & member[:, second], axis=1)
