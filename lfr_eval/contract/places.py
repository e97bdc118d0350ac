"""Shared by all that keeps data of people: the folders that were ever used, so that none is missed.

A private file of the user names them. Whoever purges or withdraws looks into all of them.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from lfr_eval.contract.reading import ReadingError, json_value, read_text
from lfr_eval.contract.writing import private_folder

CACHES, STUDIES, DEPLOYMENTS = "caches", "studies", "deployments"
EXPORTS, CARDS = "exports", "cards"
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
    if folder in known(kind):
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
    with suppress(ReadingError):
        for line in read_text(register_file()).split("\n"):
            with suppress(ReadingError, KeyError, TypeError):
                entry = json_value(line)
                if entry["kind"] == kind:
                    found.append(Path(str(entry["path"])))
    return list(dict.fromkeys(found))
