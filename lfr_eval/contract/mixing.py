"""Who a watchlist is made of: the share of every group, shared by the stages.

`comparison` draws watchlists of a mix, `inference` answers for watchlists of any mix. Nothing but
NumPy is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.tables import EVERYBODY, OVERALL

Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Mix:
    """The composition of a watchlist.

    Attributes
    ----------
    name
        What it is called.
    factor
        What the references are divided by; `overall`: they are taken as they come.
    groups
        Names of the groups.
    shares
        Their positive shares, which add up to 1.
    size
        The size that goes with it where it was given as counts.
    """

    name: str
    factor: str = OVERALL
    groups: tuple[str, ...] = (EVERYBODY,)
    shares: tuple[float, ...] = (1.0,)
    size: int | None = None

    @classmethod
    def of(cls, name: str, factor: str, weights: dict[str, float], size: int | None = None) -> Mix:
        """Return the mix with these weights; groups without weight are not part of it."""
        kept = {group: weight for group, weight in sorted(weights.items()) if weight > 0}
        total = sum(kept.values())
        shares = tuple(weight / total for weight in kept.values())
        return cls(name, factor, tuple(kept), shares, size)

    def counts(self, size: int) -> Ints:
        """Return the references of each group in a watchlist of `size`, (groups,).

        Shares are rounded by the method of Webster and Sainte-Laguë: it favours neither large
        nor small groups, and a longer watchlist never has fewer of a group than a shorter one,
        so that the first N references of one watchlist can be a watchlist of N of the same mix.

        References
        ----------
        Balinski & Young (2001), Fair Representation, 2nd edition.

        Examples
        --------
        >>> Mix.of("two thirds", "gender", {"female": 1, "male": 2}).counts(10)
        array([3, 7])
        """
        share = np.asarray(self.shares)
        # No group's number is further below its exact share than there are groups.
        sure = np.maximum(np.floor(share * size).astype(np.intp) - len(share), 0)
        spare = int(size - sure.sum())
        seat = sure[:, None] + np.arange(spare)
        group = np.repeat(np.arange(len(share)), spare)
        key = self.keys(seat.ravel(), group)
        order = np.lexsort((group, key))[:spare]
        return np.asarray(sure + np.bincount(group[order], minlength=len(share)), np.intp)

    def keys(self, seat: Ints, group: Ints) -> NDArray[np.float64]:
        """Return the order of entry of the n-th reference (from 0) of each group.

        Whoever is of no group of the mix (-1) never enters.
        """
        share = np.append(np.asarray(self.shares), 0.0)[group]
        keys = np.full(len(seat), np.inf)
        np.divide(seat + 0.5, share, out=keys, where=share > 0)
        return keys

    def largest(self, available: Sequence[int] | Ints) -> int:
        """Return the size of the largest watchlist of this mix that so many references allow."""
        have = np.asarray(available)
        low, high = 0, int(have.sum())
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if np.all(self.counts(middle) <= have) else (low, middle - 1)
        return low

    @property
    def smallest(self) -> int:
        """Size from which every group is on the watchlist."""
        size = len(self.groups)
        while np.any(self.counts(size) == 0):
            size += 1
        return size

    def code(self, labels: Sequence[str], codes: Ints) -> Ints:
        """Return codes of groups of this mix for codes of `labels`; -1: not part of the mix."""
        place = {group: number for number, group in enumerate(self.groups)}
        table = np.array([place.get(label, -1) for label in labels], np.intp)
        return table[codes] if len(table) else np.full(len(codes), -1, np.intp)

    def weights(self, labels: Sequence[str], codes: Ints) -> NDArray[np.float64]:
        """Return how much each reference counts in a watchlist of this mix; they add up to 1."""
        group = self.code(labels, codes)
        have = np.bincount(group[group >= 0], minlength=len(self.groups))
        share = np.append(np.asarray(self.shares) / np.maximum(have, 1), 0.0)
        return np.asarray(share[group], float)


AS_THEY_COME = Mix("fillers")
"""The fillers as they come: a watchlist is any part of them."""
