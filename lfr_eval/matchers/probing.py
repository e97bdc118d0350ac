"""Tests whether a network's output is a template, with faces of random pixels.

A template has several values, does not depend on the other faces of a batch, and differs for
different faces.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PROBES = 4
"""Number of faces of random pixels."""

FEWEST = 2
"""Fewest values of a template."""

TOLERANCE = 1e-3
"""Share of the largest value by which a template may change with its batch. Kernels for other
shapes round differently; layers in training mode change it far more."""

REMEDY = (
    "Export the network again in evaluation mode, with the batch as the first dimension of input "
    "and output and the template as the only output."
)


def probe_faces(size: int) -> list[NDArray[np.uint8]]:
    """Return different faces of random pixels, each (size, size, 3)."""
    return list(np.random.default_rng(1).integers(0, 256, (PROBES, size, size, 3), np.uint8))


def not_a_template(together: NDArray[np.float32], alone: NDArray[np.float32]) -> str | None:
    """Return why a network's output is not a template; None if it may be one.

    Parameters
    ----------
    together, alone : (faces, size)
        Output for all faces in one batch, and for each face by itself.
    """
    size = together.shape[1]
    if size < FEWEST:
        return (
            f"has {size} values per face, too few for a template (perhaps a length or a class): "
            "the template must be the first output"
        )
    if not (np.isfinite(together).all() and np.isfinite(alone).all()):
        return "holds values that are not numbers for a face of random pixels"
    scale = max(float(np.abs(together).max()), float(np.abs(alone).max()))
    if scale == 0:
        return "is zero for every face of random pixels"
    if alone.shape != together.shape or float(np.abs(together - alone).max()) > TOLERANCE * scale:
        return (
            "is another for a face alone than for the same face beside others, or changes from one "
            "time to the next: layers such as BatchNorm and Dropout are in training mode, or the "
            "output is transposed"
        )
    if float(np.abs(alone - alone[0]).max()) <= TOLERANCE * scale:
        return "is the same for faces that are unlike"
    return None
