"""Which comparisons of a cohort are made, cut into shards (sides to shards of work).

References stand on the left, probes on the right. Images that are both stand first on either
side, so that each of their comparisons appears twice, mirrored: only tiles that reach above the
diagonal are made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.comparison.dont_care import DontCare
from lfr_eval.comparison.sides import Sides

Ints = NDArray[np.intp]
BLOCKS = 64
"""Blocks of right templates in a shard: a minute of work at most on one core of 2022."""


@dataclass(frozen=True)
class Shard:
    """A part of the comparisons, by place in `Plan`: the unit that is done, kept and repeated."""

    number: int
    left: tuple[int, int]
    right: tuple[int, int]

    @property
    def comparisons(self) -> int:
        """Products to compute; some may be mirrored or mated."""
        return (self.left[1] - self.left[0]) * (self.right[1] - self.right[0])


@dataclass(frozen=True)
class Plan:
    """References against probes.

    Attributes
    ----------
    left, right
        Rows of table `cohort`: the `both` images that are reference and probe first, in order.
    subject : (images,)
        Person of each image.
    both
        How many images stand on both sides.
    dont_care
        People who are not compared with one another.
    left_out
        How many comparisons that saves.
    """

    left: Ints
    right: Ints
    subject: Ints
    both: int
    dont_care: DontCare
    left_out: int

    @classmethod
    def of(cls, sides: Sides) -> Plan:
        """Put the references and probes of a cohort into order."""
        flag = sides.in_both
        left, right = (
            np.concatenate([rows[flag[rows]], rows[~flag[rows]]])
            for rows in (np.sort(sides.references), np.sort(sides.probes))
        )
        left_out = -int(sides.left_out()["trials"].sum())
        return cls(left, right, sides.subject, int(flag.sum()), sides.dont_care, left_out)

    @property
    def rows(self) -> Ints:
        """Every row that is compared, in order."""
        return np.union1d(self.left, self.right)

    @property
    def comparisons(self) -> int:
        """How many comparisons count, mated ones among them."""
        mirrored = self.both * (self.both + 1) // 2
        return len(self.left) * len(self.right) - mirrored - self.left_out

    def non_mated(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Which of these comparisons, by place, count and are of two different people."""
        # Two images that are each reference and probe meet twice; the upper triangle is taken.
        mirrored = (left < self.both) & (right < self.both) & (left >= right)
        one, other = self.subject[self.left[left]], self.subject[self.right[right]]
        return np.asarray(~(mirrored | (one == other) | self.dont_care.has(one, other)))

    def shards(self, tile: int) -> list[Shard]:
        """Cut the comparisons into shards of `tile` left and some blocks of `tile` right rows."""
        shards: list[Shard] = []
        for start in range(0, len(self.left), tile):
            stop = min(start + tile, len(self.left))
            # Everything left of the diagonal is a mirror image where all of the rows are both.
            begin = start - start % tile if stop <= self.both else 0
            for first in range(begin, len(self.right), tile * BLOCKS):
                last = min(first + tile * BLOCKS, len(self.right))
                shards.append(Shard(len(shards), (start, stop), (first, last)))
        return shards
