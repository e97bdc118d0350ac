"""Stage report: numbers and names in words (a number in, text out).

A panel reads "1 in 6,000", a statistician reads 1.67 × 10⁻⁴, and neither may read "0.0 %". Bounds
are rounded away from the claim they support, so that a printed bound is never stronger than the
computed one.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction

NOT_STATED = "not stated"

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ROUNDING = {"nearest": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING}
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


@dataclass(frozen=True)
class Metric:
    """An error rate as people speak of it.

    Attributes
    ----------
    code
        Name in the standards, ISO/IEC 2382-37 and 19795-1.
    name
        The same, written out.
    plain
        Short everyday name.
    question
        What the rate answers.
    trial
        What one trial is.
    is_success
        Whether a higher rate is a success (TPIR) and not an error.
    """

    code: str
    name: str
    plain: str
    question: str
    trial: str
    is_success: bool = False


METRICS = (
    Metric(
        "FPIR",
        "False positive identification rate",
        "False alerts",
        "how often somebody who is not on the watchlist sets off an alert",
        "recognition opportunities",
    ),
    Metric(
        "TPIR",
        "True positive identification rate",
        "Recognition",
        "how often somebody who is on the watchlist is recognised",
        "recognition opportunities",
        is_success=True,
    ),
    Metric(
        "FNIR",
        "False negative identification rate",
        "Missed people",
        "how often somebody who is on the watchlist is missed (FNIR = 1 − TPIR)",
        "recognition opportunities",
    ),
    Metric(
        "misidentification",
        "Naming of a wrong person",
        "Wrong person named",
        "how often the best match of somebody who is on the watchlist is somebody else, and good "
        "enough for an alert",
        "recognition opportunities",
    ),
    Metric(
        "FMR",
        "False match rate",
        "Wrong matches",
        "how often images of two different people are taken for one person",
        "comparisons",
    ),
    Metric(
        "FNMR",
        "False non-match rate",
        "Missed matches",
        "how often two images of one person are not recognised as the same person",
        "comparisons",
    ),
    Metric(
        "FTA",
        "Failure-to-acquire rate",
        "No usable face",
        "how often no usable face was found",
        "recognition opportunities",
    ),
    Metric(
        "FTE",
        "Failure-to-enrol rate",
        "No usable reference",
        "how often no usable reference could be made of a person's image",
        "images",
    ),
)


def metric_named(code: str) -> Metric:
    """Return the metric with this code; an unknown code stands for itself."""
    for metric in METRICS:
        if metric.code == code:
            return metric
    return Metric(code, code, code, code, "trials")


def clean(text: str) -> str:
    """Return text on one line, without characters that break a page or change reading order.

    Control characters are not allowed in HTML or SVG, and bidirectional overrides can make a
    label read as something else; both are shown as the replacement character.
    """
    one_line = " ".join(text.split())
    if one_line.isascii() and one_line.isprintable():
        return one_line
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if character in _BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs")
        else character
        for character in one_line
    )


def shorten(text: str, length: int) -> str:
    """Return text of at most `length` characters, the middle left out where it is longer."""
    if len(text) <= length:
        return text
    head = (length - 1 + 1) // 2
    return text[:head] + "…" + text[len(text) - (length - 1 - head) :]


def count(number: int | None) -> str:
    """Return a whole number with thousands separators."""
    return "–" if number is None else f"{number:,}"


def several(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 person", "12 people"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def significant(value: float, digits: int = 3, rounding: str = "nearest") -> Decimal:
    """Round to significant digits, in the direction given (`nearest`, `down`, `up`)."""
    if value == 0:
        return Decimal(0)
    exact = Decimal(repr(float(value)))
    unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return exact.quantize(unit, rounding=_ROUNDING[rounding])


def one_in(rate: float | None, rounding: str = "nearest") -> str:
    """Return a rate as "1 in N", N with three significant digits.

    Parameters
    ----------
    rate
        Between 0 and 1; None where there was no trial.
    rounding
        Of the *rate*: `up` for an upper bound and `down` for a lower one never claim more than
        was computed.
    """
    if rate is None or math.isnan(rate):
        return "–"
    if rate <= 0:
        return "0"
    if rate >= 1:
        return "1 in 1"
    # A larger N is a smaller rate, so the direction of rounding turns round.
    turned = {"nearest": "nearest", "up": "down", "down": "up"}[rounding]
    number = significant(1 / rate, 3, turned)
    if number >= 1_000_000:
        return f"1 in {_trimmed(number / 1_000_000)} million"
    return f"1 in {_trimmed(number)}"


def share(rate: float | None, rounding: str = "nearest") -> str:
    """Return a rate of success as a percentage that reaches 0 % or 100 % only where it is so."""
    if rate is None or math.isnan(rate):
        return "–"
    if 0 < rate < 0.01:
        return one_in(rate, rounding)
    percent = significant(100 * rate, 3, rounding)
    if percent >= 100 and rate < 1:
        percent = 100 - significant(
            100 * (1 - rate), 1, {"up": "down", "down": "up"}.get(rounding, rounding)
        )
    return f"{_trimmed(percent)} %"


def spoken_rate(metric: Metric, rate: float | None, rounding: str = "nearest") -> str:
    """Return a rate in the form that suits its metric: "1 in 6,000", or "89.1 %" for TPIR."""
    return share(rate, rounding) if metric.is_success else one_in(rate, rounding)


def scientific(value: float | None) -> str:
    """Return a number as 1.67 × 10⁻⁴."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def ratio(value: float | None, rounding: str = "nearest") -> str:
    """Return a ratio with three significant digits; "–" where it is undefined."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return _trimmed(significant(value, 3, rounding))


def measure(value: float | None, rounding: str = "nearest") -> str:
    """Return a measure of inequality, "1" or "0" only where it is exactly that."""
    if value is None or math.isnan(value) or math.isinf(value) or value == 1:
        return ratio(value, rounding)
    rounded = significant(value, 3, rounding)
    if rounded == 1:
        turned = {"up": "down", "down": "up"}.get(rounding, rounding)
        gap = significant(abs(1 - value), 1, rounding if value > 1 else turned)
        rounded = 1 + gap if value > 1 else 1 - gap
    return _trimmed(rounded)


def p_value(value: float | None) -> str:
    """Return a p-value with three significant digits, never rounded to 0."""
    if value is None or math.isnan(value):
        return "–"
    return scientific(value) if 0 < value < 1e-4 else _trimmed(significant(value, 3))


def spoken_threshold(value: float) -> str:
    """Return a threshold with two decimals, or as many more as it has."""
    whole, _, decimals = f"{value:.9f}".rstrip("0").partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}".replace("-", "−")


def number(value: float | None) -> str:
    """Return a setting as it was written, without trailing zeros."""
    return "–" if value is None else f"{value:.10g}".replace("-", "−")


def signed(value: float | None) -> str:
    """Return a number of any sign with three significant digits."""
    if value is None or math.isnan(value):
        return "–"
    return ("−" if value < 0 else "") + ratio(abs(value))


def confidence(level: float) -> str:
    """Return a confidence level as "95 %"."""
    return f"{100 * level:.4g} %"


def interval_note(method: str) -> str:
    """Return the method of an interval with the assumption that it makes, in words."""
    if "design effect" in method:
        return (
            f"{method}. This assumes that the comparisons depend on the same few people no more "
            "than they do at other thresholds of this study."
        )
    return f"{method}."


def attempts(power: float) -> str:
    """Return a power as "4 of 5 attempts"."""
    share_of = Fraction(power).limit_denominator(20)
    if abs(float(share_of) - power) > 1e-9:
        return f"{confidence(power)} of attempts"
    return f"{share_of.numerator} of {share_of.denominator} attempts"


def _trimmed(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
