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
    """A population; it is asked for rates from `lowest` to `highest`."""

    name: str
    highest: float
    lowest: float

    def draw(self, people: int, rng: np.random.Generator) -> Floats:
        """Scores of every two of some new people, (people, people), upper triangle."""
        ...


@dataclass(frozen=True)
class Lambs:
    """People differ in how common their face is: the share `lambs` of the variance of a score.

    score_ij = sqrt(lambs / 2) (u_i + u_j) + sqrt(1 - lambs) e_ij, all standard normal, or with
    `skewed` tendencies u_i (shifted exponential: a few people resemble very many).
    """

    name: str
    lambs: float
    skewed: bool = False
    highest: float = 0.13
    lowest: float = 1e-11

    def natural(self, score: Floats) -> Floats:
        """Return the scores that a matcher would give, from -log10 rates."""
        if not self.skewed:
            return stats.norm.isf(10.0 ** -np.asarray(score))
        grid, tail = _skewed_tail(self.lambs)
        return np.interp(score, tail, grid)

    def draw(self, people: int, rng: np.random.Generator) -> Floats:
        """Scores of every two of some new people."""
        noise = rng.standard_normal((people, people))
        if not self.skewed:
            u = rng.standard_normal(people)
            score = np.sqrt(self.lambs / 2) * (u[:, None] + u) + np.sqrt(1 - self.lambs) * noise
            return -stats.norm.logsf(score) / np.log(10)
        u = rng.exponential(size=people) - 1
        score = np.sqrt(self.lambs / 2) * (u[:, None] + u) + np.sqrt(1 - self.lambs) * noise
        grid, tail = _skewed_tail(self.lambs)
        return np.interp(score, grid, tail)


@cache
def _skewed_tail(lambs: float) -> tuple[Floats, Floats]:
    """-log10 survival of the sum of a shifted gamma (two exponentials) and a normal."""
    a, b = np.sqrt(lambs / 2), np.sqrt(1 - lambs)
    grid = np.linspace(-6, 9, 1501)
    g, step = np.linspace(0, 40, 4001, retstep=True)
    density = g * np.exp(-g) * step
    survival = np.array([np.sum(density * stats.norm.sf((x - a * (g - 2)) / b)) for x in grid])
    return grid, -np.log10(np.clip(survival, 1e-12, 1.0))


@dataclass(frozen=True)
class Passes:
    """Identification: every person passes `passes` times; passes of a person are correlated.

    score = sqrt(icc) u_i + sqrt(1 - icc) e, both standard normal.
    """

    name: str
    icc: float
    passes: int = 10
    highest: float = 0.3
    lowest: float = 1e-11

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
    highest: float = 0.13

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
