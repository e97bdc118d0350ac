"""Who is compared with whom: the references, probes and watchlist of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.dont_care import DontCare
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.mixing import AS_THEY_COME, Mix
from lfr_eval.contract.tables import COMPARISONS, CORRECTIONS, DONT_CARE, WATCHLIST
from lfr_eval.contract.trials import group_people, places_of

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
    dont_care
        People who are not compared with one another.
    """

    images: pd.DataFrame
    subject: Ints
    references: Ints
    probes: Ints
    fillers: Ints
    dont_care: DontCare

    @classmethod
    def of(
        cls,
        images: pd.DataFrame,
        acquired: NDArray[np.bool_],
        dont_care: pd.DataFrame | None = None,
    ) -> Sides:
        """Divide the acquired images of table `cohort` by role.

        Parameters
        ----------
        acquired : (images,)
            Whether a template was made.
        dont_care
            Table `dont_care`; people of whom every image was excluded are passed over.
        """
        rows = {
            name: np.flatnonzero(images["role"].isin(roles).to_numpy(bool) & acquired)
            for name, roles in (
                ("references", ("reference", "both")),
                ("probes", ("probe", "both")),
                ("fillers", ("filler",)),
            )
        }
        codes, people = pd.factorize(images["subject_id"])
        pairs = DONT_CARE.empty() if dont_care is None else dont_care
        first, second = (
            (places_of(pd.Index(people), pairs[name]) for name in ("subject_a", "subject_b"))
            if len(pairs)
            else np.empty((2, 0), np.intp)
        )
        here = (first >= 0) & (second >= 0)
        apart = DontCare.of(len(people), first[here], second[here])
        return cls(images, codes.astype(np.intp), **rows, dont_care=apart)

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

    def left_out(self) -> pd.DataFrame:
        """Return table `corrections`: comparisons of don't-care people, to be taken off."""
        one, other = self.dont_care.one, self.dont_care.other
        references, probes, both = (
            np.bincount(self.subject[rows], minlength=self.dont_care.people)
            for rows in (self.references, self.probes, np.flatnonzero(self.in_both))
        )
        # Two images that are each reference and probe meet twice and are compared once.
        once = np.where(one < other, both[one] * both[other], 0)
        name = self.images["subject_id"].drop_duplicates().to_numpy()
        table = pd.DataFrame(
            {
                "subject_a": name[one],
                "subject_b": name[other],
                "trials": once - probes[one] * references[other],
            }
        )
        return CORRECTIONS.conform(table[table["trials"] != 0])


@dataclass(frozen=True)
class Gallery:
    """A watchlist: its references in random order, so that the first N are a watchlist of N.

    Attributes
    ----------
    rows : (references,)
        Rows of table `cohort`: everybody who may be on the watchlist. Those that a composition
        leaves out come after the longest watchlist that it allows.
    sizes
        Watchlist sizes to search, increasing.
    """

    rows: Ints
    sizes: tuple[int, ...]


def draw_gallery(
    sides: Sides, members: str, sizes: Sequence[int], seed: int, mix: Mix = AS_THEY_COME
) -> Gallery:
    """Put the watchlist into random order and check that it is long enough.

    Parameters
    ----------
    members
        `fillers`, or `everybody`: fillers and all references.
    sizes
        Sizes asked for; none: that of the mix, or the whole watchlist.
    mix
        Of whom: the first N references, whatever N, are a random watchlist of this composition.

    Raises
    ------
    ComparisonError
        If the watchlist is empty, or has too few references for a size asked for.
    """
    rows = sides.fillers
    if members == "everybody":
        rows = np.concatenate([sides.references, sides.fillers])
    if not len(rows):
        raise ComparisonError(
            "The watchlist is empty: the cohort has no acquired image with role 'filler'. Add a "
            "filler set (dataset.fillers=fairface), put everybody's references on the watchlist "
            "(design.watchlist_members=everybody), or compare pairs only (design=verification)."
        )
    grouping = group_people(sides.images.iloc[rows], mix.factor)
    group = mix.code(grouping.names, grouping.codes)
    available = np.bincount(group[group >= 0], minlength=len(mix.groups))
    largest = mix.largest(available)
    wanted = sorted(set(sizes) or {mix.size or max(largest, 1)})
    _check_sizes(wanted, mix, available)
    order = np.random.default_rng(seed).permutation(len(rows))
    key = mix.keys(_seats(group[order]), group[order])
    order = order[np.lexsort((group[order], key))]
    return Gallery(rows[order], tuple(wanted))


def _seats(group: Ints) -> Ints:
    """Return how many of the same group come before each one."""
    by_group = np.argsort(group, kind="stable")
    sorted_group = group[by_group]
    seats = np.empty(len(group), np.intp)
    seats[by_group] = np.arange(len(group)) - np.searchsorted(sorted_group, sorted_group)
    return seats


def _check_sizes(sizes: Sequence[int], mix: Mix, available: Ints) -> None:
    total = int(available.sum())
    problems = []
    for size in sizes:
        need = mix.counts(size)
        if len(mix.groups) == 1 and need[0] > available[0]:
            problems.append(f"a watchlist of {size:,} was asked for")
            continue
        short = [
            f"{needed:,} of {group} (there are {have:,})"
            for group, needed, have in zip(mix.groups, need.tolist(), available, strict=True)
            if needed > have
        ]
        if short:
            problems.append(
                f"a watchlist of {size:,} with the composition '{mix.name}' needs "
                f"{', '.join(short)}"
            )
    if problems:
        raise ComparisonError(
            f"There are too few people for the watchlist: {'; '.join(problems)}. The {total:,} "
            "acquired images that can be on it allow a watchlist of at most "
            f"{mix.largest(available):,}. Lower design.watchlist_sizes, or add fillers."
        )


def watchlist_table(sides: Sides, gallery: Gallery) -> pd.DataFrame:
    """Return table `watchlist`: the references in their random order."""
    chosen = sides.images.iloc[gallery.rows]
    return WATCHLIST.conform(
        pd.DataFrame(
            {
                "place": np.arange(len(chosen)),
                "reference_id": chosen["image_id"].to_numpy(),
                "reference_subject": chosen["subject_id"].to_numpy(),
            }
        )
    )
