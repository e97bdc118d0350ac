"""Stage report: how false alerts grow with the watchlist (`watchlist_sizes` in, rows out).

Three ways to answer for a watchlist that was not searched stand side by side; where they disagree
by more than their interval, the table marks it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import pandas as pd

from lfr_eval.contract.tables import CROSS
from lfr_eval.report.rates import at_threshold, records

WAYS = {
    "resampled": "drawn from the fillers",
    "closed_form": "closed form",
    "linear": "in proportion",
}


class SizeRow(NamedTuple):
    """The rate of a group at one watchlist size: a row of the table a way, or None."""

    group: str
    size: int
    ways: tuple[SimpleNamespace | None, ...]


class GrowthBlock(NamedTuple):
    """The groups of one factor at one threshold and composition.

    What is `behind` the rates of each group is a row of the table. `rows` are those at the sizes
    asked for, the longest that the fillers allow and one beyond.
    """

    composition: str
    threshold: float
    factor: str
    behind: Sequence[SimpleNamespace]
    rows: list[SizeRow]

    @property
    def is_crossed(self) -> bool:
        """Whether the groups are those of an intersection."""
        return CROSS in self.factor


class Growth(NamedTuple):
    """All that the page shows of other watchlists, at one threshold.

    `longest` is the longest watchlist of each composition that the fillers allow, and `curves` are
    the rows of the table for the charts.
    """

    threshold: float
    longest: list[tuple[str, int]]
    blocks: list[GrowthBlock]
    curves: pd.DataFrame

    @property
    def matches_a_pass(self) -> float:
        """Matches of everybody's passes that have any, of the composition searched."""
        first = self.curves.iloc[0]
        return float(first["matches"]) / max(float(first["passes_matched"]), 1.0)

    @property
    def disagree(self) -> tuple[int, int]:
        """Groups in which a way leaves the interval at some size, and all groups."""
        known = self.curves[self.curves["agrees"].notna()]
        by_group = known.groupby(["composition", "factor", "group"])["agrees"].all()
        return int((~by_group.astype(bool)).sum()), len(by_group)


def to_growth(
    frame: pd.DataFrame | None, headline: Sequence[float], sizes: Collection[int]
) -> Growth | None:
    """Arrange rows of table `watchlist_sizes`; None where nobody was searched for.

    The lowest of the thresholds of the first screen is shown, since most happens there.
    """
    if frame is None:
        return None
    known = frame[frame["rate"].notna()]
    at = ((step, at_threshold(known, [step])) for step in sorted(headline))
    threshold, chosen = next(((step, part) for step, part in at if len(part)), (0.0, known[:0]))
    if chosen.empty:
        return None
    blocks = []
    for key, part in chosen.groupby(["composition", "factor"], sort=False):
        longest = int(part["fillers"].iloc[0])
        beyond = part.loc[part["watchlist_size"] > longest, "watchlist_size"].min()
        shown = part[part["watchlist_size"].isin([*sizes, longest, beyond])]
        ways: dict[tuple[str, int], dict[str, SimpleNamespace]] = {}
        for row in records(shown):
            ways.setdefault((row.group, row.watchlist_size), {})[row.way] = row
        behind = records(part.drop_duplicates("group"))
        rows = [SizeRow(*of, tuple(found.get(way) for way in WAYS)) for of, found in ways.items()]
        blocks.append(GrowthBlock(str(key[0]), threshold, str(key[1]), behind, rows))
    first = chosen.drop_duplicates("composition")
    longest_of = zip(first["composition"].map(str), first["fillers"].map(int), strict=True)
    return Growth(threshold, list(longest_of), blocks, chosen)
