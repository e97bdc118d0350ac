"""Stage `inference`: one question about all groups at once.

In: each group's comparison with the rest as a signed normal deviate, and what the groups' trials
are worth. Out: one p-value, against the same contrasts of groups that do not differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from lfr_eval.inference.cells import Bools, Codes, Floats, divide

DRAWS = 6000
"""Draws of groups that do not differ."""


@dataclass(frozen=True)
class Omnibus:
    """All groups at once.

    Attributes
    ----------
    statistic : (thresholds,)
        Largest deviate of a group from the rest, without its sign.
    p_value : (thresholds,)
        NaN where fewer than two groups have trials.
    """

    statistic: Floats
    p_value: Floats


def signed_deviates(p_values: Floats, difference: Floats) -> Floats:
    """Two-sided p-values as normal deviates with the sign of the difference; 0 where undefined."""
    half = np.clip(np.nan_to_num(p_values, nan=1.0), 1e-15, 1.0) / 2
    deviates: Floats = -special.ndtri(half) * np.sign(difference)
    return deviates


def omnibus(deviates: Floats, trials: Floats, effective: Floats, seed: int) -> Omnibus:
    """Test whether any group differs from the rest.

    Parameters
    ----------
    deviates : (groups, thresholds)
        Signed deviates of each group against the rest.
    trials, effective : (groups, thresholds)
        Trials, which weigh the groups in the rest, and effective trials.
    seed
        Seed of the draws, the same for every threshold.

    Notes
    -----
    Independent normals with the standard errors that the groups would have at a common rate give
    the distribution of the contrasts, whatever the sizes of the groups. Two statistics are ranked
    among 6,000 draws, the largest deviate (one group stands out) and the sum of their squares
    (several differ a little); the smaller rank is judged by its own distribution, so that asking
    twice costs nothing.
    """
    rng = np.random.default_rng([seed, len(deviates)])
    normal = rng.standard_normal((DRAWS, len(deviates)))
    top = deviates.shape[1]
    p_value = np.full(top, np.nan)
    for step in range(top):
        used = (trials[:, step] > 0) & (effective[:, step] > 0)
        if np.count_nonzero(used) < 2:
            continue
        null = null_contrasts(normal[:, used], trials[used, step], effective[used, step])
        p_value[step] = _double_rank(deviates[used, step], null)
    return Omnibus(np.abs(deviates).max(axis=0, initial=0.0), p_value)


def bonferroni(p_values: Floats, deviates: Floats) -> tuple[Floats, Floats, Bools]:
    """Test all sides at once where they share people, (sides, thresholds).

    Their contrasts then depend on one another in a way that few events do not tell; Bonferroni
    holds for any dependence.

    Returns
    -------
    statistic, p_value, testable : (thresholds,)
        The largest deviate without its sign; the p-value is NaN where no side is testable.
    """
    testable = np.any(~np.isnan(p_values), axis=0)
    smallest = np.min(np.where(np.isnan(p_values), 1.0, p_values), axis=0)
    together = np.where(testable, np.minimum(smallest * len(p_values), 1.0), np.nan)
    return np.abs(deviates).max(axis=0), together, testable


def null_contrasts(normal: Floats, trials: Floats, effective: Floats) -> Floats:
    """Contrasts of each group with the rest, of unit variance, (draws, groups)."""
    error = 1 / np.sqrt(effective)
    values = normal * error
    rest = trials.sum() - trials
    weighted = values * trials
    others = divide(weighted.sum(axis=1, keepdims=True) - weighted, rest)
    squares = (trials * error) ** 2
    spread = np.sqrt(error**2 + divide(squares.sum() - squares, rest**2))
    contrasts: Floats = (values - others) / spread
    return contrasts


def critical_values(null: Floats, alpha: float) -> tuple[float, float]:
    """Return the largest deviate and the sum of squares beyond either of which a test rejects."""
    drawn, ranks = _ranked(null)
    share = float(np.quantile(np.minimum(*ranks), alpha))
    largest, squares = (float(np.quantile(values, 1 - share)) for values in drawn)
    return largest, squares


def _double_rank(observed: Floats, null: Floats) -> float:
    """P-value of the smaller of two ranks, by the null draws themselves."""
    drawn, ranks = _ranked(null)
    seen = (reduce(observed[None])[0] for reduce in (_largest, _squares))
    own = [
        (np.count_nonzero(values >= one) + 1) / (len(values) + 1)
        for values, one in zip(drawn, seen, strict=True)
    ]
    return float((np.count_nonzero(np.minimum(*ranks) <= min(own)) + 1) / (len(null) + 1))


def _ranked(null: Floats) -> tuple[list[Floats], list[Floats]]:
    """Return the two statistics of every draw, and their ranks among the draws."""
    drawn = [_largest(null), _squares(null)]
    return drawn, [(len(values) - _below(values)) / (len(values) + 1) for values in drawn]


def _below(values: Floats) -> Codes:
    """How many values are below each one; values in order are looked up several times faster."""
    order = np.argsort(values)
    below = np.empty(len(values), np.intp)
    below[order] = np.searchsorted(values[order], values[order])
    return below


def _largest(deviates: Floats) -> Floats:
    largest: Floats = np.abs(deviates).max(axis=1)
    return largest


def _squares(deviates: Floats) -> Floats:
    total: Floats = np.sum(deviates**2, axis=1)
    return total
