"""Days and counts of faces in, the days on which the way of counting seems to change out.

"Faces seen" is an estimate, and systems that count otherwise report other numbers at the same
place. A per-face rate before and after such a break says nothing about the matcher.

References
----------
Killick, Fearnhead & Eckley (2012), JASA 107, 1590-1598 (PELT).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.origins import FORCE, origins, stated_force

SMALLEST = 15
"""Deployments on each side of a break."""

FACTOR = 2.0
"""A break changes the median of faces an hour by at least so much."""


@dataclass(frozen=True)
class Break:
    """A day from which faces an hour are on another level."""

    day: str
    before: float
    after: float
    force: str | None = None
    """Whose; null where all records are of one force."""

    @property
    def factor(self) -> float:
        """Median of faces an hour after the break, over that before."""
        return self.after / self.before


def counting_breaks(records: pd.DataFrame) -> list[Break]:
    """Return the breaks in faces seen per hour, force by force, in order of their days.

    The logarithm of faces per hour is cut where its level changes (PELT, least squares, penalty
    3 log(n) times the variance between neighbours); a change below a factor of two is no break.

    Raises
    ------
    DeploymentError
        If ruptures is missing.
    """
    try:
        import ruptures  # noqa: F401
    except ImportError:
        raise DeploymentError(
            "Breaks in counting need ruptures: install lfr-eval[records]."
        ) from None
    forces = origins(records).get(FORCE)
    if forces is None:
        return _breaks(records, None)
    parts = records.groupby(forces, sort=False)
    return [each for name, part in parts for each in _breaks(part, str(name))]


def period(records: pd.DataFrame, breaks: Sequence[Break]) -> pd.Series:
    """Return between which breaks of its force each record lies; null where that is not known."""
    found = [
        None if pd.isna(day) else _period(day, str(force), breaks)
        for day, force in zip(records["date"], stated_force(records), strict=True)
    ]
    return pd.Series(found, records.index, dtype="string")


def _period(day: str, force: str, breaks: Sequence[Break]) -> str:
    own = [each.day for each in breaks if each.force in (None, force)]
    earlier, later = [each for each in own if each <= day], [each for each in own if each > day]
    if not own:
        return "throughout"
    if not earlier:
        return f"before {later[0]}"
    if not later:
        return f"from {earlier[-1]}"
    return f"from {earlier[-1]} to before {later[0]}"


def _breaks(records: pd.DataFrame, force: str | None) -> list[Break]:
    import ruptures

    known = records.dropna(subset=["date", "hours", "faces_seen"])
    known = known[(known["hours"] > 0) & (known["faces_seen"] > 0)].sort_values(
        "date", kind="stable"
    )
    if len(known) < 2 * SMALLEST:
        return []
    hourly = (known["faces_seen"].astype(float) / known["hours"]).to_numpy()
    level = np.log(hourly)
    noise = float(np.median(np.abs(np.diff(level)))) / 0.6745 / np.sqrt(2)
    penalty = 3 * np.log(len(level)) * max(noise, 0.05) ** 2
    search = ruptures.Pelt(model="l2", min_size=SMALLEST, jump=1).fit(level)
    ends = search.predict(pen=penalty)
    while True:
        edges = [0, *ends]
        medians = [float(np.median(hourly[a:b])) for a, b in pairwise(edges)]
        ratios = [max(b / a, a / b) for a, b in pairwise(medians)]
        if not ratios or min(ratios) >= FACTOR:
            break
        # The weakest change goes first, so that a real one beside it is judged against all of it.
        del ends[int(np.argmin(ratios))]
    days = known["date"].tolist()
    return [
        Break(days[end], before, after, force)
        for end, before, after in zip(ends[:-1], medians, medians[1:], strict=False)
    ]
