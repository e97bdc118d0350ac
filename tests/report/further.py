"""Tables `equity`, `modelled` and `person_tests` of the study folders that `builders` writes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract import tables

MEASURES = (
    (
        "worst/best",
        "largest over smallest group rate",
        "1 (equal) to infinity",
        "Two groups alone.",
    ),
    (
        "Gini",
        "mean absolute difference over twice the mean",
        "0 (equal) to 1",
        "No group is named.",
    ),
)
FDR = ("FDR", "1 - the mean of both largest differences", "0 to 1 (equal)", "Hides rare events.")
TOO_FEW = "fewer than 100 scores above the floor"
TOO_FAR = "more than 2 decades beyond one event in all comparisons"
REFUSED = "female"
"""The one group whose tail cannot be modelled."""


def make_equity(rates: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """Return measures of one and of two metrics; undefined where a group has no event."""
    rows: list[tuple[object, ...]] = []
    for (metric, threshold, size, factor), part in _compared(rates, thresholds):
        values = part["rate"].to_numpy(float)
        worst, best = values.max(), values.min()
        start = (metric, threshold, size, factor, len(values))
        about, gini = MEASURES
        if best > 0:
            ends = (max(1.0, worst / best / 2), math.inf if worst / best > 20 else 2 * worst / best)
            rows.append((about[0], *start, worst / best, *ends, 0.95, 10_000, *about[1:]))
        else:
            low = math.inf if worst > 0 else None
            rows.append((about[0], *start, None, low, low, 0.95, 10_000, *about[1:]))
        share = 0.0 if worst == 0 else (worst - best) / (worst + best)
        rows.append((gini[0], *start, share, share / 2, min(1, share * 2), 0.95, 10_000, *gini[1:]))
        if metric == "FMR":
            both = ("FMR + FNMR", *start[1:])
            rows.append((FDR[0], *both, 0.99999, 0.99, 1.0, 0.95, 10_000, *FDR[1:]))
    return tables.EQUITY.build(rows)


def make_modelled(rates: pd.DataFrame) -> pd.DataFrame:
    """Return an exponential tail beyond ten events: two decades of it, then a refusal."""
    rows: list[tuple[object, ...]] = []
    within = rates[(rates["metric"] == "FMR") & (rates["factor"] != tables.OVERALL)]
    for row in within[within["events"] < 10].itertuples(index=False):
        start = ("FMR", row.threshold, None, row.factor, row.group, row.events)
        if REFUSED in row.group.split(tables.CROSS):
            rows.append((*start, *[None] * 3, 0.95, None, 0.4, 40, *[None] * 3, TOO_FEW))
            continue
        fit = (0.45, 500, -0.05, 0.04, 0.62)
        rate = min(0.1, 8 / row.trials * math.exp(-40 * (row.threshold - 0.5)))
        decades = -math.log10(rate * row.trials)
        if decades > 2:
            rows.append((*start, *[None] * 3, 0.95, decades, *fit, TOO_FAR))
        else:
            rows.append((*start, rate, 0.0, 6 * rate, 0.95, decades, *fit, None))
    return tables.MODELLED.build(rows)


def make_person_tests(rates: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """Return p-values that fall with the number of people affected."""
    rows: list[tuple[object, ...]] = []
    for setting, part in _compared(rates, thresholds):
        affected = part["subjects_with_event"].to_numpy(int)
        exposed = part["subjects"].to_numpy(int)
        total = (int(affected.sum()), int(exposed.sum()))
        chi = None if total[0] == 0 else 0.5 ** (1 + total[0] % 40)
        rows.append((*setting, "*", "*", *total, *total, 0.4, None, chi, None))
        for place, group in enumerate(part["group"].tolist()[:-1]):
            counts = (affected[place], exposed[place], affected[-1], exposed[-1])
            groups = (group, part["group"].iloc[-1])
            rows.append((*setting, *groups, *counts, 0.25, 0.19, chi, 1.0))
    return tables.PERSON_TESTS.build(rows)


def _compared(
    rates: pd.DataFrame, thresholds: Sequence[float]
) -> Iterator[tuple[tuple[str, float | None, int | None, str], pd.DataFrame]]:
    at = rates["threshold"].isna() | np.isin(rates["threshold"].to_numpy(float), thresholds)
    chosen = rates[at & (rates["factor"] != tables.OVERALL) & (rates["metric"] != "TPIR")]
    columns = ["metric", "threshold", "watchlist_size", "factor"]
    for (metric, threshold, size, factor), part in chosen.groupby(
        columns, sort=False, dropna=False
    ):
        yield (
            (
                str(metric),
                None if pd.isna(threshold) else float(threshold),
                None if pd.isna(size) else int(size),
                str(factor),
            ),
            part,
        )
