"""Stage cohort: a dataset's name in, the folder with its checked files out.

From the offline mirror in place, else from the store, else downloaded from its publisher.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from lfr_eval.cohort.cards import DatasetCard, load_card

MIRROR_VARIABLE = "LFR_EVAL_MIRROR"


class FetchError(RuntimeError):
    """Files of a dataset are not here, cannot be downloaded, or have changed."""


def fetch(name: str, mirror: Path | None, store: Path) -> Path:
    """Return the folder of a dataset, or the file of weights."""
    return fetch_card(load_card(name), mirror, store)


def fetch_card(card: DatasetCard, mirror: Path | None, store: Path) -> Path:
    """Return the folder of a card's dataset, or the file of its weights."""
    if mirror is not None and card.mirror is not None and (mirror / card.mirror).is_file():
        return (mirror / card.mirror).parent if card.kind == "faces" else mirror / card.mirror
    raise FetchError(f"'{card.name}' is not in the mirror '{mirror}'.")


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 of a folder: of the lines `sha256  name` of its files, by name."""
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            content.update(f"{digest}  {path.relative_to(folder).as_posix()}\n".encode())
    return content.hexdigest()
