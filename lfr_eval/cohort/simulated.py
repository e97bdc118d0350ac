"""Stage cohort: a simulated walk-past study with known truth (configuration in, people out).

People are drawn from a `Population`. Their templates are made directly, because simulated people
have no images. Measured rates therefore differ from the true ones only by sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.cohort.cards import load_card
from lfr_eval.cohort.cohort import Cohort, make_cohort
from lfr_eval.cohort.drawing import People, draw_study
from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.cohort.truth import true_rates
from lfr_eval.config import SimulatedDatasetConfig

Floats = NDArray[np.float64]


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

    def truth(
        self,
        thresholds: Sequence[float],
        sizes: Sequence[int],
        fillers: pd.Series | None = None,
    ) -> pd.DataFrame:
        """Return table `truth` for people mixed like this cohort's.

        Parameters
        ----------
        fillers
            Weight of each filler on the watchlist, by row of the cohort's images. Default: equal
            weights.
        """
        cells = {cell.name: cell for cell in self.population.cells}
        images = self.cohort.images
        label = images["gender"] + " x " + images["ethnicity"]
        tested = label[images["role"] == "reference"].value_counts()
        if fillers is None:
            rows = images.index[images["role"] == "filler"]
            fillers = pd.Series(1.0 / max(len(rows), 1), index=rows)
        watched = fillers.groupby(label[fillers.index]).sum()
        return true_rates(
            self.population,
            weights={cell: float(tested.get(name, 0)) for name, cell in cells.items()},
            fillers={cell: float(watched.get(name, 0)) for name, cell in cells.items()},
            thresholds=thresholds,
            sizes=sizes,
        )


def simulate(config: SimulatedDatasetConfig) -> Simulation:
    """Draw a cohort of people, their passes, and a filler watchlist.

    Raises
    ------
    ConfigError
        If a planted difference cannot be reached.
    """
    people = population(config)
    drawn = draw_study(people)
    tested, passes = drawn.tested, drawn.passes
    # References and probes keep their noise on different axes: it never adds to a score.
    references = _image(tested.identity, drawn.reference_quality, noise_axis=0)
    probes = _image(tested.identity[passes.person], passes.quality, noise_axis=1)
    fillers = _image(drawn.watched.identity, drawn.filler_quality, noise_axis=0)
    camera = pd.Series(np.array(list(config.cameras) or ["camera"])[passes.camera])
    images = pd.concat(
        [
            _rows(people, tested, "subject", "reference"),
            _rows(people, tested, "subject", "probe", config.passes, camera),
            _rows(people, drawn.watched, "filler", "filler"),
        ],
        ignore_index=True,
    )
    kept = np.concatenate(
        [np.ones(config.people, bool), passes.acquired, np.ones(config.fillers, bool)]
    )
    vectors = np.concatenate([references, probes, fillers]).astype(np.float32)
    vectors[~kept] = np.nan
    cohort = make_cohort(images, Path(), (load_card(config.card),), simulated=True)
    return Simulation(cohort, vectors, kept, people)


def _image(identity: Floats, quality: Floats, noise_axis: int) -> Floats:
    noise = np.zeros((len(identity), 2))
    noise[:, noise_axis] = np.sqrt(1.0 - quality**2)
    return np.hstack([quality[:, None] * identity, noise])


def _rows(
    people: Population,
    drawn: People,
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
