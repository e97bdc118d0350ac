"""Stage cohort: the name of a dataset or a manifest in, a `Cohort` out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from lfr_eval.cohort.card import CardError, DatasetCard
from lfr_eval.cohort.cards import load_card
from lfr_eval.cohort.cohort import Cohort, make_cohort
from lfr_eval.cohort.labels import respelled
from lfr_eval.cohort.layouts import manifest_rows
from lfr_eval.cohort.manifest import cohort_table
from lfr_eval.cohort.near_names import told_alike
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.cohort.sources import fetch_card
from lfr_eval.contract.dates import Order


def load_dataset(name: str | DatasetCard, mirror: Path | None, store: Path) -> Cohort:
    """Return the people of a known dataset, and fetch its files if they are missing.

    Parameters
    ----------
    name
        Name of a shipped card, path of a card, or a card.
    mirror
        Folder of an offline mirror, used in place; None for none.
    store
        Private folder of downloads.

    Returns
    -------
    Cohort
        With paths relative to the dataset's folder.

    Raises
    ------
    CardError
        If there is no such dataset, or its card has no faces.
    FetchError
        If its files are not here and cannot be downloaded, or have changed.
    ManifestError
        If its labels or images cannot be used. The message lists every problem.
    """
    card = name if isinstance(name, DatasetCard) else load_card(name)
    folder = fetch_card(card, mirror, store)
    rows = respelled(manifest_rows(card, folder), card).table
    return make_cohort(cohort_table(rows, folder, card), folder.absolute(), (card,))


def load_manifest(
    path: Path,
    card: DatasetCard | str | Path | None = None,
    *,
    templates_only: bool = False,
    dates: Order | None = None,
) -> Cohort:
    """Return the people of a manifest.

    Parameters
    ----------
    path
        CSV or Parquet; see `cohort.reading`.
    card
        A dataset card, its name or its path. If there is none, `manifest_card` makes one.
    templates_only
        Whether there are templates and no images.
    dates
        How days are written in numbers; None: as the column shows.

    Raises
    ------
    ManifestMissingError, ManifestError, CardError
        If the manifest or the card does not exist or cannot be used.
    """
    known = load_card(card) if isinstance(card, (str, Path)) else card
    known = known or manifest_card(path)
    labels = respelled(read_text_table(path), known)
    _check_factors(known, labels.table.frame.columns)
    images = cohort_table(
        labels.table, path.parent, known, templates_only=templates_only, dates=dates
    )
    # A study may change its working directory; where the images are must not change with it.
    cohort = make_cohort(images, path.parent.absolute(), (known,))
    alike = told_alike(images["subject_id"].tolist(), labels.table.rows.tolist())
    return replace(cohort, notes=(*labels.table.notes, *alike), label_names=labels.names)


def _check_factors(card: DatasetCard, columns: Iterable[str]) -> None:
    """Refuse a card that describes a factor which the manifest has under a similar name only."""
    there = set(columns)
    undescribed = sorted(there - {*card.label_source, *card.schemes})
    problems = [
        f"{entry}.{factor}: the manifest has no column '{factor}'; did you mean '{near[0]}'?"
        for entry, factors in (("label_source", card.label_source), ("schemes", card.schemes))
        for factor in factors
        if factor not in there and (near := get_close_matches(factor, undescribed, 1, 0.8))
    ]
    if problems:
        raise CardError(f"The card of dataset '{card.name}' has problems: {'; '.join(problems)}")


def manifest_card(
    path: Path,
    schemes: Mapping[str, str] | None = None,
    label_source: Mapping[str, str] | None = None,
) -> DatasetCard:
    """Return a card for a manifest without one, which says what is not known about it.

    Parameters
    ----------
    path
        The manifest. Its name becomes the name of the card.
    schemes
        Factor and demographic scheme; gender and ethnicity are `free` where not given.
    label_source
        Factor and who assigned its labels, if known.
    """
    unstated = "Not stated: this manifest has no dataset card."
    return DatasetCard(
        name=path.stem,
        title=f"The manifest {path.name}",
        kind="faces",
        origin=unstated,
        licence=unstated,
        consent=unstated,
        lawful_basis=unstated,
        citation=unstated,
        label_source=dict(label_source or {}),
        schemes={"gender": "free", "ethnicity": "free", **(schemes or {})},
        limits=(
            "Nothing is known about how these people were recruited, what they consented to or who "
            "gave their labels: write a dataset card and name it to have the report say so.",
        ),
    )
