"""One cell judged: errors of every method, coverage, equivalence, and goals."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.cells import MARGIN, Cell, Drawn
from benchmarks.acceptance.methods import LAST, METHODS, last, ours, shuffled_people
from benchmarks.acceptance.pooling import all_others, pool
from lfr_eval.inference.absolute import difference_equivalence_p
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.mover import Compared, difference_ends, equivalence_p, p_value, ratio_ends
from lfr_eval.inference.omnibus import omnibus, signed_deviates
from lfr_eval.inference.precision import Evidence, precision_of

ALPHA, LEVEL = 0.05, 0.95
COVERAGE_GOAL = 0.935
POWER_SHARE = 0.9
FEWEST_EXPECTED = 4.0


@dataclass(frozen=True)
class Judged:
    """What one cell showed.

    Attributes
    ----------
    cell
        The population.
    studies
        Repetitions.
    rejected
        Share of studies in which each method rejects equal rates at 5 %.
    coverage
        Of the intervals of rates, ratio and difference (two groups).
    equivalent
        Share that is called equivalent; false where the truth lies at the margin.
    contradictions
        Studies in which p < .05 and the interval of the ratio disagree.
    """

    cell: Cell
    studies: int
    rejected: dict[str, float]
    coverage: dict[str, float]
    equivalent: float
    contradictions: int

    def error(self, share: float) -> float:
        """Monte Carlo standard error of a share."""
        return float(np.sqrt(max(share * (1 - share), 1e-4) / self.studies))

    @property
    def failures(self) -> list[str]:
        """Goals that were missed."""
        found = []
        share, cell = self.rejected["ours"], self.cell
        judged = cell.smaller >= FEWEST_EXPECTED
        if cell.kind == "null" and judged and share > cell.limit + 2 * self.error(cell.limit):
            found.append(f"type I {share:.3f}")
        if cell.kind == "power" and cell.smaller >= 10:
            other = self.rejected["Koopman"]
            if share < POWER_SHARE * other - 2 * self.error(share):
                found.append(f"power {share:.3f} against {other:.3f}")
        if cell.kind in ("margin", "difference") and self.equivalent > cell.limit + 2 * self.error(
            cell.limit
        ):
            found.append(f"false equivalence {self.equivalent:.3f}")
        # Where the lambs that matter are not in the sample, no interval covers.
        if judged and cell.limit < 0.08:
            for name, value in self.coverage.items():
                if value < COVERAGE_GOAL - 2 * self.error(COVERAGE_GOAL):
                    found.append(f"coverage of the {name} {value:.3f}")
        if self.contradictions:
            found.append(f"{self.contradictions} contradictions")
        return found


def judge(cell: Cell, studies: int, shuffles: int = 0) -> Judged:
    """Draw a cell's studies and apply every method."""
    rng = np.random.default_rng([20260101, zlib.crc32(cell.name.encode())])
    drawn = cell.draw(rng, studies)
    if len(drawn.groups) > 2:
        return Judged(cell, studies, {"ours": _six(drawn.groups)}, {}, np.nan, 0)
    a, b = drawn.groups
    rejected = {name: _share(method(a, b)) for name, method in METHODS.items()}
    if shuffles and drawn.events is not None:
        rejected["permutation of people"] = _shuffled(rng, drawn, shuffles)
    sides = Compared(last(precision_of(a)), last(precision_of(b)))
    lower, upper = ratio_ends(sides, LEVEL)
    p = np.nan_to_num(p_value(sides), nan=1.0)
    apart = (np.nan_to_num(lower) > 1) | (np.nan_to_num(upper, nan=np.inf) < 1)
    if cell.kind == "difference":
        equivalence = difference_equivalence_p(sides, abs(cell.rates[0] - cell.rates[1]))
    else:
        equivalence = np.nan_to_num(equivalence_p(sides, MARGIN), nan=1.0)
    return Judged(
        cell,
        studies,
        rejected,
        _coverage(cell, sides, lower, upper),
        float(np.mean(equivalence < ALPHA)),
        int(np.count_nonzero(apart != (p < ALPHA))),
    )


def _coverage(
    cell: Cell, sides: Compared, lower: np.ndarray, upper: np.ndarray
) -> dict[str, float]:
    tail = (1 - LEVEL) / 2
    p, q = cell.rates
    below, above = difference_ends(sides, LEVEL)
    ratio = p / q

    def inside(low: np.ndarray, high: np.ndarray, truth: float) -> float:
        unknown = np.isnan(low) | np.isnan(high)
        return float(np.mean(unknown | ((low <= truth) & (truth <= high))))

    return {
        "first rate": inside(lower_ends(sides.a, tail), upper_ends(sides.a, tail), p),
        "second rate": inside(lower_ends(sides.b, tail), upper_ends(sides.b, tail), q),
        "ratio": inside(lower, upper, ratio),
        "difference": inside(below, above, p - q),
    }


def _six(groups: list[Evidence]) -> float:
    """Type I error of the omnibus test, one study at a time."""
    rejected = 0
    studies = len(groups[0].events)
    for study in range(studies):
        rows = [one.take(np.array([study])) for one in groups]
        rejected += omnibus_p(rows) < ALPHA
    return rejected / studies


def omnibus_p(groups: list[Evidence]) -> float:
    """P-value of all groups of one study at the threshold under test."""
    joined = Evidence.stack(groups)
    others = pool(joined, all_others(len(groups)))
    a, b = precision_of(joined), precision_of(others)
    here, rest = last(a), last(b)
    p = ours(joined, others)
    deviates = signed_deviates(p, here.rate - rest.rate)
    found = omnibus(
        deviates[:, None], here.trials[:, None], here.effective_trials[:, None], 20260101
    )
    return float(found.p_value[0])


def _shuffled(rng: np.random.Generator, drawn: Drawn, shuffles: int) -> float:
    if drawn.events is None:
        return np.nan
    few = [one[:500] for one in drawn.events]
    return _share(shuffled_people(rng, few[0], few[1], shuffles))


def _share(p_values: np.ndarray) -> float:
    return float(np.mean(p_values < ALPHA))


__all__ = ["LAST", "Judged", "judge", "omnibus_p"]
