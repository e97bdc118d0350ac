"""Choosing: from weighed thresholds to one of them, or to the reasons why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.finished.choosing.weighing import ALERTS, FMR, FMR_WITHIN, FPIR
from lfr_eval.inference.precision import ENOUGH_EVENTS

Floats = NDArray[np.float64]

FALLING = (FPIR, FMR, FMR_WITHIN, ALERTS)
"""Constraints on rates that fall as the threshold rises."""


@dataclass(frozen=True)
class Region:
    """Neighbouring thresholds that fail the same constraints, by their estimates as well or not.

    Attributes
    ----------
    lowest, highest
        Its ends.
    failing
        Constraints that are not met.
    worst
        Row of `operating_points`: of the failing constraints the one furthest from its limit, at
        the threshold of the region where it is nearest to it.
    evidence
        Whether the estimates alone would keep to every limit, everywhere in the region: what is
        missing is then evidence.
    """

    lowest: float
    highest: float
    failing: tuple[str, ...]
    worst: pd.Series
    evidence: bool


def choose(points: pd.DataFrame, by: str = "met", cost: Floats | None = None) -> float | None:
    """Return the threshold to operate at; None where none keeps to every limit.

    Thresholds are tried from the highest down, and the trial ends at the first one whose rate of
    false alerts is not bounded as it should be, unless it is so for want of events: so the chance
    to choose one whose true rate is above the limit is about that of a single interval, however
    many thresholds and groups there are (fixed-sequence testing; every group must pass, so groups
    need no adjustment either). An interval of a handful of events is wide however low the rate:
    such a threshold is not chosen, but does not end the trial. The tests measure what that costs.

    Parameters
    ----------
    points
        Table `operating_points` of one sample.
    by
        Column that decides: `met`, or `estimate_met` to see what estimates alone would choose.
    cost : (thresholds,), optional
        Expected cost; the threshold of the least one is returned, else the lowest threshold.

    References
    ----------
    Angelopoulos, Bates, Candès, Jordan & Lei (2021), arXiv 2110.01052, section on fixed
    sequences.
    """
    met = by_constraint(points, by)
    kept = met.to_numpy(bool)
    falling = [name in FALLING for name in met.columns]
    events = by_constraint(points.fillna({"events": 0}), "events").to_numpy(float)
    ended = ~kept & (events >= ENOUGH_EVENTS)
    reached = ~np.logical_or.accumulate(ended[::-1, falling].any(axis=1))[::-1]
    allowed = np.flatnonzero(reached & kept.all(axis=1))
    if not len(allowed):
        return None
    place = allowed[0] if cost is None else allowed[np.argmin(cost[allowed])]
    return float(met.index[place])


def regions(points: pd.DataFrame) -> list[Region]:
    """Return why thresholds are refused, by neighbouring thresholds with the same reasons."""
    met = by_constraint(points, "met")
    estimate: list[bool] = by_constraint(points, "estimate_met").all(axis=1).tolist()
    reasons = [tuple(met.columns[~row]) for row in met.to_numpy(bool)]
    found = []
    for first, last in _runs([*zip(reasons, estimate, strict=True)]):
        if not reasons[first]:
            continue
        inside = met.index[first : last + 1]
        rows = points[points["threshold"].isin(inside) & points["constraint"].isin(reasons[first])]
        ordered = rows.assign(_distance=_distance(rows)).sort_values("_distance")
        worst = ordered.drop_duplicates("constraint").iloc[-1][rows.columns]
        ends = float(inside[0]), float(inside[-1])
        found.append(Region(*ends, reasons[first], worst, estimate[first]))
    return found


def by_constraint(points: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column by threshold, ascending, and constraint."""
    return points.pivot_table(column, "threshold", "constraint", aggfunc="first", sort=True)


def _runs(reasons: list[tuple[tuple[str, ...], bool]]) -> Iterator[tuple[int, int]]:
    start = 0
    for place in range(1, len(reasons) + 1):
        if place == len(reasons) or reasons[place] != reasons[start]:
            yield start, place - 1
            start = place


def _distance(rows: pd.DataFrame) -> Floats:
    """How many times a bound is on the wrong side of its limit; misses for TPIR."""
    bound, limit = rows["bound"].to_numpy(float), rows["limit"].to_numpy(float)
    least = (rows["constraint"] == "TPIR").to_numpy(bool)
    missed = (1 - bound) / (1 - np.where(least, limit, 0.0))
    distance: Floats = np.where(least, missed, bound / limit)
    return distance
