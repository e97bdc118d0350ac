"""Stage report: rates beyond the last observed event (tables in, frozen rows out).

In: `modelled` and `modelled_searches`.

A model of the tail is no observation. Nothing made here may reach the first screen or the tables
of rates; beside every modelled rate stands what was observed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import pandas as pd

from lfr_eval.contract.names import Metric, factor_words, metric_named
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.report.rates import Block, Rate, arrange, at_threshold, records, to_rows, whole
from lfr_eval.report.truth import is_inside

Place = tuple[float, str, str]
"""Threshold (rounded: tables are made apart), factor and group."""


@dataclass(frozen=True)
class Tail:
    """All that the page shows of the model of one metric, at one watchlist size.

    Attributes
    ----------
    metric
        False matches or false alerts.
    level
        Confidence level of its intervals.
    blocks
        Rows of table `modelled` at the thresholds of the plan, each with `observed` (what the study
        itself says of the group), `true_rate` (in a simulated study, what the model tries to find)
        and `is_contained` (whether the interval holds it; None where either is missing).
    fits
        By factor, the fit of each group: a row of the table, with `modelled_to` (the highest
        threshold that it was used for; None where it was refused throughout) and `reasons`.
    modelled, observed
        Rows of tables `modelled` and `rates` at every threshold, for the charts.
    """

    metric: Metric
    watchlist_size: int | None
    level: float | None
    blocks: tuple[Block, ...]
    fits: tuple[Block, ...]
    modelled: pd.DataFrame
    observed: pd.DataFrame

    @property
    def checked(self) -> tuple[bool, ...]:
        """Whether each interval with a known truth contains it."""
        rows = (row.is_contained for block in self.blocks for row in block.rows)
        return tuple(row for row in rows if row is not None)

    @property
    def is_refused(self) -> bool:
        """Whether no group has a modelled rate at any threshold."""
        return not self.modelled["rate"].notna().any()


def to_tails(
    modelled: pd.DataFrame | None,
    searches: pd.DataFrame | None,
    rates: pd.DataFrame,
    truth: pd.DataFrame | None,
    thresholds: Iterable[float],
) -> tuple[Tail, ...] | None:
    """Arrange tables `modelled` and `modelled_searches`, one tail a watchlist size.

    A study with no row to model still has the tail of false matches, which says so.

    Parameters
    ----------
    modelled, searches
        The tables; None where the study has none.
    rates
        Table `rates`, one row a group, metric and threshold.
    truth
        Table `truth`, where the study is simulated.
    thresholds
        Thresholds of the plan.
    """
    if modelled is None:
        return None
    chosen = list(thresholds)
    tails = [to_tail(modelled, rates, truth, chosen)] if modelled.empty else []
    for frame in [modelled] if searches is None else [modelled, searches]:
        sizes = frame["watchlist_size"].fillna(0)
        for size in sorted(sizes.unique(), reverse=True):
            part = [frame[sizes == size], rates[rates["watchlist_size"].fillna(0) == size]]
            known = None if truth is None else truth[truth["watchlist_size"].fillna(0) == size]
            tails.append(to_tail(part[0], part[1], known, chosen))
    return tuple(tails)


def to_tail(
    frame: pd.DataFrame,
    rates: pd.DataFrame,
    truth: pd.DataFrame | None,
    chosen: Sequence[float],
) -> Tail:
    """Arrange rows of one metric and watchlist size at the thresholds chosen."""
    metric = "FMR" if frame.empty else str(frame["metric"].iloc[0])
    size = None if frame.empty else whole(frame["watchlist_size"].iloc[0])
    observed = rates[rates["metric"] == metric]
    beside = _by_group(to_rows(at_threshold(observed, chosen)))
    true_rates = {} if truth is None else _true_rates(at_threshold(truth, chosen), metric)
    rows = records(at_threshold(frame, chosen))
    for row in rows:
        place = (threshold_key(row.threshold), row.factor, row.group)
        row.observed, row.true_rate = beside.get(place), true_rates.get(place)
        row.is_contained = is_inside(row, row.true_rate)
    parts: dict[tuple[str, str], list[SimpleNamespace]] = {}
    for row in records(frame):
        parts.setdefault((row.factor, row.group), []).append(row)
    fits: dict[str, list[SimpleNamespace]] = {}
    for (factor, _), part in parts.items():
        used = [row.threshold for row in part if row.rate is not None]
        fit = part[0]
        fit.modelled_to = max(used, default=None)
        fit.reasons = tuple(dict.fromkeys(row.refused for row in part if row.refused is not None))
        fits.setdefault(factor, []).append(fit)
    level = frame["level"].dropna()
    return Tail(
        metric=metric_named(metric),
        watchlist_size=size,
        level=None if level.empty else float(level.iloc[0]),
        blocks=tuple(block for *_, blocks in arrange(rows) for block in blocks),
        fits=tuple(Block(factor_words(factor), tuple(rows)) for factor, rows in fits.items()),
        modelled=frame,
        observed=observed,
    )


def _by_group(rates: Iterable[Rate]) -> dict[Place, Rate]:
    return {
        (threshold_key(rate.threshold), rate.factor, rate.group): rate
        for rate in rates
        if rate.threshold is not None
    }


def _true_rates(truth: pd.DataFrame, metric: str) -> dict[Place, float]:
    # A false alert has no counterpart: the other side is the whole watchlist.
    within = (truth["counterpart"] == truth["group"]).fillna(False) | (metric == "FPIR")
    within &= truth["metric"] == metric
    rows = truth[within.fillna(False).to_numpy(bool)].dropna(subset=["threshold", "rate"])
    steps, rates = rows["threshold"].to_numpy(float), rows["rate"].to_numpy(float)
    places = zip(steps, rows["factor"], rows["group"], rates, strict=True)
    return {(threshold_key(at), str(f), str(g)): float(rate) for at, f, g, rate in places}


def spoken_decades(decades: float | None) -> str:
    """Return how far beyond the data a rate lies, in words."""
    if decades is None or math.isnan(decades):
        return "–"
    if math.isinf(decades):
        return "the fitted tail ends before"
    if decades <= 0:
        return "within the data"
    return f"{decades:.1f}"
