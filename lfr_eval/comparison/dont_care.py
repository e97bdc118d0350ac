"""Pairs of people whose match says nothing, such as twins or one person under two identities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class DontCare:
    """Pairs of people whose comparisons are not counted, neither as mated nor as non-mated.

    Attributes
    ----------
    people
        Number of people.
    one, other : (2 x pairs,)
        Codes of both, each pair in both directions, sorted by `one`.
    """

    people: int
    one: Ints
    other: Ints

    @classmethod
    def of(cls, people: int, first: Ints, second: Ints) -> DontCare:
        """Take pairs in either direction, repeated or not."""
        key = np.unique(np.concatenate([first * people + second, second * people + first]))
        return cls(people, key // max(people, 1), key % max(people, 1))

    def has(self, first: Ints, second: Ints) -> Flags:
        """Which of these pairs of people are among them."""
        if not len(self.one):
            return np.zeros(len(first), bool)
        key = self.one * self.people + self.other
        return np.isin(first * self.people + second, key)

    def partners(self, people: Ints) -> tuple[Ints, Ints]:
        """Return the place in `people` and the partner of every pair that has one of them."""
        place, at = same_person(people, self.one)
        return place, self.other[at]

    def held_by(self, references: Ints) -> Ints:
        """Count the references, given by person, that are of each person's partners, (people,)."""
        held = np.bincount(references, minlength=self.people)
        count = np.bincount(self.one, held[self.other], minlength=self.people)
        return count.astype(np.intp)


def same_person(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the places in `left` and `right` of every pair of one person."""
    order = np.argsort(right, kind="stable")
    first, last = (np.searchsorted(right[order], left, side) for side in ("left", "right"))
    count = last - first
    place = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    return place, order[np.repeat(first, count) + within]
