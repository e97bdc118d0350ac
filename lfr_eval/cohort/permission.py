"""Stage cohort: what a dataset card says of days and purposes, compared with a study's.

People write both in words of their own, so a purpose that only resembles a forbidden one is refused
too. A person then says whether it is the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from lfr_eval.contract.dates import MONTHS, NUMBERS, day
from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.spelling import one_slip_apart, skeleton

FIRST_YEAR, LAST_YEAR = 1950, 2150
"""Years in which somebody may have made pictures or has to delete them; others are mistyped."""

_FILLERS = frozenset((
    *("a", "an", "and", "any", "by", "for", "in", "of", "on", "or", "other", "the", "to"),
    *("purpose", "purposes", "use", "uses"),
))  # fmt: skip
_EVERYTHING = frozenset(("all", "anything", "every", "everything"))
_SHORTEST_STEM = 4

_MONTH = rf"(?P<name>{'|'.join(MONTHS)})[a-z]*"
_MOMENT = re.compile(
    r"\b(?:(?P<year>\d{4})-(?P<month>\d{1,2})(?:-\d{1,2})?"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH} (?P<named_year>\d{{4}})|(?P<alone>\d{{4}}))\b",
    re.IGNORECASE,
)


def day_of(written: object) -> str:
    """Return a day of a card as ISO 8601.

    Raises
    ------
    ValueUnreadable
        If it is not one day, or its year is out of the question.
    """
    text = written.isoformat() if type(written) is date else str(written)
    if NUMBERS.fullmatch(text):
        raise ValueUnreadable("could be two days; write the year first, as 2027-12-31")
    try:
        read = day(text)
    except ValueUnreadable:
        read = None
    if read is None:
        raise ValueUnreadable("is not a day such as 2027-12-31")
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueUnreadable(
            f"has a year outside {FIRST_YEAR} to {LAST_YEAR}; leave the entry out if there is no "
            "last day"
        )
    return read.isoformat()


def problem_of_period(collected: str, today: date) -> str | None:
    """Return what cannot be about the time when pictures were made, as far as it names years."""
    moments = [_moment(each) for each in _MOMENT.finditer(collected)]
    if not moments:
        return None
    if _before((today.year, today.month), moments[0]):
        return "has not begun yet"
    if len(moments) == 2 and _before(moments[1], moments[0]):
        return "ends before it begins"
    return None


def _moment(found: re.Match[str]) -> tuple[int, int | None]:
    """Return a year and its month; None where a text does not say which."""
    if found["name"]:
        return int(found["named_year"]), MONTHS.index(found["name"].casefold()) + 1
    return int(found["year"] or found["alone"]), int(found["month"]) if found["month"] else None


def _before(first: tuple[int, int | None], second: tuple[int, int | None]) -> bool:
    if first[0] != second[0] or first[1] is None or second[1] is None:
        return first[0] < second[0]
    return first[1] < second[1]


def alike_purpose(forbidden: str, purpose: str) -> bool:
    """Whether a purpose is a forbidden one or may be: the words of one are among the other's.

    Examples
    --------
    >>> alike_purpose("commercial use", "Commercial"), alike_purpose("live trials", "live-trial")
    (True, True)
    >>> alike_purpose("training", "evaluation"), alike_purpose("anything", "evaluation")
    (False, True)
    """
    one, other = _words(forbidden), _words(purpose)
    if set(one) <= _EVERYTHING:
        return True
    short, long = sorted((one, other), key=len)
    return bool(short) and all(any(_same_stem(word, each) for each in long) for word in short)


def _words(purpose: str) -> Sequence[str]:
    return [word for word in re.findall(r"\w+", skeleton(purpose)) if word not in _FILLERS]


def _same_stem(first: str, second: str) -> bool:
    """Whether two words may be forms of one: evaluating and evaluation, train and training."""
    short = min(len(first), len(second))
    shared = next((n for n in range(short) if first[n] != second[n]), short)
    stem = max(_SHORTEST_STEM, short - 3)
    return first == second or shared >= stem or one_slip_apart(first, second)
