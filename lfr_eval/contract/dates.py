"""Contract: days and times as people and spreadsheets write them (text in, dates out).

`03/04/2026` is March to one program and April to another. The other cells of the file may show
which; where none does, it is asked and not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import pandas as pd

from lfr_eval.contract.reading import ValueUnreadable

Order = Literal["day-first", "month-first"]
"""How a file writes a day in numbers: 28/06/2026 or 06/28/2026."""

NUMBERS = re.compile(r"\s*(\d{1,2})( ?[/.-] ?)(\d{1,2})( ?[/.-] ?(?:\d{4}|\d{2}))\s*")
"""A day in numbers whose first two may be day and month in either order."""

_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
MONTHS = [name[:3] for name in _MONTH_NAMES]

_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?"
DAY_IN_TEXT = re.compile(
    r"\b(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}[/-]\d{1,2}[/-]\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ /-](?:{'|'.join(MONTHS)})[a-z]*\.?[ /-](?:\d{{4}}|\d{{2}})"
    rf"|(?:{'|'.join(MONTHS)})[a-z]*\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})\b",
    re.IGNORECASE,
)
"""A day somewhere in a line of text."""

_TIME = re.compile(
    rf"(?:{_WEEKDAY},? )?"
    r"(?P<day>\d{1,2}([/.-])\d{1,2}\2\d{4}|\d{4}([/-])\d{1,2}\3\d{1,2}"
    r"|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4}),?(?:[ T]+)"
    r"(?P<hour>\d{1,2})(?P<rest>:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(?P<half>[AaPp]\.?[Mm]\.?)? ?"
    r"(?P<zone>Z|GMT|UTC|BST|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_ZONES = {"gmt": "+00:00", "utc": "+00:00", "bst": "+01:00"}
_EPOCH = re.compile(r"(1\d{9})(\d{3})?(?:\.(\d+))?")
"""Seconds (from 2001 to 2033) or milliseconds since 1970."""
TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?")
"""A time without its day."""


@dataclass(frozen=True)
class Times:
    """Times of a column.

    Attributes
    ----------
    iso
        As ISO 8601. What is written otherwise than as day, month, year and time is unchanged.
    unclear
        Which cells could be two days.
    why
        Why they could, in words.
    """

    iso: pd.Series
    unclear: pd.Series
    why: str = ""


def read_times(text: pd.Series, order: Order | None = None) -> Times:
    """Read times such as 28/06/2026 14:05, 06/28/2026 2:05 PM, 28 June 2026 14:05:30 GMT.

    A column of nothing but seconds or milliseconds since 1970 is read as times in UTC.

    Parameters
    ----------
    text
        Cells without surrounding spaces.
    order
        How days are written in numbers; None: as the column shows.
    """
    cells = [str(cell) for cell in text.dropna().unique() if str(cell)]
    if cells and all(map(_EPOCH.fullmatch, cells)):
        since = {cell: _since_1970(cell) for cell in cells}
        return Times(text.replace(since), pd.Series(False, text.index))
    read = {cell: parts for cell in cells if (parts := _TIME.fullmatch(cell))}
    days = {cell: parts["day"] for cell, parts in read.items() if NUMBERS.fullmatch(parts["day"])}
    day_first, month_first = only_one_way(list(days.values()))
    why, unclear = "", set()
    if order is None and days:
        others = any(re.match(r"\d{4}[-/]", cell) for cell in cells)
        if day_first and month_first:
            why = "some days in this column can only be day first, and some only month first"
        elif others:
            why = "some times begin with the year, so a program may have exchanged day and month"
        elif not day_first and not month_first:
            why = "no time in the column shows whether the day or the month comes first"
        unclear = {cell for cell, each in days.items() if why and (others or turned(each) != each)}
    iso = {cell: _iso(parts, _month_first(order, month_first)) for cell, parts in read.items()}
    iso = {cell: time for cell, time in iso.items() if time and cell not in unclear}
    return Times(text.replace(iso) if iso else text, text.isin(unclear).astype(bool), why)


def _month_first(order: Order | None, month_first: Sequence[int]) -> bool:
    return bool(month_first) if order is None else order == "month-first"


def _iso(parts: re.Match[str], month_first: bool) -> str | None:
    """Return a time in ISO 8601; None where there is no such day or hour."""
    try:
        found = day(parts["day"].replace("/", "-"), month_first)
    except ValueUnreadable:
        return None
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (parts["half"][0] in "Pp")
    if found is None:
        return None
    zone = parts["zone"] or ""
    rest = parts["rest"].replace(",", ".")
    return f"{found.isoformat()}T{hour:02d}{rest}{_ZONES.get(zone.casefold(), zone.upper())}"


_NAMED_FIRST = re.compile(r"\b([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$")
"""March 14, 2026."""


def _since_1970(cell: str) -> str:
    seconds, thousandths, rest = _EPOCH.fullmatch(cell).groups("")  # type: ignore[union-attr]
    moment = datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None).isoformat()
    fraction = f"{thousandths}{rest}"[:6].rstrip("0")
    return f"{moment}{'.' * bool(fraction)}{fraction}+00:00"


def spoken_day(time: str) -> str:
    """Return the day of a time (ISO 8601) as in a letter; what is no time stays as it is.

    Examples
    --------
    >>> spoken_day("2026-11-30T10:00:00+00:00")
    '30 November 2026'
    """
    try:
        read = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{read.day} {read:%B %Y}"


def day(text: str, month_first: bool = False) -> date | None:
    """Return a day, written as in Britain (day first) or ISO 8601; None where it cannot be.

    Parameters
    ----------
    month_first
        Whether 02/03/2024 is the third of February.

    Raises
    ------
    ValueUnreadable
        If it is not written as a day at all.
    """
    bare = " ".join(text.split())
    numbers = (2, 0, 1) if month_first else (2, 1, 0)
    for pattern, order in (
        (r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:[T ]00:00(?::00)?)?", (0, 1, 2)),
        (r"(\d{1,2}) ?[/.-] ?(\d{1,2}) ?[/.-] ?(\d{4}|\d{2})", numbers),
    ):
        match = re.fullmatch(pattern, bare)
        if match:
            year, month, of_month = (int(match.groups()[place]) for place in order)
            return _day(year, month, of_month, len(match.groups()[order[0]]))
    written = re.fullmatch(
        rf"(?:{_WEEKDAY},? )?(\d{{1,2}})(?:st|nd|rd|th)?[ /-](\w{{3,9}})\.?[ /-](\d{{4}}|\d{{2}})",
        _NAMED_FIRST.sub(r"\2 \1 \3", bare),
        re.IGNORECASE,
    )
    named = written.group(2).casefold() if written else ""
    if written and any(name.startswith(named) for name in (*_MONTH_NAMES, "sept")):
        month = MONTHS.index(named[:3]) + 1
        return _day(int(written.group(3)), month, int(written.group(1)), len(written.group(3)))
    raise ValueUnreadable("is not a day such as 28/06/24 or 2024-06-28")


def looks_like_a_day(text: str) -> bool:
    """Whether a cell is written as a day."""
    try:
        day(text)
    except ValueUnreadable:
        return False
    return True


def turned(cell: str) -> str:
    """Return a day in numbers with its first two numbers exchanged; any other text as it is.

    Examples
    --------
    >>> turned("02/03/2026"), turned("2026-03-02"), turned("2 March 2026")
    ('03/02/2026', '2026-03-02', '2 March 2026')
    """
    parts = NUMBERS.fullmatch(cell)
    return f"{parts[3]}{parts[2]}{parts[1]}{parts[4]}" if parts else cell


def only_one_way(cells: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the places of days that can only be written day first, and only month first."""
    day_first, month_first = [], []
    for at, cell in enumerate(cells):
        parts = NUMBERS.fullmatch(cell)
        first, second = (int(parts[1]), int(parts[3])) if parts else (0, 0)
        if second <= 12 < first:
            day_first.append(at)
        elif first <= 12 < second:
            month_first.append(at)
    return day_first, month_first


def _day(year: int, month: int, of_month: int, digits: int) -> date | None:
    try:
        return date(year + 2000 if digits == 2 else year, month, of_month)
    except ValueError:
        return None
