"""Stage cohort: people and image qualities drawn at random (a `Population` in, arrays out).

These arrays are turned into named rows of tables later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from lfr_eval.cohort.population import REFERENCE_SPREAD, Population

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class People:
    """People drawn from a population.

    Attributes
    ----------
    cell : (people,)
        Group of each, as a code of the population's cells.
    identity : (people, size)
        Vector of which every image of the person keeps a share. The score of two images is the
        inner product of their people's vectors times the qualities of the images.
    """

    cell: Ints
    identity: Floats


@dataclass(frozen=True)
class Passes:
    """Walks of people past cameras, grouped by person.

    Attributes
    ----------
    person, camera : (passes,)
        Whose pass, and which camera (as a code of the configured ones).
    quality : (passes,)
        Share of the identity that the image keeps.
    acquired : (passes,)
        Whether a template was made.
    """

    person: Ints
    camera: Ints
    quality: Floats
    acquired: NDArray[np.bool_]


@dataclass(frozen=True)
class Drawn:
    """A whole simulated study.

    Attributes
    ----------
    tested, watched
        People under test, and fillers of the watchlist.
    passes
        Passes of the people under test.
    reference_quality, filler_quality : (people,), (fillers,)
        Quality of the reference image of each.
    """

    tested: People
    watched: People
    passes: Passes
    reference_quality: Floats
    filler_quality: Floats


def draw_study(population: Population) -> Drawn:
    """Draw the people, passes and fillers of the population's configuration."""
    config = population.config
    seeds = np.random.SeedSequence(config.seed).spawn(4)
    tested = _people(population, config.people, np.random.default_rng(seeds[0]))
    return Drawn(
        tested=tested,
        watched=_people(population, config.fillers, np.random.default_rng(seeds[1])),
        passes=_passes(population, tested, np.random.default_rng(seeds[3])),
        reference_quality=_quality(population, config.people, np.random.default_rng(seeds[2])),
        filler_quality=_quality(
            population, config.fillers, np.random.default_rng(seeds[2].spawn(1)[0])
        ),
    )


def _people(population: Population, count: int, rng: np.random.Generator) -> People:
    cell = np.arange(count) % len(population.cells)
    commonness = np.empty(count)
    for code in range(len(population.cells)):
        own = cell == code
        commonness[own] = rng.beta(*population.beta(code), size=int(own.sum()))
    uniform = rng.standard_normal((count, population.config.dimension))
    uniform /= np.linalg.norm(uniform, axis=1, keepdims=True)
    # Mean faces with the inner products that the population states: rows of a matrix root.
    values, axes = np.linalg.eigh(population.alikeness)
    means = axes * np.sqrt(np.clip(values, 0.0, None))
    rare = np.sqrt(1.0 - commonness**2)
    return People(cell, np.hstack([commonness[:, None] * means[cell], rare[:, None] * uniform]))


def _quality(population: Population, count: int, rng: np.random.Generator) -> Floats:
    level = logit(population.config.reference_quality)
    return np.asarray(expit(level + REFERENCE_SPREAD * rng.standard_normal(count)), float)


def _passes(population: Population, people: People, rng: np.random.Generator) -> Passes:
    config = population.config
    shifts = np.array(list(config.cameras.values()) or [0.0])
    person = np.repeat(np.arange(len(people.cell)), config.passes)
    cell = people.cell[person]
    camera = _cameras(population, cell, rng)
    level = (
        logit(config.probe_quality)
        + population.quality_shift[cell]
        + shifts[camera]
        + config.quality_spread_people * rng.standard_normal(len(people.cell))[person]
        + config.quality_spread_passes * rng.standard_normal(len(person))
    )
    acquired = rng.random(len(person)) >= population.failure_to_acquire[cell]
    return Passes(person, camera, np.asarray(expit(level), float), acquired)


def _cameras(population: Population, cell: Ints, rng: np.random.Generator) -> Ints:
    """Draw the camera of each pass, evenly except for groups with their own share."""
    weights = population.camera_weights
    if not population.config.camera_shares:
        return rng.integers(weights.shape[1], size=len(cell))
    ends = weights.cumsum(axis=1)[cell]
    drawn: Ints = np.count_nonzero(rng.random(len(cell))[:, None] >= ends, axis=1)
    camera: Ints = np.minimum(drawn, weights.shape[1] - 1)
    return camera
