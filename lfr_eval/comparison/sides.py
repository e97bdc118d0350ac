"""Who is compared with whom: references, probes and the watchlist of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.errors import MendableError
from lfr_eval.tables import COMPARISONS

Ints = NDArray[np.intp]


class ComparisonError(MendableError, ValueError):
    """The cohort does not allow the comparisons that the design asks for."""


@dataclass(frozen=True)
class Sides:
    """The acquired images of a cohort, by role, as row numbers of table `cohort`.

    Attributes
    ----------
    images
        Table `cohort`.
    subject : (images,)
        Person of each image, as a code.
    references, probes, fillers
        Rows of acquired images that serve as reference (reference, both), probe (probe, both),
        filler.
    """

    images: pd.DataFrame
    subject: Ints
    references: Ints
    probes: Ints
    fillers: Ints

    @classmethod
    def of(cls, images: pd.DataFrame, acquired: NDArray[np.bool_]) -> Sides:
        """Divide the acquired images of table `cohort` by role."""
        role = images["role"].to_numpy(str)
        rows = {
            name: np.flatnonzero(np.isin(role, roles) & acquired)
            for name, roles in (
                ("references", ("reference", "both")),
                ("probes", ("probe", "both")),
                ("fillers", ("filler",)),
            )
        }
        codes, _ = pd.factorize(images["subject_id"])
        return cls(images, codes.astype(np.intp), **rows)

    @property
    def in_both(self) -> NDArray[np.bool_]:
        """Which images serve as reference and as probe, (images,)."""
        flag = np.zeros(len(self.images), bool)
        flag[np.intersect1d(self.references, self.probes)] = True
        return flag

    def counts(self) -> pd.DataFrame:
        """Return table `comparisons`: acquired images of each person by role."""
        subject = self.images["subject_id"]
        people = subject[self.images["role"] != "filler"].unique()
        number = {
            "references": subject.iloc[self.references].value_counts(),
            "probes": subject.iloc[self.probes].value_counts(),
            "both": subject[self.in_both].value_counts(),
        }
        columns = {
            name: count.reindex(people, fill_value=0).to_numpy() for name, count in number.items()
        }
        return COMPARISONS.conform(pd.DataFrame({"subject_id": people, **columns}))


@dataclass(frozen=True)
class Gallery:
    """A watchlist: its references in random order, so that the first N are a watchlist of N.

    Attributes
    ----------
    rows : (references,)
        Rows of table `cohort`.
    sizes
        Watchlist sizes to search, increasing.
    """

    rows: Ints
    sizes: tuple[int, ...]


def draw_gallery(sides: Sides, members: str, sizes: Sequence[int], seed: int) -> Gallery:
    """Put the watchlist into random order and check that it is long enough.

    Parameters
    ----------
    members
        `fillers`, or `everybody`: fillers and all references.
    sizes
        Sizes asked for; none: the whole watchlist.

    Raises
    ------
    ComparisonError
        If the watchlist is empty or shorter than a size asked for.
    """
    rows = sides.fillers
    if members == "everybody":
        rows = np.concatenate([sides.references, sides.fillers])
    if not len(rows):
        raise ComparisonError(
            "The watchlist is empty: the cohort has no acquired image with role 'filler'. Add a "
            "filler set (dataset.fillers=fairface), put everybody's references on the watchlist "
            "(design.watchlist_members=everybody), or compare 1:1 only (design=verification)."
        )
    too_long = [size for size in sizes if size > len(rows)]
    if too_long:
        raise ComparisonError(
            f"A watchlist of {', '.join(f'{size:,}' for size in too_long)} was asked for, but only "
            f"{len(rows):,} acquired images can be on it; lower design.watchlist_sizes."
        )
    order = np.random.default_rng(seed).permutation(len(rows))
    return Gallery(rows[order], tuple(sorted(set(sizes))) or (len(rows),))
