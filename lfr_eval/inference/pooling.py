"""Stage `inference`: rates of small intersections, pooled with what their parts lead to expect.

In: rates of the groups of a crossed factor and what their trials are worth. Out: pooled rates with
intervals, beside the raw ones and never a verdict: pooling trades bias for variance, and draws a
group whose rate really is exceptional towards the others.

The model (Fay & Herriot 1979) is on log odds: y = X b + u + e, with the main effects of the parts
in X, u of variance t^2 between groups, and e of the known variance of each group's own rate. t^2
solves the moment equation of Paule & Mandel; the error of the pooled rate counts that b and t^2
were estimated (Prasad & Rao 1990; Datta & Lahiri 2000).

References
----------
Fay & Herriot (1979), JASA 74, 269-277; Paule & Mandel (1982), J. Research of the National Bureau of
Standards 87, 377-385; Prasad & Rao (1990), JASA 85, 163-171.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lfr_eval.contract.tables import CROSS
from lfr_eval.inference.cells import Floats
from lfr_eval.inference.intervals import critical

POOLED = ("pooled", "pooled_lower", "pooled_upper")
"""Columns of table `rates`."""
FEWEST_GROUPS = 4
SPARE = 2
"""Groups more than columns of the design that leave something to estimate t^2 from."""
_STEPS = 40
_MOST_VARIANCE = 100.0


@dataclass(frozen=True)
class Pooled:
    """Pooled rates of groups, each (groups,)."""

    rate: Floats
    lower: Floats
    upper: Floats


def pooled_rates(
    names: Sequence[str], rate: Floats, effective_trials: Floats, level: float
) -> Pooled:
    """Pool the rates of the groups of a crossed factor at one threshold.

    Parameters
    ----------
    names : (groups,)
        Labels of every group, joined by `tables.CROSS`.
    rate, effective_trials : (groups,)
        The raw rates, and how many independent trials they are worth.
    level
        Of the intervals.

    Returns
    -------
    Pooled
        NaN for groups without trials, and for all where they are fewer than four.
    """
    nothing = np.full(len(names), np.nan)
    used = np.flatnonzero(effective_trials > 0)
    if len(used) < FEWEST_GROUPS:
        return Pooled(nothing, nothing, nothing)
    events, trials = (rate * effective_trials)[used], effective_trials[used]
    odds = np.log((events + 0.5) / (trials - events + 0.5))
    own = 1 / (events + 0.5) + 1 / (trials - events + 0.5)
    center, error = shrunken(odds, own, main_effects([names[int(at)] for at in used]))
    wide = float(critical(level)) * error
    found = []
    for value in (center, center - wide, center + wide):
        whole = nothing.copy()
        whole[used] = special.expit(value)
        found.append(whole)
    return Pooled(*found)


def main_effects(names: Sequence[str]) -> Floats:
    """Return the design: 1, and each label of each part but its first; only 1 for few groups."""
    parts = [name.split(CROSS) for name in names]
    columns = [np.ones(len(names))]
    for values in zip(*parts, strict=True):
        columns += [np.array([v == one for v in values], float) for one in sorted(set(values))[1:]]
    design = np.stack(columns, axis=1)
    full = np.linalg.matrix_rank(design) == design.shape[1]
    return design if full and len(names) - design.shape[1] >= SPARE else design[:, :1]


def shrunken(y: Floats, own: Floats, design: Floats) -> tuple[Floats, Floats]:
    """Return the best predictions of X b + u and the roots of their mean squared errors.

    Parameters
    ----------
    y, own : (groups,)
        Estimates and their known variances.
    design : (groups, columns)
        X.
    """
    between = between_variance(y, own, design)
    weight = 1 / (own + between)
    bread = np.linalg.inv((design.T * weight) @ design)
    fitted = design @ (bread @ (design.T @ (weight * y)))
    share = between * weight
    center = share * y + (1 - share) * fitted
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    # Error of u, of b, and twice that of t^2, whose variance is 2 k / (sum weight)^2.
    error = share * own + (1 - share) ** 2 * leverage
    error = error + 2 * own**2 * weight**3 * 2 * len(y) / weight.sum() ** 2
    return center, np.sqrt(error)


def between_variance(y: Floats, own: Floats, design: Floats) -> float:
    """Variance between groups at which the weighted residuals are as large as they should be."""
    spare = int(len(y) - design.shape[1])

    def excess(between: float) -> float:
        weight = 1 / (own + between)
        bread = np.linalg.inv((design.T * weight) @ design)
        left = y - design @ (bread @ (design.T @ (weight * y)))
        return float(weight @ left**2) - spare

    low, high = 0.0, _MOST_VARIANCE
    if excess(low) <= 0:
        return 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return float(low)
