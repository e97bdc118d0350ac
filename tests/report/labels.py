"""Groups, thresholds and sizes of the study folders that `builders` writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GENDERS = ("female", "male")
ETHNICITIES = ("asian", "black", "white")
PRIMARY = (0.56, 0.6, 0.64)
OPERATING = 0.64
SIZES = (10_000, 1_000)
SWEEP = tuple(round(0.5 + 0.01 * step, 2) for step in range(21))
PEOPLE_A_CELL = 65
PASSES = 10


@dataclass(frozen=True)
class Labels:
    """Group names of a study, for tests that need strange ones or, not `crossed`, fewer."""

    genders: Sequence[str] = GENDERS
    ethnicities: Sequence[str] = ETHNICITIES
    crossed: bool = True
