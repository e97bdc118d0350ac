"""Table `street` in, rows of the report's tables out; each names the records that it comes from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from lfr_eval.contract.words import alike, count, one_in, ratio
from lfr_eval.deployments.checks import repeated_outcomes
from lfr_eval.deployments.dispersion import dispersion, widened
from lfr_eval.deployments.elements import table
from lfr_eval.deployments.origins import named
from lfr_eval.deployments.street import ranges
from lfr_eval.inference.field import PER_ALERT, PER_FACE, PER_HOUR

MEASURES = {PER_FACE: "faces seen", PER_ALERT: "alerts", PER_HOUR: "hours"}


SUMMED = {
    "hours": "Hours",
    "faces_seen": "Faces seen",
    "alerts": "Alerts",
    "true_alerts": "True alerts",
    "false_alerts": "False alerts",
    "arrests": "Arrests",
    "other_disposals": "Other disposals",
    "no_action": "No action",
}
"""Columns that are added up, and their titles."""

_ALWAYS = ("hours", "faces_seen", "alerts", "true_alerts", "false_alerts", "arrests")
"""Columns that are shown even where no record gives them."""


def sums_grid(
    records: pd.DataFrame,
    groups: pd.Series,
    title: str,
    caption: str,
    order: Iterable[str] | None = None,
) -> Markup:
    """Return the sums of groups of records, each with the records that it comes from.

    Parameters
    ----------
    records
        Counted from 1 in the order of the annex.
    groups
        The group of each record.
    order
        The groups that are shown; None: all, in the order of the annex.
    """
    numbers = pd.Series(range(1, len(records) + 1), records.index)
    summed = [name for name in SUMMED if name in _ALWAYS or records[name].notna().any()]
    rows = []
    for name in groups.dropna().unique() if order is None else order:
        part = records.loc[groups.index[(groups == name).fillna(False)]]
        cells = [str(name), count(len(part))]
        for column in summed:
            known = part[column].dropna()
            said = plain_number(known.sum()) if len(known) else "not given"
            short = f" ({len(known)} records)" if 0 < len(known) < len(part) else ""
            same = column == "no_action" and repeated_outcomes(part)
            cells.append(said + short + (" (seems to repeat other disposals)" if same else ""))
        rows.append([*cells, ranges(numbers[part.index])])
    sums = (f"#{SUMMED[name]}" for name in summed)
    return table(caption, (title, "#Deployments", *sums, "Records (annex)"), rows)


def rate_grid(street: pd.DataFrame, dimension: str, caption: str) -> Markup | None:
    """Return the rates of one dimension of table `street`; None where no record has a value."""
    part = street[street["dimension"] == dimension]
    rows: list[list[str]] = []
    above = ("", "")
    apart = len(street["force"].dropna().unique()) > 1
    for row in part.to_dict("records"):
        measure = str(row["measure"])
        force = f"{row['force']}: " if apart and pd.notna(row["force"]) else ""
        value, numbers = f"{force}{row['value']}", str(row["records"])
        rows.append(
            [
                value if value != above[0] else "",
                measure,
                f"{count(int(row['false_alerts']))} in {amount(row['exposure'], measure)}",
                _beside(row, measure),
                interval(row["lower"], row["upper"], measure),
                interval(row["wide_lower"], row["wide_upper"], measure),
                numbers if (value, numbers) != above else "",
            ]
        )
        above = (value, numbers)
    heads = (dimension.capitalize(), "False alerts", "#Counted", "#Rate", "#95 % interval",
             "#Interval by deployments", "Records (annex)")  # fmt: skip
    return table(caption, heads, rows) if rows else None


def _beside(row: Mapping[Hashable, Any], measure: str) -> str:
    """Return a rate in the unit of the interval beside it."""
    upper = row["upper"]
    if measure == PER_HOUR or not row["rate"] or pd.isna(upper):
        return written(row["rate"], measure)
    return alike((row["rate"], "nearest"), (upper, "up"))[0]


def amount(exposure: float, measure: str) -> str:
    """Return what false alerts are counted against: "1,373 alerts", "593.1 hours"."""
    unit = MEASURES[measure]
    return f"{exposure:,.1f} {unit}" if measure == PER_HOUR else f"{count(round(exposure))} {unit}"


def written(rate: float | None, measure: str, rounding: str = "nearest") -> str:
    """Return a rate: "1 in 49", or for hours "4.22 per 100 h"."""
    if rate is None or rate != rate:
        return "–"
    if rate == 0:
        return "none"
    if measure == PER_HOUR:
        return f"{ratio(100 * rate, rounding)} per 100 h"
    return one_in(rate, rounding)


def interval(lower: float | None, upper: float | None, measure: str) -> str:
    """Return an interval, rounded outwards; "up to" where it is a bound."""
    if lower is None or upper is None or lower != lower or upper != upper:
        return "–"
    if lower == 0:
        return f"up to {written(upper, measure, 'up')}"
    if measure == PER_HOUR:
        return f"{ratio(100 * lower, 'down')} to {written(upper, measure, 'up')}"
    return " to ".join(alike((lower, "down"), (upper, "up")))


def plain_number(value: float | None) -> str:
    """Return a count or sum for a table; "not given" where there is none."""
    if value is None or pd.isna(value):
        return "not given"
    return count(round(value)) if float(value).is_integer() else f"{value:,.1f}"


def yield_grid(records: pd.DataFrame, chosen: pd.DataFrame | None = None) -> Markup | None:
    """Return alerts and arrests per hour by kind of camera; None with fewer than two kinds.

    Parameters
    ----------
    chosen
        Those of `records` at places that had several kinds; None: all.
    """
    known = (records if chosen is None else chosen).dropna(subset=["camera", "hours"])
    if known["camera"].nunique() < 2:
        return None
    numbers = pd.Series(range(1, len(records) + 1), records.index)
    rows = []
    for camera, part in known.groupby(named(known, known["camera"])):
        cells = [str(camera), count(len(part)), f"{part['hours'].sum():,.1f}"]
        for name in ("alerts", "arrests"):
            given = part.dropna(subset=[name])
            events = given[name].to_numpy(dtype=float)
            hours = given["hours"].to_numpy(dtype=float)
            if not hours.sum():
                cells.append("–")
                continue
            ends = widened(events, hours, dispersion(events, hours), 0.95)
            rate = float(events.sum() / hours.sum())
            cells.append(f"{written(rate, PER_HOUR)} ({interval(*ends, PER_HOUR)})")
        rows.append([*cells, ranges(numbers[part.index])])
    heads = ("Camera", "#Deployments", "#Hours", "#Alerts", "#Arrests", "Records (annex)")
    where = "" if chosen is None else ", only at places that had more than one kind"
    caption = (
        f"Alerts and arrests by kind of camera{where}, with 95 % intervals that count "
        "deployments. Cameras "
        "differ in place, hours and watchlist, so a difference is not due to the camera alone"
    )
    return table(caption, heads, rows)
