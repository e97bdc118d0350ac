"""What a register of sharing holds and says: entries in, sentences "as far as it knows" out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

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


def sharing_of(entry: Entry) -> Sharing:
    """Return the sharing that an entry records.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not one.
    """
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


def with_deletion(sharing: Sharing, deletion: Deletion | None) -> Sharing:
    """Return a sharing with the confirmation of its deletion, if there is one."""
    if deletion is None:
        return sharing
    return replace(sharing, deletion=deletion)
