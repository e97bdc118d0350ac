"""The population behind a simulated cohort, and its true error rates.

Model, at template level. Every person of group g has a commonness a in (0, 1), Beta distributed:
how close their face is to the mean face of their group. Their identity is a m_g + sqrt(1 - a^2) u,
with u uniform on the unit sphere in `dimension` dimensions and m_g unit vectors with inner
products M_gh. An image keeps a share q in (0, 1) of the identity, its quality, logit-normal; the
rest is noise that no reference and probe share. The score of a probe of i and a reference of j is
then q_i q_j (a_i a_j M_gh + sqrt((1 - a_i^2)(1 - a_j^2)) u_i . u_j), and q_i q_j where i = j.
All rates are integrals over a and q, computed here by Gauss quadrature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import (
    betainc,
    expit,
    logit,
    ndtr,
    roots_hermitenorm,
    roots_jacobi,
    roots_legendre,
)

from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.contract.tables import CROSS

Floats = NDArray[np.float64]

REFERENCE_SPREAD = 0.4
"""Spread of the logit of reference quality. Custody images vary less than passes."""

# Enough for four digits of every rate; doubling them all changes the fourth.
_A_NODES, _Q_NODES, _R_NODES, _TAU_STEPS = 14, 18, 5, 128


@dataclass(frozen=True)
class Cell:
    """One group of the population: a gender and an ethnicity."""

    gender: str
    ethnicity: str

    @property
    def name(self) -> str:
        """Name of the intersection."""
        return f"{self.gender}{CROSS}{self.ethnicity}"

    def within(self, group: str) -> bool:
        """Whether its people belong to a group such as `black` or `female x black`."""
        return set(group.split(CROSS)) <= {self.gender, self.ethnicity}

    def ratio(self, ratios: Mapping[str, float]) -> float:
        """Return the product of the ratios whose names hold for this cell."""
        held = [ratio for name, ratio in ratios.items() if self.within(name)]
        return float(np.prod(held)) if held else 1.0


@dataclass(frozen=True)
class Population:
    """People, cameras and images as distributions.

    Attributes
    ----------
    commonness : (cells,)
        Mean commonness.
    quality_shift : (cells,)
        Shift of the logit of probe quality.
    failure_to_acquire : (cells,)
        Probability that a pass gives no template.
    """

    config: SimulatedDatasetConfig
    cells: tuple[Cell, ...]
    commonness: Floats
    quality_shift: Floats
    failure_to_acquire: Floats

    @cached_property
    def alikeness(self) -> Floats:
        """Inner products M_gh of the groups' mean faces, (cells, cells)."""
        config = self.config
        gender = np.array([cell.gender for cell in self.cells])
        ethnicity = np.array([cell.ethnicity for cell in self.cells])
        shared = 1.0 - config.same_gender - config.same_ethnicity
        return np.asarray(
            shared
            + config.same_gender * (gender[:, None] == gender)
            + config.same_ethnicity * (ethnicity[:, None] == ethnicity),
            float,
        )

    def beta(self, cell: int) -> tuple[float, float]:
        """Return the parameters of the Beta distribution of commonness."""
        mean, spread = self.commonness[cell], self.config.commonness_spread
        # A mean near 0 leaves less room than the spread asks for; the density then falls from 0.
        size = max(mean * (1.0 - mean) / spread**2 - 1.0, 1.0 / mean)
        return mean * size, (1.0 - mean) * size

    @cached_property
    def camera_weights(self) -> Floats:
        """Share of each group's passes at each camera, (cells, cameras)."""
        cameras = max(len(self.config.cameras), 1)
        weights = np.full((len(self.cells), cameras), 1.0 / cameras)
        for code, cell in enumerate(self.cells):
            first = [s for name, s in self.config.camera_shares.items() if cell.within(name)]
            if first and cameras > 1:
                weights[code] = (1.0 - first[-1]) / (cameras - 1)
                weights[code, 0] = first[-1]
        return weights

    @cached_property
    def probe_quality(self) -> tuple[Floats, Floats]:
        """Nodes and weights, (cells, n), of probe quality over people, cameras and passes."""
        config = self.config
        z, w = _normal(_Q_NODES)
        spread = np.hypot(config.quality_spread_people, config.quality_spread_passes)
        cameras = np.array(list(config.cameras.values()) or [0.0])
        centre = logit(config.probe_quality) + cameras
        levels = (centre[:, None] + spread * z).ravel()
        weights = self.camera_weights[:, :, None] * w
        nodes = expit(self.quality_shift[:, None] + levels)
        return nodes, weights.reshape(nodes.shape)

    @cached_property
    def reference_quality(self) -> tuple[Floats, Floats]:
        """Nodes and weights of reference quality."""
        return _reference_quality(self.config.reference_quality)

    def miss(self, threshold: float) -> Floats:
        """Probability that an acquired mated comparison falls below the threshold, (cells,)."""
        # The distribution of p r is exact in p given r: the normal distribution of logit p.
        config = self.config
        r, w = self.reference_quality
        cameras = np.array(list(config.cameras.values()) or [0.0])
        spread = np.hypot(config.quality_spread_people, config.quality_spread_passes)
        need = np.clip(threshold / r, 1e-12, 1.0 - 1e-12)
        centre = logit(config.probe_quality) + cameras
        below = ndtr(
            (logit(need)[None, :, None] - centre[None, None, :] - self.quality_shift[:, None, None])
            / spread
        )
        below = np.einsum("crk,ck->cr", below, self.camera_weights)
        below = np.where(threshold <= 0.0, 0.0, np.where(threshold / r >= 1.0, 1.0, below))
        return np.asarray(below @ w, float)

    def best_quality(self, cell: int) -> tuple[Floats, Floats]:
        """Nodes and weights of the best quality among the acquired passes of a person.

        0 where none is acquired. A person's passes share an identity, so that somebody has a
        false positive where the best pass has one.
        """
        config = self.config
        z, w = _normal(_Q_NODES)
        x, v = roots_legendre(_Q_NODES)
        cameras = np.array(list(config.cameras.values()) or [0.0])
        logits = np.linspace(-8.0, 8.0, 1_601)
        lost = self.failure_to_acquire[cell]
        nodes = np.empty((len(z), len(x)))
        for row, person in enumerate(config.quality_spread_people * z):
            centre = logit(config.probe_quality) + self.quality_shift[cell] + cameras + person
            below = ndtr((logits[:, None] - centre) / config.quality_spread_passes)
            below = below @ self.camera_weights[cell]
            best = (lost + (1.0 - lost) * below) ** config.passes
            level = np.interp((x + 1.0) / 2.0, best, logits, left=-np.inf)
            nodes[row] = expit(level)
        return nodes.ravel(), (w[:, None] * v / 2.0).ravel()

    def false_match(
        self, cell: int, thresholds: Floats, quality: tuple[Floats, Floats] | None = None
    ) -> tuple[Floats, Floats]:
        """Probability that a reference of each cell matches, given commonness and quality.

        Parameters
        ----------
        quality
            Nodes and weights of the probe's quality; not given: that of any acquired pass.

        Returns
        -------
        rate : (thresholds, commonness nodes, quality nodes, cells)
        weights : (commonness nodes, quality nodes)
        """
        q, q_weights = quality or (self.probe_quality[0][cell], self.probe_quality[1][cell])
        a, a_weights = _beta_nodes(*self.beta(cell))
        # No score exceeds the product of the qualities, so beyond 1 there is nothing to tabulate.
        lowest = float(min(thresholds.min(), 0.99))
        tau = _tabulated(lowest)
        grid = np.stack(
            [self._against(cell, other, lowest) for other in range(len(self.cells))], -1
        )
        wanted = np.clip(thresholds[:, None] / np.maximum(q, 1e-12), None, 1.0)
        rate = np.empty((len(thresholds), len(a), len(q), len(self.cells)))
        for node, other in product(range(len(a)), range(len(self.cells))):
            rate[:, node, :, other] = np.exp(np.interp(wanted, tau, np.log(grid[:, node, other])))
        return rate, a_weights[:, None] * q_weights

    def _against(self, cell: int, other: int, lowest: float) -> Floats:
        """Probability that u_i . u_j carries the pair over each tau, (tau, commonness nodes)."""
        config = self.config
        return _carried_over(
            float(self.alikeness[cell, other]),
            self.beta(cell),
            self.beta(other),
            config.reference_quality,
            lowest,
            config.dimension,
        )

    def false_positive(self, cell: int, thresholds: Floats, fillers: Floats) -> Floats:
        """FPIR of passes of a cell against `fillers` (cells,) references, (thresholds,)."""
        acquired = 1.0 - self.failure_to_acquire[cell]
        return np.asarray(
            acquired * _any_match(*self.false_match(cell, thresholds), fillers), float
        )

    def people_with_false_positive(self, cell: int, thresholds: Floats, fillers: Floats) -> Floats:
        """Share of people of a cell with a false positive in any pass, (thresholds,)."""
        best = self.best_quality(cell)
        return _any_match(*self.false_match(cell, thresholds, best), fillers)


def _tabulated(lowest: float) -> Floats:
    return np.linspace(lowest, 1.0, _TAU_STEPS)


# Groups that are alike in all that matters have one table: most of them, where few are named.
@lru_cache(maxsize=256)
def _carried_over(
    alikeness: float,
    probe: tuple[float, float],
    reference: tuple[float, float],
    quality: float,
    lowest: float,
    dimension: int,
) -> Floats:
    (a, _), (b, b_weights) = _beta_nodes(*probe), _beta_nodes(*reference)
    r, r_weights = _reference_quality(quality)
    need = _tabulated(lowest)[:, None, None, None] / r
    pull = (alikeness * a[:, None] * b)[None, :, :, None]
    room = np.sqrt((1.0 - a[:, None] ** 2) * (1.0 - b**2))[None, :, :, None]
    tail = _sphere_tail((need - pull) / room, dimension)
    mean = np.einsum("tabr,b,r->ta", tail, b_weights, r_weights)
    return np.asarray(np.maximum(mean, 1e-300), float)


def _any_match(rate: Floats, weights: Floats, fillers: Floats) -> Floats:
    """Probability that any of `fillers` (cells,) references matches, (thresholds,)."""
    none = np.exp(np.log1p(-np.minimum(rate, 1.0 - 1e-16)) @ fillers)
    return np.asarray(np.einsum("taq,aq->t", 1.0 - none, weights), float)


def _normal(n: int) -> tuple[Floats, Floats]:
    nodes, weights = roots_hermitenorm(n)
    return nodes, weights / weights.sum()


def _reference_quality(mean: float) -> tuple[Floats, Floats]:
    z, w = _normal(_R_NODES)
    return expit(logit(mean) + REFERENCE_SPREAD * z), w


def _beta_nodes(alpha: float, beta: float) -> tuple[Floats, Floats]:
    nodes, weights = roots_jacobi(_A_NODES, beta - 1.0, alpha - 1.0)
    return (nodes + 1.0) / 2.0, weights / weights.sum()


def _sphere_tail(cosine: Floats, dimension: int) -> Floats:
    """Probability that two uniform unit vectors have at least this inner product.

    The values of `numpy.interp` to the last digit, in a third of its time: where steps are equal,
    the step of a value is found without a search.
    """
    table, tail, slope = _sphere_table(dimension)
    inside = np.clip(cosine, -1.0, 1.0)
    step = np.minimum(((inside + 1.0) / 2.0 * len(slope)).astype(np.int32), len(slope) - 1)
    step -= inside < table[step]
    step += (inside >= table[step + 1]) & (step < len(slope) - 1)
    return np.asarray(slope[step] * (inside - table[step]) + tail[step], float)


@cache
def _sphere_table(dimension: int) -> tuple[Floats, Floats, Floats]:
    # (u . v)^2 of uniform unit vectors is Beta(1/2, (dimension - 1)/2). Steps this small keep the
    # relative error of interpolation below 1e-5 wherever a rate matters.
    cosine = np.linspace(-1.0, 1.0, 20_001)
    half = 0.5 * betainc((dimension - 1) / 2.0, 0.5, 1.0 - cosine**2)
    tail = np.where(cosine >= 0.0, half, 1.0 - half)
    return cosine, tail, np.diff(tail) / np.diff(cosine)
