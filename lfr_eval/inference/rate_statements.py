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
from lfr_eval.contract.words import alike, confidence, threshold_text

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
    >>> print(rate_statement(row)[:94])
    At threshold 0.60 and a watchlist of 10,000, the false alert rate of Black people was 1 in 433
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
    parts = []
    if pd.notna(rate["threshold"]):
        parts.append(f"threshold {threshold_text(float(rate['threshold']))}")
    if pd.notna(rate["watchlist_size"]):
        parts.append(f"a watchlist of {int(rate['watchlist_size']):,}")
    if pd.notna(rate["rank"]):
        parts.append(f"rank {int(rate['rank'])}")
    if not parts:
        return "In this study, "
    return "At " + ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] + ", "


def _whose(rate: Mapping[Any, Any]) -> str:
    who, other, factor = rate["group"], rate["counterpart"], rate["factor"]
    if pd.isna(other) or other == who:
        return group_words(who, factor)
    return f"{group_words(who, factor)} against {group_words(other, factor)}"
