"""Stage cohort: a simulated walk-past study with known truth (configuration in, people out).

People are drawn from a `Population`; their templates are made at once, since a simulated person
has no image. What differs between the measured and the true rates is then sampling alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from lfr_eval.cohort.cards import load_card
from lfr_eval.cohort.cohort import Cohort, make_cohort
from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import REFERENCE_SPREAD, Cell, Population
from lfr_eval.cohort.truth import true_rates
from lfr_eval.config import SimulatedDatasetConfig

CARD = "rehearsal"
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Simulation:
    """A simulated cohort, its templates and the population it was drawn from.

    Attributes
    ----------
    vectors : (images, size), float32
        Templates of unit length, in the order of the cohort's images.
    acquired : (images,)
        Whether a template was made.
    """

    cohort: Cohort
    vectors: NDArray[np.float32]
    acquired: NDArray[np.bool_]
    population: Population

    def truth(self, thresholds: Sequence[float], sizes: Sequence[int]) -> pd.DataFrame:
        """Return table `truth` for people mixed like this cohort's and like its fillers."""
        cells = {cell.name: cell for cell in self.population.cells}
        images = self.cohort.images
        label = images["gender"] + " x " + images["ethnicity"]
        filler = images["role"] == "filler"

        def number(rows: pd.Series) -> dict[Cell, float]:
            counts = label[rows].value_counts()
            return {cell: float(counts.get(name, 0)) for name, cell in cells.items()}

        fillers = number(filler)
        total = max(sum(fillers.values()), 1.0)
        return true_rates(
            self.population,
            weights=number(images["role"] == "reference"),
            fillers={cell: count / total for cell, count in fillers.items()},
            thresholds=thresholds,
            sizes=sizes,
        )


@dataclass(frozen=True)
class _Drawn:
    """People drawn from the population: cell and identity of each."""

    cell: Ints
    identity: Floats


def simulate(config: SimulatedDatasetConfig) -> Simulation:
    """Draw a cohort of people, their passes, and a filler watchlist.

    Raises
    ------
    ConfigError
        If a planted difference cannot be reached.
    """
    people = population(config)
    seeds = np.random.SeedSequence(config.seed).spawn(4)
    tested = _draw_people(people, config.people, np.random.default_rng(seeds[0]))
    watched = _draw_people(people, config.fillers, np.random.default_rng(seeds[1]))
    references = _reference_images(people, tested, np.random.default_rng(seeds[2]))
    passes, camera, acquired = _pass_images(people, tested, np.random.default_rng(seeds[3]))
    fillers = _reference_images(people, watched, np.random.default_rng(seeds[2].spawn(1)[0]))
    images = pd.concat(
        [
            _rows(people, tested, "subject", "reference"),
            _rows(people, tested, "subject", "probe", config.passes, camera),
            _rows(people, watched, "filler", "filler"),
        ],
        ignore_index=True,
    )
    kept = np.concatenate([np.ones(config.people, bool), acquired, np.ones(config.fillers, bool)])
    vectors = np.concatenate([references, passes, fillers]).astype(np.float32)
    vectors[~kept] = np.nan
    cohort = make_cohort(images, Path(), (load_card(CARD),), simulated=True)
    return Simulation(cohort, vectors, kept, people)


def _draw_people(people: Population, count: int, rng: np.random.Generator) -> _Drawn:
    cell = np.arange(count) % len(people.cells)
    commonness = np.empty(count)
    for code in range(len(people.cells)):
        own = cell == code
        commonness[own] = rng.beta(*people.beta(code), size=int(own.sum()))
    uniform = rng.standard_normal((count, people.config.dimension))
    uniform /= np.linalg.norm(uniform, axis=1, keepdims=True)
    # Mean faces with the inner products that the population states: rows of a matrix root.
    values, axes = np.linalg.eigh(people.alikeness)
    means = axes * np.sqrt(np.clip(values, 0.0, None))
    rare = np.sqrt(1.0 - commonness**2)
    return _Drawn(cell, np.hstack([commonness[:, None] * means[cell], rare[:, None] * uniform]))


def _reference_images(people: Population, drawn: _Drawn, rng: np.random.Generator) -> Floats:
    level = logit(people.config.reference_quality)
    quality = expit(level + REFERENCE_SPREAD * rng.standard_normal(len(drawn.cell)))
    return _image(drawn.identity, quality, noise_axis=0)


def _pass_images(
    people: Population, drawn: _Drawn, rng: np.random.Generator
) -> tuple[Floats, pd.Series, NDArray[np.bool_]]:
    config = people.config
    names = list(config.cameras) or ["camera"]
    shifts = np.array(list(config.cameras.values()) or [0.0])
    person = np.repeat(np.arange(len(drawn.cell)), config.passes)
    cell = drawn.cell[person]
    camera = rng.integers(len(names), size=len(person))
    level = (
        logit(config.probe_quality)
        + people.quality_shift[cell]
        + shifts[camera]
        + config.quality_spread_people * rng.standard_normal(len(drawn.cell))[person]
        + config.quality_spread_passes * rng.standard_normal(len(person))
    )
    acquired = rng.random(len(person)) >= people.failure_to_acquire[cell]
    vectors = _image(drawn.identity[person], expit(level), noise_axis=1)
    return vectors, pd.Series(np.array(names)[camera]), acquired


def _image(identity: Floats, quality: Floats, noise_axis: int) -> Floats:
    # References and probes keep their noise on different axes: it never adds to a score.
    noise = np.zeros((len(identity), 2))
    noise[:, noise_axis] = np.sqrt(1.0 - quality**2)
    return np.hstack([quality[:, None] * identity, noise])


def _rows(
    people: Population,
    drawn: _Drawn,
    prefix: str,
    role: str,
    each: int = 1,
    camera: pd.Series | None = None,
) -> pd.DataFrame:
    person = np.repeat(np.arange(len(drawn.cell)), each)
    cells = [people.cells[code] for code in drawn.cell[person]]
    bands = people.config.age_bands
    number = pd.Series(person).map("{:05d}".format)
    nth = pd.Series(np.tile(np.arange(each), len(drawn.cell))).map("{:03d}".format)
    image = f"{prefix}-" + number + f"-{role}-" + nth
    count = len(person)
    nothing = pd.Series([None] * count, dtype="string")
    return pd.DataFrame(
        {
            "image_id": image,
            "subject_id": f"{prefix}-" + number,
            "role": role,
            "pass_id": image,
            "frame": 0,
            "session_id": nothing,
            "camera": nothing if camera is None else camera,
            "captured_at": nothing,
            "gender": [cell.gender for cell in cells],
            "ethnicity": [cell.ethnicity for cell in cells],
            "age": np.nan,
            "age_band": [bands[index // len(people.cells) % len(bands)] for index in person],
            "path": nothing,
            "digest": nothing,
        }
    )
