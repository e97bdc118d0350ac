"""Stage `inference`: adjustment of p-values for the number of questions asked.

In: p-values. Out: adjusted p-values, Holm's within a primary family, Benjamini and Hochberg's
for exploration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Floats


def holm(p_values: Floats) -> Floats:
    """Adjust p-values so that the chance of any false claim in the family stays below alpha.

    Parameters
    ----------
    p_values : (tests,)
        NaN: not tested, and not counted.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order, p = _sorted(p_values)
    steps = np.minimum(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), 1.0)
    return _restored(p_values, order, steps)


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjust p-values so that the expected share of false claims among claims is below alpha.

    Parameters
    ----------
    p_values : (tests,)
        NaN: not tested, and not counted.

    References
    ----------
    Benjamini & Hochberg (1995), JRSS B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.04, 0.04]
    """
    order, p = _sorted(p_values)
    scaled = p * len(p) / np.arange(1, len(p) + 1)
    steps = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return _restored(p_values, order, steps)


def told_at(alpha: float, p_values: Floats, shared: float) -> Floats:
    """Return p-values to be read at `alpha`, of tests that together have `shared` of it.

    Parameters
    ----------
    p_values : (tests,)
        Adjusted among these tests.

    Examples
    --------
    >>> told_at(0.05, np.array([0.01, 0.75]), 0.025).tolist()
    [0.02, 1.0]
    """
    scaled: Floats = np.minimum(p_values * (alpha / shared), 1.0)
    return scaled


def _sorted(p_values: Floats) -> tuple[NDArray[np.intp], Floats]:
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    return order, p_values[order]


def _restored(p_values: Floats, order: NDArray[np.intp], steps: Floats) -> Floats:
    adjusted = np.full(len(p_values), np.nan)
    adjusted[order] = steps
    return adjusted
