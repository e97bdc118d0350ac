"""Contract: how a number is written, the same everywhere in a study.

A rate is "1 in 6,000" or "92.3 %", never "0.0 %". The end of an interval is rounded outwards (`up`
for an upper end, `down` for a lower one), so that a printed bound is never stronger than the
computed one. Rates that are compared share one unit (`alike`).

Digits are those that the evidence of a study carries (`plain`): "1 in 25" and "45 times" are whole,
"1 in 9.6" and "6.3 times" have tenths, and a ratio below 2 has hundredths, since it is held
against 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from itertools import islice
from typing import TypeVar

Name = TypeVar("Name")

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ROUNDING = {"nearest": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING}
_TURNED = {"nearest": "nearest", "down": "up", "up": "down"}


def count(number: int | None) -> str:
    """Return a whole number with thousands separators."""
    return "–" if number is None else f"{number:,}"


def several(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 person", "12 people"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def rate_in(text: str) -> float:
    """Return a rate as people type it; NaN if it is none.

    Examples
    --------
    >>> rate_in("1/4000"), rate_in("0.5%"), rate_in("0.01"), rate_in("often")
    (0.00025, 0.005, 0.01, nan)
    """
    above, _, below = text.partition("/")
    try:
        if above.rstrip().endswith("%"):
            return float(above.rstrip().removesuffix("%")) / (100 * float(below or 1))
        return float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        return math.nan


def significant(value: float, digits: int = 3, rounding: str = "nearest") -> Decimal:
    """Round to significant digits, in the direction given (`nearest`, `down`, `up`)."""
    if value == 0:
        return Decimal(0)
    exact = Decimal(repr(float(value)))
    unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return exact.quantize(unit, rounding=_ROUNDING[rounding])


def plain(value: float, rounding: str = "nearest", hundredths: float = 0.0) -> Decimal:
    """Round a positive number to whole ones from 10 on, else to tenths, to three digits at most.

    Parameters
    ----------
    hundredths
        Below it the number has hundredths, and two digits however small it is.

    Examples
    --------
    >>> [str(plain(value, hundredths=2)) for value in (5924.0, 25.2, 5.97, 1.328, 0.0281)]
    ['5.92E+3', '25', '6.0', '1.33', '0.028']
    """
    exact = Decimal(repr(float(value)))
    size = exact.adjusted()
    finest = 0 if value >= 10 else -1 if value >= hundredths else min(-2, size - 1)
    return exact.quantize(Decimal(1).scaleb(max(size - 2, finest)), rounding=_ROUNDING[rounding])


def one_in(rate: float | None, rounding: str = "nearest") -> str:
    """Return a rate as "1 in N", above one half as a percentage.

    Parameters
    ----------
    rate
        Between 0 and 1; None or NaN where there was no trial.
    rounding
        Of the *rate*: `up` for an upper bound and `down` for a lower one never claim more than
        was computed.

    Examples
    --------
    >>> one_in(0.000169), one_in(0.000169, "up"), one_in(0.0397), one_in(0.923), one_in(0.0)
    ('1 in 5,920', '1 in 5,910', '1 in 25', '92.3 %', '0')
    """
    if rate is None or math.isnan(rate):
        return "–"
    if rate <= 0:
        return "0"
    if rate > 0.5:
        return percentage(rate, rounding)
    # A larger N is a smaller rate, so the direction of rounding turns round.
    number = plain(1 / rate, _TURNED[rounding])
    if number >= 1_000_000:
        return f"1 in {_trimmed(number / 1_000_000)} million"
    return f"1 in {_trimmed(number)}"


def share(rate: float | None, rounding: str = "nearest") -> str:
    """Return a rate of success as a percentage, below 1 % as "1 in N"."""
    if rate is not None and 0 < rate < 0.01:
        return one_in(rate, rounding)
    return percentage(rate, rounding)


def percentage(rate: float | None, rounding: str = "nearest") -> str:
    """Return a rate as a percentage that reaches 0 % or 100 % only where it is so.

    Examples
    --------
    >>> percentage(0.891), percentage(0.0012), percentage(0.99996), percentage(1.0)
    ('89.1 %', '0.12 %', '99.996 %', '100 %')
    """
    if rate is None or math.isnan(rate):
        return "–"
    percent = significant(100 * rate, 3, rounding)
    if percent >= 100 and rate < 1:
        percent = 100 - significant(100 * (1 - rate), 1, _TURNED[rounding])
    return f"{_trimmed(percent)} %"


def alike(*rates: tuple[float, str], success: bool = False) -> list[str]:
    """Return rates that stand beside one another in one unit, each rounded as it says.

    Parameters
    ----------
    *rates
        Rates between 0 and 1, each with its rounding: `nearest`, `down` or `up`.
    success
        Whether they are rates of success, which are percentages.

    Returns
    -------
    list of str
        All as "1 in N", or all as percentages where one of them is above one half.

    Examples
    --------
    >>> alike((0.923, "nearest"), (0.362, "nearest")), alike((0.01, "down"), (0.4, "up"))
    (['92.3 %', '36.2 %'], ['1 in 100', '1 in 2.5'])
    """
    in_percent = success or any(rate > 0.5 for rate, _ in rates)
    return [(percentage if in_percent else one_in)(rate, rounding) for rate, rounding in rates]


def scientific(value: float | None) -> str:
    """Return a number as 1.67 × 10⁻⁴."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def ratio(value: float | None, rounding: str = "nearest") -> str:
    """Return a ratio; "–" where it is undefined.

    Examples
    --------
    >>> ratio(44.53, "up"), ratio(5.97), ratio(1.328, "down"), ratio(1.002), ratio(1.0)
    ('45', '6', '1.32', '1.00', '1')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if value <= 0:
        return _trimmed(significant(value, 3, rounding))
    rounded = plain(value, rounding, hundredths=2.0)
    return "1.00" if rounded == 1 != value else _trimmed(rounded)


def measure(value: float | None, rounding: str = "nearest") -> str:
    """Return a measure of inequality, "1" or "0" only where it is exactly that."""
    if value is None or math.isnan(value) or math.isinf(value) or value == 1:
        return ratio(value, rounding)
    rounded = significant(value, 3, rounding)
    if rounded == 1:
        gap = significant(abs(1 - value), 1, rounding if value > 1 else _TURNED[rounding])
        rounded = 1 + gap if value > 1 else 1 - gap
    return _trimmed(rounded)


def p_value(value: float | None) -> str:
    """Return a p-value with three significant digits, never rounded to 0."""
    if value is None or math.isnan(value):
        return "–"
    return scientific(value) if 0 < value < 1e-4 else _trimmed(significant(value, 3))


def p_text(value: float) -> str:
    """Return a p-value with its letter: "p = 0.012"."""
    return f"p = {p_value(value)}"


def threshold_text(value: float) -> str:
    """Return a threshold with two decimals, or as many more as it has, up to twelve digits.

    Examples
    --------
    >>> threshold_text(0.6), threshold_text(0.491), threshold_text(-2e-7)
    ('0.60', '0.491', '-0.0000002')
    """
    whole, _, decimals = f"{Decimal(f'{value:.12g}'):f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals.ljust(2, '0')}"


def spoken_threshold(value: float) -> str:
    """Return a threshold as it is printed, with the sign of a minus."""
    return threshold_text(value).replace("-", "−")


def number(value: float | None) -> str:
    """Return a setting as it was written, without trailing zeros."""
    return "–" if value is None else f"{value:.10g}".replace("-", "−")


def signed(value: float | None, rounding: str = "nearest") -> str:
    """Return a number of any sign with three significant digits.

    Examples
    --------
    >>> signed(-0.01234), signed(-0.01234, "down"), signed(0.01234, "down")
    ('−0.0123', '−0.0124', '0.0123')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    rounded = significant(value, 3, rounding)
    return ("−" if rounded < 0 else "") + _trimmed(abs(rounded))


def per_many(*values: tuple[float, str]) -> tuple[list[str], str]:
    """Return small numbers of any sign, each rounded as it says, and what they are per.

    Examples
    --------
    >>> per_many((0.00123, "nearest"), (-0.0004, "down")), per_many((0.25, "up"))
    ((['1.23', '−0.4'], '1,000'), (['25'], '100'))
    """
    largest = max((abs(value) for value, _ in values if math.isfinite(value)), default=0.0)
    unit = next((unit for unit in _UNITS if largest * unit >= 1), _UNITS[-1] if largest else 100)
    # Through the shortest decimal, so that a product does not grow digits of its own.
    texts = [
        signed(float(Decimal(repr(float(value))) * unit) if math.isfinite(value) else value, way)
        for value, way in values
    ]
    return texts, "1 million" if unit == _UNITS[-1] else f"{unit:,}"


_UNITS = (100, 1_000, 10_000, 100_000, 1_000_000)


def confidence(level: float) -> str:
    """Return a confidence level as "95 %", never rounded up to certainty.

    Examples
    --------
    >>> confidence(0.95), confidence(0.99838), confidence(0.999999)
    ('95 %', '99.84 %', '99.9999 %')
    """
    text = f"{100 * level:.4g}"
    if text == "100" and level < 1:
        text = str(100 - significant(float(f"{100 * (1 - level):.6g}"), 1, "up"))
    return f"{text} %"


def about(value: float, rounding: str = "nearest") -> str:
    """Return a number of people or alerts to expect, as it is said.

    The nearest has two significant digits and, from 1 on, no fraction of a person; an end of a
    range (`down`, `up`) is a whole number.

    Examples
    --------
    >>> about(24.3), about(5.3), about(0.42), about(1234.0), about(292.2, "up"), about(0.8, "down")
    ('24', '5', '0.42', '1,200', '293', '0')
    """
    if rounding == "nearest" and value < 1:
        return _trimmed(significant(value, 2))
    exact = significant(value, 2) if rounding == "nearest" else Decimal(repr(float(value)))
    return _trimmed(exact.quantize(Decimal(1), rounding=_ROUNDING[rounding]))


def unbroken(text: str) -> str:
    r"""Return text in which a number stays on one line with what belongs to it.

    Pages and papers are given it at the end; tables, statements and claims keep plain spaces.

    Examples
    --------
    >>> unbroken("1 in 8, 99 % or 12 times, at threshold 0.64").count("\u00a0")
    5
    """
    return _TOGETHER.sub("\u00a0", text)


# Sought from its space on, which is several times faster in a page of a million characters.
_TOGETHER = re.compile(
    r" (?:(?<=\d )(?=%|times\b|× 10)|(?<=\d × )(?=10)|(?<=\b1 )(?=in \d)|(?<=\b1 in )(?=\d)"
    r"|(?<=\bthreshold )(?=[\d−])|(?<=\bp )(?== \d)|(?<=\bp = )(?=\d))"
)


FIXED, RANDOM = "this watchlist", "watchlists like this one"
"""For which watchlists a claim holds."""


def watchlists(size: int, holds_for: str = FIXED) -> str:
    """Return a watchlist by its size, and whether a claim holds for others like it.

    Examples
    --------
    >>> watchlists(10_000), watchlists(10_000, RANDOM)
    ('this watchlist of 10,000', 'watchlists of 10,000 like this one')
    """
    return (
        f"watchlists of {size:,} like this one" if holds_for == RANDOM else f"{FIXED} of {size:,}"
    )


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def some(
    names: Collection[Name],
    most: int = 5,
    apart: str = ", ",
    say: Callable[[Name], str] = str,
) -> str:
    """Return the first of many names, as `say` says them, and how many more there are.

    Examples
    --------
    >>> some("abcd", 2), some("ab", 2), some(["row 3 is empty", "row 9 is short"], 1, "; ")
    ('a, b and 2 more', 'a, b', 'row 3 is empty; and 1 more')
    """
    rest = len(names) - most
    more = f"{apart.strip(', ')} and {rest:,} more" if rest > 0 else ""
    return apart.join(map(say, islice(names, most))) + more


def listed(factors: tuple[str, ...]) -> str:
    """Return the names of factors, joined."""
    return " and ".join(factors).replace("_", " ")


def _trimmed(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
