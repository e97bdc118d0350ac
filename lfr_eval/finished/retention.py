"""Retention of dataset cards: what is over its time is deleted where it is ours, at start-up.

Ours are the downloads in caches, and the templates that were made of them. Pictures of somebody's
own manifest are not: a study of an expired card is refused instead (`cohort.chosen`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Set
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from lfr_eval.cohort import DatasetCard
from lfr_eval.cohort.card import EXPIRED, CardError
from lfr_eval.cohort.cards import card_names, cards_folder, load_card
from lfr_eval.cohort.sources import RECEIPT
from lfr_eval.config import StudyConfig
from lfr_eval.config.paths import cache_folder
from lfr_eval.contract.places import CACHES, CARDS, known
from lfr_eval.contract.words import several
from lfr_eval.finished.elsewhere import from_cache
from lfr_eval.finished.person import Person


def enforce_of(config: StudyConfig) -> list[str]:
    """Enforce retention in every known cache before a study, unless the study overrides it."""
    if EXPIRED in config.dataset.despite:
        return []
    return enforce_retention((cache_folder(config.paths), *known(CACHES)))


def enforce_retention(caches: Iterable[Path], today: date | None = None) -> list[str]:
    """Delete downloads whose card has expired, and what was made of them; say what was deleted.

    Parameters
    ----------
    caches
        Private folders of downloads and templates.
    today
        The day, UTC.
    """
    day, held = today or datetime.now(UTC).date(), list(dict.fromkeys(caches))
    # Without a receipt, somebody else put the files there.
    downloads = [
        receipt.parent
        for cache in held
        for receipt in sorted(cache.glob(f"*/{RECEIPT}"))
        if receipt.is_file() and not receipt.parent.is_symlink()
    ]
    cards = _cards({folder.name for folder in downloads})
    over = {card.name: card for card in cards if EXPIRED in card.objections("", day)}
    return [
        said
        for folder in downloads
        if folder.name in over
        for said in _deleted(over[folder.name], folder, held)
    ]


def _cards(names: Set[str]) -> list[DatasetCard]:
    """Return the cards of some downloads: shipped ones, and those that studies here used."""
    if not names:
        return []
    shipped = [cards_folder() / f"{name}.yaml" for name in sorted(names & set(card_names()))]
    found = []
    for place in (*shipped, *known(CARDS)):
        # A card that is gone, or that nobody can read, says nothing about a time.
        with suppress(CardError):
            found.append(load_card(place))
    return found


def _deleted(card: DatasetCard, folder: Path, caches: Iterable[Path]) -> list[str]:
    lines = (folder / RECEIPT).read_text("utf-8", errors="replace").splitlines()
    made = Person("", digests={line.partition("  ")[0] for line in lines})
    shutil.rmtree(folder)
    done = [
        f"{folder}: {several(len(lines), 'file')}; the pictures of '{card.name}' were allowed to "
        f"be kept until {card.expires}",
        *(said for each in caches for said in from_cache(made, each)),
    ]
    return [f"Deleted: {said}" for said in done]
