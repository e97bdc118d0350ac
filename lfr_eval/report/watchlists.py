"""Stage report: how false alerts grow with the watchlist (`watchlist_sizes` in, frozen rows out).

Three ways to answer for a watchlist that was not searched stand side by side; where they disagree
by more than their interval, a sentence says by how much, and on what that rests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, one_in, ratio, several
from lfr_eval.report.rates import at_threshold, records

WAYS = {
    "resampled": "drawn from the fillers",
    "closed_form": "closed form",
    "linear": "in proportion",
}
SPOKEN = {"closed_form": "the closed form", "linear": "scaling in proportion"}


class SizeRow(NamedTuple):
    """The rate of a group at one watchlist size: a row of the table a way, or None."""

    group: str
    size: int
    ways: tuple[SimpleNamespace | None, ...]


class GrowthBlock(NamedTuple):
    """The groups of one factor at one threshold and composition.

    `sentences` say of each group where the ways disagree by more than the interval, or that they do
    not. `rows` are those at the sizes asked for, the longest that the fillers allow and one beyond.
    """

    composition: str
    threshold: float
    factor: str
    sentences: tuple[tuple[str, str], ...]
    rows: tuple[SizeRow, ...]

    @property
    def is_crossed(self) -> bool:
        """Whether the groups are those of an intersection."""
        return CROSS in self.factor


@dataclass(frozen=True)
class Growth:
    """All that the page shows of other watchlists.

    Attributes
    ----------
    threshold
        The one of charts and tables.
    longest
        Composition to the longest watchlist of it that the fillers allow.
    curves
        Rows of the table at that threshold, for the charts.
    """

    threshold: float
    longest: tuple[tuple[str, int], ...]
    blocks: tuple[GrowthBlock, ...]
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
    frame: pd.DataFrame | None, headline: Sequence[float], sizes: Iterable[int]
) -> Growth | None:
    """Arrange rows of table `watchlist_sizes`; None where nobody was searched for.

    Parameters
    ----------
    frame
        The table; None where the study has none.
    headline
        Thresholds of the first screen; the lowest of them is shown, since most happens there.
    sizes
        Watchlist sizes of the plan.
    """
    if frame is None:
        return None
    for threshold in sorted(headline):
        chosen = at_threshold(frame, [threshold]).dropna(subset=["rate"])
        if len(chosen):
            break
    else:
        return None
    wanted = set(sizes)
    blocks = []
    for key, part in chosen.groupby(["composition", "factor"], sort=False):
        longest = int(part["fillers"].iloc[0])
        beyond = part.loc[part["watchlist_size"] > longest, "watchlist_size"].min()
        shown = part[part["watchlist_size"].isin([*wanted, longest, beyond])]
        said = tuple((str(group), compare(rows, wanted))
                     for group, rows in part.groupby("group", sort=False))  # fmt: skip
        blocks.append(GrowthBlock(str(key[0]), threshold, str(key[1]), said, tuple(_rows(shown))))
    first = chosen.drop_duplicates("composition")
    longest_of = zip(first["composition"].map(str), first["fillers"].map(int), strict=True)
    return Growth(threshold, tuple(longest_of), tuple(blocks), chosen)


def compare(rows: pd.DataFrame, sizes: Iterable[int] = ()) -> str:
    """Say where the ways of one group disagree by more than the interval, and on what it rests."""
    first = rows.iloc[0]
    if not int(first["matches"]):
        return (
            f"no match in {several(int(first['passes']), 'pass', 'passes')} of "
            f"{several(int(first['subjects']), 'person', 'people')}, so there is only a bound."
        )
    evidence = _evidence(first)
    parts = [part for way in SPOKEN if (part := _departure(rows, way, set(sizes)))]
    if not parts:
        return f"the ways agree within the interval at every size ({evidence})."
    return f"{'; '.join(parts)} ({evidence})."


def _evidence(row: pd.Series) -> str:
    return (
        f"{several(int(row['matches']), 'match', 'matches')} in "
        f"{several(int(row['passes_matched']), 'pass', 'passes')} of "
        f"{several(int(row['subjects_matched']), 'person', 'people')}"
    )


def _departure(rows: pd.DataFrame, way: str, sizes: Collection[int]) -> str:
    known = rows[(rows["way"] == way) & rows["agrees"].notna()]
    apart = known[~known["agrees"].astype(bool)]
    if apart.empty:
        return ""
    # A size that was asked for says more than a watchlist of one.
    asked = apart[apart["watchlist_size"].isin(sizes)]
    chosen = apart if asked.empty else asked
    worst = chosen.iloc[int(np.abs(np.log(chosen["ratio"].to_numpy(float))).argmax())]
    same_size = rows[rows["watchlist_size"] == worst["watchlist_size"]]
    drawn = same_size[same_size["way"] == "resampled"].iloc[0]
    ends = [count(int(end)) for end in apart["watchlist_size"].agg(["min", "max"])]
    where = f"at sizes of {' to '.join(ends)}" if ends[0] != ends[1] else f"at a size of {ends[0]}"
    return (
        f"{SPOKEN[way]} leaves the interval of drawn watchlists {where}; at "
        f"{count(int(worst['watchlist_size']))} it says {one_in(float(worst['rate']))} instead of "
        f"{one_in(float(drawn['rate']))}, {ratio(float(worst['ratio']))} times as often"
    )


def _rows(part: pd.DataFrame) -> Iterable[SizeRow]:
    found: dict[tuple[str, int], dict[str, SimpleNamespace]] = {}
    for row in records(part):
        found.setdefault((row.group, row.watchlist_size), {})[row.way] = row
    for (group, size), ways in found.items():
        yield SizeRow(group, size, tuple(ways.get(way) for way in WAYS))
