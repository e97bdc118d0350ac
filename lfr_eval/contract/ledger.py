"""Shared by engine and report: entries in, a file of JSON lines out that shows a later change.

Each entry holds the SHA-256 of the line before it, so changing, removing or inserting one breaks
the chain from there on. Lines cut off the end leave a chain that is whole: that is caught by the
hash of its last approval, which stands on the model version as a tag.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lfr_eval.contract.errors import MendableError

FIRST = "0" * 64
"""What stands for the hash of the entry before the first."""
LONGEST = 10.0
"""Seconds that a reader waits for an entry to be written."""


class LedgerError(MendableError, RuntimeError):
    """The ledger is not what was written; the message names the first entry that is not."""


@dataclass(frozen=True)
class Break:
    """Where a chain is broken: the first entry that is not what was written, and why."""

    number: int
    why: str

    def __str__(self) -> str:
        return (
            f"entry {self.number} was changed, or one before it was changed, removed or inserted: "
            f"{self.why}"
        )


@dataclass(frozen=True)
class Entry:
    """One entry: its place from 1, the SHA-256 of its line, and what it says."""

    number: int
    sha256: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Ledger:
    """An append-only file."""

    path: Path

    def entries(self) -> list[Entry]:
        """Return all entries.

        Raises
        ------
        LedgerError
            If one was changed, removed or inserted.
        """
        return self._whole(*self.checked())

    def checked(self) -> tuple[list[Entry], Break | None]:
        """Return the entries before the first break of the chain, and that break, if any.

        An entry that is being written is waited for, unless the folder is read-only.
        """
        with self._alone():
            return self._chain()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from writing, where there is a ledger and its folder takes a lock."""
        from filelock import FileLock

        lock = FileLock(f"{self.path}.lock", timeout=LONGEST)
        # One that is held for long is its holder's trouble, and none of who reads.
        with suppress(OSError):
            if self.path.is_file():
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _chain(self) -> tuple[list[Entry], Break | None]:
        previous = FIRST
        found: list[Entry] = []
        lines = self.path.read_bytes().splitlines() if self.path.is_file() else []
        for number, line in enumerate(lines, 1):
            try:
                values = json.loads(line)
                claimed = (values["number"], values["previous"])
            except (ValueError, KeyError, TypeError):
                return found, Break(number, "it is not an entry")
            if claimed != (number, previous):
                return found, Break(number, "it does not follow from the entry before it")
            previous = hashlib.sha256(line).hexdigest()
            found.append(Entry(number, previous, values))
        return found, None

    def _whole(self, found: list[Entry], broken: Break | None) -> list[Entry]:
        if broken is not None:
            raise LedgerError(
                f"{self.path}: {broken}. No later entry can be relied on; restore the file from a "
                "copy."
            )
        return found

    def append(self, values: Mapping[str, Any]) -> Entry:
        """Append an entry and wait until it is on the disk.

        Raises
        ------
        LedgerError
            If an earlier entry was changed: nothing is written on top of that.
        """
        from filelock import FileLock

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            before = self._whole(*self._chain())
            chained = {
                "number": len(before) + 1,
                "previous": before[-1].sha256 if before else FIRST,
                **values,
            }
            line = json.dumps(chained, sort_keys=True, ensure_ascii=False).encode()
            with self.path.open("ab") as file:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        return Entry(len(before) + 1, hashlib.sha256(line).hexdigest(), json.loads(line))
