"""Table `records` in, table `street` out: false alerts per face, per alert and per hour.

Two intervals stand side by side. The exact one takes false alerts as independent (Clopper-Pearson
per alert, Garwood's Poisson interval per face and hour). The wide one takes the deployment as the
unit: events and exposure are divided by the dispersion between deployments (quasi-Poisson;
McCullagh & Nelder 1989, section 6.2.4), never below 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import STREET
from lfr_eval.contract.words import threshold_text
from lfr_eval.deployments.breaks import Break
from lfr_eval.inference.field import (
    PER_ALERT,
    PER_FACE,
    PER_HOUR,
    binomial_interval,
    poisson_interval,
)

ALL = "all"
WATCHLIST_STEP = 5000
FEWEST = 5
"""Deployments below which the dispersion between them is not estimated."""


def street_table(
    records: pd.DataFrame, breaks: Sequence[Break] = (), level: float = 0.95
) -> pd.DataFrame:
    """Return table `street`.

    Parameters
    ----------
    records
        Table `records`.
    breaks
        Of counting; a per-face row on both sides of one is marked, and so are its neighbours.
    level
        Confidence level, between 0 and 1.
    """
    rows: list[dict[str, object]] = []
    for dimension, values in dimensions(records, breaks).items():
        for value in sorted(values.dropna().unique(), key=_by_number):
            part = records[(values == value).fillna(False).to_numpy(bool)]
            for measure in (PER_FACE, PER_ALERT, PER_HOUR):
                rows += _row(dimension, str(value), measure, part, breaks, level)
    return STREET.build(rows)


def _by_number(value: object) -> tuple[float, str]:
    """Return what sorts "500 to 999" before "10,000 to 10,499", and words by letter."""
    number = re.match(r"\d[\d,]*(?:\.\d+)?", str(value))
    return (float(number[0].replace(",", "")) if number else math.inf, str(value))


def dimensions(records: pd.DataFrame, breaks: Sequence[Break]) -> dict[str, pd.Series]:
    """Return the value of each record in each dimension; null where it is not known."""
    size = records["watchlist_size"] // WATCHLIST_STEP * WATCHLIST_STEP
    period = records["date"].map(
        lambda day: None if pd.isna(day) else sum(day >= each.day for each in breaks)
    )
    found = {
        ALL: pd.Series(ALL, records.index),
        "year": records["date"].str[:4],
        "threshold": records["threshold"].map(threshold_text, na_action="ignore"),
        "use case": records["use_case"],
        "camera": records["camera"],
        "watchlist size": size.map(
            lambda low: f"{low:,} to {low + WATCHLIST_STEP - 1:,}", na_action="ignore"
        ),
        "place": records["place"],
    }
    if breaks:
        found["way of counting"] = period.map(
            lambda at: _period(int(at), breaks), na_action="ignore"
        )
    return found


def _period(at: int, breaks: Sequence[Break]) -> str:
    if at == 0:
        return f"before {breaks[0].day}"
    if at == len(breaks):
        return f"from {breaks[-1].day}"
    return f"from {breaks[at - 1].day} to before {breaks[at].day}"


def _row(
    dimension: str,
    value: str,
    measure: str,
    part: pd.DataFrame,
    breaks: Sequence[Break],
    level: float,
) -> Iterator[dict[str, object]]:
    exposure = {PER_FACE: part["faces_seen"], PER_ALERT: part["alerts"], PER_HOUR: part["hours"]}[
        measure
    ]
    known = part["false_alerts"].notna() & exposure.notna()
    if not known.any() or exposure[known].sum() <= 0:
        return
    events = part.loc[known, "false_alerts"].to_numpy(dtype=float)
    under = exposure[known].to_numpy(dtype=float)
    number, total = int(events.sum()), float(under.sum())
    exact = binomial_interval if measure == PER_ALERT else poisson_interval
    lower, upper = exact(number, total, level)
    spread = dispersion(events, under, binomial=measure == PER_ALERT)
    wide = widened(number, total, spread, level, binomial=measure == PER_ALERT)
    note = _note(part.loc[known, "date"], breaks) if measure == PER_FACE else None
    yield {
        "dimension": dimension,
        "value": value,
        "measure": measure,
        "deployments": int(known.sum()),
        "false_alerts": number,
        "exposure": total,
        "rate": number / total,
        "lower": lower,
        "upper": upper,
        "dispersion": spread,
        "wide_lower": wide[0],
        "wide_upper": wide[1],
        "level": level,
        "note": note,
    }


def dispersion(events: np.ndarray, exposure: np.ndarray, binomial: bool = False) -> float:
    """Return the variance between deployments over that of independent events, at least 1.

    Parameters
    ----------
    events, exposure
        Of each deployment, shape (deployments,).
    binomial
        Whether each unit of exposure can have one event at most.

    Returns
    -------
    float
        NaN where it cannot be estimated: fewer than five deployments or no event.
    """
    used = exposure > 0
    events, exposure = events[used], exposure[used]
    if len(events) < FEWEST or events.sum() == 0:
        return float("nan")
    rate = events.sum() / exposure.sum()
    # Pearson's statistic is unstable where most expected counts are far below one; the variance of
    # the total is what the interval needs (Fletcher 2012, Biometrika 99, 230-237, is its cousin).
    residual = events - rate * exposure
    robust = len(events) / (len(events) - 1) * float((residual**2).sum())
    independent = rate * exposure.sum() * (1 - rate if binomial else 1)
    return max(1.0, robust / independent) if independent > 0 else float("nan")


def widened(
    events: int, exposure: float, spread: float, level: float, binomial: bool = False
) -> tuple[float, float]:
    """Return the interval of a rate whose events count as events / spread; NaN where unknown."""
    if np.isnan(spread):
        return float("nan"), float("nan")
    exact = binomial_interval if binomial else poisson_interval
    return exact(events / spread, exposure / spread, level)


def _note(days: pd.Series, breaks: Sequence[Break]) -> str | None:
    known = days.dropna()
    if known.empty or not breaks:
        return None
    sides = {sum(day >= each.day for each in breaks) for day in known}
    if len(sides) > 1:
        return "the way of counting faces changed among these deployments"
    return "comparable only with deployments " + _period(sides.pop(), breaks)
