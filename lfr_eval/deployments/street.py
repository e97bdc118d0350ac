"""Table `records` in, table `street` out: false alerts per face, per alert and per hour.

Two intervals stand side by side. The exact one takes false alerts as independent (Clopper-Pearson
per alert, Garwood's Poisson interval per face and hour). The wide one takes the deployment as the
unit: events and exposure are divided by the dispersion between deployments (quasi-Poisson;
McCullagh & Nelder 1989, section 6.2.4), never below 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import STREET
from lfr_eval.contract.words import several, threshold_text
from lfr_eval.deployments.breaks import Break, period
from lfr_eval.deployments.dispersion import dispersion, widened
from lfr_eval.deployments.origins import FORCE, origins, strata
from lfr_eval.inference.field import (
    PER_ALERT,
    PER_FACE,
    PER_HOUR,
    binomial_interval,
    poisson_interval,
)

ALL = "all"
LEVEL = 0.95
WATCHLIST_STEP = 5000


def street_table(records: pd.DataFrame, breaks: Sequence[Break]) -> pd.DataFrame:
    """Return table `street`.

    Parameters
    ----------
    records
        Table `records`.
    breaks
        Of counting; a per-face row on both sides of one is marked, and so are its neighbours.
    """
    rows: list[dict[str, object]] = []
    of = strata(records)
    apart = origins(records)
    # Rates of several forces or systems stand side by side; only the row of all adds them up.
    for dimension, values in {ALL: pd.Series(ALL, records.index), **apart}.items():
        rows += _rows(dimension, values, None, records, breaks)
    for stratum in sorted(of.dropna().unique()) or [None]:
        part = records if stratum is None else records[of == stratum]
        for dimension, values in dimensions(part, breaks).items():
            rows += _rows(dimension, values, stratum, records, breaks)
    street = STREET.build(rows)
    forces = records["force"].unique()
    if len(forces) == 1 and not apart:
        street["force"] = street["force"].fillna(forces[0])
    return street


def _rows(
    dimension: str,
    values: pd.Series,
    stratum: str | None,
    records: pd.DataFrame,
    breaks: Sequence[Break],
) -> Iterator[dict[str, object]]:
    for value in sorted(values.dropna().unique(), key=_by_number):
        places = np.flatnonzero(records.index.isin(values.index[(values == value).fillna(False)]))
        for measure in (PER_ALERT, PER_HOUR, PER_FACE):
            for known, row in _row(measure, records.iloc[places], breaks):
                yield {
                    "force": stratum,
                    "dimension": dimension,
                    "value": str(value),
                    "measure": measure,
                    **row,
                    "records": ranges(int(place) + 1 for place in places[known]),
                }


def _by_number(value: object) -> tuple[float, str]:
    """Return what sorts "500 to 999" before "10,000 to 10,499", and words by letter."""
    number = re.match(r"\d[\d,]*(?:\.\d+)?", str(value))
    return (float(number[0].replace(",", "")) if number else math.inf, str(value))


def dimensions(records: pd.DataFrame, breaks: Sequence[Break]) -> dict[str, pd.Series]:
    """Return the value of each record in each dimension; null where it is not known."""
    size = records["watchlist_size"] // WATCHLIST_STEP * WATCHLIST_STEP
    found = {
        "year": records["date"].str[:4],
        "threshold": records["threshold"].map(threshold_text, na_action="ignore"),
        "use case": records["use_case"],
        "camera": records["camera"],
        "watchlist size": size.map(
            lambda low: f"{low:,} to {low + WATCHLIST_STEP - 1:,}", na_action="ignore"
        ),
        "place": records["place"],
    }
    if breaks:
        found["way of counting"] = period(records, breaks)
    return found


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


def false_alerts_said(records: pd.DataFrame) -> str:
    """Return how many false alerts some records hold, as far as they say so."""
    known = records["false_alerts"]
    if known.isna().all():
        return "an unknown number of false alerts"
    return ("at least " if known.isna().any() else "") + several(int(known.sum()), "false alert")


def _row(
    measure: str, part: pd.DataFrame, breaks: Sequence[Break]
) -> Iterator[tuple[np.ndarray, dict[str, object]]]:
    exposure = {PER_FACE: part["faces_seen"], PER_ALERT: part["alerts"], PER_HOUR: part["hours"]}[
        measure
    ]
    known = part["false_alerts"].notna() & exposure.notna()
    if not known.any() or exposure[known].sum() <= 0:
        return
    events = part.loc[known, "false_alerts"].to_numpy(dtype=float)
    under = exposure[known].to_numpy(dtype=float)
    number, total = int(events.sum()), float(under.sum())
    exact = binomial_interval if measure == PER_ALERT else poisson_interval
    lower, upper = exact(number, total, LEVEL)
    spread = dispersion(events, under, binomial=measure == PER_ALERT)
    wide = widened(events, under, spread, LEVEL, binomial=measure == PER_ALERT)
    note = _note(part[known], breaks) if measure == PER_FACE else None
    yield (
        known.to_numpy(bool),
        {
            "deployments": int(known.sum()),
            "false_alerts": number,
            "exposure": total,
            "rate": number / total,
            "lower": lower,
            "upper": upper,
            "dispersion": spread,
            "wide_lower": wide[0],
            "wide_upper": wide[1],
            "level": LEVEL,
            "note": note,
        },
    )


def _note(records: pd.DataFrame, breaks: Sequence[Break]) -> str | None:
    if FORCE in origins(records):
        return "each force may count faces in its own way"
    sides = set(period(records, breaks).dropna())
    if not breaks or not sides:
        return None
    if len(sides) > 1:
        return "the way of counting faces changed among these deployments"
    (side,) = sides
    return None if side == "throughout" else f"comparable only with deployments {side}"
