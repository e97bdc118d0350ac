"""Shared by engine and report: entries in, a file of JSON lines out that shows a later change.

Each entry holds the SHA-256 of the line before it, so changing, removing or inserting one breaks
the chain from there on. An entry that is signed cannot be edited or written by anybody but the
holder of the key. Keys stand in the ledger itself, each brought in by the holder of an earlier one,
and are revoked there: signatures after the revocation do not count, and earlier ones still do.
A chain without signatures shows careless edits: whoever can write the file can also make it anew,
and can edit its last line freely. Lines cut off the end leave a chain that is whole: that is caught
by the hash of its last approval, which stands on the model version as a tag.

A crash or a full disk can leave half a line at the end, without a line feed. It is not an entry:
readers pass it over, and the next writer moves it aside.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.keys import SIGNATURE, Key, fingerprint, holds, is_public
from lfr_eval.contract.persons import same_person
from lfr_eval.contract.reading import json_value, regular_file
from lfr_eval.contract.tampering import tampered
from lfr_eval.contract.writing import write_whole, written_aside

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
    """One entry of a ledger.

    Attributes
    ----------
    number
        Its place, from 1.
    sha256
        Of its line.
    values
        What it says.
    signer
        Fingerprint of the key that signed it; None: nobody did, or `revoked`.
    revoked
        Fingerprint of a key that signed it after it had been revoked.
    """

    number: int
    sha256: str
    values: Mapping[str, Any]
    signer: str | None = None
    revoked: str | None = None


@dataclass(frozen=True)
class Holder:
    """Who holds a key, as the ledger says."""

    name: str
    role: str
    public: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key."""
        return fingerprint(self.public)


HOLDER, REVOCATION = "holder", "revocation"
"""What an entry is that brings in a key, or revokes one; entries without a kind are decisions."""


_OF_KEYS = tuple(b'"kind": "%s"' % kind.encode() for kind in (HOLDER, REVOCATION))


def holders(entries: Sequence[Entry]) -> dict[str, Holder]:
    """Return who holds or held which key, by fingerprint, as the entries of a ledger say."""
    return _keys(entries).held


def revoked_in(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Return the entry that revokes each key that is revoked, by fingerprint."""
    found = [each for each in entries if each.values.get("kind") == REVOCATION]
    return {each.values["fingerprint"]: each for each in reversed(found)}


@dataclass(frozen=True)
class _Keys:
    """The keys of a ledger as far as it was read."""

    held: dict[str, Holder]
    revoked: set[str]

    def read(self, values: Mapping[str, Any], line: bytes) -> tuple[str | None, str | None]:
        """Return who signed an entry, and the revoked key that signed it; note what it says.

        Parameters
        ----------
        line
            What stands in the file: of a signed entry, byte for byte as `append` writes it.

        Raises
        ------
        KeyError, TypeError
            If its signature is not one by a key of the ledger, or nobody vouches for its key.
        """
        brought = _holder(values) if values.get("kind") == HOLDER else None
        known = self.held if self.held or brought is None else {brought.fingerprint: brought}
        signer, revoked = None, None
        if SIGNATURE in values or "key" in values:
            holder = known.get(str(values.get("key")))
            if holder is None:
                raise KeyError("it is signed with a key that nobody registered")
            if not holds(holder.public, values):
                raise KeyError("its signature does not hold")
            if line != written(values):
                raise KeyError(
                    "its signature holds, but the line is not written as it was when signed"
                )
            if holder.fingerprint in self.revoked:
                revoked = holder.fingerprint
            else:
                signer = holder.fingerprint
        if signer is None and values.get("kind") in (HOLDER, REVOCATION):
            does = "brings in" if brought else "revokes"
            raise KeyError(f"it {does} a key, and no registered key signs that")
        self.note(values)
        return signer, revoked

    def note(self, values: Mapping[str, Any]) -> None:
        """Note a key that an entry brings in or revokes."""
        if values.get("kind") == HOLDER:
            holder = _holder(values)
            live = [one for mark, one in self.held.items() if mark not in self.revoked]
            if holder.fingerprint in self.held:
                raise KeyError("it adds a key that is already registered")
            if any(same_person(one.name, holder.name) for one in live):
                raise KeyError(f"it adds a second key of {holder.name}")
            self.held[holder.fingerprint] = holder
        elif values.get("kind") == REVOCATION:
            if values["fingerprint"] not in self.held:
                raise KeyError("it revokes a key that nobody registered")
            self.revoked.add(values["fingerprint"])


def written(values: Mapping[str, Any]) -> bytes:
    """Return the line of an entry, without its line feed."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False).encode()


def _keys(entries: Sequence[Entry]) -> _Keys:
    found = _Keys({}, set())
    for entry in entries:
        found.note(entry.values)
    return found


def _holder(values: Mapping[str, Any]) -> Holder:
    name, role, public = values["name"], values["role"], values["public_key"]
    if not (isinstance(name, str) and isinstance(role, str) and is_public(public)):
        raise TypeError("it brings in no key")
    return Holder(name, role, public)


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

    def lines(self) -> list[bytes] | None:
        """Return the lines of a chain that is whole, without reading their values.

        Each line is bound by its hash, which the next one names, as in `checked`; that a line says
        anything sensible is for `some` to see. None: it is not such a chain, or is not written as
        `append` writes; `entries` says what it is.
        """
        with self._alone():
            lines = self._lines()[0]
        previous = FIRST
        for number, line in enumerate(lines, 1):
            # Quotes within a text are escaped, so that no text can hold these words.
            if f'"previous": "{previous}"'.encode() not in line:
                return None
            if b'"number": %d, ' % number not in line:
                return None
            previous = hashlib.sha256(line).hexdigest()
        return lines

    def some(self, lines: Sequence[bytes], numbers: Iterable[int]) -> list[Entry]:
        """Return some entries of a chain of `lines`, their signatures checked.

        Of the others, the last signature that counts is checked. It binds every line before it to
        what its holder saw, because `append` signs nothing on top of a signature that fails.

        Raises
        ------
        LedgerError
            If one of these is no entry, or its signature does not hold.
        """
        keys, wanted, read = _Keys({}, set()), set(numbers), {}

        def look(number: int) -> Entry:
            line = lines[number - 1]
            try:
                values = json_value(line)
                signer, revoked = keys.read(values, line)
            except (ValueError, KeyError, TypeError) as error:
                why = error.args[0] if isinstance(error, KeyError) else "it is not an entry"
                raise LedgerError(f"{self.path}: {Break(number, why)}.") from None
            return Entry(number, hashlib.sha256(line).hexdigest(), values, signer, revoked)

        brings, revokes = _OF_KEYS
        for number, line in enumerate(lines, 1):
            if number in wanted or brings in line or revokes in line:
                read[number] = look(number)
        for number in range(len(lines), 0, -1):
            if b'"key": ' in lines[number - 1] and look(number).signer is not None:
                break
        return [read[number] for number in sorted(wanted)]

    def checked(self) -> tuple[list[Entry], Break | None]:
        """Return the entries before the first break of the chain, and that break, if any.

        An entry that is being written is waited for, unless the folder is read-only.
        """
        with self._alone():
            return self._chain()

    def tampered(self) -> list[str]:
        """Return every place at which the chain is not what was written, in sentences."""
        with self._alone():
            lines = self._lines()[0]
        keys, unsigned = _Keys({}, set()), {}
        for at, line in enumerate(lines):
            try:
                keys.read(json_value(line), line)
            except KeyError as error:
                unsigned[at] = str(error.args[0])
            except (ValueError, TypeError, AttributeError):
                continue
        return list(tampered(lines, FIRST, unsigned))

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

    def torn(self) -> bytes:
        """Return what a crash left of an entry at the end; the next entry moves it aside."""
        with self._alone():
            return self._lines()[1]

    def _chain(self) -> tuple[list[Entry], Break | None]:
        previous = FIRST
        found: list[Entry] = []
        keys = _Keys({}, set())
        for number, line in enumerate(self._lines()[0], 1):
            try:
                values = json_value(line)
                claimed = (values["number"], values["previous"])
            except (ValueError, KeyError, TypeError):
                return found, Break(number, "it is not an entry")
            if claimed != (number, previous):
                return found, Break(number, "it does not follow from the entry before it")
            try:
                signer, revoked = keys.read(values, line)
            except (KeyError, TypeError) as error:
                return found, Break(number, str(error.args[0]))
            previous = hashlib.sha256(line).hexdigest()
            found.append(Entry(number, previous, values, signer, revoked))
        return found, None

    def _lines(self) -> tuple[list[bytes], bytes]:
        """Return the whole lines, and what a crash left of one after them."""
        if not self.path.exists():
            return [], b""
        with os.fdopen(regular_file(self.path), "rb") as stream:
            *whole, torn = stream.read().split(b"\n")
        return whole, torn

    def _whole(self, found: list[Entry], broken: Break | None) -> list[Entry]:
        if broken is not None:
            raise LedgerError(
                f"{self.path}: {broken}. No later entry can be relied on; restore the file from a "
                "copy."
            )
        return found

    def append(self, values: Mapping[str, Any], key: Key | None = None) -> Entry:
        """Append an entry and wait until it is on the disk.

        Parameters
        ----------
        key
            Signs it, and with it everything before it.

        Raises
        ------
        LedgerError
            If an earlier entry was changed, so that nothing is written on top of that; or the entry
            cannot be written, so that the ledger is as it was.
        """
        from filelock import FileLock

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self.path}.lock", mode=0o600):
                return self._append(values, key)
        except OSError as error:
            raise LedgerError(
                f"{self.path}: the entry was not written ({error.strerror or error})."
            ) from error

    def _append(self, values: Mapping[str, Any], key: Key | None) -> Entry:
        before = self._whole(*self._chain())
        chained: dict[str, Any] = {
            "number": len(before) + 1,
            "previous": before[-1].sha256 if before else FIRST,
            **values,
        }
        if key is not None:
            chained["key"] = key.fingerprint
            chained[SIGNATURE] = key.sign(chained)
        line = written(chained)
        try:
            signer, revoked = _keys(before).read(chained, line)
        except (KeyError, TypeError) as error:
            raise LedgerError(
                f"{self.path}: the entry was not written: {error.args[0]}. Keys are registered "
                "once, with lfr-eval approvals register."
            ) from None
        if revoked is not None:
            raise LedgerError(
                f"{self.path}: the key {revoked[:16]} was revoked. Nothing is written."
            )
        self._move_torn_aside()
        end = self.path.stat().st_size if self.path.exists() else 0
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            write_whole(file, line + b"\n")
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, end)
            raise
        finally:
            os.close(file)
        return Entry(len(before) + 1, hashlib.sha256(line).hexdigest(), json.loads(line), signer)

    def _move_torn_aside(self) -> None:
        """Cut what a crash left of a line, and keep it in a file beside the ledger."""
        whole, torn = self._lines()
        if not torn:
            return
        aside = self.path.with_name(f"{self.path.name}.torn-{hashlib.sha256(torn).hexdigest()[:8]}")
        with written_aside(aside) as file:
            file.write_bytes(torn)
        os.truncate(self.path, sum(len(line) + 1 for line in whole))
