"""Shared by `inference`: the single numbers for inequality, each with its definition and caveat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lfr_eval.contract import defaults
from lfr_eval.inference.cells import Floats, divide


@dataclass(frozen=True)
class Part:
    """What a measure takes of the rates of one metric.

    Attributes
    ----------
    of
        From rates (..., groups) to values (...).
    least
        Its smallest value for rates of a coefficient of variation, with their mean and number.
    """

    of: Callable[[Floats], Floats]
    least: Callable[[Floats, Floats, int], Floats]


@dataclass(frozen=True)
class Measure:
    """An equity measure and what a reader must know of it.

    Attributes
    ----------
    name, definition, range, caveat
        Printed with every value.
    of
        From rates (..., groups) to values (...); of two metrics for `paired` measures.
    paired
        Whether it needs a false positive and a false negative rate.
    least, most
        Ends of the range.
    part
        What it takes of each metric's rates, where the sampling variance is taken off its interval.
    falls
        Whether it falls from 1 with what it takes.
    weighted
        Whether it takes the plan's weight of false positives.
    """

    name: str
    definition: str
    range: str
    caveat: str
    of: Callable[..., Floats]
    paired: bool = False
    least: float = 0.0
    most: float = np.inf
    part: Part | None = None
    falls: bool = False
    weighted: bool = False

    def under(self, weight: float) -> Measure:
        """Return the measure with a weight of false positives, which its definition states."""
        if not self.weighted:
            return self
        definition = self.definition.format(weight=weight)
        return replace(self, of=partial(self.of, weight=weight), definition=definition)


def gini(rates: Floats) -> Floats:
    """Gini coefficient with the factor k / (k - 1), over the last axis; NaN where all are 0."""
    k = rates.shape[-1]
    gaps = np.abs(rates[..., :, None] - rates[..., None, :]).sum(axis=(-1, -2))
    value = divide(gaps, 2 * k * k * rates.mean(axis=-1), otherwise=np.nan)
    return value * k / (k - 1) if k > 1 else value


def worst_to_best(rates: Floats) -> Floats:
    """Largest over smallest rate; infinite where only the smallest is 0, NaN where all are."""
    worst, best = rates.max(axis=-1), rates.min(axis=-1)
    return np.where(worst > 0, divide(worst, best, otherwise=np.inf), np.nan)


def worst_to_mean(rates: Floats) -> Floats:
    """Largest rate over the geometric mean; infinite where a rate is 0, NaN where all are."""
    worst = rates.max(axis=-1)
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(rates).mean(axis=-1))
    return np.where(worst > 0, divide(worst, mean, otherwise=np.inf), np.nan)


def log_spread(rates: Floats) -> Floats:
    """Spread of the log rates; infinite where a rate is 0, NaN where all are."""
    positive = np.all(rates > 0, axis=-1)
    logs = np.log(np.where(rates > 0, rates, 1.0))
    k = rates.shape[-1]
    spread = logs.std(axis=-1, ddof=1) if k > 1 else np.zeros(rates.shape[:-1])
    return np.where(positive, spread, np.where(rates.max(axis=-1) > 0, np.inf, np.nan))


def garbe(a: Floats, b: Floats, weight: float = defaults.GARBE_WEIGHT) -> Floats:
    """Weighted mean of the Gini coefficients of two rates; `weight` is that of the first."""
    mean: Floats = weight * gini(a) + (1 - weight) * gini(b)
    return mean


def _gap(rates: Floats) -> Floats:
    gap: Floats = rates.max(axis=-1) - rates.min(axis=-1)
    return gap


def _gini_at_least(variation: Floats, _: Floats, k: int) -> Floats:
    """Gini coefficient where one group alone is above the others."""
    least: Floats = variation / np.sqrt(k - 1)
    return least


def _spread_at_least(variation: Floats, _: Floats, k: int) -> Floats:
    """Spread of the log rates where one group alone is above the others."""
    room = np.maximum(np.sqrt(k - 1) - variation, 1e-9)
    least: Floats = np.log1p(variation * k / room) / np.sqrt(k)
    return least


def _gap_at_least(variation: Floats, mean: Floats, _: int) -> Floats:
    """Largest difference where half of the groups are above the others."""
    return 2 * variation * mean


MEASURES = (
    Measure(
        "worst/best",
        "largest over smallest group rate",
        "1 (equal) to infinity",
        "Undefined where the best group has no event; depends on the two extreme groups alone and "
        "grows with the number of groups.",
        worst_to_best,
        least=1.0,
    ),
    Measure(
        "worst/geometric mean",
        "largest group rate over the geometric mean of the group rates",
        "1 (equal) to infinity",
        "Undefined where any group has no event.",
        worst_to_mean,
        least=1.0,
    ),
    Measure(
        "log-ratio spread",
        "standard deviation of the natural logarithms of the group rates",
        "0 (equal) to infinity",
        "Undefined where any group has no event. Chance alone puts the value of equal groups far "
        "above 0: read the interval, which subtracts the sampling variance. With 14 "
        "groups, one at three times the rate of the others, it covers 85 % instead of 95 %.",
        log_spread,
        part=Part(log_spread, _spread_at_least),
    ),
    Measure(
        "Gini",
        "k / (k - 1) times the mean absolute difference of the rates of k groups over twice their "
        "mean",
        "0 (equal) to 1",
        "Does not say which group is worse. Chance alone puts the value of equal groups far "
        "above 0: read the interval, which subtracts the sampling variance. With 14 "
        "groups, one at three times the rate of the others, it covers 85 % instead of 95 %.",
        gini,
        most=1.0,
        part=Part(gini, _gini_at_least),
    ),
    Measure(
        "GARBE",
        "weighted mean of the Gini coefficients of the false positive and the false negative rate "
        "(Howard et al. 2022, arXiv 2203.05051, weight {weight:g} on false positives)",
        "0 (equal) to 1",
        "One number for two kinds of harm to different people. Chance alone puts the value of "
        "equal groups far above 0: read the interval.",
        garbe,
        paired=True,
        most=1.0,
        part=Part(gini, _gini_at_least),
        weighted=True,
    ),
    Measure(
        "FDR",
        "1 - (largest difference of false positive rates + largest difference of false negative "
        "rates) / 2 (Pereira & Marcel 2021, weight 0.5)",
        "0 to 1 (equal)",
        "Differences of rare events are small however large their ratio: 0.04 % against 5.5 % "
        "gives 0.973. Chance alone puts the value of equal groups below 1: read the interval.",
        lambda a, b: 1 - (_gap(a) + _gap(b)) / 2,
        paired=True,
        most=1.0,
        part=Part(_gap, _gap_at_least),
        falls=True,
    ),
    Measure(
        "Inequity Rate",
        "geometric mean of worst/best of the false positive and the false negative rate (weight "
        "0.5)",
        "1 (equal) to infinity",
        "Undefined where a group has no event; a large ratio of one rate can be offset by the "
        "other.",
        lambda a, b: np.sqrt(worst_to_best(a) * worst_to_best(b)),
        paired=True,
        least=1.0,
    ),
)
