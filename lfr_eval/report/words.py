"""Stage report: labels and methods in words; numbers are those of `contract.words`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from lfr_eval.contract.names import Metric
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.spelling import STEERING
from lfr_eval.contract.words import count, one_in, percentage, share, spoken_threshold

NOT_STATED = "not stated"


def is_stated(text: str | None) -> TypeGuard[str]:
    """Return whether somebody gave a text, and not only that nothing is known."""
    return text is not None and text != "" and not text.lower().startswith(NOT_STATED)


def clean(text: str) -> str:
    """Return text on one line, without characters that break a page or change reading order.

    Control characters are not allowed in HTML or SVG, and bidirectional overrides can make a
    label read as something else; both are shown as the replacement character.
    """
    line = " ".join(text.split())
    return line if line.isprintable() else STEERING.sub("\N{REPLACEMENT CHARACTER}", line)


def printable(value: Any) -> Any:
    """Return a value with all its texts made printable."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(printable(each) for each in value)
    if isinstance(value, Mapping):
        return {clean(str(key)): printable(each) for key, each in value.items()}
    return value


def shorten(text: str, length: int) -> str:
    """Return text of at most `length` characters, the middle left out where it is longer."""
    head = length // 2
    return text if len(text) <= length else f"{text[:head]}…{text[len(text) - length + 1 + head :]}"


def at(threshold: float | None) -> str:
    """Return where a rate holds: "threshold 0.60"."""
    return (
        "no threshold applies" if threshold is None else f"threshold {spoken_threshold(threshold)}"
    )


def setting(watchlist_size: int | None) -> str:
    """Return what follows a threshold: ", watchlist of 10,000"; empty without a watchlist."""
    return "" if watchlist_size is None else f", watchlist of {count(watchlist_size)}"


def spoken_rate(
    metric: Metric,
    rate: float | None,
    rounding: str = "nearest",
    beside: Sequence[float | None] = (),
) -> str:
    """Return a rate in the form that suits its metric: "1 in 6,000", or "89.1 %" for TPIR.

    Where one of the rates `beside` it in a row is above one half, all are percentages.
    """
    if metric.is_success:
        return share(rate, rounding)
    many = any(value is not None and value > 0.5 for value in (rate, *beside))
    return (percentage if many else one_in)(rate, rounding)


_FILES = {
    "templates": "templates",
    "scores": "scores",
    "alerts": "records of the system",
    "pairs": "scores",
    "unnamed pairs": "scores",
}
"""What a file already held when a study was only about to be run, by the evidence of a matcher."""


def earlier_results(record: StudyRecord) -> str:
    """Return what is and is not known of results before a plan to which a study kept."""
    said = "Only the folder of studies was checked for earlier results."
    file = _FILES.get(record.matcher.evidence)
    if record.registration is None or file is None or record.simulated:
        return said
    if not record.registration.data_registered:
        return f"{said} Whether the {file} existed by then is not known."
    return (
        f"{said} The {file} existed when the plan was registered, and the tool cannot know whether "
        "anybody had looked at them."
    )
