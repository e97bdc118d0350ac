"""A printed cell of a record in, its value out; what cannot be read is never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

NOT_GIVEN = frozenset(
    ("", "n/a", "na", "n.a.", "-", "–", "—", "nil return", "not recorded", "not known", "unknown")
)
"""What forces print where there is no value."""

COUNTS = (
    *("watchlist_size", "faces_seen", "alerts", "true_alerts", "false_alerts"),
    *("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed"),
    *("true_engaged", "false_engaged", "arrests", "other_disposals", "no_action"),
)
CAMERAS = ("mobile", "existing static", "new static")

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


class ValueUnreadable(ValueError):
    """A cell does not hold what its column holds; the message says what would."""


def is_given(text: str) -> bool:
    """Whether a cell holds a value."""
    return " ".join(text.split()).casefold() not in NOT_GIVEN


def whole(text: str) -> int:
    """Return a count: "12,190", "12 190" and "0" are counts, "1.5" and "1O" are not."""
    bare = text.strip().replace("\u00a0", " ")
    if re.fullmatch(r"\d{1,3}([, ]\d{3})+|\d+(\.0+)?", bare):
        return int(re.sub(r"[, ]|\.0+$", "", bare))
    raise ValueUnreadable("is not a whole number such as 12190 or 12,190")


def threshold(text: str) -> float:
    """Return a threshold: "0.64", ".64", "-1.2"."""
    bare = text.strip().replace("\u2212", "-")
    if re.fullmatch(r"-?\d*\.?\d+(e-?\d+)?", bare):
        return float(bare)
    raise ValueUnreadable("is not a threshold such as 0.64")


def hours(text: str) -> float:
    """Return a duration in hours.

    Examples
    --------
    >>> hours("4h30m"), hours("5hr 45"), hours("6 hours 15 minutes"), hours("0:33"), hours("45m")
    (4.5, 5.75, 6.25, 0.55, 0.75)
    """
    bare = " ".join(text.replace("\u00a0", " ").casefold().split())
    match = re.fullmatch(
        r"(?:(\d{1,3}) ?(?:h|hrs?|hours?)[ ,.]*(?:and )?)?"
        r"(?:(\d{1,2}) ?(?:m|mins?|minutes?)?\.?)?",
        bare,
    )
    clock = re.fullmatch(r"(\d{1,3}):(\d{2})(?::\d{2})?", bare)
    # "5.30" alone may be half past five or eighteen minutes past: it needs its unit.
    decimal = re.fullmatch(r"(\d{1,3}\.\d+) ?(?:h|hrs?|hours?)", bare)
    if clock:
        found = int(clock.group(1)), int(clock.group(2))
    elif decimal:
        return float(decimal.group(1))
    elif match and (match.group(1) or (match.group(2) and re.search(r"m", bare))):
        found = int(match.group(1) or 0), int(match.group(2) or 0)
    else:
        raise ValueUnreadable("is not a duration such as 5h 25m or 5:25")
    if found[0] and found[1] > 59:
        raise ValueUnreadable(f"has {found[1]} minutes after its hours")
    return round(found[0] + found[1] / 60, 6)


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
        (r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", (0, 1, 2)),
        (r"(\d{1,2}) ?[/.-] ?(\d{1,2}) ?[/.-] ?(\d{4}|\d{2})", numbers),
    ):
        match = re.fullmatch(pattern, bare)
        if match:
            year, month, of_month = (int(match.groups()[place]) for place in order)
            return _day(year, month, of_month)
    written = re.fullmatch(
        r"(?:\w+,? )?(\d{1,2})(?:st|nd|rd|th)?[ -](\w{3,9})[ -](\d{4}|\d{2})", bare
    )
    if written and written.group(2)[:3].casefold() in MONTHS:
        month = MONTHS.index(written.group(2)[:3].casefold()) + 1
        return _day(int(written.group(3)), month, int(written.group(1)))
    raise ValueUnreadable("is not a day such as 28/06/24 or 2024-06-28")


def _day(year: int, month: int, of_month: int) -> date | None:
    try:
        return date(year + 2000 if year < 100 else year, month, of_month)
    except ValueError:
        return None


def looks_like_a_day(text: str) -> bool:
    """Whether a cell is written as a day."""
    try:
        day(text)
    except ValueUnreadable:
        return False
    return True


def camera(text: str) -> str:
    """Return the kind of camera: mobile, existing static or new static."""
    bare = text.casefold()
    if re.search(r"van|mobile|vehicle", bare):
        return CAMERAS[0]
    if re.search(r"existing|cctv", bare):
        return CAMERAS[1]
    if re.search(r"new|static|fixed", bare):
        return CAMERAS[2]
    raise ValueUnreadable(f"is not one of {', '.join(CAMERAS)}")


def rate(text: str) -> str:
    """Return a printed percentage or "1 in N", as it is printed."""
    bare = text.strip().replace(" ", "")
    if re.fullmatch(r"(\d+(\.\d+)?%|0|0\.\d+|1in[\d,]+)", bare):
        return bare
    raise ValueUnreadable("is not a rate such as 0.08%")


def text(value: str) -> str:
    """Return a text on one line, with plain quotes."""
    return " ".join(value.split()).translate({0x2018: "'", 0x2019: "'", 0x02BC: "'"})


READERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(COUNTS, whole),
    "threshold": threshold,
    "hours": hours,
    "camera": camera,
    "false_alert_rate": rate,
}
"""The reader of each field that is not a text or a day."""


def as_text(value: object) -> str:
    """Return a cell of a spreadsheet as a person sees it there."""
    if value is None or value != value:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.time().min else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
