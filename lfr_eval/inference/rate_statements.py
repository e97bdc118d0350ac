"""Stage `inference`: the plain sentence of a rate.

In: one row of the table `rates`. Out: a sentence that may be quoted as it stands: a rate with its
threshold, its watchlist size, its interval and what it was counted from; a rate without events as
the bound that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lfr_eval.contract.names import METRICS, group_words, metric_named
from lfr_eval.contract.words import FIXED, RANDOM, alike, confidence
from lfr_eval.inference.statements import setting_words

_TOLD = frozenset(metric.code for metric in METRICS) - {"misidentification", "event"}


def rate_statement(rate: Mapping[Any, Any]) -> str:
    """Return the sentence of a row of the table `rates`.

    Empty where it has no trials, no name, or no interval: one person is no group.

    Examples
    --------
    >>> row = {"metric": "FPIR", "threshold": 0.6, "watchlist_size": 10_000, "rank": pd.NA,
    ...        "factor": "ethnicity", "group": "black", "counterpart": pd.NA, "events": 3,
    ...        "trials": 1300, "subjects": 130, "rate": 3 / 1300, "lower": 0.0007,
    ...        "upper": 0.0075, "level": 0.95}
    >>> print(rate_statement(row)[:89])
    At threshold 0.60 and with this watchlist of 10,000, the false alert rate of Black people
    """
    if rate["metric"] not in _TOLD or not rate["trials"] > 0 or pd.isna(rate["upper"]):
        return ""
    metric = metric_named(rate["metric"])
    who = _whose(rate)
    counted = f"{int(rate['trials']):,} {metric.trial} of {int(rate['subjects']):,} people"
    level = confidence(rate["level"])
    if not rate["events"]:
        (bound,) = alike((rate["upper"], "up"), success=metric.is_success)
        return (
            f"{_where(rate)}no {metric.event} was seen in {counted} ({who}); the {metric.rate} is "
            f"below {bound} ({level} confidence)."
        )
    seen, lower, upper = alike(
        (rate["rate"], "nearest"),
        (rate["lower"], "down"),
        (rate["upper"], "up"),
        success=metric.is_success,
    )
    return (
        f"{_where(rate)}the {metric.rate} of {who} was {seen} ({level} interval {lower} to "
        f"{upper}; {int(rate['events']):,} of {counted})."
    )


def _where(rate: Mapping[Any, Any]) -> str:
    threshold, size, rank = (
        None if pd.isna(rate[name]) else rate[name]
        for name in ("threshold", "watchlist_size", "rank")
    )
    holds_for = RANDOM if RANDOM in str(rate.get("interval")) else FIXED
    return setting_words(
        rate["metric"],
        None if threshold is None else float(threshold),
        None if size is None else int(size),
        holds_for,
        None if rank is None else int(rank),
    )


def _whose(rate: Mapping[Any, Any]) -> str:
    who, other, factor = rate["group"], rate["counterpart"], rate["factor"]
    if pd.isna(other) or other == who:
        return group_words(who, factor)
    return f"{group_words(who, factor)} against {group_words(other, factor)}"
