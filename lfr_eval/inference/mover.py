"""Stage `inference`: two rates compared by one inequality, read at different points.

In: `Precision` of two sides. Out: ends of the ratio and of the difference, p-values of difference
and of equivalence. A ratio theta is rejected from below at one-sided level a where

    p_a - theta p_b > 0  and
    (p_a - theta p_b)^2 > (p_a - l)^2 + theta^2 (u - p_b)^2 - 2 r theta (p_a - l) (u - p_b)

with the lower end l of p_a, the upper end u of p_b, and the correlation r of the two estimates (0
for different people). From above the sides change places. This is the method of variance estimates
recovery; no variance of a log ratio is needed, so it stands with few events or none.

References
----------
Zou & Donner (2008), Statistics in Medicine 27, 1693-1702; Donner & Zou (2012), Statistical Methods
in Medical Research 21, 347-359.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lfr_eval.inference import ends
from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.precision import ENOUGH_EVENTS, Precision

LARGEST_CORRELATION = 0.99


@dataclass(frozen=True)
class Compared:
    """Two sides, ready to be compared; all arrays have one shape.

    Attributes
    ----------
    a, b
        The sides.
    correlation
        Correlation of the two rates' errors; 0 where no person is on both sides.
    """

    a: Precision
    b: Precision
    correlation: Floats | float = 0.0

    @classmethod
    def of(cls, a: Precision, b: Precision, covariance: Floats) -> Compared:
        """Prepare two sides with people in common, whose rates have this covariance.

        With few events the covariance says nothing, and none is the safe assumption.
        """
        spread = np.sqrt(a.variance * b.variance)
        correlation = np.clip(divide(covariance, spread), -1.0, LARGEST_CORRELATION)
        enough = cls(a, b).enough
        return cls(a, b, np.where(enough, correlation, np.minimum(correlation, 0.0)))

    @property
    def enough(self) -> Bools:
        """Whether both sides have ten events, and ten trials without one."""
        rare = [np.minimum(one.events, one.trials - one.events) for one in (self.a, self.b)]
        enough: Bools = np.minimum(*rare) >= ENOUGH_EVENTS
        return enough

    @property
    def reversed(self) -> Compared:
        """The sides exchanged."""
        return Compared(self.b, self.a, self.correlation)

    @property
    def defined(self) -> Bools:
        """Whether both sides have trials and either an event."""
        some: Bools = (self.a.trials > 0) & (self.b.trials > 0)
        some &= (self.a.events > 0) | (self.b.events > 0)
        return some

    def pick(self, at: Bools) -> Compared:
        """Return the comparisons at which `at` holds, flattened."""
        r = np.broadcast_to(np.asarray(self.correlation, float), at.shape)[at]
        return Compared(self.a.take(at), self.b.take(at), r)


def ratio_ends(sides: Compared, level: Floats | float) -> tuple[Floats, Floats]:
    """Give the ends of p_a / p_b at the two-sided confidence level `level`.

    Returns
    -------
    lower, upper
        Infinite upper end where side b has no event; NaN where neither has one or one has no
        trial.
    """
    tail = (1 - np.asarray(level, float)) / 2
    lower = _lower_ratio(sides, tail)
    with np.errstate(divide="ignore"):
        upper = 1 / _lower_ratio(sides.reversed, tail)
    defined = sides.defined
    return np.where(defined, lower, np.nan), np.where(defined, upper, np.nan)


def _lower_ratio(sides: Compared, tail: Floats | float) -> Floats:
    """Smallest ratio that is not rejected from below: a root of the inequality in theta."""
    p, q = sides.a.rate, sides.b.rate
    d, e = p - lower_ends(sides.a, tail), upper_ends(sides.b, tail) - q
    # (q^2 - e^2) t^2 - 2 (p q - r d e) t + (p^2 - d^2) = 0, in the form without cancellation.
    square, half = q**2 - e**2, p * q - np.asarray(sides.correlation) * d * e
    rest = np.maximum(p**2 - d**2, 0.0)
    root = np.sqrt(np.maximum(half**2 - square * rest, 0.0))
    below = half + root
    found: Floats = np.divide(rest, below, out=np.zeros(p.shape), where=below > 0)
    return found


def difference_ends(sides: Compared, level: Floats | float) -> tuple[Floats, Floats]:
    """Give the ends of p_a - p_b at the two-sided level `level`; NaN without trials."""
    tail = (1 - np.asarray(level, float)) / 2
    p, q = sides.a.rate, sides.b.rate
    known = (sides.a.trials > 0) & (sides.b.trials > 0)
    lower = p - q - _width(p - lower_ends(sides.a, tail), upper_ends(sides.b, tail) - q, sides)
    upper = p - q + _width(upper_ends(sides.a, tail) - p, q - lower_ends(sides.b, tail), sides)
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def _width(d: Floats, e: Floats, sides: Compared) -> Floats:
    width: Floats = np.sqrt(np.maximum(d**2 + e**2 - 2 * np.asarray(sides.correlation) * d * e, 0))
    return width


def smallest_level(sides: Compared, ratio: float) -> Floats:
    """Smallest one-sided level at which `ratio` is rejected from below; 1/2 where at none.

    It is the level at which the two sides of the inequality are equal.
    """
    p, q = sides.a.rate, ratio * sides.b.rate
    result = np.full(p.shape, 0.5)
    at = (p > q) & sides.defined
    if not np.any(at):
        return result
    few = sides.pick(at)
    gap = p[at] - q[at]

    def excess(level: Floats) -> Floats:
        d = few.a.rate - lower_ends(few.a, level)
        e = ratio * (upper_ends(few.b, level) - few.b.rate)
        width = _width(d, e, few)
        return (gap - width) / (gap + width)

    result[at] = ends.smallest_level(excess, gap.shape)
    return result


def p_value(sides: Compared) -> Floats:
    """Two-sided p-value of equal rates; NaN where undefined."""
    smallest = np.minimum(smallest_level(sides, 1.0), smallest_level(sides.reversed, 1.0))
    return np.where(sides.defined, np.minimum(2 * smallest, 1.0), np.nan)


def equivalence_p(sides: Compared, margin: float) -> Floats:
    """Larger p-value of the two one-sided tests that the ratio lies within the margin.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    p, q, ratio = sides.a.rate, sides.b.rate, 1 / margin
    result = np.where(sides.defined, 1.0, np.nan)
    # Rates that are observed outside of the margin are at no level within it.
    inside = (p > ratio * q) & (q > ratio * p) & sides.defined
    if np.any(inside):
        few = sides.pick(inside)
        larger = np.maximum(smallest_level(few, ratio), smallest_level(few.reversed, ratio))
        result[inside] = np.where(larger >= 0.5, 1.0, larger)
    return result
