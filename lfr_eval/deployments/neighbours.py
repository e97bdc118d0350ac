"""Rows of table `records` in, those unlike the rows around them out.

Watchlists grow over months, thresholds stay for months, and faces per hour vary within bounds: what
leaves its neighbours far behind may be a slip of the keyboard.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.words import count, threshold_text

NEIGHBOURS = 5
"""Rows before and after one, with which its watchlist and threshold are compared."""

WATCHLIST_CHANGE = 0.12
"""On the logarithmic scale: watchlists of neighbours differ by up to 8 % in published records."""

THRESHOLD_STEP = 0.05
"""Published thresholds were changed by 0.02 at a time."""

NEAR = np.timedelta64(60, "D")
"""Watchlists are compared where half of the neighbours lie within so many days."""

FACES_CHANGE = 50
"""Faces per hour of neighbours differ by up to 14 times in published records."""


@dataclass(frozen=True)
class Doubt:
    """One doubt; its record is None where it is about a whole file."""

    record_id: str | None
    check: str
    column: str
    value: object
    reason: str
    suggestion: object = None


def unlike_neighbours(part: pd.DataFrame) -> Iterator[Doubt]:
    """Yield doubts about watchlists, thresholds and faces of a file, in its order."""
    yield from _watchlists(part)
    yield from _thresholds(part)
    yield from _faces(part)


def _around(values: np.ndarray, place: int) -> np.ndarray:
    before, after = values[max(0, place - NEIGHBOURS) : place], values[place + 1 :][:NEIGHBOURS]
    return np.concatenate([before, after])


def _watchlists(part: pd.DataFrame) -> Iterator[Doubt]:
    sizes = part["watchlist_size"].to_numpy(dtype=float, na_value=np.nan)
    days = pd.to_datetime(part["date"]).to_numpy()
    found: list[tuple[str, float, float, float, float]] = []
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
        found.append((name, size, middle, spread, gap))
    # Ten neighbours may lie close together by chance: gaps as in many rows of the file are usual.
    usual = np.quantile([gap for *_, gap in found], 0.9, method="lower") if found else 0.0
    for name, size, middle, spread, gap in found:
        if gap > max(WATCHLIST_CHANGE, 5 * spread, 2 * usual):
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
        between = len(near) >= 4 and len(before) > 0 < len(after)
        alike = between and (near == near[0]).all() and value != near[0]
        # The first or last row may be of another setting, but hardly of one far off.
        end = len(near) == 3 and (near == near[0]).all() and abs(value - near[0]) > THRESHOLD_STEP
        why, fit = "", None
        if alike or end:
            why = f"the rows {'around' if alike else 'beside'} it have {threshold_text(near[0])}."
        if value > 1 and (small or value <= 100):
            fit = f"{value / (10 if value < 10 else 100):g}" if value < 100 else None
            others = "others in the file are below 1" if small else "thresholds are mostly below 1"
            why = f"it is above 1, and {others}" + (f"; {fit} would fit." if fit else ".")
        elif not 0 < value < 100:
            why = "it cannot be a threshold: it must be above 0 and below 100."
        if why:
            yield Doubt(name, "threshold", "threshold", value, why, fit)


def _faces(part: pd.DataFrame) -> Iterator[Doubt]:
    hourly = (part["faces_seen"] / part["hours"].where(part["hours"] > 0)).to_numpy(
        dtype=float, na_value=np.nan
    )
    for place, (name, each) in enumerate(zip(part["record_id"], hourly, strict=True)):
        near = _around(hourly, place)
        near = near[near > 0]
        if not each >= 0 or len(near) < 4:
            continue
        middle = float(np.median(near))
        if not middle / FACES_CHANGE <= each <= middle * FACES_CHANGE:
            said = f"the rows around it have about {count(round(middle))} faces per hour, this one "
            yield Doubt(
                name, "faces", "faces_seen", part["faces_seen"].iloc[place],
                f"{said}{count(round(each))}.",
            )  # fmt: skip
