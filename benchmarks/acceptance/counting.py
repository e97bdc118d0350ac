"""Populations to `Evidence`, with every study a row, by the formulas of the package.

`tests/inference/test_acceptance.py` holds that `lfr_eval.inference` counts one study the same way.
"""

from __future__ import annotations

import numpy as np

from benchmarks.worlds import LEVELS, PASSES, Matches
from lfr_eval.inference.cells import divide, leverage_factor, satterthwaite, sharing_correction
from lfr_eval.inference.precision import Evidence


def of_passes(events: np.ndarray, passes: np.ndarray | int = PASSES) -> Evidence:
    """Count events (levels, studies, people) of people with some passes each."""
    a = np.moveaxis(events, 0, -1).astype(float)
    m = np.broadcast_to(np.asarray(passes, float), a.shape[:2])[..., None]
    people = float(a.shape[1])
    x, n = a.sum(axis=1), m.sum(axis=1)
    rate = x / n
    residual = a - rate[:, None] * m
    squares = np.sum(residual**2, axis=1)
    factor = leverage_factor(m[..., 0], n, np.full_like(n, people))[..., None]
    robust = np.sum((factor * residual) ** 2, axis=1) / n**2
    return Evidence(
        x,
        np.broadcast_to(n, x.shape),
        np.maximum(robust, rate * (1 - rate) / n),
        satterthwaite(squares, np.sum(residual**4, axis=1), people),
        a.max(axis=1),
        (m - a).max(axis=1),
        np.full((len(x), 1), people),
        np.count_nonzero(a, axis=1).astype(float),
        np.count_nonzero(m - a, axis=1).astype(float),
        pairs=False,
        falling=True,
    )


def of_matches(matches: Matches) -> Evidence:
    """Count false matches; dyadic variance, not below that of independent pairs."""
    n, top = matches.people, len(LEVELS)
    pairs = n * (n - 1) / 2
    shape = (matches.studies, top)
    x, squares, fourths, largest, affected = (np.zeros(shape) for _ in range(5))
    for step in range(top):
        at = matches.level >= step
        ends = [matches.study[at] * n + side[at] for side in (matches.first, matches.second)]
        degree = np.bincount(np.concatenate(ends), minlength=matches.studies * n)
        degree = degree.reshape(matches.studies, n).astype(float)
        x[:, step] = degree.sum(axis=1) / 2
        residual = degree - x[:, [step]] / pairs * (n - 1)
        squares[:, step] = np.sum(residual**2, axis=1)
        fourths[:, step] = np.sum(residual**4, axis=1)
        largest[:, step] = degree.max(axis=1)
        affected[:, step] = np.count_nonzero(degree, axis=1)
    rate = x / pairs
    between = x * (1 - 2 * rate) + rate**2 * pairs
    correction = sharing_correction(n * (n - 1.0) ** 2 - pairs, pairs)
    variance = np.maximum(correction * (squares - between), between) / pairs**2
    return Evidence(
        x,
        np.full(shape, pairs),
        np.maximum(variance, divide(rate * (1 - rate), pairs)),
        satterthwaite(squares, fourths, float(n)),
        largest,
        np.full(shape, n - 1.0),
        np.full((matches.studies, 1), float(n)),
        affected,
        np.full(shape, float(n)),
        pairs=True,
        falling=True,
    )
