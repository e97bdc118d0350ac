"""Fits a population to published figures (targets in, configuration out).

A published study gives a few figures and no scores. This module finds the image quality, the
commonness and the split of quality between people and passes that give those figures, by solving
the population's integrals. What the figures do not determine (the shape of scores, the differences
between groups) stays as configured, and is an assumption.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.config import ConfigError, SimulatedDatasetConfig


@dataclass(frozen=True)
class Headline:
    """Figures of a study at one threshold, over all its people.

    Attributes
    ----------
    threshold
        Threshold of these figures.
    tpir
        Passes of enrolled people that were found, failures to acquire included.
    watchlist_size, fpir
        False positive rate of passes at that size.
    people
        People with a false positive against all fillers.
    """

    threshold: float
    tpir: float
    watchlist_size: int
    fpir: float
    people: float


def calibrate(config: SimulatedDatasetConfig, headline: Headline) -> SimulatedDatasetConfig:
    """Return the configuration whose population has the published figures.

    Changed are `probe_quality`, `commonness_mean`, and how the spread of quality is split between
    people and passes; the spread itself stays, and so do planted ratios.

    Raises
    ------
    ConfigError
        If the model cannot reach these figures with the rest of the configuration.
    """

    def tpir(quality: float) -> float:
        # Planted false positive ratios do not touch misses, and take most of the time to plant.
        found = population(replace(config, probe_quality=quality, false_positive_ratio={}))
        return true_tpir(found, headline.threshold) - headline.tpir

    config = replace(config, probe_quality=_solve(tpir, 0.3, 0.999, "TPIR"))

    def fpir(commonness: float) -> float:
        found = population(replace(config, commonness_mean=commonness))
        rate = true_fpir(found, headline.threshold, headline.watchlist_size)
        return float(np.log(rate / headline.fpir))

    config = replace(config, commonness_mean=_solve(fpir, 0.1, 0.6, "FPIR"))
    planted = population(config)
    spread = float(np.hypot(config.quality_spread_people, config.quality_spread_passes))

    def split(angle: float) -> SimulatedDatasetConfig:
        people, passes = spread * float(np.sin(angle)), spread * float(np.cos(angle))
        return replace(config, quality_spread_people=people, quality_spread_passes=passes)

    def people(angle: float) -> float:
        # Neither of the rates above depends on the split, only on the whole spread.
        found = replace(planted, config=split(angle))
        return true_people(found, headline.threshold) - headline.people

    return split(_solve(people, 0.01, 0.5 * np.pi - 0.01, "the number of people"))


def true_tpir(people: Population, threshold: float) -> float:
    """Return the TPIR, failures to acquire included, over all groups alike."""
    found = (1.0 - people.failure_to_acquire) * (1.0 - people.miss(threshold))
    return float(found.mean())


def true_fpir(people: Population, threshold: float, size: int) -> float:
    """Return the FPIR against an even watchlist of a size, over all groups alike."""
    cells = range(len(people.cells))
    cut, fillers = np.array([threshold]), np.full(len(cells), size / len(cells))
    return float(np.mean([people.false_positive(cell, cut, fillers)[0] for cell in cells]))


def true_people(people: Population, threshold: float) -> float:
    """Return the expected number of people with a false positive against all fillers."""
    cells = range(len(people.cells))
    cut = np.array([threshold])
    fillers = np.full(len(cells), people.config.fillers / len(cells))
    shares = [people.people_with_false_positive(cell, cut, fillers)[0] for cell in cells]
    return float(people.config.people * np.mean(shares))


def _solve(excess: Callable[[float], float], low: float, high: float, what: str) -> float:
    try:
        return float(brentq(excess, low, high, xtol=1e-6))
    except ValueError:
        raise ConfigError(
            f"The simulation cannot reach {what} asked for with its other settings. Change "
            "dataset.dimension or the spreads of quality and commonness."
        ) from None
