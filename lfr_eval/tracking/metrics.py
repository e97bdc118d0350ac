"""Stage tracking: tables `rates` and `findings` in, what MLflow charts and compares out.

MLflow compares runs by the last value of a metric. The last threshold of a sweep is not the one
that a matcher runs at, so what holds at the operating threshold has metrics of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

STEP = 1_000_000
"""Steps are whole numbers: a threshold's step is the threshold times this, rounded."""

OPERATING, WORST, PLANNED = "operating", "worst_ratio", "planned"
SAME = 1e-9


@dataclass(frozen=True)
class Value:
    """One value of a metric."""

    name: str
    value: float
    step: int = 0


def metrics_of(
    rates: pd.DataFrame, findings: pd.DataFrame, operating: float | None
) -> Iterator[Value]:
    """Yield the metrics of a study.

    Rates by group, stepped by threshold (`FPIR-10000/ethnicity/black`); those at the operating
    threshold, with the unwelcome end of their interval (`operating/FPIR-10000/ethnicity/black`,
    `.../upper`, of TPIR `.../lower`); the largest ratio of two groups there, either way round
    (`worst_ratio/FPIR-10000/ethnicity`); and how many planned comparisons have each verdict
    (`planned/different`).
    """
    own = rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])
    known = rates[rates["rate"].notna() & own]
    steps = (known["threshold"].fillna(0.0) * STEP).round().astype(int)
    for name, rate, step in zip(_names(known), known["rate"], steps, strict=True):
        yield Value(metric_name(name), float(rate), int(step))
    yield from _verdicts(findings)
    if operating is not None:
        here = known[_at(known, operating) | known["threshold"].isna()]
        yield from _at_operating(here)
        yield from _worst(findings[_at(findings, operating)])


def metric_name(text: str) -> str:
    """Return a name in the characters that MLflow takes."""
    return re.sub(r"[^\w\-. :/]", "_", text, flags=re.ASCII)[:250]


def _names(rates: pd.DataFrame) -> pd.Series:
    rank = ("-rank-" + rates["rank"].astype("string")).fillna("")
    return _searched(rates) + rank + "/" + rates["factor"] + "/" + rates["group"]


def _searched(rows: pd.DataFrame) -> pd.Series:
    """Return the metric and the size of the watchlist."""
    return rows["metric"] + ("-" + rows["watchlist_size"].astype("string")).fillna("")


def _at(rows: pd.DataFrame, threshold: float) -> pd.Series:
    return ((rows["threshold"] - threshold).abs() <= SAME).fillna(False)


def _at_operating(rates: pd.DataFrame) -> Iterator[Value]:
    for name, row in zip(_names(rates), rates.itertuples(), strict=True):
        yield Value(metric_name(f"{OPERATING}/{name}"), float(str(row.rate)))
        end = "lower" if row.metric == "TPIR" else "upper"
        bound = getattr(row, end)
        if not pd.isna(bound):
            yield Value(metric_name(f"{OPERATING}/{name}/{end}"), float(bound))


def _worst(findings: pd.DataFrame) -> Iterator[Value]:
    ratios = findings["ratio"].astype(float)
    known = findings[(ratios > 0) & (ratios < float("inf"))]
    larger = known["ratio"].where(known["ratio"] >= 1, 1 / known["ratio"])
    for name, worst in larger.groupby(_searched(known) + "/" + known["factor"]).max().items():
        yield Value(metric_name(f"{WORST}/{name}"), float(worst))


def _verdicts(findings: pd.DataFrame) -> Iterator[Value]:
    planned = findings.loc[findings["primary"].fillna(False), "verdict"]
    for verdict, count in planned.value_counts().items():
        yield Value(metric_name(f"{PLANNED}/{verdict}"), float(count))
