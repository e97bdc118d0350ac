"""Days of a file that break its order in, what they may have meant out."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from lfr_eval.contract.dates import NUMBERS, day, only_one_way, turned
from lfr_eval.contract.words import several

_FIRST_YEAR = 2015
"""Before it, no British force had used live facial recognition in public."""

_MIXED = 0.1
"""Above this share of days written month first, a file mixes two ways of writing them."""

_MONTHS, _PATTERN = 12, 4
"""Months of a year, and fewest days that show a pattern."""

_FEW, _FAR = 10, 60
"""Fewest other days, and most days from them, of a first or last day that is not doubted."""

_ORDERED = 0.8
"""A file of which so many rows are in order is taken to be meant in order."""


def unclear(cells: Sequence[str]) -> tuple[int, str] | None:
    """Return where and why the days of a file cannot be read as day first, or None.

    One such day among many is a slip, of which `lfr-eval deployments check` asks.
    """
    day_first, month_first = only_one_way(cells)
    held = [cell for cell in cells if re.fullmatch(r"\d{4}-\d\d-\d\d", cell)]
    if not month_first:
        return _turned_by_a_spreadsheet(cells, held, day_first)
    number = len(month_first)
    if day_first and (number < 2 or number <= _MIXED * (number + len(day_first))):
        return None
    others = (
        f"{several(len(day_first), 'other')} only day first" if day_first else "none only day first"
    )
    why = f"{several(number, 'day')} can only be month first, and {others}"
    if held:
        # A spreadsheet that expects the other way turns what it can, and keeps the rest as text.
        why += (
            f" (day and month of {several(len(held), 'other')} stored as dates may already be "
            "exchanged: use the original file)"
        )
    return month_first[0], why


def _turned_by_a_spreadsheet(
    cells: Sequence[str], held: Sequence[str], day_first: Sequence[int]
) -> tuple[int, str] | None:
    """Return where a day is a text that no other reading allows, if all others became dates.

    A spreadsheet that expects the month first turns 07/01/2027 into a date of July, and keeps
    13/01/2027 as a text.
    """
    numbers = sum(bool(NUMBERS.fullmatch(cell)) for cell in cells)
    could = all(int(cell[8:]) <= _MONTHS for cell in held)
    if not held or not day_first or numbers > len(day_first) or not could:
        return None
    if len(held) + len(day_first) < _PATTERN:
        return None
    why = (
        f"{several(len(day_first), 'date')} can only be day first, and a spreadsheet seems to have "
        f"exchanged day and month of {several(len(held), 'other')}, which all fall on one of the "
        "first 12 days of a month: use the original file"
    )
    return day_first[0], why


def year_first(cells: Sequence[str], today: date) -> int | None:
    """Return the place of a day such as 26-01-09 that is more likely of 2026 than of 2009; or None.

    All days of the file must be days of recent years if the year comes first, and one of them at
    least must not be one if the day comes first.
    """
    recent = range(_FIRST_YEAR, today.year + 1)
    if not all(re.fullmatch(r"\d\d[/.-]\d\d?[/.-]\d\d", cell) for cell in cells if cell):
        return None
    numbers = [[int(part) for part in re.split("[/.-]", cell)] for cell in cells if cell]
    for first, month, last in numbers:
        if 2000 + first not in recent or not 1 <= month <= 12 or not 1 <= last <= 31:
            return None
    old = [at for at, (_, _, last) in enumerate(numbers) if 2000 + last not in recent]
    return old[0] if old else None


def exchanged(cells: Sequence[str], days: Sequence[date | None]) -> str:
    """Return why day and month are exchanged in a whole file, as far as it shows; or nothing.

    Parameters
    ----------
    cells
        As printed.
    days
        As they were read.
    """
    day_first, month_first = only_one_way(cells)
    if day_first or not any(map(NUMBERS.fullmatch, cells)):
        return ""
    if month_first:
        return f"the file writes month first ('{cells[month_first[0]]}')"
    other = [
        (day(turned(cell)) if NUMBERS.fullmatch(cell) else each)
        for cell, each in zip(cells, days, strict=True)
    ]
    if out_of_order(days) != [] and len(days) > 2 and out_of_order(other) == []:
        return "the rows of the file are in order only if day and month are exchanged"
    return ""


def out_of_order(days: Sequence[date | None]) -> list[int] | None:
    """Return the rows that a longest ordered run of days leaves out; None for unordered files.

    Parameters
    ----------
    days
        In the order of the file, which may rise or fall; None where there is no day.
    """
    known = [place for place, each in enumerate(days) if each is not None]
    rising = _longest([_ordinal(days[place]) for place in known])
    falling = _longest([-_ordinal(days[place]) for place in known])
    kept = {known[place] for place in max(rising, falling, key=len)}
    if len(kept) < _ORDERED * len(known):
        return None
    return [place for place in known if place not in kept]


def between(days: Sequence[date | None], place: int, out: Sequence[int]) -> tuple[date, date]:
    """Return the earliest and latest day that would stand in order at a place of the file."""
    left_out = set(out)
    ordered = [
        (at, each) for at, each in enumerate(days) if each is not None and at not in left_out
    ]
    before = [each for at, each in ordered if at < place][-1:]
    after = [each for at, each in ordered if at > place][:1]
    ends = sorted([*(before or after), *(after or before)])
    return ends[0], ends[-1]


def meant(
    printed: date | None, cell: str, low: date, high: date, certain: bool = False
) -> tuple[date | None, str]:
    """Return the day that a mistyped one may have meant, and how they differ.

    Another year is tried first, then day and month exchanged, then one digit mistyped. A kind of
    slip that leaves several days is no suggestion.

    Parameters
    ----------
    printed
        The day as it is printed; None where there can be no such day.
    cell
        The printed text.
    low, high
        The days of the rows before and after it.
    certain
        Leave out mistyped digits, which fit by chance more often.
    """
    kinds = [
        ("another year", _other_years(printed, cell)),
        ("day and month exchanged", _turned(cell)),
    ]
    if not certain:
        kinds.append(("one digit mistyped", _one_digit(cell)))
    for kind, days in kinds:
        fitting = sorted({each for each in days if low <= each <= high})
        if len(fitting) == 1:
            return fitting[0], kind
    return None, ""


@dataclass(frozen=True)
class Far:
    """A first or last day far from the others, and the one that may have been meant."""

    days: int
    guess: date
    kind: str


def far_at_an_end(days: Sequence[date | None], place: int, cell: str) -> Far | None:
    """Return why a first or last day may be a slip, which breaks no order; or None.

    It is further from the row beside it than four times any other two neighbours are, and another
    year, or day and month exchanged, would bring it as near as those are.
    """
    if place not in (0, len(days) - 1):
        return None
    known = [each for at, each in enumerate(days) if each is not None and at != place]
    own = days[place]
    if own is None or len(known) < _FEW:
        return None
    beside = known[0] if place == 0 else known[-1]
    usual = max(abs((later - earlier).days) for earlier, later in pairwise(known))
    gap = (own - beside).days
    if abs(gap) <= max(_FAR, 4 * usual):
        return None
    low, high = sorted([beside, beside + timedelta(days=math.copysign(usual, gap))])
    guess, kind = meant(own, cell, low, high, certain=True)
    return Far(abs(gap), guess, kind) if guess else None


def _ordinal(each: date | None) -> int:
    return each.toordinal() if each else 0


def _longest(values: Sequence[int]) -> list[int]:
    """Return the places of a longest run that never falls (patience sorting)."""
    ends: list[int] = []
    last: list[int] = []
    previous: list[int | None] = []
    for place, value in enumerate(values):
        at = bisect.bisect_right(ends, value)
        previous.append(last[at - 1] if at else None)
        ends[at : at + 1] = [value]
        last[at : at + 1] = [place]
    chain: list[int] = []
    place_or_end = last[-1] if last else None
    while place_or_end is not None:
        chain.append(place_or_end)
        place_or_end = previous[place_or_end]
    return chain[::-1]


def _parts(cell: str) -> tuple[str, str, str] | None:
    """Return day, month and year as digits."""
    pieces = cell.replace(".", "/").replace("-", "/").split("/")
    if len(pieces) != 3 or not all(re.fullmatch(r"\d{1,4}", piece.strip()) for piece in pieces):
        return None
    first, second, third = (piece.strip() for piece in pieces)
    return (third, second, first) if len(first) == 4 else (first, second, third)


def _dates(of_month: str, month: str, year: str) -> list[date]:
    try:
        return [date(int(year) + (2000 if int(year) < 100 else 0), int(month), int(of_month))]
    except ValueError:
        return []


def _other_years(printed: date | None, cell: str) -> list[date]:
    parts = _parts(cell)
    if parts is None:
        return []
    of_month, month, year = parts
    base = printed.year if printed else int(year) + (2000 if int(year) < 100 else 0)
    found: list[date] = []
    for step in (-1, 1, -2, 2):
        found += _dates(of_month, month, str(base + step))
    return found


def _turned(cell: str) -> list[date]:
    parts = _parts(cell)
    return _dates(parts[1], parts[0], parts[2]) if parts else []


def _one_digit(cell: str) -> list[date]:
    parts = _parts(cell)
    if parts is None:
        return []
    text = "/".join(parts)
    found: list[date] = []
    for place, letter in enumerate(text):
        if letter.isdigit():
            for digit in "0123456789":
                changed = f"{text[:place]}{digit}{text[place + 1 :]}".split("/")
                found += _dates(*changed)
    return found
