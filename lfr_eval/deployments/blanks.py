"""Rows of records in, the same out, with what a person says of their blank counts.

Some forces print a dash or nothing where there was no false alert. Read as missing, such
deployments would drop out of a rate, and only those with a false alert would be left in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from lfr_eval.contract.words import several
from lfr_eval.deployments.grid import where
from lfr_eval.deployments.headings import GROUP, by_factor
from lfr_eval.deployments.values import BLANKS, COUNTS

Blanks = Literal["zero", "missing"]
"""What an empty or dashed count means, as the person says."""

_EVENTS = COUNTS[2:]
"""Counts that may be 0, unlike those of a watchlist and of faces."""


def fill_blanks(
    name: str,
    rows: Sequence[dict[str, Any]],
    said: Blanks | None,
    headings: Mapping[str, str],
    passed_over: list[str],
) -> Iterator[str]:
    """Write 0 into blank counts where the person says so; yield a column where it must be asked.

    Rows in which nothing happened, as after a technical fault, have no counts at all and stay so.

    Parameters
    ----------
    name
        Of the file.
    headings
        What the file prints above each field.
    passed_over
        Takes a note of each column with cells that became 0.
    """
    printed = [json.loads(row["as_printed"] or "{}") for row in rows]
    counted = [any(row[each] is not None for each in COUNTS[1:]) for row in rows]
    for field in (*_EVENTS, *(each for each in headings if each.startswith(GROUP))):
        blank = [
            at
            for at, cells in enumerate(printed)
            if counted[at] and field in cells and "".join(cells[field].split()) in BLANKS
        ]
        if not blank:
            continue
        zeros = sum(_count(row, field) == 0 for row in rows)
        cells = several(len(blank), "cell")
        are = "is blank or a dash" if len(blank) == 1 else "are blank or dashes"
        place = where(rows[blank[0]]["page"], rows[blank[0]]["row"], name)
        first = place if len(blank) == 1 else f"the first: {place}"
        if said == "zero":
            for at in blank:
                _write_zero(rows[at], field)
            note = f"{name}, column '{headings[field]}': {cells} {are} and read as 0 ({first})"
            beside = f", although {several(zeros, 'cell says', 'cells say')} 0" if zeros else ""
            passed_over.append(note + beside)
        if said is None and not zeros:
            yield (
                f"{name}: {cells} below '{headings[field]}' {are} ({first}), and no other cell "
                "of the column is 0. Say what a blank means: run lfr-eval deployments import with "
                f"--blank '{name}=zero' or --blank '{name}=missing'"
            )


def _count(row: Mapping[str, Any], field: str) -> object:
    if not field.startswith(GROUP):
        return row[field]
    return _groups(row).get(field.removeprefix(GROUP))


def _write_zero(row: dict[str, Any], field: str) -> None:
    if field.startswith(GROUP):
        groups = _groups(row) | {field.removeprefix(GROUP): 0}
        row["false_by_group"] = json.dumps(by_factor(groups), ensure_ascii=False)
    else:
        row[field] = 0


def _groups(row: Mapping[str, Any]) -> dict[str, int]:
    factors = json.loads(row["false_by_group"] or "{}").values()
    return {group: number for groups in factors for group, number in groups.items()}
