"""Stage tracking: tables `rates` and `findings` in, MLflow metrics out.

MLflow compares runs by the last value of a metric. The last threshold of a sweep is not the one
at which a matcher runs, so the operating threshold has its own metrics. There are few: false
alerts and misses at the largest watchlist, by single factors. The run's tables hold the rest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.tracking.names import name

STEP = 1_000_000
"""A threshold's step, a whole number, is the threshold times this, rounded."""

OPERATING, WORST, PRIMARY = "operating", "worst", "primary"
SEARCHED, COMPARED = ("FPIR", "FNIR"), ("FMR", "FNMR")
ACQUIRED = ("FTA", "FTE")


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

    The curves, stepped by threshold (`FPIR-10000/ethnicity/black`); the rates at the operating
    threshold (`operating/FPIR-10000/ethnicity/black`), everybody's with its upper end
    (`operating/FPIR-10000/overall/everybody/upper`); the worst of a factor there: the highest upper
    end of any group (`worst/upper/FPIR-10000/ethnicity`) and the largest ratio of two groups, the
    larger above (`worst/ratio/FPIR-10000/ethnicity`); how many primary comparisons have each
    verdict (`primary/different`); and everybody's failures to acquire and to enrol.
    """
    known = rates[rates["rate"].notna()]
    own = known["counterpart"].isna() | (known["counterpart"] == known["group"])
    shown = compared(known[own])
    # Lists of ranks have no threshold: their rates are a point and no curve.
    steps = (shown["threshold"].astype(float).fillna(0) * STEP).round().astype(int)
    for row, step in zip(shown.to_dict("records"), steps, strict=True):
        yield Value(_name(row, row["group"]), float(row["rate"]), int(step))
    yield from _verdicts(findings)
    lost = known["metric"].isin(ACQUIRED) & (known["factor"] == OVERALL)
    for row in known[lost].to_dict("records"):
        yield Value(name(OPERATING, row["metric"], OVERALL, EVERYBODY), float(row["rate"]))
    if operating is not None:
        yield from _at_operating(shown[at_threshold(shown, operating)])
        yield from _worst_ratios(compared(findings[at_threshold(findings, operating)]))


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by which runs are compared.

    Of a study that searched: false alerts and misses at the largest watchlist, first and last rank;
    of any other: false matches and non-matches. Single factors only.
    """
    sizes = rows["watchlist_size"]
    searched = rows[rows["metric"].isin(SEARCHED) & (sizes == sizes.max())]
    found = rows[rows["metric"].isin(COMPARED)] if searched.empty else searched
    if "rank" in found and found["rank"].notna().any():
        ranks = found["rank"]
        found = found[ranks.isna() | ranks.isin([ranks.min(), ranks.max()])]
    return found[~found["factor"].str.contains(CROSS, regex=False)]


def _name(row: Mapping[Hashable, Any], *last: str) -> str:
    size, rank = row["watchlist_size"], row.get("rank")
    searched = "" if pd.isna(size) else f"-{size}"
    ranked = "" if rank is None or pd.isna(rank) else f"-rank-{rank}"
    return name(f"{row['metric']}{searched}{ranked}", str(row["factor"]), *last)


def at_threshold(rows: pd.DataFrame, threshold: float) -> pd.Series:
    """Return which rows are at a threshold."""
    return (same_threshold(rows["threshold"], threshold)).fillna(False)


def _at_operating(rates: pd.DataFrame) -> Iterator[Value]:
    highest: dict[str, float] = {}
    for row in rates.to_dict("records"):
        yield Value(f"{OPERATING}/{_name(row, row['group'])}", float(row["rate"]))
        if pd.isna(row["upper"]):
            continue
        if row["factor"] == OVERALL:
            yield Value(f"{OPERATING}/{_name(row, row['group'])}/upper", float(row["upper"]))
        else:
            factor = _name(row)
            highest[factor] = max(highest.get(factor, 0.0), float(row["upper"]))
    for factor, upper in highest.items():
        yield Value(f"{WORST}/upper/{factor}", upper)


def _worst_ratios(findings: pd.DataFrame) -> Iterator[Value]:
    ratios = findings["ratio"].astype(float)
    known = findings[(ratios > 0) & (ratios < float("inf"))]
    largest: dict[str, float] = {}
    for row in known.to_dict("records"):
        factor, ratio = _name(row), float(row["ratio"])
        largest[factor] = max(largest.get(factor, 1.0), ratio, 1 / ratio)
    for factor, ratio in largest.items():
        yield Value(f"{WORST}/ratio/{factor}", ratio)


def _verdicts(findings: pd.DataFrame) -> Iterator[Value]:
    primary = findings.loc[findings["primary"].fillna(False), "verdict"]
    for verdict, count in primary.value_counts().items():
        yield Value(name(PRIMARY, str(verdict)), float(count))
