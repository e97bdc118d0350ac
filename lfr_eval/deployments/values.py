"""A printed cell of a record in, its value out; what cannot be read is never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.spelling import UNSEEN, normal

BLANKS = frozenset(("", "-", "–", "—", "\u2010", "\u2011", "\u2212"))
"""Cells that may mean none, and may mean that nobody knows."""

NOT_GIVEN = BLANKS | frozenset(
    (
        *("n/a", "na", "n.a.", "nil return", "not recorded", "not known"),
        *("unknown", "not available", "tbc", "tba", "to be confirmed", "pending"),
    )
)
"""What forces print where there is no value."""

COUNTS = (
    *("watchlist_size", "faces_seen", "alerts", "true_alerts", "false_alerts"),
    *("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed"),
    *("true_engaged", "false_engaged", "arrests", "other_disposals", "no_action"),
)
CAMERAS = ("mobile", "existing static", "new static")


_UNSEEN = re.compile(UNSEEN)
_TURNING = re.compile("[\u202d\u202e]")
"""Characters that show others in another order than that of the file."""
_SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
"""Spaces between the digits of a number that do not break a line."""


_QUOTED = 100
"""Most characters of a cell that a message quotes."""

_MOST_DIGITS = 15
"""Digits of a count that a column of floats holds exactly."""


def as_shown(cell: str) -> str:
    """Return a cell without characters that nobody sees, unless they turn others around."""
    return cell if cell.isascii() or _TURNING.search(cell) else _UNSEEN.sub("", cell)


def shown(cell: str) -> str:
    """Return a cell as a message quotes it, cut where nobody would read on."""
    return cell if len(cell) <= _QUOTED else f"{cell[:_QUOTED]}..."


def is_given(text: str) -> bool:
    """Whether a cell holds a value."""
    return " ".join(normal(text).split()).casefold() not in NOT_GIVEN


def whole(text: str) -> int:
    """Return a count: "12,190", "12 190" and "5.0" are counts, "1.5", "1O" and "12.000" are not."""
    bare = _SPACES.sub(" ", text.strip())
    if re.fullmatch(r"\d{1,3}([, ]\d{3})+|\d+(\.00?)?", bare):
        digits = re.sub(r"[, ]|\.0+$", "", bare)
        if len(digits) > _MOST_DIGITS:
            raise ValueUnreadable(
                f"has {len(digits)} digits; no count has more than {_MOST_DIGITS}"
            )
        return int(digits)
    raise ValueUnreadable(
        "is not a whole number such as 12190 or 12,190 (empty the cell if nobody knows the number)"
    )


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
    >>> hours("395 mins")
    6.583333
    """
    bare = " ".join(text.replace("\u00a0", " ").casefold().split())
    match = re.fullmatch(
        r"(?:(\d{1,3}) ?(?:h|hrs?|hours?)[ ,.]*(?:(?:and|&) )?)?"
        r"(?:(\d{1,2}) ?(?:m|mins?|minutes?)?\.?)?",
        bare,
    )
    minutes = re.fullmatch(r"(\d{3,4}) ?(?:m|mins?|minutes?)\.?", bare)
    clock = re.fullmatch(r"(\d{1,3}):(\d{2})(?::\d{2})?(?: ?(?:h|hrs?|hours?))?", bare)
    # "5.30" alone may be half past five or eighteen minutes past: it needs its unit.
    decimal = re.fullmatch(r"(\d{1,3}\.\d+) ?(?:h|hrs?|hours?)", bare)
    if minutes:
        found = 0, int(minutes.group(1))
    elif clock:
        found = int(clock.group(1)), int(clock.group(2))
    elif decimal:
        return float(decimal.group(1))
    elif match and (match.group(1) or (match.group(2) and re.search(r"m", bare))):
        found = int(match.group(1) or 0), int(match.group(2) or 0)
    else:
        raise ValueUnreadable("is not a duration such as 5h 25m or 5:25")
    if (found[0] or clock) and found[1] > 59:
        raise ValueUnreadable(f"has {found[1]} minutes after its hours")
    return round(found[0] + found[1] / 60, 6)


def camera(text: str) -> str:
    """Return the kind of camera: mobile, existing static or new static.

    A text that names no kind is refused, and so is one that names two or says what it is not.
    """
    words = set(re.findall(r"[a-z]+", text.casefold()))
    kinds = [kind for kind, known in zip(CAMERAS, _CAMERA_WORDS, strict=True) if words & known]
    if len(kinds) == 1 and not words & {"not", "non", "no"}:
        return kinds[0]
    raise ValueUnreadable(
        f"is not one of {', '.join(CAMERAS)} (choose one; 'static' and 'CCTV' do not say whether "
        "the camera was already there)"
    )


_CAMERA_WORDS = (
    {"van", "vans", "mobile", "vehicle", "vehicles"},
    {"existing"},
    {"new", "newly", "temporary"},
)


def rate(text: str) -> str:
    """Return a printed percentage or "1 in N", as it is printed."""
    bare = text.strip().replace(" ", "")
    if re.fullmatch(r"(\d+(\.\d+)?%|0|0\.\d+|1in[\d,]+)", bare):
        return bare
    raise ValueUnreadable("is not a rate such as 0.08%")


def text(value: str) -> str:
    """Return a text on one line, with plain quotes and without characters that nobody sees."""
    return " ".join(normal(value).split()).translate({0x2018: "'", 0x2019: "'", 0x02BC: "'"})


READERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(COUNTS, whole),
    "threshold": threshold,
    "hours": hours,
    "camera": camera,
    "false_alert_rate": rate,
}
"""The reader of each field that is not a text or a day."""


def as_text(value: object, form: str = "") -> str:
    """Return a cell of a spreadsheet as a person sees it there.

    Parameters
    ----------
    form
        Its number format: 0.0008 with `0.00%` is shown as 0.08%.
    """
    if value is None or value != value:
        return ""
    if isinstance(value, datetime):
        # Excel counts days from 1900: a duration of over a day is one of its first dates.
        return value.isoformat() if value.year < 1905 else value.date().isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool) and form.endswith("%"):
        return f"{value:.{len(form.partition('.')[2]) - 1 if '.' in form else 0}%}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return as_shown(str(value))
