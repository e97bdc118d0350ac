"""Table `records` in, table `record_checks` out: what looks wrong, why, and what may be meant.

Nothing is changed here. Each kind of doubt was seen in published records.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from lfr_eval.contract.dates import day, turned
from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.tables import CHECKS
from lfr_eval.contract.words import count, several
from lfr_eval.deployments.clock import hours_between
from lfr_eval.deployments.dates import between, exchanged, far_at_an_end, meant, out_of_order
from lfr_eval.deployments.neighbours import Doubt, unlike_neighbours
from lfr_eval.deployments.totals import adding_up
from lfr_eval.deployments.values import is_given

LONGEST = 16.0
"""Hours of the longest deployment that is not doubted."""

_ROUNDED = 0.06
"""Hours by which a duration with one decimal may differ from the times."""

_REPEATED = 0.9
_REPEATS = 10


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
            *(unlike_neighbours(part)),
            *(_sums(part)),
            *(_rates(part)),
            *(_outcomes(part)),
            *(_groups(part)),
            *(_limits(part)),
        ]
        rows += [_row(doubt, str(source)) for doubt in doubts]
    rows += [_row(doubt, source) for doubt, source in _duplicates(records)]
    return CHECKS.build(rows)


def _row(doubt: Doubt, source: str) -> tuple[object, ...]:
    value = None if doubt.value is None else str(doubt.value)
    suggestion = None if doubt.suggestion is None else str(doubt.suggestion)
    return (doubt.record_id, source, doubt.check, doubt.column, value, doubt.reason, suggestion)


def _rows(part: pd.DataFrame) -> list[dict[str, Any]]:
    given = part.astype(object).where(part.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in given]


def _totals(part: pd.DataFrame) -> Iterator[Doubt]:
    """Doubt rows of totals that earlier versions imported."""
    rows = _rows(part)
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
            yield Doubt(name, "date in the future", "date", each, f"it is after {today}.")
        elif out is not None and (far := far_at_an_end(days, place, cell)):
            why = f"it is {far.days} days from the row beside it" + _perhaps(far.guess, far.kind)
            yield Doubt(name, "date far from the others", "date", each, f"{why}.", far.guess)
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


def _sums(part: pd.DataFrame) -> Iterator[Doubt]:
    for row in _rows(part):
        true, false, alerts = row["true_alerts"], row["false_alerts"], row["alerts"]
        if None in (true, false, alerts):
            continue
        if true + false != alerts:
            why = (
                f"{several(true, 'true alert')} and {several(false, 'false alert')} make "
                f"{true + false}."
            )
            name = "alerts do not add up"
            blank = _blank_part(row)
            if blank is not None:
                column, fit = blank
                why += f" The cell of {column.replace('_', ' ')} was blank as printed."
                yield Doubt(row["record_id"], name, column, row[column], why, fit)
            else:
                yield Doubt(row["record_id"], name, "alerts", alerts, why, true + false)
        for kind in ("true", "false"):
            column, one, other = (
                f"{kind}_alerts",
                row[f"{kind}_confirmed"],
                row[f"{kind}_unconfirmed"],
            )
            if None not in (one, other) and one + other != row[column]:
                why = f"{one} confirmed and {other} unconfirmed make {one + other}."
                name = "parts do not add up"
                yield Doubt(row["record_id"], name, column, row[column], why, one + other)


def _groups(part: pd.DataFrame) -> Iterator[Doubt]:
    for row in _rows(part):
        for factor, groups in json.loads(row["false_by_group"] or "{}").items():
            number = sum(groups.values())
            if _above(number, row["false_alerts"]):
                why = (
                    f"its groups by {factor.replace(' x ', ' and ')} add up to "
                    f"{several(number, 'false alert')}, more than the {row['false_alerts']:,} of "
                    "the row."
                )
                yield Doubt(row["record_id"], "groups do not add up", "false_by_group", number, why)


def _blank_part(row: dict[str, Any]) -> tuple[str, int] | None:
    """Return the only one of true and false alerts that was blank as printed, and what fits."""
    printed = json.loads(row["as_printed"] or "{}")
    parts = ("true_alerts", "false_alerts")
    blank = [name for name in parts if name in printed and not is_given(printed[name])]
    if len(blank) != 1:
        return None
    rest = row["alerts"] - sum(row[name] for name in parts if name != blank[0])
    return (blank[0], rest) if rest >= 0 else None


def _rates(part: pd.DataFrame) -> Iterator[Doubt]:
    for row in _rows(part):
        printed = re.fullmatch(r"(\d+(?:\.(\d+))?)%", str(row["false_alert_rate"]))
        if printed is None or row["false_alerts"] is None or not _above(row["faces_seen"], 0):
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


def _with_outcomes(part: pd.DataFrame) -> pd.DataFrame:
    known = part.dropna(subset=["alerts", "arrests", "other_disposals", "no_action"])
    return known[known["alerts"] > 0]


def repeated_outcomes(part: pd.DataFrame) -> str:
    """Say that other disposals and no action are one number twice; empty where they are not."""
    known = _with_outcomes(part)
    same = int((known["other_disposals"] == known["no_action"]).sum())
    if len(known) < _REPEATS or same < _REPEATED * len(known):
        return ""
    return (
        f"other disposals and no action hold the same number in {same} of {len(known)} rows "
        "with alerts, so one of them seems to repeat the other: do not add them together."
    )


def _outcomes(part: pd.DataFrame) -> Iterator[Doubt]:
    known = _with_outcomes(part)
    if len(known) < _REPEATS:
        return
    total = known["arrests"] + known["other_disposals"] + known["no_action"]
    fits = (total == known["alerts"]) | (total == known["true_alerts"]).fillna(False)
    adding = int(fits.sum())
    if why := repeated_outcomes(part):
        yield Doubt(None, "outcomes repeated", "no_action", None, why)
    if adding < len(known):
        why = (
            f"outcomes add up to the alerts, or to the true alerts, in {adding} of {len(known)} "
            "rows with alerts."
        )
        yield Doubt(None, "outcomes do not add up", "alerts", None, why)


def _limits(part: pd.DataFrame) -> Iterator[Doubt]:
    counted = bool(part[["alerts", "faces_seen"]].notna().to_numpy().any())
    if not counted:
        yield Doubt(None, "no counts", "alerts", None, "no row of the file has alerts or faces.")
    for row in _rows(part):
        name = row["record_id"]
        if counted and row["alerts"] is None and row["faces_seen"] is None:
            why = "it has neither alerts nor faces" + (
                "." if row["remark"] is None else f": {row['remark']}."
            )
            yield Doubt(name, "no counts", "alerts", None, why)
            continue
        if _above(row["hours"], LONGEST) or row["hours"] == 0:
            why = "a deployment lasts longer than no time and less than a day."
            yield Doubt(name, "hours", "hours", row["hours"], why)
        between = hours_between(row)
        if between is not None and _above(abs((row["hours"] or between) - between), _ROUNDED):
            why = f"the times from start to end make {between:g} hours."
            fit = "{}h {:02}m".format(*divmod(round(60 * between), 60))
            yield Doubt(name, "hours do not follow", "hours", row["hours"], why, fit)
        for smaller, larger, words in (
            ("alerts", "faces_seen", "more alerts than faces"),
            ("false_alerts", "alerts", "more false alerts than alerts"),
            ("arrests", "alerts", "more arrests than alerts"),
            ("true_engaged", "true_alerts", "more people spoken to than true alerts"),
            ("false_engaged", "false_alerts", "more people spoken to than false alerts"),
        ):
            if _above(row[smaller], row[larger]):
                why = f"{words} ({row[smaller]} and {row[larger]})."
                yield Doubt(name, "counts", smaller, row[smaller], why)


def _above(value: Any, limit: Any) -> bool:
    return value is not None and limit is not None and bool(value > limit)


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
