"""How two templates are compared, and how the score of a comparison is defined.

A tile of comparisons is one matrix product in low precision, whose rounding depends on its shape
and on the processor. It only screens. The score that decides is computed for each surviving pair by
itself: the sum of its products in float64, correctly rounded, put on the scale of
the matcher, then rounded to float32. It is the same for every tile size, thread count, device and
machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.score_scale import UNSCALED, Doubles, ScoreScale

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]

UNIT = 2.0**-53
"""Unit roundoff of float64."""


class Similarity(Protocol):
    """A comparison score; higher means more alike."""

    @property
    def templates_are_factors(self) -> bool:
        """Whether `factors` returns the templates themselves, on either side."""

    def prepare(self, vectors: Vectors, out: Vectors | None = None) -> Vectors:
        """Return templates as they are compared, (n, size), in `out` where it is given."""

    def shift(self, vectors: Vectors, moved: NDArray[np.floating]) -> float:
        """Return how far a score may be off if each template is off by the length `moved`."""

    def factors(self, vectors: Vectors, side: int) -> Doubles:
        """Return prepared templates as a side (0 or 1) of the screening product."""

    def bar(self, score: Doubles) -> Doubles:
        """Return the screening products that scores correspond to."""

    def score(self, product: Doubles) -> Doubles:
        """Return the scores that screening products correspond to, not rounded to float32."""

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return the scores of prepared templates, row by row: the ones that decide."""


@dataclass(frozen=True)
class Cosine:
    """Cosine of the angle between two templates, on a scale."""

    scale: ScoreScale = UNSCALED
    templates_are_factors: ClassVar[bool] = True

    def prepare(self, vectors: Vectors, out: Vectors | None = None) -> Vectors:
        """Return templates of unit length; `out` may be the templates themselves."""
        unit = np.empty(vectors.shape, np.float32) if out is None else out
        for start in range(0, len(vectors), 512):
            doubles = vectors[start : start + 512].astype(np.float64)
            length = np.sqrt(_halving_sum(doubles * doubles))
            unit[start : start + 512] = doubles / length[:, None]
        return unit

    def factors(self, vectors: Vectors, side: int) -> Doubles:  # noqa: ARG002
        """Return the templates themselves."""
        return vectors.astype(np.float64)

    def shift(self, vectors: Vectors, moved: NDArray[np.floating]) -> float:
        """Return twice the largest angle by which a template may have turned, on the scale.

        A vector that is off by a share r of its length turns by at most arcsin r, and the cosine
        of an angle changes no faster than the angle.
        """
        share = 0.0
        for start in range(0, len(vectors), 512):
            rows = slice(start, start + 512)
            length = np.linalg.norm(vectors[rows].astype(np.float64), axis=1)
            turned = np.divide(moved[rows], length, out=np.zeros(len(length)), where=length > 0)
            share = max(share, float(turned.max(initial=0.0)))
        return self.scale.slope * 2.0 * float(np.arcsin(min(share, 1.0)))

    def bar(self, score: Doubles) -> Doubles:
        """Return the cosines."""
        return self.scale.back(score)

    def score(self, product: Doubles) -> Doubles:
        """Return cosines on the scale."""
        return self.scale.of(product)

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return inner products, row by row, on the scale, rounded to float32."""
        # Rounds to the right float32; the last bits of the float64 depend on the machine.
        inner: Doubles = np.einsum("ij,ij->i", left, right, dtype=np.float64)

        def correct(row: int) -> float:
            # The product of two float32 values is exact in float64, so this sum is correct.
            return fsum((left[row].astype(np.float64) * right[row]).tolist())

        # sum |x_i y_i| <= |x| |y|, and prepared templates are of unit length.
        return _rounded_once(inner, _sum_error(left.shape[1], 1.0001), self.scale, correct)


@dataclass(frozen=True)
class MinusEuclidean:
    """Minus the Euclidean distance between two templates, on a scale."""

    scale: ScoreScale = UNSCALED
    templates_are_factors: ClassVar[bool] = False

    def prepare(self, vectors: Vectors, out: Vectors | None = None) -> Vectors:  # noqa: ARG002
        """Return the templates themselves."""
        return vectors

    def shift(self, vectors: Vectors, moved: NDArray[np.floating]) -> float:  # noqa: ARG002
        """Return twice the farthest that a template may have moved, on the scale."""
        return self.scale.slope * 2.0 * float(np.max(moved, initial=0.0))

    def factors(self, vectors: Vectors, side: int) -> Doubles:
        """Append columns so that the product is minus the squared distance."""
        doubles = vectors.astype(np.float64)
        square = np.einsum("ij,ij->i", doubles, doubles)[:, None]
        one = np.ones_like(square)
        extra = (-square, -one) if side == 0 else (one, square)
        return np.hstack([np.sqrt(2.0) * doubles, *extra])

    def bar(self, score: Doubles) -> Doubles:
        """Return minus the squares of the distances; no two templates are closer than zero."""
        nearness = self.scale.back(score)
        return np.where(nearness <= 0.0, -(nearness**2), np.inf)

    def score(self, product: Doubles) -> Doubles:
        """Return minus the distances on the scale; a product above zero is rounding."""
        return self.scale.of(-np.sqrt(np.maximum(-product, 0.0)))

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return minus the distances, row by row, on the scale, rounded to float32."""
        gap = left.astype(np.float64) - right
        square: Doubles = np.einsum("ij,ij->i", gap, gap)
        nearness = -np.sqrt(square)

        def correct(row: int) -> float:
            return -float(np.sqrt(fsum((gap[row] * gap[row]).tolist())))

        # A relative error of the square is halved by the root, whose own rounding is one more.
        error = (_sum_error(left.shape[1], 1.0) + UNIT) * -nearness
        return _rounded_once(nearness, error, self.scale, correct)


KINDS: dict[str, type[Cosine] | type[MinusEuclidean]] = {
    "cosine": Cosine,
    "euclidean": MinusEuclidean,
}


def similarity_of(name: str, scale: ScoreScale) -> Similarity:
    """Return a similarity by its name, on a scale."""
    return KINDS[name](scale)


def _sum_error(size: int, magnitude: float) -> float:
    # Whatever the order of a sum of n products of float64: |error| <= gamma_n sum |x_i y_i| with
    # gamma_n = n u / (1 - n u) (Higham 2002, Accuracy and Stability of Numerical Algorithms,
    # section 3.1).
    return (size + 2) * UNIT / (1.0 - (size + 2) * UNIT) * magnitude


def _rounded_once(
    value: Doubles, error: Doubles | float, scale: ScoreScale, correct: Callable[[int], float]
) -> Scores:
    """Put similarities that are known within `error` on a scale, and round them to float32.

    The scale and rounding keep the order, so both ends of what a value may be tell whether its
    score is certain. Where it is not, `correct` gives the similarity of a row exactly rounded.
    """
    below, above = (scale.of(end).astype(np.float32) for end in (value - error, value + error))
    for row in np.flatnonzero(below != above):
        value[row] = correct(int(row))
    return scale.of(value).astype(np.float32)


def _halving_sum(values: Doubles) -> Doubles:
    """Sum each row in one order, the second half onto the first, repeated; `values` is consumed.

    Unlike `numpy.sum`, whose order is the vector unit's, it gives the same on every machine.
    """
    width = values.shape[1]
    while width > 1:
        half = width // 2
        values[:, :half] += values[:, width - half : width]
        width -= half
    return values[:, 0]
