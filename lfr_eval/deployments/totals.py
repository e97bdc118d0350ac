"""Rows of totals in a file of deployments (rows in, deployments out).

A row of totals that is read as a deployment counts everything twice. Its words show what it is, or
its counts do, because they are the sums of other rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from lfr_eval.contract.dates import MONTHS, looks_like_a_day
from lfr_eval.contract.words import count, several
from lfr_eval.deployments.grid import where
from lfr_eval.deployments.headings import plain
from lfr_eval.deployments.values import COUNTS

_SUMS = frozenset(("total", "totals", "subtotal", "subtotals", "sum", "sums"))
_TOTAL = _SUMS.union(
    ("overall", "cumulative", "ytd", "average", "averages", "avg", "mean", "median")
)
_BESIDE = frozenset(
    (
        *("grand", "sub", "running", "for", "of", "the", "all", "and", "to", "per", "in", "so"),
        *("far", "date", "day", "week", "month", "quarter", "q", "year", "financial", "fy"),
        *("deployment", "deployments", "site", "sites", "location", "locations", "row", "rows"),
        *("figure", "figures", "alert", "alerts", "face", "faces", "number", "numbers"),
    )
)
"""Words that stand beside a word for a total, and are no place."""

_SUMMED = (
    *("alerts", "true_alerts", "false_alerts", "arrests", "other_disposals", "no_action"),
    "faces_seen",
)
_CERTAIN = 6.0
"""Sums of others are no accident where their digits are so many (sum of decimal logarithms)."""

_SPAN = 400
"""Rows above one whose sums are compared with it."""


def is_total(cells: Sequence[str]) -> bool:
    """Whether a row says that it adds up others, with numbers beside it.

    Examples
    --------
    >>> is_total(["Grand total", "28/02/2026", "16"]), is_total(["February 2026", "Total", "16"])
    (True, False)
    >>> is_total(["February 2026", "Total", "16", "15"]), is_total(["Total Arena", "16", "15"])
    (True, False)
    >>> is_total(["2024/25 Total", "", "16", "15"])
    True
    """
    if sum(cell.strip()[:1].isdigit() for cell in cells) < 2:
        return False
    labels = [
        plain(cell)
        for cell in cells
        if cell.strip()
        and (not cell.strip()[:1].isdigit() or _says_total(plain(cell)))
        and not looks_like_a_day(cell)
    ]
    return any(_says_total(label) and not _names_a_place(label) for label in labels[:2])


def without_totals(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    passed_over: list[str],
    problems: list[str],
) -> list[dict[str, Any]]:
    """Return the rows of a file that are deployments.

    A row whose counts are the sums of others is passed over and said; a row that speaks of a total
    and of a place, and adds up nothing, is refused, because it can be either.
    """
    adding = adding_up(rows)
    kept = []
    for at, row in enumerate(rows):
        place = where(row["page"], row["row"], name)
        if at in adding:
            passed_over.append(f"{name}, {place}: a row of totals; {adding[at]}")
            continue
        if _says_total(plain(row["place"] or "")):
            problems.append(
                f"{name}, {place}: place '{row['place']}' names a total, but its counts are not "
                "the sums of other rows. If the row adds up others, remove it; if it is a "
                "deployment, write its place without that word"
            )
        kept.append(dict(row))
    return kept


def unlike_the_sums(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    totals: Sequence[tuple[int, Mapping[str, Any]]],
    headings: Mapping[str, str],
) -> Iterator[str]:
    """Yield each total of a file that is not the sum of rows above it, or of all rows.

    Parameters
    ----------
    totals
        How many rows stand above each row of totals, and the row as a record.
    headings
        What the file prints above each field.
    """
    given = np.array(
        [[_number(row[field]) for field in COUNTS[1:]] for row in rows], dtype=np.float64
    ).reshape(len(rows), len(COUNTS) - 1)
    for above, total in totals:
        mine = np.array([_number(total[field]) for field in COUNTS[1:]], dtype=np.float64)
        parts = [*(given[start:above] for start in range(above)), given]
        sums = np.array([np.nansum(part, axis=0) for part in parts])
        fits = (sums == mine).sum(axis=1)
        best = int(np.argmax(fits))  # Of equal ones that with the most rows above.
        for at in np.flatnonzero(~np.isnan(mine) & (sums[best] != mine)):
            field = COUNTS[1:][at]
            unknown = int(np.isnan(parts[best][:, at]).sum())
            yield (
                f"{name}, {where(total['page'], total['row'], name)}: the total below "
                f"'{headings.get(field, field)}' is {count(round(mine[at]))}, but "
                f"{several(len(parts[best]), 'row')} add up to {count(round(sums[best, at]))}"
                + (f" ({unknown:,} of them without a number)" if unknown else "")
            )


def says_a_sum(cells: Sequence[str]) -> bool:
    """Whether a row of totals is of sums, and not of means, and of no other file."""
    words = {word for cell in cells for word in plain(cell).split()}
    return bool(words & _SUMS) and not words & (_TOTAL - _SUMS)


def adding_up(rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return which rows add up others, and how that is known, by their places.

    Parameters
    ----------
    rows
        Rows of table `records` of one file, in its order.
    """
    counts = np.array(
        [[_number(row[name]) for name in _SUMMED] for row in rows], dtype=np.float64
    ).reshape(len(rows), len(_SUMMED))
    filled = np.nan_to_num(counts)
    places = np.array([plain(row["place"] or "") for row in rows], dtype=object)
    total = filled.sum(axis=0)
    others = np.ones(len(rows), dtype=bool)
    found: dict[int, str] = {}
    for at, mine in enumerate(counts):
        given = mine > 0
        certain = np.log10(mine[given]).sum() >= _CERTAIN and given.sum() >= 3
        said = _says_total(places[at])
        if not given.any() or not (certain or said):
            continue
        others[at] = False
        known = ~np.isnan(mine)
        first = max(0, at - _SPAN)
        above = np.flatnonzero(others[first:at])[::-1] + first
        running = filled[above].cumsum(axis=0)
        fits = np.flatnonzero((running[:, known] == mine[known]).all(axis=1))
        # A month with one deployment may have a row of totals; without the word, it is a repeat.
        # Rows without a count change no sum, and do not count as rows that are added up.
        adding = (filled[above] > 0).any(axis=1).cumsum()
        least = 1 if said and not _names_a_place(places[at]) else 2
        number = next((int(n) + 1 for n in fits if adding[n] >= least), None)
        if number is not None:
            found[at] = f"its counts are the sums of {several(number, 'row')} above it"
        elif (total[known] == 2 * mine[known]).all() and _adds(filled[others], mine, 2):
            found[at] = "its counts are the sums of all other rows"
        elif said and _adds(filled[others & _same_place(places, at)], mine, 1):
            found[at] = "its counts are the sums of the other rows of its place"
        others[at] = at not in found
        total = filled[others].sum(axis=0) if at in found else total
    return found


def _adds(others: np.ndarray, mine: np.ndarray, least: int) -> bool:
    known = ~np.isnan(mine)
    counting = (others > 0).any(axis=1).sum() >= least
    return bool(counting and (others.sum(axis=0)[known] == mine[known]).all())


def _same_place(places: np.ndarray, at: int) -> np.ndarray:
    bare = " ".join(word for word in str(places[at]).split() if word not in _TOTAL)
    return np.array([bool(bare) and str(place) == bare for place in places], dtype=bool)


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real) else math.nan


def _says_total(label: str) -> bool:
    return bool(_TOTAL.intersection(label.split()))


def _names_a_place(label: str) -> bool:
    rest = [word for word in label.split() if word not in _TOTAL | _BESIDE]
    return any(not word.isdigit() and word[:3] not in MONTHS for word in rest)
