"""Times of day at which deployments began and ended in, their hours out.

A time that may be on the 12-hour or the 24-hour clock is not guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.words import several
from lfr_eval.deployments.grid import where
from lfr_eval.deployments.headings import TIMES
from lfr_eval.deployments.values import is_given

_DAY, _NOON = 24 * 60, 12 * 60
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d)(?:[:.]00)?)?"
    r" ?(?:(?P<half>[ap]\.?m\.?)|(?P<unit>h|hrs?|hours))?"
    r"|(?P<digits>\d{3,4}) ?(?:h|hrs?|hours)?"
)
_NAMED = {"noon": _NOON, "midday": _NOON, "12 noon": _NOON, "midnight": 0, "12 midnight": 0}


@dataclass(frozen=True)
class Time:
    """A time of day: minutes after midnight, and whether its clock has 12 hours, 24, or either."""

    minutes: int
    clock: int | None


def time_of_day(text: str) -> Time:
    """Return a time of day.

    Raises
    ------
    ValueUnreadable
        If the text is not a time of day.

    Examples
    --------
    >>> [time_of_day(each).minutes for each in ("18:00", "1800hrs", "18.00", "6pm", "6.00 p.m.")]
    [1080, 1080, 1080, 1080, 1080]
    >>> time_of_day("12am").minutes, time_of_day("noon").minutes, time_of_day("24:00").minutes
    (0, 720, 1440)
    >>> [time_of_day(each).clock for each in ("6:00", "06:00", "6:00 am", "14:00")]
    [None, 24, 12, 24]
    """
    bare = " ".join(text.replace("\u00a0", " ").casefold().split())
    if bare in _NAMED:
        return Time(_NAMED[bare], 12)
    found = _TIME.fullmatch(bare)
    if found is None or not (found["minute"] or found["half"] or found["unit"] or found["digits"]):
        raise ValueUnreadable("is not a time of day such as 18:00 or 6pm")
    written = found["digits"] or f"{found['hour']}{found['minute'] or '00'}"
    hour, minute = divmod(int(written), 100)
    half, after = found["half"], hour * 60 + minute
    if minute > 59 or after > _DAY or (half and not 1 <= hour <= 12):
        raise ValueUnreadable("is not a time of day such as 18:00 or 6pm")
    if half:
        return Time(hour % 12 * 60 + minute + _NOON * half.startswith("p"), 12)
    leading = (found["hour"] or found["digits"]).startswith("0")
    sure = leading or hour > 12 or found["unit"] or found["digits"]
    return Time(after, 24 if sure else None)


def time_between(start: Time, end: Time, clock: int | None = None) -> float:
    """Return the hours from a time of day to the next other one, also across midnight.

    Parameters
    ----------
    clock
        The clock that other times of the file show: 24, or None if none shows it.

    Raises
    ------
    ValueUnreadable
        If both times are the same, or either clock may be meant.
    """
    if start.minutes % _DAY == end.minutes % _DAY:
        raise ValueUnreadable("begins and ends at the same time")
    clocks = {start.clock, end.clock}
    if 12 in clocks and None in clocks:
        raise ValueUnreadable("has am or pm at only one of its times; write 24-hour times")
    if clocks == {None} and clock is None and end.minutes < start.minutes:
        raise ValueUnreadable(
            "ends after midnight or uses the 12-hour clock; write 24-hour times, or am and pm"
        )
    return round((end.minutes - start.minutes) % _DAY / 60, 6)


def hours_of_range(text: str) -> float | None:
    """Return the hours of a cell that holds two times of day; None where it does not.

    Examples
    --------
    >>> hours_of_range("18:00 - 00:30"), hours_of_range("10am to 4pm"), hours_of_range("5h 30m")
    (6.5, 6.0, None)
    """
    parts = re.split(r" ?(?:[-\u2013\u2014]|\bto\b|\buntil\b) ?", text.strip())
    try:
        start, end = map(time_of_day, parts)
    except ValueError:
        return None
    if {start.clock, end.clock} == {None}:
        raise ValueUnreadable("may be two times on the 12-hour clock; write 24-hour times")
    return time_between(start, end)


def fill_hours(name: str, rows: Sequence[dict[str, Any]], notes: list[str]) -> Iterator[str]:
    """Write the hours between start and end where no duration is given; yield what is unclear."""
    read = [_times(row) for row in rows]
    clock = 24 if any(each.clock == 24 for pair in read if pair for each in pair) else None
    filled = 0
    for row, pair in zip(rows, read, strict=True):
        if pair is None:
            continue
        try:
            between = time_between(*pair, clock)
        except ValueUnreadable as error:
            yield f"{name}, {where(row['page'], row['row'], name)}: the deployment {error}"
            continue
        if row["hours"] is None:
            row["hours"] = between
            filled += 1
    if filled:
        notes.append(f"{name}: hours of {several(filled, 'row')} are the time from start to end")


def hours_between(record: Mapping[str, Any]) -> float | None:
    """Return the hours from start to end of a record; None where these are not given."""
    pair = _times(record)
    try:
        return None if pair is None else time_between(*pair, 24)
    except ValueUnreadable:
        return None


def _times(record: Mapping[str, Any]) -> tuple[Time, Time] | None:
    printed = json.loads(record["as_printed"] or "{}")
    cells = [str(printed.get(each) or "") for each in TIMES]
    if not all(map(is_given, cells)):
        return None
    try:
        start, end = map(time_of_day, cells)
    except ValueUnreadable:
        return None
    return start, end
