"""Who is in each group, and which groups can be compared (people in, a table out).

For a person who looks before anything is computed: `lfr-eval manifest` and `run --dry-run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.columns import aligned
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.trials import group_people
from lfr_eval.contract.words import count
from lfr_eval.inference.minimum import FEWEST_PEOPLE

NOT_TOLD = "no group given: counted and shown, never compared"
TOO_FEW = f"fewer than {FEWEST_PEOPLE} people: shown, too few to compare"

MOST_CROSSED = 20
"""Groups of a crossed factor that are listed one by one."""


@dataclass(frozen=True)
class Cell:
    """One group of people under test.

    Attributes
    ----------
    factor, group
        Of what.
    people
        How many.
    why_not
        Why it is not compared; empty where it is.
    """

    factor: str
    group: str
    people: int
    why_not: str

    @property
    def compared(self) -> bool:
        """Whether its rates are compared with those of others."""
        return not self.why_not


def cells_of(people: pd.DataFrame, factors: Sequence[str]) -> list[Cell]:
    """Count the people of every group of factors that are labels of people.

    Parameters
    ----------
    people
        The people under test, one row each.
    """
    found = []
    for factor in factors:
        if not all(part in people for part in factor.split(CROSS)):
            continue
        grouping = group_people(people, factor)
        sizes = np.bincount(grouping.codes, minlength=len(grouping.names))
        for name, size in zip(grouping.names, sizes.tolist(), strict=True):
            why = NOT_TOLD if not is_group(name) else TOO_FEW if size < FEWEST_PEOPLE else ""
            found.append(Cell(factor, name, size, why))
    return found


def as_lines(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the table of groups for a terminal."""
    rows = []
    for factor in dict.fromkeys(cell.factor for cell in cells):
        own = [cell for cell in cells if cell.factor == factor]
        if CROSS in factor and len(own) > MOST_CROSSED:
            compared = sum(cell.compared for cell in own)
            rows.append((factor, f"{len(own)} groups", "", f"{compared} can be compared"))
            continue
        rows += [(factor, cell.group, count(cell.people), cell.why_not) for cell in own]
    return aligned(("by", "group", "people", ""), rows)
