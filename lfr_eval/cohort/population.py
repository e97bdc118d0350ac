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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, expit, logit, ndtr, roots_hermitenorm, roots_jacobi

from lfr_eval.config import ConfigError, SimulatedDatasetConfig
from lfr_eval.tables import CROSS, EVERYBODY, OVERALL, TRUTH

Floats = NDArray[np.float64]

REFERENCE_SPREAD = 0.4
"""Spread of the logit of reference quality; custody images vary less than walks past a camera."""

# Enough for four digits of every rate; doubling them all changes the fourth.
_A_NODES, _Q_NODES, _R_NODES, _TAU_STEPS, _SWEEPS = 14, 18, 5, 128, 6


@dataclass(frozen=True)
class Cell:
    """One group of the population: a gender and an ethnicity."""

    gender: str
    ethnicity: str

    @property
    def name(self) -> str:
        """Name of the intersection."""
        return f"{self.gender}{CROSS}{self.ethnicity}"

    def ratio(self, ratios: Mapping[str, float]) -> float:
        """Return the product of the ratios whose names hold for this cell."""
        labels = {self.gender, self.ethnicity}
        held = [ratio for name, ratio in ratios.items() if set(name.split(CROSS)) <= labels]
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
    def probe_quality(self) -> tuple[Floats, Floats]:
        """Nodes (cells, n) and weights (n,) of probe quality over people, cameras and passes."""
        config = self.config
        z, w = _normal(_Q_NODES)
        spread = np.hypot(config.quality_spread_people, config.quality_spread_passes)
        cameras = np.array(list(config.cameras.values()) or [0.0])
        centre = logit(config.probe_quality) + cameras
        levels = (centre[:, None] + spread * z).ravel()
        weights = np.repeat(1.0 / len(cameras), len(cameras))[:, None] * w
        return expit(self.quality_shift[:, None] + levels), weights.ravel()

    @cached_property
    def reference_quality(self) -> tuple[Floats, Floats]:
        """Nodes and weights of reference quality."""
        z, w = _normal(_R_NODES)
        return expit(logit(self.config.reference_quality) + REFERENCE_SPREAD * z), w

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
        ).mean(axis=2)
        below = np.where(threshold <= 0.0, 0.0, np.where(threshold / r >= 1.0, 1.0, below))
        return np.asarray(below @ w, float)

    def false_match(self, cell: int, thresholds: Floats) -> tuple[Floats, Floats]:
        """Probability that a reference of each cell matches, given commonness and quality.

        Returns
        -------
        rate : (thresholds, commonness nodes, quality nodes, cells)
        weights : (commonness nodes, quality nodes)
        """
        q, q_weights = self.probe_quality
        a, a_weights = _beta_nodes(*self.beta(cell))
        # No score exceeds the product of the qualities, so beyond 1 there is nothing to tabulate.
        tau = np.linspace(min(thresholds.min(), 0.99), 1.0, _TAU_STEPS)
        grid = np.stack(
            [self._against(cell, other, a, tau) for other in range(len(self.cells))], -1
        )
        wanted = np.clip(thresholds[:, None] / q[cell], None, 1.0)
        rate = np.empty((len(thresholds), len(a), q.shape[1], len(self.cells)))
        for node, other in product(range(len(a)), range(len(self.cells))):
            rate[:, node, :, other] = np.exp(np.interp(wanted, tau, np.log(grid[:, node, other])))
        return rate, a_weights[:, None] * q_weights

    def _against(self, cell: int, other: int, a: Floats, tau: Floats) -> Floats:
        """Probability that u_i . u_j carries the pair over `tau`, (tau, commonness nodes)."""
        b, b_weights = _beta_nodes(*self.beta(other))
        r, r_weights = self.reference_quality
        need = tau[:, None, None, None] / r
        pull = (self.alikeness[cell, other] * a[:, None] * b)[None, :, :, None]
        room = np.sqrt((1.0 - a[:, None] ** 2) * (1.0 - b**2))[None, :, :, None]
        tail = _sphere_tail((need - pull) / room, self.config.dimension)
        mean = np.einsum("tabr,b,r->ta", tail, b_weights, r_weights)
        return np.asarray(np.maximum(mean, 1e-300), float)

    def false_positive(self, cell: int, thresholds: Floats, fillers: Floats) -> Floats:
        """FPIR of passes of a cell against `fillers` (cells,) references, (thresholds,)."""
        rate, weights = self.false_match(cell, thresholds)
        none = np.exp(np.log1p(-np.minimum(rate, 1.0 - 1e-16)) @ fillers)
        acquired = 1.0 - self.failure_to_acquire[cell]
        return np.asarray(acquired * np.einsum("taq,aq->t", 1.0 - none, weights), float)


def population(config: SimulatedDatasetConfig) -> Population:
    """Return the population with the differences that the configuration plants.

    Raises
    ------
    ConfigError
        If a ratio names no group, all groups, or cannot be reached by the model.
    """
    cells = tuple(Cell(*pair) for pair in product(config.genders, config.ethnicities))
    for name in ("false_positive_ratio", "miss_ratio", "acquisition_ratio"):
        _check_ratios(name, getattr(config, name), cells)
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
    labels = sorted({label for cell in cells for label in (cell.gender, cell.ethnicity)})
    for group, ratio in ratios.items():
        if not any(set(group.split(CROSS)) <= {cell.gender, cell.ethnicity} for cell in cells):
            raise ConfigError(
                f"dataset.{name} names the group '{group}'; there are {', '.join(labels)} and "
                f"their intersections, such as '{cells[0].name}'."
            )
        if not ratio > 0.0:
            raise ConfigError(f"dataset.{name}.{group} is {ratio}; a ratio must be positive.")
    if ratios and all(cell.ratio(ratios) != 1.0 for cell in cells):
        raise ConfigError(
            f"dataset.{name} names every group; ratios compare with those that are not named."
        )


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
    except ValueError:
        raise ConfigError(
            f"{what} cannot be reached by the simulation; choose a ratio nearer to 1 or another "
            "dataset.ratios_hold_at."
        ) from None


def true_rates(
    people: Population,
    weights: Mapping[Cell, float],
    fillers: Mapping[Cell, float],
    thresholds: Sequence[float],
    sizes: Sequence[int],
) -> pd.DataFrame:
    """Return table `truth` for the factors gender, ethnicity, their intersection and overall.

    Parameters
    ----------
    weights
        Number of people of each cell in the cohort: a factor's group mixes cells in proportion.
    fillers
        Share of each cell in the watchlist.
    sizes
        Watchlist sizes; none: no 1:N rates.
    """
    cut = np.asarray(thresholds, float)
    share = np.array([fillers[cell] for cell in people.cells])
    missed = np.stack([people.miss(t) for t in cut], axis=1)
    fta = people.failure_to_acquire[:, None]
    matched: list[Floats] = []
    positive: dict[int, list[Floats]] = {size: [] for size in sizes}
    for i in range(len(people.cells)):
        rate, nodes = people.false_match(i, cut)
        matched.append(np.einsum("taqh,aq->th", rate, nodes))
        for size in sizes:
            positive[size].append(people.false_positive(i, cut, share * size))
    false_match = np.stack(matched)
    acquired = np.array([weights[cell] for cell in people.cells]) * (1.0 - fta[:, 0])
    everybody = np.array([weights[cell] for cell in people.cells], float)
    rows: list[tuple[object, ...]] = []
    for factor, group, members in _groups(people.cells):
        whole, kept = everybody * members, acquired * members
        rows.append(("FTA", None, None, factor, group, group, _mean(whole, fta)[0]))
        pairs = kept[:, None] * (everybody * members) - np.diag(kept)
        fmr = np.einsum("gh,gth->t", pairs, false_match) / pairs.sum()
        fnmr, fnir = _mean(kept, missed), _mean(whole, fta + (1.0 - fta) * missed)
        for k, t in enumerate(cut):
            rows.append(("FMR", t, None, factor, group, group, fmr[k]))
            rows.append(("FNMR", t, None, factor, group, group, fnmr[k]))
            for size in sizes:
                fpir = _mean(whole, np.stack(positive[size]))
                rows.append(("FPIR", t, size, factor, group, None, fpir[k]))
                rows.append(("FNIR", t, size, factor, group, None, fnir[k]))
                rows.append(("TPIR", t, size, factor, group, None, 1.0 - fnir[k]))
    return TRUTH.build(rows)


def _groups(cells: Sequence[Cell]) -> list[tuple[str, str, Floats]]:
    """Return factor, group and membership (cells,) of every group."""
    named = {
        OVERALL: [EVERYBODY] * len(cells),
        "gender": [cell.gender for cell in cells],
        "ethnicity": [cell.ethnicity for cell in cells],
        f"gender{CROSS}ethnicity": [cell.name for cell in cells],
    }
    return [
        (factor, group, (np.array(labels) == group).astype(float))
        for factor, labels in named.items()
        for group in sorted(set(labels))
    ]


def _mean(weights: Floats, rates: Floats) -> Floats:
    return np.asarray(weights @ rates / weights.sum(), float)


def _normal(n: int) -> tuple[Floats, Floats]:
    nodes, weights = roots_hermitenorm(n)
    return nodes, weights / weights.sum()


def _beta_nodes(alpha: float, beta: float) -> tuple[Floats, Floats]:
    nodes, weights = roots_jacobi(_A_NODES, beta - 1.0, alpha - 1.0)
    return (nodes + 1.0) / 2.0, weights / weights.sum()


def _sphere_tail(cosine: Floats, dimension: int) -> Floats:
    """Probability that two uniform unit vectors have at least this inner product."""
    return np.asarray(np.interp(cosine, *_sphere_table(dimension)), float)


@cache
def _sphere_table(dimension: int) -> tuple[Floats, Floats]:
    # (u . v)^2 of uniform unit vectors is Beta(1/2, (dimension - 1)/2). Steps this small keep the
    # relative error of interpolation below 1e-5 wherever a rate matters.
    cosine = np.linspace(-1.0, 1.0, 20_001)
    half = 0.5 * betainc((dimension - 1) / 2.0, 0.5, 1.0 - cosine**2)
    return cosine, np.where(cosine >= 0.0, half, 1.0 - half)
