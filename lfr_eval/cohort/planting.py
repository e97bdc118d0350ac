"""Planting differences: a population in which groups differ by given ratios.

The configuration names ratios of error rates. This module finds the commonness and image quality of
each group that give them, by solving the population's integrals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
from scipy.optimize import brentq

from lfr_eval.cohort.population import Cell, Population
from lfr_eval.config import ConfigError, SimulatedDatasetConfig

_SWEEPS = 6


def population(config: SimulatedDatasetConfig) -> Population:
    """Return the population with the differences that the configuration plants.

    Raises
    ------
    ConfigError
        If a ratio names an unknown group or all groups, or cannot be reached by the model.
    """
    # What is drawn does not change what it is drawn from.
    key = repr(replace(config, seed=0))
    if key not in _SOLVED:
        _SOLVED[key] = _solved(config)
    return replace(_SOLVED[key], config=config)


_SOLVED: dict[str, Population] = {}
"""Populations of this process: a study that is repeated solves for its own once."""


def _solved(config: SimulatedDatasetConfig) -> Population:
    cells = tuple(Cell(*pair) for pair in product(config.genders, config.ethnicities))
    for name in ("false_positive_ratio", "miss_ratio", "acquisition_ratio"):
        _check_ratios(name, getattr(config, name), cells)
    _check_shares(config, cells)
    acquisition = np.array([cell.ratio(config.acquisition_ratio) for cell in cells])
    found = Population(
        config=config,
        cells=cells,
        commonness=np.full(len(cells), config.commonness_mean),
        quality_shift=np.zeros(len(cells)),
        failure_to_acquire=np.minimum(config.failure_to_acquire * acquisition, 1.0),
    )
    return _plant_false_positives(_plant_misses(found))


def _check_ratios(name: str, ratios: Mapping[str, float], cells: Sequence[Cell]) -> None:
    _check_groups(name, ratios, cells)
    for group, ratio in ratios.items():
        if not ratio > 0.0:
            raise ConfigError(f"dataset.{name}.{group} is {ratio}; a ratio must be positive.")
    if ratios and all(cell.ratio(ratios) != 1.0 for cell in cells):
        raise ConfigError(
            f"dataset.{name} names every group; ratios compare with those that are not named."
        )


def _check_groups(name: str, groups: Mapping[str, float], cells: Sequence[Cell]) -> None:
    labels = sorted({label for cell in cells for label in (cell.gender, cell.ethnicity)})
    for group in groups:
        if not any(cell.within(group) for cell in cells):
            raise ConfigError(
                f"dataset.{name} names the group '{group}'; there are {', '.join(labels)} and "
                f"their intersections, such as '{cells[0].name}'."
            )


def _check_shares(config: SimulatedDatasetConfig, cells: Sequence[Cell]) -> None:
    shares = config.camera_shares
    _check_groups("camera_shares", shares, cells)
    if shares and len(config.cameras) < 2:
        raise ConfigError("dataset.camera_shares needs two cameras or more in dataset.cameras.")
    for group, share in shares.items():
        if not 0.0 <= share <= 1.0:
            raise ConfigError(f"dataset.camera_shares.{group} is {share}; give a share, 0 to 1.")


def _plant_misses(start: Population) -> Population:
    ratios = [cell.ratio(start.config.miss_ratio) for cell in start.cells]
    base = float(start.miss(start.config.ratios_hold_at)[0])
    shift = np.zeros(len(start.cells))
    for i, ratio in enumerate(ratios):
        if ratio != 1.0:
            what = f"dataset.miss_ratio of {start.cells[i].name} ({ratio:g})"
            shift[i] = _solve(partial(_miss_excess, start, i, base * ratio), -8.0, 8.0, what)
    return replace(start, quality_shift=shift)


def _miss_excess(people: Population, cell: int, wanted: float, shift: float) -> float:
    moved = replace(people, quality_shift=np.full(len(people.cells), shift))
    return float(np.log(moved.miss(people.config.ratios_hold_at)[cell] / wanted))


def _plant_false_positives(start: Population) -> Population:
    config = start.config
    ratios = [cell.ratio(config.false_positive_ratio) for cell in start.cells]
    unnamed = [i for i, ratio in enumerate(ratios) if ratio == 1.0]
    if len(unnamed) == len(ratios):
        return start
    found = start
    # Groups pull on each other, since fillers of a more common group match everybody a little
    # more often; a few rounds settle.
    for _ in range(_SWEEPS):
        base = float(np.mean([_planted_rate(found, i) for i in unnamed]))
        commonness = found.commonness.copy()
        for i, ratio in enumerate(ratios):
            if ratio != 1.0:
                what = f"dataset.false_positive_ratio of {start.cells[i].name} ({ratio:g})"
                ends = (config.commonness_mean, 0.9 if ratio > 1.0 else 0.02)
                excess = partial(_false_positive_excess, found, i, base * ratio)
                commonness[i] = _solve(excess, *ends, what)
        settled = np.allclose(commonness, found.commonness, atol=1e-6)
        found = replace(found, commonness=commonness)
        if settled:
            break
    return found


def _planted_rate(people: Population, cell: int) -> float:
    """FPIR of a cell where the planted ratios hold: against all fillers, evenly mixed."""
    count = len(people.cells)
    fillers = np.full(count, people.config.fillers / count)
    return float(people.false_positive(cell, np.array([people.config.ratios_hold_at]), fillers)[0])


def _false_positive_excess(people: Population, cell: int, wanted: float, mean: float) -> float:
    commonness = people.commonness.copy()
    commonness[cell] = mean
    return float(np.log(_planted_rate(replace(people, commonness=commonness), cell) / wanted))


def _solve(excess: Callable[[float], float], low: float, high: float, what: str) -> float:
    try:
        return float(brentq(excess, low, high, xtol=1e-7))
    except (ValueError, ZeroDivisionError):
        raise ConfigError(
            f"{what} cannot be reached by the simulation; choose a ratio nearer to 1 or another "
            "dataset.ratios_hold_at."
        ) from None
