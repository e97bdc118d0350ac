"""Stage report: rates beyond the last observed event (tables in, rows out).

In: `modelled` and `modelled_searches`.

A model of the tail is no observation. Nothing made here may reach the first screen or the tables
of rates; beside every modelled rate stands what was observed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.contract.names import Metric, factor_words, metric_named
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.report.rates import Block, arrange, at_threshold, records, to_rows
from lfr_eval.report.truth import TruthCheck, is_inside


class Tail(NamedTuple):
    """All that the page shows of the model of one metric, at one watchlist size.

    `blocks` hold rows of table `modelled` at the thresholds of the plan, each with `observed` (what
    the study itself says of the group), `true_rate` (in a simulated study, what the model tries to
    find) and `is_contained` (whether the interval holds it). `fits` hold, by factor, a fit of each
    group: a row with `modelled_to` (the highest threshold that it was used for; None where it was
    refused throughout) and `reasons`. `modelled` and `observed` are at every threshold, for charts.
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
    truth: TruthCheck | None,
    thresholds: Sequence[float],
) -> tuple[Tail, ...] | None:
    """Arrange tables `modelled` and `modelled_searches`, one tail a watchlist size.

    A study with no row to model still has the tail of false matches, which says so. `rates` have
    one row per group, and `truth` holds at the `thresholds` of the plan.
    """
    if modelled is None:
        return None
    parts = [(modelled, rates)] if modelled.empty else []
    for frame in [modelled] if searches is None else [modelled, searches]:
        sizes, observed = frame["watchlist_size"].fillna(0), rates["watchlist_size"].fillna(0)
        for size in sorted(sizes.unique(), reverse=True):
            parts.append((frame[sizes == size], rates[observed == size]))
    return tuple(_to_tail(frame, observed, truth, thresholds) for frame, observed in parts)


def _to_tail(
    frame: pd.DataFrame, rates: pd.DataFrame, truth: TruthCheck | None, chosen: Iterable[float]
) -> Tail:
    """Arrange rows of one metric and watchlist size at the thresholds chosen."""
    metric = "FMR" if frame.empty else str(frame["metric"].iloc[0])
    observed = rates[rates["metric"] == metric]
    seen = to_rows(at_threshold(observed, chosen))
    beside = {_key(rate): rate for rate in seen if rate.threshold is not None}
    rows = records(at_threshold(frame, chosen))
    for row in rows:
        # A false alert has no counterpart: the other side is the whole watchlist.
        row.counterpart = None if metric == "FPIR" else row.group
        row.observed, row.true_rate = beside.get(_key(row)), truth.of(row) if truth else None
        row.is_contained = is_inside(row, row.true_rate)
    every = records(frame)
    parts: dict[tuple[str, str], list[SimpleNamespace]] = {}
    for row in every:
        parts.setdefault((row.factor, row.group), []).append(row)
    fits: dict[str, list[SimpleNamespace]] = {}
    for (factor, _), part in parts.items():
        fit = part[0]
        fit.modelled_to = max((row.threshold for row in part if row.rate is not None), default=None)
        fit.reasons = tuple(dict.fromkeys(row.refused for row in part if row.refused is not None))
        fits.setdefault(factor, []).append(fit)
    return Tail(
        metric=metric_named(metric),
        watchlist_size=every[0].watchlist_size if every else None,
        level=next((row.level for row in every if row.level is not None), None),
        blocks=tuple(block for *_, blocks in arrange(rows) for block in blocks),
        fits=tuple(Block(factor_words(factor), tuple(rows)) for factor, rows in fits.items()),
        modelled=frame,
        observed=observed,
    )


def _key(row: Any) -> tuple[float, str, str]:
    # Tables are made apart: equal thresholds may differ in the last bit.
    return (threshold_key(row.threshold), row.factor, row.group)


def spoken_decades(decades: float | None) -> str:
    """Return how far beyond the data a rate lies, in words."""
    if decades is None or math.isnan(decades):
        return "–"
    if math.isinf(decades):
        return "the fitted tail ends before"
    if decades <= 0:
        return "within the data"
    return f"{decades:.1f}"
