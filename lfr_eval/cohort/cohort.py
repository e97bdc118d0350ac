"""Stage cohort: the people of a study, their roles and their images.

In: the stage table `COHORT`, the folder of its images and its dataset cards. Out: a `Cohort`, the
only object through which later stages see people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.manifest import CARD
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.tables import COHORT
from lfr_eval.contract.words import some

PERSONAL = ("gender", "ethnicity", "age_band")
"""Factors of a person that every cohort has, even if their labels are missing."""

AT_ONCE = 100_000
"""Rows that are hashed as Python text at once."""
_PLAIN = r"^[ !#-\[\]-~]*$"
"""What JSON writes as it is."""

_NOT_PERSONAL = {column.name for column in COHORT.columns} - set(PERSONAL)


class CohortError(MendableError, ValueError):
    """Cohorts cannot be joined, or an image is not in the cohort."""


@dataclass(frozen=True)
class Cohort:
    """The people of a study and their images.

    Attributes
    ----------
    images
        The stage table `COHORT`.
    root
        Folder that the paths are relative to.
    cards
        Its dataset cards, those of fillers last.
    digest
        SHA-256 over the content digests, identifiers, roles and labels: the same for any order of
        rows and any folder.
    simulated
        Whether all its people are simulated.
    other_roots
        Folder of the images of each further dataset card, where cohorts were joined.
    notes
        Changes made to labels while reading, in sentences without identities.
    label_names
        Short name and full label of the columns that have short names.
    """

    images: pd.DataFrame
    root: Path
    cards: tuple[DatasetCard, ...]
    digest: str
    simulated: bool = False
    other_roots: Mapping[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    label_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row per person, indexed by `subject_id` in order.

        Columns: `gender`, `ethnicity`, `age_band`, every further column that is constant for each
        person, and `filler`, true for people who are on the watchlist only. Age may differ between
        images; the band is that of the lowest age. A missing label is missing in every column.
        """
        further = [
            name
            for name in self.images.columns
            if name not in _NOT_PERSONAL and name not in PERSONAL
        ]
        if self.images["subject_id"].is_unique:
            # Millions of pairs have as many people, and nobody has labels to agree.
            told = ["subject_id", "role", *PERSONAL, *further]
            alone = self.images[told].set_index("subject_id").sort_index()
            filler = (alone["role"] == "filler").astype("boolean")
            return alone[[*PERSONAL, *further]].assign(filler=filler)
        ordered = self.images.sort_values(["subject_id", "age", "age_band", "image_id"])
        persons = ordered.groupby("subject_id")
        most = persons[further].nunique().max() if further else pd.Series(dtype=int)
        constant = [name for name in further if int(most[name] or 0) <= 1]
        people = persons[[*PERSONAL, *constant]].first()
        filler = (ordered["role"] == "filler").groupby(ordered["subject_id"]).all()
        return people.assign(filler=filler.astype("boolean"))

    @cached_property
    def _files(self) -> pd.Series:
        return self.images.set_index("image_id")["path"]

    @cached_property
    def _cards(self) -> pd.Series:
        return self.images.set_index("image_id")[CARD]

    def resolve(self, image_id: str) -> Path:
        """Return the file of an image.

        Raises
        ------
        CohortError
            If there is no such image, or it is a template without a file.
        """
        if image_id not in self._files.index:
            raise CohortError(f"There is no image '{image_id}' in this cohort.")
        path = self._files[image_id]
        if pd.isna(path):
            raise CohortError(f"'{image_id}' is a template, so it has no image file.")
        root = self.root
        if self.other_roots:
            root = self.other_roots.get(str(self._cards[image_id]), root)
        return root / str(path)


def make_cohort(
    images: pd.DataFrame,
    root: Path,
    cards: tuple[DatasetCard, ...],
    *,
    simulated: bool = False,
    digest: str | None = None,
) -> Cohort:
    """Return a cohort with its digest.

    Parameters
    ----------
    images
        Rows of the stage table `COHORT`.
    root
        Folder that the paths are relative to.
    cards
        Its dataset cards.
    simulated
        Whether all its people are simulated; also true if a card says so.
    digest
        Its digest; None: `cohort_digest` of the images.

    Raises
    ------
    lfr_eval.contract.tables.TableError
        If the columns are not those of the stage table.
    """
    table = COHORT.conform(images)
    if CARD not in table and len(cards) == 1:
        table[CARD] = pd.Series(cards[0].name, table.index, "string")
    simulated = simulated or any(card.simulated for card in cards)
    return Cohort(table, root, cards, digest or cohort_digest(table), simulated)


def join_fillers(cohort: Cohort, fillers: Cohort) -> Cohort:
    """Return the cohort with the people of another cohort as watchlist fillers.

    Parameters
    ----------
    cohort
        The people under test.
    fillers
        People whose images are on the watchlist only; their role becomes `filler`.

    Raises
    ------
    CohortError
        If a person or an image is in both, since a filler must be somebody else.
    """
    clashes = []
    for column, what in (
        ("subject_id", "people"),
        ("image_id", "images"),
        ("digest", "image files"),
    ):
        shared = set(cohort.images[column].dropna()) & set(fillers.images[column].dropna())
        if shared:
            clashes.append(f"{len(shared)} {what} are in both ({column}: {some(sorted(shared))})")
    if clashes:
        raise CohortError(
            "The fillers overlap with the people under test: " + "; ".join(clashes) + ". "
            "A filler must be somebody else; rename or remove them."
        )
    renamed = _distinct_names(cohort, fillers)
    added = fillers.images.assign(role="filler")
    if CARD in added:
        added[CARD] = added[CARD].replace(renamed)
    images = COHORT.conform(pd.concat([cohort.images, added], ignore_index=True))
    roots = {
        renamed[card.name]: fillers.other_roots.get(card.name, fillers.root)
        for card in fillers.cards
    }
    cards = tuple(replace(card, name=renamed[card.name]) for card in fillers.cards)
    return Cohort(
        images,
        cohort.root,
        (*cohort.cards, *cards),
        cohort_digest(images),
        cohort.simulated or fillers.simulated,
        {**cohort.other_roots, **roots},
        cohort.notes,
        cohort.label_names,
    )


def cohort_digest(images: pd.DataFrame) -> str:
    """Return the SHA-256 of a cohort's content: images, identifiers, roles and labels.

    The order of rows and columns and the location of the files do not matter. Each row is written
    as JSON, which distinguishes missing from empty and cannot be confused by separators.
    """
    names = sorted(name for name in images.columns if name != "path")
    texts = {name: images[name].astype("string") for name in names}
    filled = [name for name in names if not texts[name].isna().all()]
    content = hashlib.sha256(json.dumps(filled).encode())
    if filled and len(images):
        cells = (_as_json(texts[name]) for name in filled)
        rows = _joined("[", _joined(*cells, between=", "), "]")
        rows = rows.take(pc.array_sort_indices(rows))
        for start in range(0, len(rows), AT_ONCE):
            told = rows.slice(start, AT_ONCE).to_pylist()
            content.update("".join(f"\n{row}" for row in told).encode())
    return content.hexdigest()


def _as_json(text: pd.Series) -> pa.Array:
    """Return cells as JSON writes them in ASCII."""
    values = pa.array(text.array, pa.large_string())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    plain = pc.fill_null(pc.match_substring_regex(values, _PLAIN), True)
    quoted = _joined('"', values, '"')
    if not pc.all(plain).as_py():
        odd = pc.filter(values, pc.invert(plain))
        known = {one: json.dumps(one) for one in pc.unique(odd).to_pylist()}
        told = pa.array([known[one] for one in odd.to_pylist()], pa.large_string())
        quoted = pc.replace_with_mask(quoted, pc.invert(plain), told)
    return pc.fill_null(quoted, "null")


def _joined(*parts: str | pa.Array, between: str = "") -> pa.Array:
    texts = [pa.scalar(one, pa.large_string()) if isinstance(one, str) else one for one in parts]
    return pc.binary_join_element_wise(*texts, pa.scalar(between, pa.large_string()))


def _distinct_names(cohort: Cohort, fillers: Cohort) -> dict[str, str]:
    taken = {card.name for card in cohort.cards}
    return {
        card.name: f"{card.name} (fillers)" if card.name in taken else card.name
        for card in fillers.cards
    }
