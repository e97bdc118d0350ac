"""Stage report: error rates as the tables show them (table `rates` in, frozen rows out).

Only the thresholds of the plan become rows; curves are drawn from the frame itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lfr_eval.contract.names import METRICS, Metric, factor_words, metric_named
from lfr_eval.contract.tables import OVERALL, UNKNOWN
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
    def is_crossed(self) -> bool:
        """Whether the two sides of the comparison are different groups."""
        return self.counterpart is not None and self.counterpart != self.group


class Block(NamedTuple):
    """Rows of a table, and what heads them; empty where nothing does."""

    title: str
    rows: tuple[Any, ...]


@dataclass(frozen=True)
class RateTable:
    """The rates of one metric at one watchlist size, at the thresholds of the plan.

    Attributes
    ----------
    intervals
        The methods of the intervals, in order of appearance.
    sides
        Whether rows differ in who the group was compared with, so that a column must say it.
    pooled
        Whether groups of a crossed factor have a rate pooled with those of the other groups.
    """

    metric: Metric
    watchlist_size: int | None
    blocks: tuple[Block, ...]
    intervals: tuple[str, ...]
    sides: bool
    pooled: bool = False


class MixedQuoteError(ValueError):
    """Rates that do not belong together were about to be quoted together."""


@dataclass(frozen=True)
class QuotedRow:
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
    """Put FPIR beside FNIR (or FMR beside FNMR) by group.

    Parameters
    ----------
    ranks
        Whether the thresholds are ranks with a minus (`MatcherRecord.ranks`).

    Raises
    ------
    MixedQuoteError
        If the rates come from more than one threshold or watchlist size: such a pair describes
        no setting at which a system can be run.
    """
    settings = {(rate.threshold, rate.watchlist_size) for rate in rates}
    if len(settings) != 1:
        raise MixedQuoteError(
            "Rates quoted together must come from one threshold and one watchlist size. Got "
            f"{sorted(settings, key=str)} instead."
        )
    ((threshold, watchlist_size),) = settings
    if threshold is None:
        raise MixedQuoteError("Rates quoted together must depend on a threshold. Got none.")
    codes = {rate.metric for rate in rates}
    wrong = "FMR" if watchlist_size is None else "FPIR"
    right = "FNMR" if watchlist_size is None else "FNIR"
    if right not in codes:
        rates = [as_miss(rate) if rate.metric == "TPIR" else rate for rate in rates]
    found = {(rate.factor, rate.group, rate.metric): rate for rate in rates}
    groups = dict.fromkeys((rate.factor, rate.group) for rate in rates)
    rows = tuple(
        QuotedRow(
            factor, group, found.get((factor, group, wrong)), found.get((factor, group, right))
        )
        for factor, group in groups
    )
    return Quote(threshold, watchlist_size, metric_named(wrong), metric_named(right), rows, ranks)


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


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort groups as they come, `overall` first and people without a label last."""
    factors = {name: place for place, name in enumerate(frame["factor"].unique())}
    order = frame["factor"].map(lambda name: -1 if name == OVERALL else factors[name])
    unknown = frame["group"].map(lambda name: UNKNOWN in name.split(" x "))
    sorted_frame = frame.assign(_factor=order, _unknown=unknown)
    keys = ["_factor", "_unknown"]
    return pd.DataFrame(sorted_frame.sort_values(keys, kind="stable").drop(columns=keys))


def leading_side(frame: pd.DataFrame) -> pd.DataFrame:
    """Of the rates of one metric, return one a group: within the group where there is such a rate.

    A false match rate may be given within a group, against everybody, and across groups. Curves
    and quotes show the first that exists.
    """
    within = (frame["counterpart"] == frame["group"]).fillna(False).to_numpy(bool)
    against_all = frame["counterpart"].isna().to_numpy(bool)
    if not within.any():
        return frame[against_all]
    labelled = set(frame.loc[within, "factor"])
    return frame[within | (against_all & ~frame["factor"].isin(labelled).to_numpy(bool))]


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
        keys = sorted(blocks, key=lambda key: -math.inf if key[0] is None else key[0])
        made = (Block(_title(*key), tuple(blocks[key])) for key in keys)
        yield metric_named(code), size, tuple(made)


def _title(threshold: float | None, factor: str) -> str:
    """Return what heads rows: "Threshold 0.60 · by gender"."""
    by = "everybody" if factor == OVERALL else f"by {factor_words(factor)}"
    return f"{at(threshold).capitalize()} · {by}"


def tabulate(rows: Sequence[Rate]) -> tuple[RateTable, ...]:
    """Arrange rows as one table a metric and watchlist size, blocks by threshold and factor."""
    tables = []
    for metric, size, blocks in arrange(rows):
        chosen = [row for block in blocks for row in block.rows]
        tables.append(
            RateTable(
                metric,
                size,
                blocks,
                tuple(dict.fromkeys(row.interval for row in chosen if not row.withheld)),
                any(row.is_crossed for row in chosen)
                or len({row.counterpart is None for row in chosen if row.factor != OVERALL}) > 1,
                any(row.pooled is not None for row in chosen),
            )
        )
    return tuple(tables)


def settings_in_order(
    settings: Iterable[tuple[str, int | None]],
) -> list[tuple[str, int | None]]:
    """Return metric and watchlist size pairs once each, as the report orders them."""
    codes = [metric.code for metric in METRICS]

    def place(setting: tuple[str, int | None]) -> tuple[int, int]:
        code, size = setting
        # The largest watchlist leads: it has the most events, hence the most evidence.
        return (codes.index(code) if code in codes else len(codes), -(size or 0))

    return sorted(dict.fromkeys(settings), key=place)


def real(value: object) -> float | None:
    """Return a table's number, None where it is null."""
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def whole(value: object) -> int | None:
    """Return a table's whole number, None where it is null."""
    return None if pd.isna(value) else int(value)  # type: ignore[call-overload]
