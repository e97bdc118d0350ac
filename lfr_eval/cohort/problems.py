"""Stage cohort: problems of a manifest, described so that a person can correct them.

In: one `Problem` for every row that cannot be used. Out: one `ManifestError` with all of them, so
that a file can be corrected in one round and nothing is dropped silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.words import some

PRINTED = 50
"""Most problems that an error message prints. The exception holds all of them."""

ALIKE = 5
"""A problem that more rows of a column share is printed once, with the first of these rows."""

VALUE_LENGTH = 80
"""Most characters of a wrong value that an error message prints."""


@dataclass(frozen=True)
class Problem:
    """One problem in one place of a manifest.

    Attributes
    ----------
    kind
        Kind of problem, in a few words that are the same for all problems of this kind.
    message
        What is wrong.
    remedy
        What to do about it.
    row
        Row number as a spreadsheet shows it (the header is row 1); None for the whole file.
    column
        Column; None for the whole row or file.
    value
        The wrong value.
    """

    kind: str
    message: str
    remedy: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = [] if self.row is None else [f"row {self.row}"]
        if self.column is not None:
            place.append(f"column '{self.column}'")
        if self.value is not None:
            place.append(f"value {_shown(self.value)}")
        where = ", ".join(place)
        return (
            f"{where}: {self.message}. {self.remedy}" if where else f"{self.message}. {self.remedy}"
        )


class ManifestMissingError(MendableError, FileNotFoundError):
    """There is no such manifest; the message names it."""


class ManifestError(MendableError, ValueError):
    """A manifest cannot be used. The message lists its problems; `problems` holds all of them.

    Attributes
    ----------
    file
        The manifest.
    problems
        Every problem, in order of row.
    """

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: problem.row or 0))
        super().__init__(file, self.problems)

    def __str__(self) -> str:
        total = len(self.problems)
        lines, told = self._lines(_at_most(self.problems, PRINTED))
        rest = Counter(problem.kind for problem in self.problems if problem not in told)
        left_out = [f"{count:,} {kind}" for kind, count in rest.most_common()]
        if left_out:
            lines.append(f"... and {rest.total():,} more: {', '.join(left_out)}.")
        return "\n  ".join(
            [
                f"{self.file}: {total:,} problem{'s' if total != 1 else ''}; nothing was loaded.",
                *lines,
            ]
        )

    def _lines(self, shown: Sequence[Problem]) -> tuple[list[str], set[Problem]]:
        """Return one line for each problem or set of equal problems; and what they cover."""
        alike: dict[tuple[str, ...], list[Problem]] = {}
        for problem in self.problems:
            alike.setdefault(_cause(problem), []).append(problem)
        lines: list[str] = []
        told: set[Problem] = set()
        for problem in shown:
            rows = alike[_cause(problem)]
            if len(rows) <= ALIKE or problem.row is None:
                lines.append(str(problem))
                told.add(problem)
            elif problem not in told:
                others = [
                    f"{each.row}" if each.value == problem.value else f"{each.row} {each.value!r}"
                    for each in rows
                    if each != problem
                ]
                rows_of = f"Also in {len(others):,} other rows: {some(others, ALIKE)}"
                lines.append(f"{problem} {rows_of}")
                told.update(rows)
        return lines, told


def _cause(problem: Problem) -> tuple[str, ...]:
    return (problem.kind, problem.message, problem.remedy, problem.column or "")


def problems_at(
    where: pd.Series | NDArray[np.bool_],
    rows: NDArray[np.int64],
    column: str,
    values: pd.Series,
    kind: str,
    message: str | Sequence[str],
    remedy: str,
) -> list[Problem]:
    """Return one problem for each row that `where` selects.

    Parameters
    ----------
    where : (rows,)
        Which rows have the problem. Missing counts as no.
    rows : (rows,)
        Row numbers as a person sees them.
    column, values
        The column and its values.
    kind, message, remedy
        See `Problem`. A sequence of messages has one for each selected row.
    """
    chosen = np.flatnonzero(pd.Series(where).fillna(False).to_numpy(dtype=bool))
    messages = [message] * len(chosen) if isinstance(message, str) else message
    return [
        Problem(kind, text, remedy, int(rows[at]), column, _text(values.iloc[at]))
        for at, text in zip(chosen.tolist(), messages, strict=True)
    ]


def _text(value: object) -> str | None:
    return None if value is None or value is pd.NA or value != value else str(value)


def _shown(value: str) -> str:
    cut = value if len(value) <= VALUE_LENGTH else value[: VALUE_LENGTH - 3] + "..."
    return repr(cut)


def _at_most(problems: Sequence[Problem], limit: int) -> list[Problem]:
    """Choose up to `limit` problems so that a frequent kind does not hide a rare one."""
    if len(problems) <= limit:
        return list(problems)
    chosen: list[int] = []
    by_kind: dict[str, list[int]] = {}
    for at, problem in enumerate(problems):
        by_kind.setdefault(problem.kind, []).append(at)
    queues = sorted(by_kind.values(), key=len)
    for done, queue in enumerate(queues):
        share = (limit - len(chosen)) // (len(queues) - done)
        chosen += queue[:share]
    return [problems[at] for at in sorted(chosen)]
