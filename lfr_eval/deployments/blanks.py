"""Rows of records in, the same out, with what a person says of their blank counts.

Some forces print a dash or nothing where there was no false alert. Read as missing, such
deployments would drop out of a rate, and only those with a false alert would be left in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from lfr_eval.deployments.grid import where
from lfr_eval.deployments.values import BLANKS, COUNTS

Blanks = Literal["zero", "missing"]
"""What an empty or dashed count means, as the person says."""

_EVENTS = COUNTS[2:]
"""Counts that may be 0, unlike those of a watchlist and of faces."""


def fill_blanks(name: str, rows: Sequence[dict[str, Any]], said: Blanks | None) -> Iterator[str]:
    """Write 0 into blank counts where the person says so; yield columns where it must be asked.

    Rows in which nothing happened, as after a technical fault, have no counts at all and stay so.
    """
    printed = [json.loads(row["as_printed"] or "{}") for row in rows]
    counted = [any(row[each] is not None for each in COUNTS[1:]) for row in rows]
    for field in _EVENTS:
        blank = [
            at
            for at, cells in enumerate(printed)
            if counted[at] and field in cells and "".join(cells[field].split()) in BLANKS
        ]
        if said == "zero":
            for at in blank:
                rows[at][field] = 0
        if said is None and len(blank) > 1 and not any(row[field] == 0 for row in rows):
            place = where(rows[blank[0]]["page"], rows[blank[0]]["row"])
            yield (
                f"{name}: {len(blank)} cells of {field} are blank or a dash (the first: {place}), "
                "and no other cell is 0. Say what they mean: --blank zero, or --blank missing"
            )
