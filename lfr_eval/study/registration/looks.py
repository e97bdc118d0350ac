"""Registration: how often a registered study may look, and what each look may spend.

In: a plan that names looks, the ledger beside its registration, the data of a study. Out: which
look the study is and the level of its primary questions. Every look is an entry of the ledger,
`plan.looks.jsonl`: the same data again are the same look, other data the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lfr_eval.contract.ledger import Entry, Ledger
from lfr_eval.contract.words import number, several
from lfr_eval.inference.sequential import levels
from lfr_eval.study.registration.plan import Looks
from lfr_eval.study.registration.record import SUFFIX, RegistrationError

LOOKS_SUFFIX = ".looks.jsonl"


@dataclass(frozen=True)
class Look:
    """One look at a registered study.

    Attributes
    ----------
    number, of
        Which of how many, from 1.
    alpha
        Level of its primary questions.
    ledger
        Where looks are recorded.
    data
        Digest of the people, images and scores.
    people
        People under test.
    spending
        How the level is spent.
    is_new
        Whether it is not recorded yet.
    """

    number: int
    of: int
    alpha: float
    ledger: Path
    data: str
    people: int
    spending: str
    is_new: bool

    @property
    def words(self) -> str:
        """What a reader of the study must know."""
        return (
            f"This is look {self.number} of {self.of} at the registered study "
            f"({several(self.people, 'person', 'people')}). Its primary questions are tested at "
            f"the level {number(float(f'{self.alpha:.3g}'))}, its share by the {self.spending} "
            f"type of alpha spending."
        )

    def record(self) -> None:
        """Write the look into the ledger, if it is new."""
        if self.is_new:
            Ledger(self.ledger).append(
                {
                    "look": self.number,
                    "data": self.data,
                    "people": self.people,
                    "alpha": self.alpha,
                }
            )


def looks_file(registration: Path) -> Path:
    """Return the ledger of looks of a registration: `plan.looks.jsonl`."""
    return registration.with_name(registration.name.removesuffix(SUFFIX) + LOOKS_SUFFIX)


def look_at(looks: Looks, alpha: float, registration: Path, data: str, people: int) -> Look:
    """Return which look a study is.

    Parameters
    ----------
    looks, alpha
        As the plan names them.
    registration
        The registration file.
    data
        Digest of the study's people, images and scores.
    people
        People under test.

    Raises
    ------
    RegistrationError
        If all looks were spent, or the look comes before it has the people that the plan names.
    LedgerError
        If the ledger was changed.
    """
    ledger = looks_file(registration)
    entries: Sequence[Entry] = Ledger(ledger).entries() if ledger.exists() else []
    spent = [str(entry.values.get("data")) for entry in entries]
    new = data not in spent
    place = len(spent) if new else spent.index(data)
    if place >= len(looks.people):
        raise RegistrationError(
            f"The plan of {registration} allows {len(looks.people)} looks, and {ledger} records "
            f"as many at other data. A further look has no level left: register a new plan for "
            "new people."
        )
    wanted = looks.people[place]
    if people < wanted:
        raise RegistrationError(
            f"Look {place + 1} of the plan of {registration} comes at {wanted:,} people, and the "
            f"study has {people:,}. Wait for the others, or run it without registration=... and "
            "report nothing of it as planned."
        )
    level = levels(looks.shares, looks.spending, alpha)[place]
    return Look(
        place + 1, len(looks.people), level, ledger, data, people, looks.spending, new
    )  # fmt: skip
