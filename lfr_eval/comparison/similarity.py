"""How two templates are compared, and what the one score of a comparison is.

A tile of comparisons is one matrix product in low precision, whose rounding depends on its shape
and on the processor. It only screens. The score on which anything is decided is computed for each
surviving pair by itself: the sum of its products in float64, correctly rounded, then rounded to
float32. It is the same for every tile size, thread count, device and machine.
"""

from __future__ import annotations

from math import fsum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]
Doubles = NDArray[np.float64]

UNIT = 2.0**-53
"""Unit roundoff of float64."""


class Similarity(Protocol):
    """A comparison score; higher means more alike."""

    @property
    def name(self) -> str:
        """Its name in `SIMILARITIES`."""

    @property
    def templates_are_factors(self) -> bool:
        """Whether `factors` returns the templates themselves, on either side."""

    def prepare(self, vectors: Vectors, out: Vectors | None = None) -> Vectors:
        """Return templates as they are compared, (n, size), in `out` where it is given."""

    def shift(self, vectors: Vectors, moved: NDArray[np.floating]) -> float:
        """Return how far a score may be off if each template is off by the length `moved`."""

    def factors(self, vectors: Vectors, side: int) -> Doubles:
        """Return prepared templates as a side (0 or 1) of the screening product."""

    def bar(self, score: float) -> float:
        """Return the screening product that a score corresponds to."""

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return the scores of prepared templates, row by row: the ones that decide."""


class Cosine:
    """Cosine of the angle between two templates."""

    name = "cosine"
    templates_are_factors = True

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
        """Return twice the largest angle by which a template may have turned.

        A vector that is off by a share r of its length turns by at most arcsin r, and the cosine
        of an angle changes no faster than the angle.
        """
        share = 0.0
        for start in range(0, len(vectors), 512):
            rows = slice(start, start + 512)
            length = np.linalg.norm(vectors[rows].astype(np.float64), axis=1)
            turned = np.divide(moved[rows], length, out=np.zeros(len(length)), where=length > 0)
            share = max(share, float(turned.max(initial=0.0)))
        return 2.0 * float(np.arcsin(min(share, 1.0)))

    def bar(self, score: float) -> float:
        """Return the score itself."""
        return score

    def _precise(self, left: Vectors, right: Vectors) -> Doubles:
        # Rounds to the right float32; the last bits of the float64 depend on the machine.
        inner: Doubles = np.einsum("ij,ij->i", left, right, dtype=np.float64)
        # sum |x_i y_i| <= |x| |y|, and prepared templates are of unit length.
        for row in np.flatnonzero(_rounds_either_way(inner, _sum_error(left.shape[1], 1.0001))):
            # The product of two float32 values is exact in float64, so this sum is correct.
            inner[row] = fsum((left[row].astype(np.float64) * right[row]).tolist())
        return inner

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return inner products, row by row, rounded to float32."""
        return self._precise(left, right).astype(np.float32)


class MinusEuclidean:
    """Minus the Euclidean distance between two templates."""

    name = "euclidean"
    templates_are_factors = False

    def prepare(self, vectors: Vectors, out: Vectors | None = None) -> Vectors:  # noqa: ARG002
        """Return the templates themselves."""
        return vectors

    def shift(self, vectors: Vectors, moved: NDArray[np.floating]) -> float:  # noqa: ARG002
        """Return twice the farthest that a template may have moved."""
        return 2.0 * float(np.max(moved, initial=0.0))

    def factors(self, vectors: Vectors, side: int) -> Doubles:
        """Append columns so that the product is minus the squared distance."""
        doubles = vectors.astype(np.float64)
        square = np.einsum("ij,ij->i", doubles, doubles)[:, None]
        one = np.ones_like(square)
        extra = (-square, -one) if side == 0 else (one, square)
        return np.hstack([np.sqrt(2.0) * doubles, *extra])

    def bar(self, score: float) -> float:
        """Return minus the square of the distance; no score is above zero."""
        return -(score**2) if score <= 0.0 else np.inf

    def _precise(self, left: Vectors, right: Vectors) -> Doubles:
        gap = left.astype(np.float64) - right
        square: Doubles = np.einsum("ij,ij->i", gap, gap)
        score = -np.sqrt(square)
        # A relative error of the square is halved by the root, whose own rounding is one more.
        error = (_sum_error(left.shape[1], 1.0) + UNIT) * -score
        for row in np.flatnonzero(_rounds_either_way(score, error)):
            score[row] = -np.sqrt(fsum((gap[row] * gap[row]).tolist()))
        return score

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return minus the distances, row by row, rounded to float32."""
        return self._precise(left, right).astype(np.float32)


SIMILARITIES: dict[str, Similarity] = {"cosine": Cosine(), "euclidean": MinusEuclidean()}


def _sum_error(size: int, magnitude: float) -> float:
    # Whatever the order of a sum of n products of float64: |error| <= gamma_n sum |x_i y_i| with
    # gamma_n = n u / (1 - n u) (Higham 2002, Accuracy and Stability of Numerical Algorithms,
    # section 3.1).
    return (size + 2) * UNIT / (1.0 - (size + 2) * UNIT) * magnitude


def _rounds_either_way(value: Doubles, error: Doubles | float) -> NDArray[np.bool_]:
    """Which values may round to another float32 than what they approximate within `error`."""
    below, above = (value - error).astype(np.float32), (value + error).astype(np.float32)
    return np.asarray(below != above)


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
