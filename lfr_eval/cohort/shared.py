"""What a register of sharing holds and says: entries in, sentences "as far as it knows" out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from lfr_eval.contract.handover import Handover
from lfr_eval.contract.ledger import Entry
from lfr_eval.contract.words import several

LATE = 30
"""Days after which an entry counts as made late."""


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
    given
        What was given to whom, on what terms.
    count
        How many.
    people
        Digests of the people whose they are; none where the entry does not say.
    recorded
        Day of the entry.
    signed
        Whether a registered key signed it.
    near
        Digests of what is left of the people's ids (`near_names.near_id`); none in entries of
        earlier versions.
    """

    number: int
    given: Handover
    count: int
    people: tuple[str, ...]
    recorded: date
    signed: bool
    deletion: Deletion | None = None
    near: tuple[str, ...] = ()

    @property
    def late(self) -> int | None:
        """Days from the sharing to its entry, where these are more than thirty."""
        days = (self.recorded - self.given.since).days
        return days if days > LATE else None

    def overdue(self, today: date) -> bool:
        """Whether it should have been deleted and nobody confirmed that."""
        return self.deletion is None and self.given.until is not None and self.given.until < today

    def sentence(self, today: date) -> str:
        """Return the sharing in a sentence."""
        given = self.given
        what, people = several(self.count, given.what[:-1]), len(self.people)
        if people:
            # One for each person is what is entered where nobody counted.
            what = f"{given.what if self.count == people else what} of "
            what += several(people, "person", "people")
        said = (
            f"{given.organisation} received {what} on "
            f"{given.since} for {given.purpose}, under {given.agreement} (entry {self.number})"
        )
        if self.deletion is not None:
            said += f"; deleted on {self.deletion.on}, as {self.deletion.by} confirmed"
        elif self.overdue(today):
            said += f"; deletion was due on {given.until} and nobody confirmed it"
        elif given.until is not None:
            said += f"; to be deleted by {given.until}"
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
    asked: str = ""
    """The id or name that was asked for, in words, such as "under the id 'P9'"."""
    near: tuple[Sharing, ...] = ()
    """Sharings under another spelling: possibly meant, but not counted as found."""
    hint: str = ""
    """A sentence on what may be meant, where there is more to say."""

    def lines(self) -> Iterator[str]:
        """Return the answer in sentences; the first says how far the register knows."""
        if self.entries == 0:
            yield f"This register is empty, so it cannot say {self.question}."
            return
        # The first entry opens the register, and tells of no sharing.
        after = several(self.entries - 1, "entry", "entries")
        rests = f"{after} since it was opened, the last of {self.last}"
        if not self.sharings:
            nobody = f"nobody {self.asked}".strip()
            yield f"As far as this register knows ({rests}): {nobody}. {_CANNOT}"
        else:
            found = several(len(self.sharings), "sharing")
            yield f"As far as this register knows ({rests}), {self.question}: {found}. {_CANNOT}"
        for each in self.sharings:
            yield each.sentence(self.today)
        for each in self.near:
            yield f"Possibly meant, under another spelling: {each.sentence(self.today)}"
        if self.hint:
            yield self.hint
        if self.unnamed:
            yield (
                f"{several(self.unnamed, 'sharing')} in the register "
                f"{'does' if self.unnamed == 1 else 'do'} not say whose images they were, and "
                "cannot be ruled out."
            )


_CANNOT = "A sharing that nobody entered is not in it."


def sharing_of(entry: Entry) -> Sharing:
    """Return the sharing that an entry records.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not one.
    """
    values: Any = entry.values
    days = {
        name: date.fromisoformat(values[name]) if values[name] else None
        for name in ("since", "until")
    }
    named = {each.name: values[each.name] for each in fields(Handover)}
    return Sharing(
        number=entry.number,
        given=Handover(**{**named, **days}),
        count=int(values["count"]),
        people=tuple(values["people"]),
        recorded=date.fromisoformat(values["recorded"][:10]),
        signed=entry.signer is not None,
        near=tuple(values.get("near", ())),
    )
