"""How two templates are compared, and what the one score of a comparison is.

A tile of comparisons is one matrix product in float32, whose rounding depends on its shape. It
only screens: the score on which anything is decided is computed for each surviving pair by
itself, in float64 rounded to float32, and so is the same for every tile size, thread count and
machine.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]


class Similarity(Protocol):
    """A comparison score; higher means more alike."""

    def margin(self, vectors: Vectors) -> float:
        """Bound the difference of screening and exact scores of prepared templates."""

    def prepare(self, vectors: Vectors) -> Vectors:
        """Return templates as they are compared, (n, size)."""

    def factors(self, vectors: Vectors, side: int) -> Vectors:
        """Return prepared templates as a side (0 or 1) of the screening product."""

    def screen(self, product: Scores) -> Scores:
        """Turn screening products into screening scores, in place."""

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return the scores of prepared templates, row by row."""


def _product_error(size: int, magnitude: float) -> float:
    # |fl(x.y) - x.y| <= gamma_n |x|.|y| with gamma_n = n u / (1 - n u) and unit roundoff u
    # (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1); the two extra
    # terms cover the rounding of the inputs.
    roundoff = (size + 2) * 2.0**-24
    return magnitude * roundoff / (1.0 - roundoff)


class Cosine:
    """Cosine of the angle between two templates."""

    def margin(self, vectors: Vectors) -> float:
        """Bound the rounding of a float32 inner product of unit vectors."""
        return _product_error(vectors.shape[1], 1.0)

    def prepare(self, vectors: Vectors) -> Vectors:
        """Return templates of unit length."""
        length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        return np.asarray(vectors / length[:, None], np.float32)

    def factors(self, vectors: Vectors, side: int) -> Vectors:  # noqa: ARG002
        """Return the templates themselves."""
        return vectors

    def screen(self, product: Scores) -> Scores:
        """Return the product itself."""
        return product

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return inner products, row by row."""
        products = np.einsum("ij,ij->i", left, right, dtype=np.float64)
        return np.asarray(products, np.float32)


class MinusEuclidean:
    """Minus the Euclidean distance between two templates."""

    def margin(self, vectors: Vectors) -> float:
        """Bound the rounding of the distance: at most the root of that of its square."""
        longest = float(np.einsum("ij,ij->i", vectors, vectors).max(initial=0.0))
        return float(np.sqrt(_product_error(vectors.shape[1] + 2, 4.0 * longest)))

    def prepare(self, vectors: Vectors) -> Vectors:
        """Return the templates themselves."""
        return vectors

    def factors(self, vectors: Vectors, side: int) -> Vectors:
        """Append columns so that the product is minus the squared distance."""
        square = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)[:, None]
        one = np.ones_like(square)
        extra = (-square, -one) if side == 0 else (one, square)
        return np.hstack([np.sqrt(2.0) * vectors, *extra]).astype(np.float32)

    def screen(self, product: Scores) -> Scores:
        """Return minus the square root of minus the product."""
        np.minimum(product, 0.0, out=product)
        np.negative(product, out=product)
        np.sqrt(product, out=product)
        return np.negative(product, out=product)

    def exact(self, left: Vectors, right: Vectors) -> Scores:
        """Return minus the distances, row by row."""
        gap = left.astype(np.float64) - right
        return np.asarray(-np.sqrt(np.einsum("ij,ij->i", gap, gap)), np.float32)


SIMILARITIES: dict[str, Similarity] = {"cosine": Cosine(), "euclidean": MinusEuclidean()}
