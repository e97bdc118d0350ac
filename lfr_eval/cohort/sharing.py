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
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from lfr_eval.cohort.near_names import near_names, spellings
from lfr_eval.cohort.shared import Answer, Deletion, Sharing, sharing_of
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.handover import Handover
from lfr_eval.contract.keys import Key
from lfr_eval.contract.ledger import HOLDER, Entry, Ledger, LedgerError, holders
from lfr_eval.contract.persons import bare_name
from lfr_eval.contract.spelling import normal
from lfr_eval.contract.words import several, some

SHARED = ("images", "templates", "scores")
"""What can be shared."""

_SHOWN = 12
"""Most names of organisations that are listed if none is similar."""

_OPENED, _SHARING, _DELETION = "register", "sharing", "deletion"


class SharingError(MendableError, ValueError):
    """A sharing cannot be recorded, or the register cannot be used."""


@dataclass
class Register:
    """The register of one organisation: an append-only, chained file."""

    path: Path
    _salt: bytes = field(default=b"", init=False, repr=False)

    def record(self, handover: Handover, people: Sequence[str] = (), key: Key | None = None) -> int:
        """Enter a sharing; return the number of its entry.

        Parameters
        ----------
        people
            Subject ids; only their digests are kept.

        Raises
        ------
        SharingError
            If something is missing or cannot be; all problems are named.
        LedgerError
            If an earlier entry was changed, or the entry cannot be written.
        """
        given, count = handover, handover.count
        named = tuple(dict.fromkeys(_plain(each) for each in people))
        problems = [
            f"{name} is empty"
            for name, value in (
                ("the organisation", given.organisation),
                ("the purpose", given.purpose),
                ("the agreement", given.agreement),
                ("the name of who records it", given.by),
            )
            if not value.strip()
        ]
        if given.what not in SHARED:
            problems.append(f"'{given.what}' is not one of {', '.join(SHARED)}")
        if not named and count is None:
            problems.append("neither people nor a count is given")
        if count is not None and (count < 1 or count < len(named)):
            problems.append(f"a count of {count} does not fit {several(len(named), 'person')}")
        if "" in named:
            problems.append("a subject id is empty")
        if given.until is not None and given.until < given.since:
            problems.append(f"deletion by {given.until} is before {given.since}")
        if given.since > _today():
            problems.append(f"{given.since} has not come yet")
        if problems:
            raise SharingError("The sharing cannot be recorded: " + "; ".join(problems) + ".")
        last = self._open(given.by.strip(), key)
        values = {
            "kind": _SHARING,
            **{
                name: value.strip() if isinstance(value, str) else value
                for name, value in asdict(given).items()
            },
            "count": count if count is not None else len(named),
            "people": [self._digest(each) for each in named],
            "near": sorted({self._digest(spellings(each)[1]) for each in named}),
            "since": given.since.isoformat(),
            "until": given.until.isoformat() if given.until else None,
            "recorded": _now(),
        }
        same = all(last.values.get(each) == values[each] for each in set(values) - {"recorded"})
        if same and last.signer == (None if key is None else key.fingerprint):
            # Entered before a kill, or twice by mistake.
            return last.number
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
            there = [
                f"{each.number} ({each.given.organisation}, {each.given.since})"
                for each in known.values()
                if each.deletion is None
            ]
            raise SharingError(
                f"Entry {number} of {self.path} is not a sharing. Sharings that are not deleted: "
                f"{some(there[::-1], _SHOWN) or 'none'}."
            )
        if sharing.deletion is not None:
            raise SharingError(f"Entry {number} was deleted on {sharing.deletion.on}.")
        if not sharing.given.since <= on <= _today():
            raise SharingError(
                f"Deletion on {on} is before the sharing of {sharing.given.since}, or in the "
                "future."
            )
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
        ledger = Ledger(self.path)
        lines = ledger.lines()
        if lines is None:
            entries = ledger.entries()
            total = len(entries)
            self._read(entries[:1])
        else:
            total = len(lines)
            self._read(ledger.some(lines[:1], range(1, total + 1)[:1]))
        theirs, *similar = (self._digest(each) for each in spellings(_plain(subject)))
        if lines is not None:
            exact, near_form, *earlier = (each.encode() for each in (theirs, *similar))
            # Who does not say whose images they were cannot be ruled out.
            numbers = (
                number
                for number, line in enumerate(lines, 1)
                if exact in line
                or near_form in line
                or b'"people": ["' not in line
                or (b'"near": ["' not in line and any(each in line for each in earlier))
                or number == total
            )
            entries = ledger.some(lines, numbers)
        shared = self._read(entries)
        chosen = tuple(each for each in shared if theirs in each.people)
        near = _others(shared, chosen, set(similar))
        answer = _answer(
            "who received anything of this person",
            chosen,
            total,
            entries[-1:],
            sum(not each.people for each in shared),
            today,
        )
        return replace(answer, asked=f"under the id '{_plain(subject)}'", near=near)

    def of_study(
        self, dataset: str, subjects: Sequence[str], today: date | None = None
    ) -> tuple[Answer, dict[int, int]]:
        """Answer who received anything of a dataset, or of people of a study.

        Returns
        -------
        Answer
            The sharings that name the dataset or one of the people.
        dict
            Entry and how many of these people it names.
        """
        entries = Ledger(self.path).entries()
        shared = self._read(entries)
        theirs = {self._digest(_plain(each)) for each in subjects}
        similar = {self._digest(each) for one in subjects for each in spellings(_plain(one))[1:]}
        named = {each.number: len(theirs.intersection(each.people)) for each in shared}
        chosen = tuple(
            each for each in shared if each.given.dataset == dataset or named[each.number]
        )
        unnamed = sum(not each.people and each.given.dataset is None for each in shared)
        question = "who received anything of this dataset or its people"
        answer = _answer(question, chosen, len(entries), entries[-1:], unnamed, today)
        return replace(answer, near=_others(shared, chosen, similar)), named

    def shared_with(self, organisation: str, today: date | None = None) -> Answer:
        """Answer what an organisation received."""
        entries = Ledger(self.path).entries()
        shared = self._read(entries)
        wanted = bare_name(organisation)
        chosen = tuple(each for each in shared if bare_name(each.given.organisation) == wanted)
        question = f"what {organisation} received"
        answer = _answer(question, chosen, len(entries), entries[-1:], 0, today)
        kept = (
            each.given.organisation
            for each in shared
            if bare_name(each.given.organisation) != wanted
        )
        names = list(dict.fromkeys(kept))
        near = near_names(organisation, names)
        hint = f"Similar names in the register: {', '.join(near)}." if near else ""
        if names and not near and not chosen:
            held = several(len(names), "organisation")
            hint = f"No name in the register is similar. It has {held}: {some(names, _SHOWN)}."
        return replace(answer, asked=f"under the name '{organisation.strip()}'", hint=hint)

    def broken(self) -> str | None:
        """Return why the chain of entries cannot be relied on; None where it is whole."""
        broken = Ledger(self.path).checked()[1]
        return None if broken is None else str(broken)

    def last_hash(self) -> str:
        """Return the SHA-256 of the last entry of a chain that is whole."""
        return Ledger(self.path).entries()[-1].sha256

    def overdue(self, today: date | None = None) -> list[Sharing]:
        """Return the sharings whose deletion is overdue."""
        day = today or _today()
        return [each for each in self._read(Ledger(self.path).checked()[0]) if each.overdue(day)]

    def verify(self, today: date | None = None, last: str | None = None) -> list[str]:
        """Return every problem: a broken chain, and deletions that are overdue.

        Parameters
        ----------
        last
            SHA-256 of an entry that was the last one earlier.
        """
        ledger = Ledger(self.path)
        entries, broken = ledger.checked()
        day = today or _today()
        changed = (ledger.tampered() or [str(broken)]) if broken else []
        if last is not None and last.strip().lower() not in {each.sha256 for each in entries}:
            changed.append(
                f"no entry has the SHA-256 {last}: the entry that had it, or an earlier one, was "
                "changed or removed since, unless the hash is mistyped"
            )
        problems = [f"{self.path}: {each}" for each in changed]
        return problems + [each.sentence(day) for each in self._read(entries) if each.overdue(day)]

    def _open(self, by: str, key: Key | None) -> Entry:
        """Start the register where there is none, register the first key, and read the salt.

        Returns
        -------
        Entry
            The last one.
        """
        entries = Ledger(self.path).entries()
        if not entries:
            salt = secrets.token_hex(32)
            values = {"kind": _OPENED, "salt": salt, "recorded": _now()}
            entries = [Ledger(self.path).append(values)]
        self._read(entries)
        if key is not None and not holders(entries):
            values = {"kind": HOLDER, "name": by, "role": "keeper", "public_key": key.public}
            return Ledger(self.path).append({**values, "registered": _now()}, key)
        return entries[-1]

    def _read(self, entries: Sequence[Entry]) -> list[Sharing]:
        found: dict[int, Sharing] = {}
        deletions: dict[int, Deletion] = {}
        for entry in entries:
            values = entry.values
            try:
                if values.get("kind") == _OPENED:
                    self._salt = bytes.fromhex(values["salt"])
                elif values.get("kind") == _SHARING:
                    found[entry.number] = sharing_of(entry)
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
        return [replace(each, deletion=deletions.get(number)) for number, each in found.items()]

    def _digest(self, subject: str) -> str:
        return hmac.new(self._salt, subject.encode(), hashlib.sha256).hexdigest()


def _answer(
    question: str,
    chosen: tuple[Sharing, ...],
    entries: int,
    last: Sequence[Entry],
    unnamed: int,
    today: date | None,
) -> Answer:
    recorded = str(last[0].values.get("recorded", ""))[:10] if last else ""
    day = date.fromisoformat(recorded) if recorded else None
    return Answer(question, chosen, entries, day, unnamed, today or _today())


def _others(
    shared: Sequence[Sharing], chosen: Sequence[Sharing], similar: set[str]
) -> tuple[Sharing, ...]:
    """Return the sharings that hold a digest of another spelling, and are not chosen already."""
    known = {each.number for each in chosen}
    held = (each for each in shared if similar.intersection((*each.people, *each.near)))
    return tuple(each for each in held if each.number not in known)


def _plain(subject: str) -> str:
    return normal(subject).strip()


def _today() -> date:
    return datetime.now(UTC).date()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
