"""Populations with a known false match rate, for `calibration.py`.

A world draws people and returns one score for every two of them: -log10 of the false match rate
that a threshold at that score has in the world's population. A threshold t therefore has the true
rate 10^-t, in every world and at any threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


class World(Protocol):
    """A population; it is asked for rates from `lowest` on."""

    name: str
    lowest: float

    def draw(self, people: int, rng: np.random.Generator) -> Floats:
        """Scores of every two of some new people, (people, people), upper triangle."""
        ...


GAMMA = {"exponential": 1.0, "gamma": 3.0}
"""Shape of the gamma distribution of skewed tendencies: a few people resemble very many."""

FEW, HIGHER = 0.02, 3.0
"""Share of people, and how many standard deviations higher the tendencies of `few` are."""


@dataclass(frozen=True)
class Lambs:
    """People differ in how common their face is: the share `lambs` of the variance of a score.

    score_ij = sqrt(lambs / 2) (u_i + u_j) + sqrt(1 - lambs) e_ij, all of mean 0 and variance 1;
    e_ij is normal, and u_i is normal, a key of `GAMMA`, or normal and higher for `few` people.
    """

    name: str
    lambs: float
    tendency: str = "normal"
    lowest: float = 1e-11

    def natural(self, score: Floats) -> Floats:
        """Return the scores that a matcher would give, from -log10 rates."""
        grid, tail = _tail(self.tendency, self.lambs)
        return np.interp(score, tail, grid)

    def draw(self, people: int, rng: np.random.Generator) -> Floats:
        """Scores of every two of some new people."""
        noise = rng.standard_normal((people, people))
        u = self._tendencies(people, rng)
        score = np.sqrt(self.lambs / 2) * (u[:, None] + u) + np.sqrt(1 - self.lambs) * noise
        grid, tail = _tail(self.tendency, self.lambs)
        return np.interp(score, grid, tail)

    def _tendencies(self, people: int, rng: np.random.Generator) -> Floats:
        if shape := GAMMA.get(self.tendency):
            return (rng.gamma(shape, size=people) - shape) / np.sqrt(shape)
        u = rng.standard_normal(people)
        if self.tendency == "few":
            return (u + HIGHER * ((rng.random(people) < FEW) - FEW)) / _spread_of_few()
        return u


def _spread_of_few() -> float:
    return float(np.sqrt(1 + FEW * (1 - FEW) * HIGHER**2))


@cache
def _tail(tendency: str, lambs: float) -> tuple[Floats, Floats]:
    """-log10 survival of the sum of two tendencies and a normal."""
    a, b = np.sqrt(lambs / 2), np.sqrt(1 - lambs)
    grid = np.linspace(-6, 11, 3401)
    if shape := GAMMA.get(tendency):
        g, step = np.linspace(0, 40 + 10 * shape, 5001, retstep=True)
        weight = stats.gamma.pdf(g, 2 * shape) * step
        mean, spread = a * (g - 2 * shape) / np.sqrt(shape), b
    elif tendency == "few":
        number = np.arange(3)
        weight = stats.binom.pmf(number, 2, FEW)
        mean = a * HIGHER * (number - 2 * FEW) / _spread_of_few()
        spread = np.sqrt(lambs / _spread_of_few() ** 2 + b**2)
    else:
        mean, weight, spread = np.zeros(1), np.ones(1), 1.0
    survival = np.array([np.sum(weight * stats.norm.sf((x - mean) / spread)) for x in grid])
    return grid, -np.log10(np.clip(survival, 1e-25, 1.0))


@dataclass(frozen=True)
class Passes:
    """Identification: every person passes `passes` times; passes of a person are correlated.

    score = sqrt(icc) u_i + sqrt(1 - icc) e, both standard normal. `natural` gives it the
    distribution of the highest of `references` normal scores.
    """

    name: str
    icc: float
    passes: int = 10
    references: int = 1000
    lowest: float = 1e-11

    def natural(self, score: Floats) -> Floats:
        """Return the scores that a search would give, from -log10 rates."""
        rate = 10.0 ** -np.asarray(score)
        return stats.norm.isf(-np.expm1(np.log1p(-np.minimum(rate, 1 - 1e-15)) / self.references))

    def draw(self, people: int, rng: np.random.Generator) -> Floats:
        """Scores of every pass, (people, passes)."""
        u, e = rng.standard_normal((people, 1)), rng.standard_normal((people, self.passes))
        return -stats.norm.logsf(np.sqrt(self.icc) * u + np.sqrt(1 - self.icc) * e) / np.log(10)


@dataclass(frozen=True)
class Templates:
    """Real templates, one a person, drawn without replacement; the truth is the rate of all."""

    name: str
    scores: NDArray[np.float32]
    sorted_cosines: NDArray[np.float32]

    @property
    def lowest(self) -> float:
        """Two comparisons of all: below that the truth is noise."""
        return 2 / len(self.sorted_cosines)

    def natural(self, score: Floats) -> Floats:
        """Return the cosine at each -log10 rate."""
        index = np.round(10.0 ** -np.asarray(score) * len(self.sorted_cosines)).astype(int)
        return self.sorted_cosines[np.clip(index - 1, 0, len(self.sorted_cosines) - 1)]

    @classmethod
    def of(cls, path: Path, template: str, name: str | None) -> Templates:
        """Read an .npz; `name` (if any) gives persons by `_` prefix, and the first image counts."""
        with np.load(path, allow_pickle=False) as archive:
            template_array = archive[template].astype(np.float32)
            names = archive[name] if name else np.arange(len(template_array)).astype(str)
        person = np.array([n.rsplit("_", 1)[0] if n[0].isdigit() else n for n in names])
        _, first = np.unique(person, return_index=True)
        unit = template_array[first]
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        cosine = unit @ unit.T
        upper = np.triu_indices(len(unit), 1)
        values = cosine[upper]
        rank = np.empty(len(values), np.float64)
        rank[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
        scores = np.zeros_like(cosine)
        scores[upper] = -np.log10(rank / len(values))
        return cls(f"templates ({len(unit):,} people)", scores + scores.T, -np.sort(-values))

    def draw(self, people: int, rng: np.random.Generator) -> Floats:
        """Scores of every two of some of the people."""
        chosen = rng.choice(len(self.scores), people, replace=False)
        return self.scores[np.ix_(chosen, chosen)]
