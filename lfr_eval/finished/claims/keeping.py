"""The cache of what was learned from the sorted sentences.

Training takes some seconds, so the result lies in the user's cache under a name made of all that it
depends on. In: arrays and lists of words by name. Out: the same, or nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from lfr_eval.contract.places import default_cache
from lfr_eval.contract.writing import private_folder, written_aside

_FILES = (
    *("examples.csv", "kinds.toml", "words.toml", "kinds.py", "learned.py", "lexicon.py"),
    *("network.py", "rewording.py", "weights.py", "wording.py"),
)
"""What is learned depends on these files, and on the versions of the libraries that learn."""


def place() -> Path:
    """Return the cache file of what was learned from the shipped sentences."""
    from importlib.metadata import version

    made = hashlib.sha256(f"{version('scikit-learn')} {version('torch')}".encode())
    for name in _FILES:
        made.update((Path(__file__).parent / name).read_bytes())
    return default_cache() / f"claims-{made.hexdigest()[:16]}.npz"


def keep(learned: Mapping[str, np.ndarray | dict[str, int]], path: Path) -> None:
    """Write what was learned; a cache that cannot be written costs the next call some seconds."""
    arrays: dict[str, Any] = {
        name: np.frombuffer("\n".join(one).encode(), np.uint8) if isinstance(one, dict) else one
        for name, one in learned.items()
    }
    with suppress(OSError):
        private_folder(path.parent)
        with written_aside(path) as aside, aside.open("wb") as file:
            np.savez(file, **arrays)


def kept(path: Path) -> dict[str, np.ndarray] | None:
    """Return what a file holds; None if there is none or it is damaged."""
    with (
        suppress(OSError, ValueError, KeyError, EOFError, BadZipFile),
        path.open("rb") as file,
        np.load(file) as held,
    ):
        return {name: held[name] for name in held.files}
    return None


def places_in(written: np.ndarray, first: int = 0) -> dict[str, int]:
    """Return where each word of a list stands, from `first` on."""
    words = written.tobytes().decode().split("\n")
    return {word: at for at, word in enumerate(words, first)}
