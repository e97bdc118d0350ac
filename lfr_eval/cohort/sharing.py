"""Who received whose images: an append-only register in, answers "as far as it knows" out.

In 2019 images were found to have been shared under a local agreement of which the centre, when it
was asked, knew nothing. A register cannot know what nobody entered. So every answer says how many
entries it rests on and when the last one was made, and entries that were made late say so.

A subject's name is kept as a keyed digest (HMAC-SHA-256 with a salt of the register), so that the
file alone does not list whose images were shared. Whoever holds the file and guesses a name can
still test the guess: the register is private.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.keys import Key
from lfr_eval.contract.ledger import Entry, Ledger, LedgerError
from lfr_eval.contract.persons import skeleton
from lfr_eval.contract.words import several

SHARED = ("images", "templates", "scores")
"""What can be shared."""

LATE = 30
"""Days after which an entry counts as made late."""

_OPENED, _SHARING, _DELETION = "register", "sharing", "deletion"


class SharingError(MendableError, ValueError):
    """A sharing cannot be recorded, or the register cannot be used."""


@dataclass(frozen=True)
class Deletion:
    """A confirmation that what was shared is gone."""

    on: date
    by: str
    proof: str | None


@dataclass(frozen=True)
class Sharing:
    """One sharing, as the register holds it.

    Attributes
    ----------
    number
        Its entry, by which it is referred to.
    organisation
        Who received it.
    what
        `images`, `templates` or `scores`.
    count
        How many.
    people
        Digests of the people whose they are; none where the entry does not say.
    purpose, agreement, basis
        Why, under which agreement, and on which lawful basis.
    since, until
        First day, and the day by which it is to be deleted.
    dataset
        Name of the dataset, where it was part of one.
    recorded
        Day of the entry.
    by
        Who made it.
    """

    number: int
    organisation: str
    what: str
    count: int
    people: tuple[str, ...]
    purpose: str
    agreement: str
    basis: str | None
    since: date
    until: date | None
    dataset: str | None
    recorded: date
    by: str
    signed: bool
    deletion: Deletion | None = None

    @property
    def late(self) -> int | None:
        """Days from the sharing to its entry, where these are more than thirty."""
        days = (self.recorded - self.since).days
        return days if days > LATE else None

    def overdue(self, today: date) -> bool:
        """Whether it should have been deleted and nobody confirmed that."""
        return self.deletion is None and self.until is not None and self.until < today

    def sentence(self, today: date) -> str:
        """Return the sharing in a sentence."""
        said = (
            f"{self.organisation} received {several(self.count, self.what[:-1])} on {self.since} "
            f"for {self.purpose}, under {self.agreement} (entry {self.number})"
        )
        if self.deletion is not None:
            said += f"; deleted on {self.deletion.on}, as {self.deletion.by} confirmed"
        elif self.overdue(today):
            said += f"; deletion was due on {self.until} and nobody confirmed it"
        elif self.until is not None:
            said += f"; to be deleted by {self.until}"
        else:
            said += "; no day of deletion is agreed"
        if self.late is not None:
            said += f"; entered {self.late} days after it happened"
        return said + "."


@dataclass(frozen=True)
class Answer:
    """What a register says to a question, and what that rests on."""

    question: str
    sharings: tuple[Sharing, ...]
    entries: int
    last: date | None
    unnamed: int
    """Sharings that do not say whose images they were, and so cannot be ruled out."""

    today: date

    def lines(self) -> Iterator[str]:
        """Return the answer in sentences; the first says how far the register knows."""
        if self.entries == 0:
            yield f"This register is empty, so it cannot say {self.question}."
            return
        rests = f"{several(self.entries, 'entry', 'entries')}, the last of {self.last}"
        if not self.sharings:
            yield f"As far as this register knows ({rests}): nobody. {_CANNOT}"
        else:
            found = several(len(self.sharings), "sharing")
            yield f"As far as this register knows ({rests}), {self.question}: {found}. {_CANNOT}"
        for each in self.sharings:
            yield each.sentence(self.today)
        if self.unnamed:
            yield (
                f"{several(self.unnamed, 'sharing')} in the register do not say whose images they "
                "were, and cannot be ruled out."
            )


_CANNOT = "A sharing that nobody entered is not in it."


@dataclass
class Register:
    """The register of one organisation: an append-only, chained file."""

    path: Path
    _salt: bytes = field(default=b"", init=False, repr=False)

    def record(
        self,
        organisation: str,
        what: str,
        *,
        purpose: str,
        agreement: str,
        since: date,
        by: str,
        people: Sequence[str] = (),
        count: int | None = None,
        until: date | None = None,
        basis: str | None = None,
        dataset: str | None = None,
        key: Key | None = None,
    ) -> int:
        """Enter a sharing; return the number of its entry.

        Parameters
        ----------
        people
            Subject ids; only their digests are kept.
        count
            How many images, templates or scores; by default one per person.

        Raises
        ------
        SharingError
            If something is missing or cannot be; all problems are named.
        LedgerError
            If an earlier entry was changed, or the entry cannot be written.
        """
        named = tuple(dict.fromkeys(_plain(each) for each in people))
        problems = [
            f"{name} is empty"
            for name, value in (
                ("the organisation", organisation),
                ("the purpose", purpose),
                ("the agreement", agreement),
                ("the name of who records it", by),
            )
            if not value.strip()
        ]
        if what not in SHARED:
            problems.append(f"'{what}' is none of {', '.join(SHARED)}")
        if not named and count is None:
            problems.append("neither people nor a count are given")
        if count is not None and (count < 1 or count < len(named)):
            problems.append(f"a count of {count} does not fit {several(len(named), 'person')}")
        if "" in named:
            problems.append("a subject id is empty")
        if until is not None and until < since:
            problems.append(f"deletion by {until} is before {since}")
        if since > _today():
            problems.append(f"{since} has not come yet")
        if problems:
            raise SharingError("The sharing cannot be recorded: " + "; ".join(problems) + ".")
        self._open(key)
        values = {
            "kind": _SHARING,
            "organisation": organisation.strip(),
            "what": what,
            "count": count if count is not None else len(named),
            "people": [self._digest(each) for each in named],
            "purpose": purpose.strip(),
            "agreement": agreement.strip(),
            "basis": basis,
            "since": since.isoformat(),
            "until": until.isoformat() if until else None,
            "dataset": dataset,
            "recorded": _now(),
            "by": by.strip(),
        }
        return Ledger(self.path).append(values, key).number

    def deleted(
        self, number: int, on: date, by: str, proof: str | None = None, key: Key | None = None
    ) -> int:
        """Enter that what was shared is deleted; return the number of that entry.

        Raises
        ------
        SharingError
            If there is no such sharing, it is deleted already, or the day cannot be.
        """
        known = {each.number: each for each in self.sharings()}
        sharing = known.get(number)
        if sharing is None:
            raise SharingError(f"Entry {number} of {self.path} is not a sharing.")
        if sharing.deletion is not None:
            raise SharingError(f"Entry {number} was deleted on {sharing.deletion.on}.")
        if not sharing.since <= on <= _today():
            raise SharingError(f"Deletion on {on} is before {sharing.since}, or has not come yet.")
        if not by.strip():
            raise SharingError("Nobody is named who confirms the deletion.")
        values = {
            "kind": _DELETION,
            "of": number,
            "on": on.isoformat(),
            "by": by.strip(),
            "proof": proof,
            "recorded": _now(),
        }
        return Ledger(self.path).append(values, key).number

    def sharings(self) -> list[Sharing]:
        """Return all sharings in the order of their entries.

        Raises
        ------
        LedgerError
            If an entry was changed, removed or inserted.
        """
        return self._read(Ledger(self.path).entries())

    def who_has(self, subject: str, today: date | None = None) -> Answer:
        """Answer who received a person's images, templates or scores."""
        entries = Ledger(self.path).entries()
        self._read_salt(entries)
        digest = self._digest(_plain(subject)) if self._salt else ""
        shared = [each for each in entries if each.values.get("kind") == _SHARING]
        unnamed = sum(not each.values.get("people") for each in shared)
        theirs = {each.number for each in shared if digest in each.values.get("people", ())}
        chosen = [
            each
            for each in entries
            if each.number in theirs or each.values.get("kind") in (_OPENED, _DELETION)
        ]
        question = "who received anything of this person"
        return _answer(question, tuple(self._read(chosen)), entries, unnamed, today)

    def shared_with(self, organisation: str, today: date | None = None) -> Answer:
        """Answer what an organisation received."""
        entries = Ledger(self.path).entries()
        wanted = skeleton(organisation)
        chosen = tuple(
            each for each in self._read(entries) if skeleton(each.organisation) == wanted
        )
        return _answer(f"what {organisation} received", chosen, entries, 0, today)

    def verify(self, today: date | None = None) -> list[str]:
        """Return every problem: a broken chain, and deletions that are overdue."""
        entries, broken = Ledger(self.path).checked()
        day = today or _today()
        problems = [f"{self.path}: {broken}"] if broken else []
        return problems + [each.sentence(day) for each in self._read(entries) if each.overdue(day)]

    def _open(self, key: Key | None) -> None:
        """Start the register where there is none, and read its salt."""
        entries = Ledger(self.path).entries()
        if not entries:
            salt = secrets.token_hex(32)
            values = {"kind": _OPENED, "salt": salt, "recorded": _now()}
            entries = [Ledger(self.path).append(values, key)]
        self._read(entries)

    def _read_salt(self, entries: Sequence[Entry]) -> None:
        self._read([each for each in entries[:1] if each.values.get("kind") == _OPENED])

    def _read(self, entries: Sequence[Entry]) -> list[Sharing]:
        found: dict[int, Sharing] = {}
        deletions: dict[int, Deletion] = {}
        for entry in entries:
            values = entry.values
            try:
                if values.get("kind") == _OPENED:
                    self._salt = bytes.fromhex(values["salt"])
                elif values.get("kind") == _SHARING:
                    found[entry.number] = _sharing(entry)
                elif values.get("kind") == _DELETION:
                    proof = values["proof"]
                    on = date.fromisoformat(values["on"])
                    deletions[int(values["of"])] = Deletion(on, str(values["by"]), proof)
            except (KeyError, TypeError, ValueError):
                raise LedgerError(
                    f"{self.path}: entry {entry.number} is not one of a register of sharing."
                ) from None
        if entries and not self._salt:
            raise LedgerError(f"{self.path} is not a register of sharing.")
        return [_with(each, deletions.get(number)) for number, each in found.items()]

    def _digest(self, subject: str) -> str:
        return hmac.new(self._salt, subject.encode(), hashlib.sha256).hexdigest()


def _answer(
    question: str,
    chosen: tuple[Sharing, ...],
    entries: Sequence[Entry],
    unnamed: int,
    today: date | None,
) -> Answer:
    last = str(entries[-1].values.get("recorded", ""))[:10] if entries else ""
    day = date.fromisoformat(last) if last else None
    return Answer(question, chosen, len(entries), day, unnamed, today or _today())


def _sharing(entry: Entry) -> Sharing:
    values: Any = entry.values
    return Sharing(
        number=entry.number,
        organisation=str(values["organisation"]),
        what=str(values["what"]),
        count=int(values["count"]),
        people=tuple(values["people"]),
        purpose=str(values["purpose"]),
        agreement=str(values["agreement"]),
        basis=values["basis"],
        since=date.fromisoformat(values["since"]),
        until=date.fromisoformat(values["until"]) if values["until"] else None,
        dataset=values["dataset"],
        recorded=date.fromisoformat(values["recorded"][:10]),
        by=str(values["by"]),
        signed=entry.signer is not None,
    )


def _with(sharing: Sharing, deletion: Deletion | None) -> Sharing:
    if deletion is None:
        return sharing
    return replace(sharing, deletion=deletion)


def _plain(subject: str) -> str:
    return unicodedata.normalize("NFC", subject).strip()


def _today() -> date:
    return datetime.now(UTC).date()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
