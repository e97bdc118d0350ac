"""Table `records` in, table `record_checks` out: what looks wrong, why, and what may be meant.

Nothing is changed here. Each kind of doubt was seen in published records.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.dates import day, turned
from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.tables import CHECKS
from lfr_eval.contract.words import count, several, threshold_text
from lfr_eval.deployments.dates import between, exchanged, meant, out_of_order
from lfr_eval.deployments.totals import adding_up

NEIGHBOURS = 5
"""Rows before and after one, with which its watchlist and threshold are compared."""

WATCHLIST_CHANGE = 0.12
"""On the logarithmic scale: watchlists of neighbours differ by up to 8 % in published records."""

NEAR = np.timedelta64(60, "D")
"""Watchlists are compared where half of the neighbours lie within so many days."""

LONGEST = 16.0
"""Hours of the longest deployment that is not doubted."""

_REPEATED = 0.9
_REPEATS = 10


@dataclass(frozen=True)
class Doubt:
    """One doubt; its record is None where it is about a whole file."""

    record_id: str | None
    check: str
    column: str
    value: object
    reason: str
    suggestion: object = None


def check_records(records: pd.DataFrame, today: date | None = None) -> pd.DataFrame:
    """Return table `record_checks`.

    Parameters
    ----------
    records
        Table `records`.
    today
        No deployment is later; the day of this machine by default.
    """
    limit = today or date.today()
    rows: list[tuple[object, ...]] = []
    for source, part in records.groupby("source", sort=False):
        doubts = [
            *(_totals(part)),
            *(_dates(part, limit)),
            *(_watchlists(part)),
            *(_thresholds(part)),
            *(_sums(part)),
            *(_rates(part)),
            *(_outcomes(part)),
            *(_limits(part)),
        ]
        rows += [_row(doubt, str(source)) for doubt in doubts]
    rows += [_row(doubt, source) for doubt, source in _duplicates(records)]
    return CHECKS.build(rows)


def _row(doubt: Doubt, source: str) -> tuple[object, ...]:
    value = None if doubt.value is None else str(doubt.value)
    suggestion = None if doubt.suggestion is None else str(doubt.suggestion)
    return (doubt.record_id, source, doubt.check, doubt.column, value, doubt.reason, suggestion)


def _totals(part: pd.DataFrame) -> Iterator[Doubt]:
    """Doubt rows of totals that earlier versions imported."""
    given = part.astype(object).where(part.notna(), None).to_dict("records")
    rows = [{str(name): value for name, value in row.items()} for row in given]
    for at, how in adding_up(rows).items():
        why = f"{how}. Import the file again: the import leaves out rows of totals."
        yield Doubt(rows[at]["record_id"], "row of totals", "place", rows[at]["place"], why)


def _dates(part: pd.DataFrame, today: date) -> Iterator[Doubt]:
    ids = part["record_id"].tolist()
    days = [None if pd.isna(each) else date.fromisoformat(each) for each in part["date"]]
    cells = [
        str(json.loads(each or "{}").get("date", "")) for each in part["as_printed"].fillna("")
    ]
    cells = [
        cell or (each.isoformat() if each else "") for cell, each in zip(cells, days, strict=True)
    ]
    fit = [_day(turned(cell)) for cell in cells]
    as_read = [each == _day(cell) for each, cell in zip(days, cells, strict=True)]
    other = [each == one for each, one in zip(days, fit, strict=True)]
    if sum(map(operator.gt, other, as_read)) > sum(map(operator.gt, as_read, other)):
        # The file was imported as month first.
        cells = [turned(cell) for cell in cells]
    elif why := exchanged(cells, days):
        for name, each, one, read in zip(ids, days, fit, as_read, strict=True):
            if read and one is not None and one != each:
                more = f"{why}; {one} would fit. Or import the file with --dates month-first."
                yield Doubt(name, "day and month exchanged", "date", each, more, one)
            elif each is None:
                yield Doubt(name, "impossible date", "date", None, "there is no such day.")
        return
    out = out_of_order(days)
    for place, (name, each, cell) in enumerate(zip(ids, days, cells, strict=True)):
        if each is None:
            low, high = between(days, place, out or [])
            guess, kind = meant(None, cell, low, high)
            why = f"there is no day {cell}" + _perhaps(guess, kind)
            yield Doubt(name, "impossible date", "date", cell, why + ".", guess)
        elif out is not None and place in out:
            low, high = between(days, place, out)
            guess, kind = meant(each, cell, low, high)
            why = f"it stands between rows of {low} and {high}" + _perhaps(guess, kind)
            yield Doubt(name, "date out of sequence", "date", each, why + ".", guess)
        elif each > today:
            yield Doubt(name, "date to come", "date", each, f"it is after {today}.")
    if out is None and sum(each is not None for each in days) > 2:
        why = "the rows are not in the order of their dates, so dates were not checked against it."
        yield Doubt(None, "order", "date", None, why)


def _day(cell: str) -> date | None:
    try:
        return day(cell)
    except ValueUnreadable:
        return None


def _perhaps(guess: date | None, kind: str) -> str:
    return f"; {guess} would fit ({kind})" if guess else ""


def _around(values: np.ndarray, place: int) -> np.ndarray:
    before, after = values[max(0, place - NEIGHBOURS) : place], values[place + 1 :][:NEIGHBOURS]
    return np.concatenate([before, after])


def _watchlists(part: pd.DataFrame) -> Iterator[Doubt]:
    sizes = part["watchlist_size"].to_numpy(dtype=float, na_value=np.nan)
    days = pd.to_datetime(part["date"]).to_numpy()
    for place, (name, size) in enumerate(zip(part["record_id"], sizes, strict=True)):
        near, when = _around(sizes, place), _around(days, place)
        known = ~np.isnan(near) & ~np.isnat(when)
        near, when = near[known], np.sort(when[known])
        if math.isnan(size) or len(near) < 4 or (near <= 0).any():
            continue
        # Watchlists grow over months; one wrong day among the neighbours is no matter.
        if np.median(np.abs(when - when[len(when) // 2])) > NEAR:
            continue
        middle = float(np.median(near))
        spread = float(np.median(np.abs(np.log(near / middle))))
        gap = abs(math.log(size / middle)) if size > 0 else math.inf
        if gap > max(WATCHLIST_CHANGE, 5 * spread):
            why = f"the rows around it have about {count(round(middle))}."
            yield Doubt(name, "watchlist size", "watchlist_size", round(size), why)


def _thresholds(part: pd.DataFrame) -> Iterator[Doubt]:
    values = part["threshold"].to_numpy(dtype=float, na_value=np.nan)
    small = bool((values < 1).any())
    for place, (name, value) in enumerate(zip(part["record_id"], values, strict=True)):
        if math.isnan(value):
            continue
        before, after = values[max(0, place - 3) : place], values[place + 1 :][:3]
        near = np.r_[before, after]
        alike = len(before) == 3 == len(after) and (near == near[0]).all() and value != near[0]
        why, fit = (
            f"the three rows before and after it have {threshold_text(near[0])}." if alike else "",
            None,
        )
        if value > 1 and (small or value <= 100):
            fit = f"{value / 100:g}" if value < 100 else None
            others = "others of the file are below 1" if small else "thresholds are mostly below 1"
            why = f"it is above 1, and {others}" + (f"; {fit} would fit." if fit else ".")
        elif not 0 < value < 100:
            why = "it cannot be a threshold: it must be above 0 and below 100."
        if why:
            yield Doubt(name, "threshold", "threshold", value, why, fit)


def _sums(part: pd.DataFrame) -> Iterator[Doubt]:
    for _, row in part.iterrows():
        if row[["alerts", "true_alerts", "false_alerts"]].isna().any():
            continue
        added = int(row["true_alerts"]) + int(row["false_alerts"])
        if added != row["alerts"]:
            why = (
                f"{several(int(row['true_alerts']), 'true alert')} and "
                f"{several(int(row['false_alerts']), 'false alert')} make {added}."
            )
            yield Doubt(
                row["record_id"], "alerts do not add up", "alerts", row["alerts"], why, added
            )
        for kind in ("true", "false"):
            parts = row[[f"{kind}_confirmed", f"{kind}_unconfirmed"]]
            if not parts.isna().any() and parts.sum() != row[f"{kind}_alerts"]:
                why = (
                    f"{parts.iloc[0]} confirmed and {parts.iloc[1]} unconfirmed make {parts.sum()}."
                )
                column = f"{kind}_alerts"
                yield Doubt(
                    row["record_id"], "parts do not add up", column, row[column], why, parts.sum()
                )


def _rates(part: pd.DataFrame) -> Iterator[Doubt]:
    for _, row in part.iterrows():
        printed = re.fullmatch(r"(\d+(?:\.(\d+))?)%", str(row["false_alert_rate"]))
        if printed is None or pd.isna(row["false_alerts"]) or not _above(row["faces_seen"], 0):
            continue
        exact = Decimal(100 * int(row["false_alerts"])) / Decimal(int(row["faces_seen"]))
        unit = Decimal(1).scaleb(-len(printed.group(2) or ""))
        rounded, cut = (exact.quantize(unit, way) for way in (ROUND_HALF_UP, ROUND_DOWN))
        shown = Decimal(printed.group(1))
        if shown == rounded:
            continue
        about = (
            f"{several(int(row['false_alerts']), 'false alert')} in "
            f"{count(int(row['faces_seen']))} faces is {exact:.4f} %"
        )
        name, text, fit = row["record_id"], row["false_alert_rate"], f"{rounded}%"
        if shown == cut:
            why = f"{about}: the figure was cut off, not rounded."
            yield Doubt(name, "rate cut off", "false_alert_rate", text, why, fit)
        else:
            why = f"{about}, which is not {text} in either way of rounding."
            yield Doubt(name, "rate does not follow", "false_alert_rate", text, why, fit)


def _outcomes(part: pd.DataFrame) -> Iterator[Doubt]:
    known = part.dropna(subset=["alerts", "arrests", "other_disposals", "no_action"])
    known = known[known["alerts"] > 0]
    if len(known) < _REPEATS:
        return
    total = known["arrests"] + known["other_disposals"] + known["no_action"]
    same = int((known["other_disposals"] == known["no_action"]).sum())
    adding = int((total == known["alerts"]).sum())
    if same >= _REPEATED * len(known):
        why = (
            f"other disposals and no action hold the same number in {same} of {len(known)} rows "
            f"with alerts, so one of them repeats the other: do not add them."
        )
        yield Doubt(None, "outcomes repeated", "no_action", None, why)
    if adding < len(known):
        why = f"outcomes add up to the alerts in {adding} of {len(known)} rows with alerts."
        yield Doubt(None, "outcomes do not add up", "alerts", None, why)


def _limits(part: pd.DataFrame) -> Iterator[Doubt]:
    for _, row in part.iterrows():
        name = row["record_id"]
        if row[["alerts", "faces_seen"]].isna().all():
            why = "it has neither alerts nor faces" + (
                "." if pd.isna(row["remark"]) else f": {row['remark']}."
            )
            yield Doubt(name, "no counts", "alerts", None, why)
            continue
        if _above(row["hours"], LONGEST) or row["hours"] == 0:
            why = "a deployment lasts longer than no time and less than a day."
            yield Doubt(name, "hours", "hours", row["hours"], why)
        for smaller, larger, words in (
            ("alerts", "faces_seen", "more alerts than faces"),
            ("false_alerts", "alerts", "more false alerts than alerts"),
            ("arrests", "alerts", "more arrests than alerts"),
            ("true_engaged", "true_alerts", "more people spoken to than true alerts"),
            ("false_engaged", "false_alerts", "more people spoken to than false alerts"),
        ):
            if not pd.isna(row[larger]) and _above(row[smaller], row[larger]):
                why = f"{words} ({row[smaller]} and {row[larger]})."
                yield Doubt(name, "counts", smaller, row[smaller], why)


def _above(value: Any, limit: Any) -> bool:
    return bool(pd.notna(value) and pd.notna(limit) and value > limit)


def _duplicates(records: pd.DataFrame) -> Iterator[tuple[Doubt, str]]:
    given = records.dropna(subset=["date", "alerts"])
    same = ["date", "hours", "watchlist_size", "alerts", "faces_seen"]
    place = given["place"].fillna("").str.casefold().str.replace(r"[^a-z0-9]+", " ", regex=True)
    frame = given[same].assign(place=place.str.split().map(lambda words: tuple(sorted(words))))
    for _, group in frame.groupby([*same, "place"], dropna=False):
        first, *others = group.index
        for other in others:
            why = f"{records.loc[first, 'record_id']} has the same date, place and counts."
            yield (
                Doubt(records.loc[other, "record_id"], "duplicate", "record_id", None, why),
                str(records.loc[other, "source"]),
            )
