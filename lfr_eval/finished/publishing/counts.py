"""Stage `publishing`: tables as counts of groups (rates, people, cohort in, arrays out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.finished.publishing.linked import Counts, Flags, Group, Linked, memberships

Floats = NDArray[np.float64]
MADE = "made"
"""Column of rates of what was attempted: the comparisons that were made."""
OVERALL_COST, FACTOR_COST, CROSSED_COST = 16.0, 4.0, 1.0
"""What is lost with a count of everybody, a group, an intersection: intersections go first."""


@dataclass(frozen=True)
class Groups:
    """The groups of a publication, and which add up to which.

    Attributes
    ----------
    people
        Table `people`: its rows are the groups, in this order.
    cohort
        Table `cohort`.
    conditions
        Parts of factors that are conditions of passes.
    """

    people: pd.DataFrame
    cohort: pd.DataFrame
    conditions: tuple[str, ...]

    @cached_property
    def names(self) -> list[Group]:
        """Factor and group."""
        pairs = zip(self.people["factor"], self.people["group"], strict=True)
        return [(str(factor), str(group)) for factor, group in pairs]

    @cached_property
    def of_people(self) -> Flags:
        """Groups whose factor has no condition of passes."""
        return np.array([not set(f.split(CROSS)) & set(self.conditions) for f, _ in self.names])

    @cached_property
    def kinds(self) -> tuple[Flags, ...]:
        """Groups by the conditions in their factor.

        A person under two conditions is counted under both, so that numbers of people add up among
        groups of one kind alone. Numbers of passes add up among all.
        """
        kinds = [frozenset(f.split(CROSS)) & set(self.conditions) for f, _ in self.names]
        return tuple(np.array([each == kind for each in kinds]) for kind in dict.fromkeys(kinds))

    def member(self, chosen: Flags, fillers: bool = False) -> Flags:
        """Return the atoms of some groups."""
        asked = (chosen.tobytes(), fillers)
        if asked not in self._members:
            names = [name for name, is_in in zip(self.names, chosen, strict=True) if is_in]
            found = memberships(self.cohort, names, self.conditions, fillers)
            found.setflags(write=False)
            self._members[asked] = found
        return self._members[asked]

    @cached_property
    def _members(self) -> dict[tuple[bytes, bool], Flags]:
        """What was found; most layers have the same groups, and labels of all images are read."""
        return {}

    def told(self, chosen: Flags, counted: str) -> tuple[str, ...]:
        """Return what is counted of some groups, for messages."""
        named = zip(self.names, chosen, strict=True)
        return tuple(f"{counted}, factor {f}, group {g}" for (f, g), is_in in named if is_in)

    @cached_property
    def costs(self) -> Floats:
        """What is lost with a count of each group: of two alike, more with that of more people."""
        base = np.array(
            [
                OVERALL_COST if f == OVERALL else CROSSED_COST if CROSS in f else FACTOR_COST
                for f, _ in self.names
            ]
        )
        people = self.people["people"].fillna(0).to_numpy(float)
        share = people / max(people.max(initial=0.0), 1.0)
        return np.where(base == OVERALL_COST, base, base + share)


@dataclass(frozen=True)
class Layers:
    """The counts of one metric: groups x layers.

    Attributes
    ----------
    rows
        Place of the row in table `rates`; -1 where there is none.
    keys
        Watchlist size (0 for 1:1) and threshold (NaN where none applies) of every layer.
    made
        Trials that took place; `trials` may be those attempted.
    """

    rows: NDArray[np.int64]
    keys: tuple[tuple[int, float], ...]
    events: Counts
    trials: Counts
    subjects: Counts
    affected: Counts
    made: Counts

    @property
    def there(self) -> Flags:
        """Groups that the metric has."""
        flags: Flags = np.any(self.rows >= 0, axis=1)
        return flags

    @property
    def sizes(self) -> tuple[int, ...]:
        """Watchlist sizes."""
        return tuple(dict.fromkeys(size for size, _ in self.keys))

    def at(self, size: int) -> Layers:
        """Return the layers of one watchlist size."""
        places = [place for place, key in enumerate(self.keys) if key[0] == size]
        arrays = (self.events, self.trials, self.subjects, self.affected, self.made)
        return Layers(
            self.rows[:, places],
            tuple(self.keys[place] for place in places),
            *(array[:, places] for array in arrays),
        )

    def order(self, rising: bool) -> tuple[tuple[int, int], ...]:
        """Return pairs of layers of which the first has at least as many events.

        Along the threshold events only fall, or only rise. A shorter watchlist is a part of the
        longer one, so that it cannot set off more false alerts.
        """
        place = {key: number for number, key in enumerate(self.keys)}
        pairs = []
        for size, threshold in self.keys:
            higher = [other for at, other in self.keys if at == size and other > threshold]
            if higher:
                pair = place[size, threshold], place[size, min(higher)]
                pairs.append(pair[::-1] if rising else pair)
            longer = [other for other, at in self.keys if at == threshold and other > size > 0]
            if longer and not rising:
                pairs.append((place[min(longer), threshold], place[size, threshold]))
        return tuple(pairs)


def layers_of(rates: pd.DataFrame, groups: Groups, metric: str) -> Layers:
    """Return the counts of a metric; groups that it does not have count nothing."""
    part = rates[rates["metric"] == metric]
    sizes = part["watchlist_size"].fillna(0).astype(int)
    thresholds = part["threshold"].astype(float)
    keys = sorted(set(zip(sizes, thresholds.fillna(-np.inf), strict=True)))
    places = {name: number for number, name in enumerate(groups.names)}
    layer = {key: number for number, key in enumerate(keys)}
    shape = len(places), len(keys)
    rows = np.full(shape, -1, dtype=np.int64)
    columns = ("events", "trials", "subjects", "subjects_with_event", MADE)
    part = part if MADE in part else part.assign(**{MADE: part["trials"]})
    arrays = [np.zeros(shape, np.int64) for _ in columns]
    where = [
        (places[str(factor), str(group)], layer[int(size), threshold])
        for factor, group, size, threshold in zip(
            part["factor"], part["group"], sizes, thresholds.fillna(-np.inf), strict=True
        )
    ]
    for (group, step), row, counts in zip(
        where, part.index, part[list(columns)].to_numpy(np.int64), strict=True
    ):
        rows[group, step] = row
        for array, value in zip(arrays, counts, strict=True):
            array[group, step] = value
    stated = tuple((int(size), np.nan if np.isinf(at) else float(at)) for size, at in keys)
    return Layers(rows, stated, *arrays)


def linked_passes(
    groups: Groups, layers: Layers, metric: str, pairs: Flags | None, rising: bool
) -> Linked:
    """Return counts of passes, or of pairs of people, of the groups that a metric has."""
    there, values = layers.there, layers.events
    member = groups.member(there) if pairs is None else pairs
    order: Sequence[tuple[int, int]] = layers.order(rising)
    order = [pair for pair in order if np.all(values[there, pair[0]] >= values[there, pair[1]])]
    names = groups.told(there, f"table rates, {metric}")
    return Linked(member, values[there], layers.trials[there], tuple(order), names)
