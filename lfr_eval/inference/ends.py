"""Stage `inference`: one-sided ends of a rate's interval, at any level.

In: `Precision`. Out: lower and upper ends. Whatever is said about one rate or two is made of these
ends, so that nothing that is printed can contradict anything else.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.precision import Precision

LEAST_LEVEL, GREATEST_LEVEL = 1e-15, 0.4999
"""One-sided levels between which ends are defined."""


MANY = 1e8
"""Degrees of freedom beyond which Student's distribution is normal."""


def student_factor(level: Floats | float, degrees: Floats | float) -> Floats:
    """Factor on effective trials for an estimated variance, (z / t)^2 at a one-sided level.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.
    """
    z = special.ndtri(level)
    t = special.stdtrit(np.minimum(degrees, MANY), level)
    factor: Floats = divide(z, t, otherwise=1.0) ** 2
    return factor


def lower_ends(cells: Precision, level: Floats | float) -> Floats:
    """Lower ends at one-sided level `level`, which broadcasts against the cells."""
    return _ends(cells, level, upper=False)


def upper_ends(cells: Precision, level: Floats | float) -> Floats:
    """Upper ends at one-sided level `level`, which broadcasts against the cells."""
    return _ends(cells, level, upper=True)


def _ends(cells: Precision, level: Floats | float, upper: bool) -> Floats:
    """Find ends on the rarer outcome: above a half on trials without an event, swapped."""
    x, n, effect, degrees, clump, level = np.broadcast_arrays(
        cells.events, cells.trials, cells.effect, cells.degrees, cells.clump, level
    )
    level = np.clip(level, LEAST_LEVEL, GREATEST_LEVEL)
    factor = student_factor(level, degrees)
    rate = divide(x, n)
    often = rate > 0.5
    rare = np.where(often, n - x, x)
    outer = upper != often
    result = np.empty(x.shape)
    empty = n <= 0
    for wanted, make in ((True, _outer), (False, _inner)):
        at = (outer == wanted) & ~empty
        if np.any(at):
            w = np.where(often, effect, clump)[at]
            result[at] = make(rare[at], n[at], effect[at], w, factor[at], level[at])
    result = np.where(often, 1 - result, result)
    # Rounding and the half clump must never put an end on the wrong side of the rate.
    result = np.maximum(result, rate) if upper else np.minimum(result, rate)
    return np.where(empty, 1.0 if upper else 0.0, result)


def _inner(
    x: Floats,
    n: Floats,
    effect: Floats,
    clump: Floats,  # noqa: ARG001 - as `_outer`
    factor: Floats,
    level: Floats,
) -> Floats:
    """Lower end of the rarer outcome: Jeffreys' on effective trials."""
    a = factor * x / effect + 0.5
    b = factor * (n - x) / effect + 0.5
    found: Floats = special.betaincinv(a, b, level)
    return np.where(x > 0, found, 0.0)


def _outer(
    x: Floats, n: Floats, effect: Floats, clump: Floats, factor: Floats, level: Floats
) -> Floats:
    """Upper end of the rarer outcome: as if half a clump more had been seen.

    References
    ----------
    Fay & Feuer (1997), Statistics in Medicine 16, 791-801; Tiwari, Clegg & Zou (2006), Statistical
    Methods in Medical Research 15, 547-569.
    """
    spread = x * effect + clump**2 / 2
    events = (x + clump / 2) ** 2 / spread
    trials = n * (x + clump / 2) / spread
    a = factor * events + (1 - factor) / 2
    b = factor * np.maximum(trials - events, 0.25) + (1 - factor) / 2 + 0.25
    # 1 - Beta(a, b) is Beta(b, a): no digits are lost in 1 - level.
    found: Floats = 1 - special.betaincinv(b, a, level)
    # Without an event the interval has one end, so that end has the whole error: the rule of three.
    none = -np.expm1(np.log(2 * level) / np.maximum(trials, 1e-12))
    return np.where(x > 0, found, np.maximum(found, none))
