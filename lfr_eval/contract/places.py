"""Shared by all that keeps data of people: the folders that were ever used, so that none is missed.

A private file of the user names them. Whoever purges or withdraws looks into all of them, wherever
links lead, and deletes only files that the tool wrote.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lfr_eval.contract.reading import ReadingError, json_value, read_text
from lfr_eval.contract.writing import private_folder

CACHES, STUDIES, DEPLOYMENTS = "caches", "studies", "deployments"
EXPORTS, CARDS = "exports", "cards"
WATCHLISTS = "watchlists"
FILE = "places.jsonl"


def default_cache() -> Path:
    """Return where the cache is if nobody says otherwise: of the XDG base directories."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path("~/.cache").expanduser()) / "lfr_eval"


def register_file() -> Path:
    """Return the file that names the folders."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = given if given.is_absolute() else Path("~/.local/state").expanduser()
    return state / "lfr_eval" / FILE


def remember(kind: str, folder: Path) -> None:
    """Note that a folder is used; a home that cannot be written costs the note only."""
    folder = folder.expanduser().absolute()
    # The default cache, too: it is elsewhere when XDG_CACHE_HOME changes.
    if folder in _registered(kind):
        return
    line = json.dumps({"kind": kind, "path": str(folder)}, ensure_ascii=False)
    with suppress(OSError):
        private_folder(register_file().parent)
        file = os.open(register_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # On a line of its own, even after half a line that a full disk left.
            os.write(file, f"\n{line}\n".encode())
        finally:
            os.close(file)


def known(kind: str) -> list[Path]:
    """Return the folders of a kind that were ever used, and the default cache."""
    found = [default_cache(), Path("~/.cache/lfr_eval").expanduser()] if kind == CACHES else []
    return list(dict.fromkeys((*found, *_registered(kind))))


def _registered(kind: str) -> list[Path]:
    found = []
    with suppress(ReadingError):
        for line in read_text(register_file()).split("\n"):
            with suppress(ReadingError, KeyError, TypeError):
                entry = json_value(line)
                if entry["kind"] == kind:
                    found.append(Path(str(entry["path"])))
    return found


@dataclass(frozen=True)
class Kept:
    """One kind of files that the tool keeps in caches.

    Attributes
    ----------
    what
        In words.
    folder
        Their folder in a cache; it may be linked, or hold files of somebody else.
    inside
        Pattern of the folders in it; empty: there are none.
    name
        Regular expression of their names.
    """

    what: str
    folder: str
    inside: str
    name: str

    def files(self, cache: Path) -> list[Path]:
        """Return the files of a cache, and what a process that died while writing one left."""
        own = re.compile(rf"{self.name}|\.{self.name}\.[0-9]+\.aside")
        found = sorted((cache / self.folder).glob(f"{self.inside}/*" if self.inside else "*"))
        return [
            path
            for path in found
            if own.fullmatch(path.name) and path.is_file() and not path.is_symlink()
        ]

    def delete(self, cache: Path, look: bool = False) -> int:
        """Delete them, and folders that are then empty, or only look; return how many there are."""
        files = self.files(cache)
        if look:
            return len(files)
        for path in files:
            path.unlink(missing_ok=True)
        for folder in (*dict.fromkeys(path.parent for path in files), cache / self.folder):
            with suppress(OSError):
                folder.rmdir()
        return len(files)

    def others(self, cache: Path) -> list[Path]:
        """Return what is no such file in the folder: links, and files of somebody else."""
        own = set(self.files(cache))
        found = (cache / self.folder).rglob("*")
        return sorted(path for path in found if path not in own and not path.is_dir())
