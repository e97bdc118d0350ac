"""Stage `inference`: how numbers, groups and deeds are put into words.

In: a rate, ratio, p-value, threshold, or the name of a group. Out: its words, the same wherever a
sentence of the study uses them.
"""

from __future__ import annotations

import math

from lfr_eval.contract.tables import CROSS

DEEDS = {
    "FMR": "were falsely matched with one another",
    "FNMR": "were not matched with themselves",
    "FPIR": "had false alerts",
    "FNIR": "were missed by the watchlist search",
    "TPIR": "were correctly identified",
    "FTA": "could not be acquired",
    "FTE": "could not be enrolled",
    "event": "had events",
}
NOUNS = {
    "FMR": "false match",
    "FNMR": "false non-match",
    "FPIR": "false alert",
    "FNIR": "missed identification",
    "TPIR": "correct identification",
    "FTA": "failure to acquire",
    "FTE": "failure to enrol",
    "event": "event",
}

TRIAL_DEEDS = {
    "FNMR": "did not match the person's own reference",
    "FPIR": "set off false alerts",
    "FNIR": "were missed by the watchlist search",
    "TPIR": "led to a correct identification",
    "FTA": "gave no usable face",
    "event": "had events",
}
"""What is said of passes, where they and not people are the sides of a comparison."""

TRIAL_NOUNS = {"FNMR": "comparisons", "event": "trials"}


def one_in(rate: float) -> str:
    """Write a rate as `1 in N`, a high one in percent, never as 0 or 100 % where it is not.

    Examples
    --------
    >>> one_in(0.000169), one_in(0.4), one_in(0.89), one_in(0.0)
    ('1 in 5,920', '1 in 2.5', '89 %', 'none')
    >>> one_in(0.9999), one_in(1.0)
    ('all but 1 in 10,000', '100 %')
    """
    if math.isnan(rate):
        return "unknown"
    if rate <= 0:
        return "none"
    if rate > 0.5:
        share = _plain(100 * rate)
        return f"all but {one_in(1 - rate)}" if share == "100" and rate < 1 else f"{share} %"
    return f"1 in {_plain(1 / rate)}"


def trials_words(metric: str) -> str:
    """Name the trials of a metric: passes, or comparisons."""
    return TRIAL_NOUNS.get(metric, "passes")


def group_words(group: str) -> str:
    """Name a group of people: `female x east_asian` is read as `female east asian subjects`."""
    if group == "rest":
        return "all other subjects"
    return f"{group.replace(CROSS, ' ').replace('_', ' ')} subjects"


def threshold_text(threshold: float) -> str:
    """Write a threshold with two decimals, or as many more as it has, up to the nine of a sweep.

    Examples
    --------
    >>> threshold_text(0.6), threshold_text(0.491), threshold_text(-2e-7)
    ('0.60', '0.491', '-0.0000002')
    """
    text = f"{threshold:.9f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def ratio_text(value: float) -> str:
    """Write a ratio with two digits near 1 and below 10, else three."""
    if math.isinf(value):
        return "infinitely many"
    if 0 < value < 0.001:
        return "less than 0.001"
    if 0.5 < value < 2:
        return f"{value:.2f}"
    return _digits(value, 2) if value < 10 else _digits(value, 3)


def p_text(value: float) -> str:
    """Write a p-value with its letter."""
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def percent(share: float) -> str:
    """Write a share in percent."""
    return f"{100 * share:g} %"


def listed(factors: tuple[str, ...]) -> str:
    """Join the names of factors."""
    return " and ".join(factors).replace("_", " ")


def _plain(value: float) -> str:
    """Write three significant digits, no zeros at the end of a fraction."""
    text = _digits(value, 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digits(value: float, digits: int) -> str:
    """Round to significant digits without scientific notation."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{decimals}f}"
