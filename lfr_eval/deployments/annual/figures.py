"""Table `street` in, rows of the report's tables out; each names the records that it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from lfr_eval.contract.words import count, one_in, ratio
from lfr_eval.deployments.breaks import Break
from lfr_eval.deployments.street import dimensions, dispersion, widened
from lfr_eval.inference.field import PER_ALERT, PER_FACE, PER_HOUR
from lfr_eval.report.document.blocks import Cell, Column, Grid, Row, Run

MEASURES = {PER_FACE: "faces seen", PER_ALERT: "alerts", PER_HOUR: "hours"}


def table(
    caption: str,
    columns: Sequence[tuple[str, float, bool]],
    rows: Iterable[Sequence[str]],
) -> Grid:
    """Return a table of texts; a column is its title, share of the line, and whether of numbers."""
    return Grid(
        (Run(caption),),
        [Column((Run(title),), width, is_number) for title, width, is_number in columns],
        [Row([Cell((Run(text),)) for text in row]) for row in rows],
    )


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers as ranges: "1–3, 7"."""
    said: list[str] = []
    start = last = None
    for each in [*sorted(numbers), None]:
        if last is not None and each == last + 1:
            last = each
            continue
        if start is not None:
            said.append(str(start) if start == last else f"{start}–{last}")
        start = last = each
    return ", ".join(said)


def totals(records: pd.DataFrame) -> dict[str, tuple[float | None, int]]:
    """Return the sum of each count and how many records give it; no sum where none does."""
    found: dict[str, tuple[float | None, int]] = {}
    for name in ("hours", "faces_seen", "alerts", "true_alerts", "false_alerts", "arrests"):
        known = records[name].dropna()
        found[name] = (float(known.sum()) if len(known) else None, len(known))
    return found


def rate_grid(
    street: pd.DataFrame,
    records: pd.DataFrame,
    dimension: str,
    caption: str,
    breaks: Sequence[Break],
    measures: Sequence[str] = (PER_ALERT, PER_HOUR, PER_FACE),
) -> Grid | None:
    """Return the rates of one dimension; None where no record has a value in it.

    Parameters
    ----------
    street, records
        Tables `street` and `records`; records are counted from 1 in the order of the annex.
    """
    part = street[street["dimension"] == dimension]
    if part.empty:
        return None
    values = dimensions(records, breaks)[dimension]
    rows: list[list[str]] = []
    for value in dict.fromkeys(part["value"]):
        members = values.eq(value).fillna(False)
        for measure in measures:
            found = part[(part["value"] == value) & (part["measure"] == measure)]
            if found.empty:
                continue
            row = found.iloc[0]
            said = ranges(place + 1 for place, each in enumerate(members) if each)
            rows.append(
                [
                    str(value) if measure == measures[0] else "",
                    measure,
                    f"{count(int(row['false_alerts']))} in {amount(row['exposure'], measure)}",
                    written(row["rate"], measure),
                    interval(row["lower"], row["upper"], measure),
                    interval(row["wide_lower"], row["wide_upper"], measure),
                    said if measure == measures[0] else "",
                ]
            )
    columns = (
        ("", 1.5, False),
        ("False alerts", 1.0, False),
        ("Counted", 1.5, True),
        ("Rate", 1.1, True),
        ("95 % interval", 1.8, True),
        ("Interval by deployments", 1.8, True),
        ("Records (annex)", 1.6, False),
    )
    return table(caption, columns, rows)


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
    top = written(upper, measure, "up")
    if lower == 0:
        return f"up to {top}"
    return f"{written(lower, measure, 'down')} to {top}"


def plain_number(value: float | None) -> str:
    """Return a count or sum for a table; "not given" where there is none."""
    if value is None or pd.isna(value):
        return "not given"
    return count(round(value)) if float(value).is_integer() else f"{value:,.1f}"


def yield_grid(records: pd.DataFrame) -> Grid | None:
    """Return alerts and arrests per hour by kind of camera; None with fewer than two kinds."""
    known = records.dropna(subset=["camera", "hours"])
    if known["camera"].nunique() < 2:
        return None
    rows = []
    for camera, part in known.groupby("camera"):
        cells = [str(camera), count(len(part)), f"{part['hours'].sum():,.1f}"]
        for name in ("alerts", "arrests"):
            given = part.dropna(subset=[name])
            events = given[name].to_numpy(dtype=float)
            hours = given["hours"].to_numpy(dtype=float)
            if not hours.sum():
                cells.append("–")
                continue
            ends = widened(int(events.sum()), float(hours.sum()), dispersion(events, hours), 0.95)
            rate = float(events.sum() / hours.sum())
            cells.append(f"{written(rate, PER_HOUR)} ({interval(*ends, PER_HOUR)})")
        rows.append(cells)
    columns = (
        ("Camera", 1.2, False),
        ("Deployments", 1.0, True),
        ("Hours", 0.8, True),
        ("Alerts", 2.4, True),
        ("Arrests", 2.4, True),
    )
    caption = (
        "Alerts and arrests by kind of camera, with 95 % intervals that count deployments. Cameras "
        "differ in place, hours and watchlist, so a difference is not due to the camera alone"
    )
    return table(caption, columns, rows)
