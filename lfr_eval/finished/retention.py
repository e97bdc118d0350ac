"""Retention of dataset cards: what is over its time is deleted where it is ours, at start-up.

Ours are the downloads in caches, and the templates that were made of them. Pictures of somebody's
own manifest are not: a study of an expired card is refused instead (`cohort.chosen`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from lfr_eval.cohort import DatasetCard
from lfr_eval.cohort.card import EXPIRED, CardError
from lfr_eval.cohort.cards import card_names, cards_folder, load_card
from lfr_eval.cohort.sources import RECEIPT
from lfr_eval.contract.places import CARDS, known
from lfr_eval.contract.words import several
from lfr_eval.finished.person import Person
from lfr_eval.finished.withdrawal import from_cache


def enforce_retention(caches: Iterable[Path], today: date | None = None) -> list[str]:
    """Delete downloads whose card has expired, and what was made of them; say what was deleted.

    Parameters
    ----------
    caches
        Private folders of downloads and templates.
    today
        The day, UTC.
    """
    day = today or datetime.now(UTC).date()
    over = [card for card in _cards() if EXPIRED in card.objections("", day)]
    held = list(caches)
    return [said for card in over for cache in held for said in _deleted(card, cache, held)]


def _cards() -> list[DatasetCard]:
    """Return the shipped cards, and those that studies on this account were made with."""
    places = [*(cards_folder() / f"{name}.yaml" for name in card_names()), *known(CARDS)]
    found = []
    for place in places:
        # A card that is gone, or that nobody can read, says nothing about a time.
        with suppress(CardError):
            found.append(load_card(place))
    return found


def _deleted(card: DatasetCard, cache: Path, caches: Iterable[Path]) -> list[str]:
    folder = cache / card.name
    receipt = folder / RECEIPT
    # Without a receipt, somebody else put the files there.
    if folder.is_symlink() or not receipt.is_file():
        return []
    lines = receipt.read_text("utf-8", errors="replace").splitlines()
    made = Person("", digests={line.partition("  ")[0] for line in lines})
    shutil.rmtree(folder)
    done = [
        f"{folder}: {several(len(lines), 'file')} deleted; the dataset '{card.name}' had to be "
        f"deleted by {card.expires}"
    ]
    return [*done, *(said for each in caches for said in from_cache(made, each))]
