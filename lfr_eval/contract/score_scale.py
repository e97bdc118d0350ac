"""The scale on which scores are told: similarities in, a vendor's scores out, and back.

A score is `slope` times the similarity plus `offset`. What a matcher states, what is compared and
what is decided live all use this one map, so a vendor's 0.64 is 0.64 everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.errors import MendableError

Doubles = NDArray[np.float64]

SLOPES = (1e-6, 1e6)
STEEPEST_OFFSET = 100.0
"""Per slope. Scores are kept as float32, which tells similarities apart that differ by 8e-6 there;
vendors' scales from 0 to 1, to 100 or to 1000 need an offset of one slope."""


class ScaleError(MendableError, ValueError):
    """A score scale that cannot be used; the message says why."""


@dataclass(frozen=True)
class ScoreScale:
    """A linear map that keeps the order of scores.

    Attributes
    ----------
    slope, offset
        A score is `slope` times the similarity plus `offset`.

    Raises
    ------
    ScaleError
        If a higher similarity would not be a higher score, or the offset is so large that float32
        would tell few scores apart.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("slope", self.slope), ("offset", self.offset)):
            if isinstance(value, bool):
                raise ScaleError(f"matcher.score_{name} is {value}; it must be a number.")
        lowest, highest = SLOPES
        if not lowest <= self.slope <= highest:
            raise ScaleError(
                f"matcher.score_slope is {self.slope}; it must lie between {lowest:g} and "
                f"{highest:g}, so that a higher score means more alike."
            )
        if not abs(self.offset) <= STEEPEST_OFFSET * self.slope:
            raise ScaleError(
                f"matcher.score_offset is {self.offset}; it must lie within {STEEPEST_OFFSET:g} "
                f"times the slope ({self.slope:g}): scores are kept with about seven digits, and a "
                "larger offset gives different similarities one score."
            )

    def of(self, similarity: Doubles) -> Doubles:
        """Return scores; a higher similarity never has a lower one."""
        return similarity * self.slope + self.offset

    def back(self, score: Doubles) -> Doubles:
        """Return the similarities of scores, but for the rounding of float64."""
        return (score - self.offset) / self.slope

    def range_of(self, similarity: tuple[float, float]) -> tuple[float, float]:
        """Return the lowest and highest score."""
        low, high = (end * self.slope + self.offset for end in similarity)
        return low, high

    def __str__(self) -> str:
        sign = "-" if math.copysign(1.0, self.offset) < 0 else "+"
        return f"{self.slope:g} x similarity {sign} {abs(self.offset):g}"


UNSCALED = ScoreScale()
