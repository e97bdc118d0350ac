"""What a register of sharing says of a study's dataset (a card and a cohort in, its answer out).

The study record keeps the answer as it was: a register goes on, and the report of a study does not.
"""

from __future__ import annotations

from pathlib import Path

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.cohort import Cohort
from lfr_eval.cohort.sharing import Register
from lfr_eval.contract.ledger import Ledger, LedgerError
from lfr_eval.contract.record import SharingSaid
from lfr_eval.contract.words import count, several


def told_of_sharing(card: DatasetCard, cohort: Cohort) -> SharingSaid | None:
    """Return what the register that a card refers to says of it; None where it refers to none."""
    if card.register is None:
        return None
    path = Path(card.register)
    if not path.is_file():
        missing = f"The card refers to the register {path.name}, and there was none."
        return SharingSaid(file=path.name, entries=0, head=None, said=(missing,))
    images = cohort.images
    theirs = images.loc[images["dataset_card"] == card.name, "subject_id"].unique().tolist()
    try:
        answer, named = Register(path).of_study(card.name, theirs)
        entries = Ledger(path).entries()
    except LedgerError as error:
        broken = str(error).replace(str(path), path.name)
        said = (f"The register cannot be relied on, so nothing is told of sharing. {broken}",)
        return SharingSaid(file=path.name, entries=0, head=None, said=said)
    lines = list(answer.lines())
    for place, each in enumerate(answer.sharings, 1):
        if number := named[each.number]:
            people = several(number, "person", "people")
            lines[place] += f" It names {people} of the {count(len(theirs))} of this study."
    head = entries[-1].sha256 if entries else None
    return SharingSaid(file=path.name, entries=answer.entries, head=head, said=tuple(lines))
