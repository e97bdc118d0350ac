"""Stage `inference`: false match rates beyond the last observed event, from a model of the tail.

In: the comparisons of one group above a floor, redrawn people. Out: `TailFit`. A generalised
Pareto distribution is fitted to the scores above a floor that diagnostics choose; its interval
comes from redrawing people. Where the diagnostics fail, the fit is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Floats

LEAST_EXCEEDANCES = 100
FIT_LEVEL = 0.1
OUTLIER = 0.001
"""Fewer expected scores at or above the highest one, and it is taken for an outlier."""
TRIMMED = 0.02
"""Share of the highest scores that have no say in what is expected of the highest."""
SHAPES = (-0.5, 0.5)
"""Shapes in which the moments of the fit exist and its errors are regular."""
COUNTS = (1000, 500, 250, 150, LEAST_EXCEEDANCES)
"""Scores above the floors that are tried."""
LARGEST_SHARE = 0.03
"""Largest share of the comparisons above a floor: a lower floor fails silently."""


@dataclass(frozen=True)
class TailFit:
    """A fitted tail.

    Attributes
    ----------
    floor
        Score above which the tail was fitted.
    exceedances
        Comparisons above it.
    share, shape, scale
        Share of all comparisons above the floor, and the two parameters.
    replicates : (3, replicates)
        The same three under redrawn people.
    fit_p_value
        Goodness of fit: how often redrawn people fit worse.
    refused
        Why the fit must not be used; empty where it may.
    """

    floor: float
    exceedances: int
    share: float
    shape: float
    scale: float
    replicates: Floats
    fit_p_value: float
    refused: str = ""

    def rate(self, threshold: float, level: float) -> tuple[float, float, float]:
        """Modelled rate at a threshold not below the floor, with its interval.

        Score distributions whose logarithm bends down all the way (normal ones, for one) look
        like tails that end: a fitted negative shape then puts the rate too low, the sooner the
        more data pins it down. The upper end therefore lets no redrawn tail fall faster than an
        exponential one, the slowest of all such distributions, and the rate itself is half way:
        a negative shape is halved, as it shrinks the further out one looks.
        """
        above = threshold - self.floor
        share, shape, scale = self.replicates
        half = self.shape / 2 if self.shape < 0 else self.shape
        mean = self.scale / (1 - self.shape)
        rate = float(survival(self.share, half, mean * (1 - half), above))
        tail = (1 - level) / 2
        low = float(np.quantile(survival(share, shape, scale, above), tail))
        # With the shape held at 0 the fitted scale is the mean excess, scale / (1 - shape).
        slow = survival(
            share, np.maximum(shape, 0.0), np.where(shape < 0, scale / (1 - shape), scale), above
        )
        return rate, min(low, rate), max(float(np.quantile(slow, 1 - tail)), rate)


def survival(
    share: Floats | float, shape: Floats | float, scale: Floats | float, above: float
) -> Floats:
    """Rate of scores more than `above` over the floor, share (1 + shape above / scale)^(-1/shape).

    0 beyond the end point that a negative shape implies.

    References
    ----------
    Pickands (1975), Annals of Statistics 3, 119-131.
    """
    shape = np.where(np.abs(shape) < 1e-6, 1e-6, shape)
    with np.errstate(divide="ignore"):
        log = np.log(np.maximum(1 + shape * above / scale, 0.0))
        return np.asarray(share * np.exp(-log / shape))


def fit(excess: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Fit shape and scale by weighted probability-weighted moments.

    Parameters
    ----------
    excess : (exceedances,)
        Scores less the floor, ascending.
    weight : (..., exceedances)
        Weight of each.

    References
    ----------
    Hosking & Wallis (1987), Technometrics 29, 339-349.
    """
    total = weight.sum(axis=-1)
    below = (np.cumsum(weight, axis=-1) - weight / 2) / total[..., None]
    mean = (weight * excess).sum(axis=-1) / total
    first = (weight * excess * (1 - below)).sum(axis=-1) / total
    gap = np.maximum(mean - 2 * first, 1e-12)
    return 2 - mean / gap, 2 * mean * first / gap


def distance(excess: Floats, weight: Floats, shape: Floats, scale: Floats) -> Floats:
    """Signed distances of the fitted from the weighted empirical distribution function."""
    total = weight.sum(axis=-1, keepdims=True)
    empirical = (np.cumsum(weight, axis=-1) - weight / 2) / total
    above = np.maximum(1 + shape[..., None] * excess / scale[..., None], 1e-12)
    shape = np.where(np.abs(shape) < 1e-6, 1e-6, shape)
    apart: Floats = empirical - (1 - above ** (-1 / shape[..., None]))
    return apart


def fit_tail(
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    score: Floats,
    comparisons: float,
    weights: Floats,
    redrawn_comparisons: Floats,
    floor: float,
) -> TailFit:
    """Choose a floor by diagnostics and fit the tail above it.

    Floors are tried from the lowest (most data) up. One is taken if its fit is not rejected by
    the Cramer-von Mises distance under redrawn people, and if the shape agrees, within its error,
    with the shapes over the higher floors.

    Parameters
    ----------
    first, second : (hits,)
        The people of every comparison above `floor`.
    score : (hits,)
        Its score.
    comparisons
        All comparisons.
    weights : (replicates, people)
        How often people are redrawn.
    redrawn_comparisons : (replicates,)
        All comparisons under redrawn people.
    floor
        No comparison below it is listed.
    """
    order = np.argsort(score, kind="stable")
    score, first, second = score[order].astype(float), first[order], second[order]
    candidates = [
        _candidate(first, second, score, comparisons, weights, redrawn_comparisons, count)
        for count in _counts(len(score), comparisons)
    ]
    if not candidates:
        return _refused(floor, len(score), f"fewer than {LEAST_EXCEEDANCES} scores above the floor")
    for index, one in enumerate(candidates):
        spread = one.replicates[1].std()
        stable = all(
            abs(other.shape - one.shape)
            <= 2 * np.sqrt(max(other.replicates[1].var() - spread**2, 0.0)) + spread
            for other in candidates[index + 1 :]
        )
        if one.fit_p_value >= FIT_LEVEL and stable and SHAPES[0] < one.shape < SHAPES[1]:
            if expected_at_highest(score[-one.exceedances :] - one.floor) < OUTLIER:
                reason = "the highest score is beyond the model: two identities of one person?"
                return replace(one, refused=reason)
            return one
    return _refused(
        candidates[-1].floor,
        candidates[-1].exceedances,
        "no floor at which a generalised Pareto distribution fits and its shape is stable",
    )


def expected_at_highest(excess: Floats) -> float:
    """Return how many scores at or above the highest the others lead one to expect.

    Mislabelled pairs, one person under two identities, are the highest scores of all.
    """
    rest = excess[: len(excess) - max(1, int(TRIMMED * len(excess)))]
    shape, scale = fit(rest, np.ones(len(rest)))
    slow = float(scale / (1 - shape)) if shape < 0 else float(scale)
    return float(survival(len(excess), max(float(shape), 0.0), slow, float(excess[-1])))


def _counts(hits: int, comparisons: float) -> list[int]:
    """Numbers of exceedances to try, the most first."""
    return [n for n in COUNTS if n < hits and n <= LARGEST_SHARE * comparisons]


def _candidate(
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    score: Floats,
    comparisons: float,
    weights: Floats,
    redrawn_comparisons: Floats,
    count: int,
) -> TailFit:
    floor = float(score[-count - 1])
    a, b, excess = first[-count:], second[-count:], score[-count:] - floor
    one = np.ones(count)
    shape, scale = fit(excess, one)
    seen = distance(excess, one, np.asarray(shape), np.asarray(scale))
    replicates, statistic = np.empty((3, len(weights))), np.empty(len(weights))
    for start in range(0, len(weights), 100):
        part = slice(start, start + 100)
        weight = (weights[part][:, a] * weights[part][:, b]).astype(float)
        # A replicate that draws hardly anybody of the tail keeps a trace of all of it.
        weight += 1e-9
        shapes, scales = fit(excess, weight)
        replicates[:, part] = weight.sum(axis=1) / redrawn_comparisons[part], shapes, scales
        moved = distance(excess, weight, shapes, scales) - seen
        statistic[part] = np.mean(moved**2, axis=1)
    p_value = (1 + np.count_nonzero(statistic >= np.mean(seen**2))) / (1 + len(weights))
    return TailFit(
        floor, count, count / comparisons, float(shape), float(scale), replicates, float(p_value)
    )


def _refused(floor: float, exceedances: int, reason: str) -> TailFit:
    nothing = np.empty((3, 0))
    return TailFit(floor, exceedances, np.nan, np.nan, np.nan, nothing, np.nan, reason)
