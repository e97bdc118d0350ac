"""Stage report: error rates as the tables show them (table `rates` in, frozen rows out).

Only the thresholds of the plan become rows; curves are drawn from the frame itself.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lfr_eval.contract.names import METRICS, Metric, factor_words, metric_named
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import count
from lfr_eval.report.words import at


@dataclass(frozen=True)
class Rate:
    """One error rate of one group at one threshold; see table `rates` for the fields."""

    metric: str
    threshold: float | None
    watchlist_size: int | None
    rank: int | None
    factor: str
    group: str
    counterpart: str | None
    events: int | None
    trials: int | None
    subjects: int | None
    subjects_with_event: int | None
    rate: float | None
    lower: float | None
    upper: float | None
    level: float | None
    effective_trials: float | None
    interval: str
    # A table of an earlier version, or of a publication, does not have the rest.
    band_lower: float | None = None
    band_upper: float | None = None
    pooled: float | None = None
    pooled_lower: float | None = None
    pooled_upper: float | None = None

    @property
    def withheld(self) -> bool:
        """Whether the outcome is withheld from publication: a study counts every trial's."""
        return self.events is None

    @property
    def range_withheld(self) -> bool:
        """Whether only the interval is withheld: one that a study does not have is not."""
        return self.interval == "withheld" and not self.withheld

    @property
    def is_crossed(self) -> bool:
        """Whether the two sides of the comparison are different groups."""
        return self.counterpart is not None and self.counterpart != self.group


def is_known(rate: Rate | None) -> bool:
    """Return whether a rate was measured, withheld or not."""
    return rate is not None and (rate.withheld or rate.rate is not None)


class Block(NamedTuple):
    """Rows of a table, and what heads them; empty where nothing does."""

    title: str
    rows: tuple[Any, ...]


class RateTable(NamedTuple):
    """The rates of one metric at one watchlist size, at the thresholds of the plan.

    `intervals` are the methods of the intervals. `sides` says whether rows differ in who the group
    was compared with, and `pooled` whether groups have a rate pooled with those of others.
    """

    metric: Metric
    watchlist_size: int | None
    blocks: tuple[Block, ...]
    intervals: Collection[str]
    sides: bool
    pooled: bool


class MixedQuoteError(ValueError):
    """Rates that do not belong together were about to be quoted together."""


class QuotedRow(NamedTuple):
    """One group's error rate against strangers and its rate for the person sought."""

    factor: str
    group: str
    wrong: Rate | None
    right: Rate | None

    @property
    def people(self) -> int | None:
        """People of the group; None where it is withheld or was not measured."""
        known = [rate.subjects for rate in (self.wrong, self.right) if rate and rate.subjects]
        return max(known, default=None)


@dataclass(frozen=True)
class Quote:
    """False alerts and recognition (or false matches and non-matches), quoted together.

    Built by `quote`, which refuses rates of different thresholds or watchlist sizes.
    """

    threshold: float
    watchlist_size: int | None
    wrong: Metric
    right: Metric
    rows: tuple[QuotedRow, ...]
    ranks: bool = False

    @property
    def setting(self) -> str:
        """Where the rates hold: "threshold 0.60 and a watchlist of 10,000 faces"."""
        where = f"rank {-self.threshold:g}" if self.ranks else at(self.threshold)
        if self.watchlist_size is None:
            return f"{where}, with faces compared in pairs"
        return f"{where} and a watchlist of {count(self.watchlist_size)} faces"


def quote(rates: Sequence[Rate], ranks: bool = False) -> Quote:
    """Put FPIR beside FNIR (or FMR beside FNMR) by group; `ranks` as in `MatcherRecord`.

    Raises
    ------
    MixedQuoteError
        If the rates come from more than one threshold or watchlist size: such a pair describes
        no setting at which a system can be run.
    """
    settings = {(rate.threshold, rate.watchlist_size) for rate in rates}
    if len(settings) != 1 or next(iter(settings))[0] is None:
        raise MixedQuoteError(
            "Rates quoted together must come from one threshold and one watchlist size. Got "
            f"{sorted(settings, key=str)} instead."
        )
    ((threshold, size),) = settings
    wrong, right = ("FMR", "FNMR") if size is None else ("FPIR", "FNIR")
    if right not in {rate.metric for rate in rates}:
        rates = [as_miss(rate) if rate.metric == "TPIR" else rate for rate in rates]
    found = {(rate.factor, rate.group, rate.metric): rate for rate in rates}
    rows = tuple(
        QuotedRow(*of, found.get((*of, wrong)), found.get((*of, right)))
        for of in dict.fromkeys((rate.factor, rate.group) for rate in rates)
    )
    named = metric_named(wrong), metric_named(right)
    return Quote(threshold or 0.0, size, *named, rows, ranks)


def as_miss(rate: Rate) -> Rate:
    """Return a rate of recognition (TPIR) as the rate of misses (FNIR) that it is."""

    def rest(value: float | None) -> float | None:
        return None if value is None else 1 - value

    events = None if rate.events is None or rate.trials is None else rate.trials - rate.events
    return replace(
        rate, metric="FNIR", events=events, rate=rest(rate.rate), lower=rest(rate.upper),
        upper=rest(rate.lower), subjects_with_event=None,
        band_lower=rest(rate.band_upper), band_upper=rest(rate.band_lower),
        pooled=rest(rate.pooled), pooled_lower=rest(rate.pooled_upper),
        pooled_upper=rest(rate.pooled_lower),
    )  # fmt: skip


def at_threshold(frame: pd.DataFrame, thresholds: Iterable[float]) -> pd.DataFrame:
    """Return the rows at any of the thresholds, and those that have no threshold."""
    column = frame["threshold"].to_numpy(float)
    keep = np.isnan(column)
    for threshold in thresholds:
        keep |= same_threshold(column, threshold)
    return pd.DataFrame(frame[keep])


def single_factors(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of single factors; those of intersections stand in the tables."""
    return frame[~frame["factor"].str.contains(CROSS, regex=False).to_numpy(bool)]


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort groups as they come, `overall` first and people without a label last."""
    factors = dict.fromkeys([OVERALL, *frame["factor"].unique()])
    order = {name: place for place, name in enumerate(factors)}
    last = frame["group"].map({name: not is_group(name) for name in frame["group"].unique()})
    keys = pd.DataFrame({"factor": frame["factor"].map(order), "last": last})
    return frame.loc[keys.sort_values(["factor", "last"], kind="stable").index]


def leading_side(frame: pd.DataFrame) -> pd.DataFrame:
    """Of the rates of each metric, return one a group: that within the group, if there is one.

    A false match rate may be given within a group, against everybody, and across groups. Curves
    and quotes show the first that exists.
    """
    within = (frame["counterpart"] == frame["group"]).fillna(False).to_numpy(bool)
    labelled = pd.MultiIndex.from_frame(frame.loc[within, ["metric", "factor"]])
    has_within = pd.MultiIndex.from_frame(frame[["metric", "factor"]]).isin(labelled)
    return frame[within | (frame["counterpart"].isna().to_numpy(bool) & ~has_within)]


def to_rows(frame: pd.DataFrame) -> tuple[Rate, ...]:
    """Return each row of table `rates` as a `Rate`."""
    kept = [each.name for each in fields(Rate) if each.name in frame]
    stated = frame[kept].assign(interval=frame["interval"].fillna("not stated"))
    return tuple(Rate(**row) for row in plain_rows(stated))


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table by column, in plain values; None where a cell is missing."""
    missing = frame.isna().to_numpy(bool).T
    columns = [
        [None if absent else value for value, absent in zip(column, gone, strict=True)]
        for column, gone in zip(frame.to_dict("list").values(), missing, strict=True)
    ]
    names = [str(name) for name in frame]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def records(frame: pd.DataFrame, **further: object) -> tuple[SimpleNamespace, ...]:
    """Return the rows of a table with their columns, and `further`, as attributes."""
    return tuple(SimpleNamespace(**row, **further) for row in plain_rows(frame))


def arrange(rows: Sequence[Any]) -> Iterator[tuple[Metric, int | None, tuple[Block, ...]]]:
    """Yield rows by metric and watchlist size, in blocks by threshold and factor."""
    for code, size in settings_in_order((row.metric, row.watchlist_size) for row in rows):
        blocks: dict[tuple[float | None, str], list[Any]] = {}
        for row in rows:
            if (row.metric, row.watchlist_size) == (code, size):
                blocks.setdefault((row.threshold, row.factor), []).append(row)
        made = []
        for key in sorted(blocks, key=lambda key: -math.inf if key[0] is None else key[0]):
            by = "everybody" if key[1] == OVERALL else f"by {factor_words(key[1])}"
            made.append(Block(f"{at(key[0]).capitalize()} · {by}", tuple(blocks[key])))
        yield metric_named(code), size, tuple(made)


def tabulate(rows: Sequence[Rate]) -> tuple[RateTable, ...]:
    """Arrange rows as one table a metric and watchlist size, blocks by threshold and factor."""
    tables = []
    for metric, size, blocks in arrange(rows):
        chosen = [row for block in blocks for row in block.rows]
        methods = dict.fromkeys(row.interval for row in chosen if row.interval != "withheld")
        against = {row.counterpart is None for row in chosen if row.factor != OVERALL}
        sides = len(against) > 1 or any(row.is_crossed for row in chosen)
        pooled = any(row.pooled is not None for row in chosen)
        tables.append(RateTable(metric, size, blocks, methods, sides, pooled))
    return tuple(tables)


def settings_in_order(settings: Iterable[tuple[str, int | None]]) -> list[Any]:
    """Return settings once each, as the report orders them."""
    places = {metric.code: place for place, metric in enumerate(METRICS)}
    # The largest watchlist leads: it has the most events, hence the most evidence.
    return sorted(
        dict.fromkeys(settings), key=lambda one: (places.get(one[0], len(places)), -(one[1] or 0))
    )
