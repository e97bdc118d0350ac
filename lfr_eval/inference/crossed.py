"""Stage `inference`: false matches across groups.

In: `PairTrials` and one grouping. Out: `Cells` of every group against every other, with a
variance clustered on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.trials import Grouping, PairTrials
from lfr_eval.inference.cells import Cells, Codes, Floats, divide, satterthwaite, shared_variance
from lfr_eval.inference.clusters import joined, units_of
from lfr_eval.inference.pair_sizes import KERNEL, looked_up
from lfr_eval.inference.precision import Evidence


@dataclass(frozen=True)
class Crossed:
    """Every group against every other.

    Attributes
    ----------
    group, counterpart : (cells,)
        Codes of both sides.
    cells
        The counts; `people` are those of the smaller side, who bound what is independent.
    exposed : (cells,)
        People of `group` compared with somebody of `counterpart`.
    affected, affected_others : (cells, thresholds)
        Those with a false match, and people of `counterpart` with one.
    degrees : (cells, thresholds)
        Degrees of freedom of the variance.
    largest : (cells, thresholds)
        Most false matches of one person of either side.
    """

    group: NDArray[np.intp]
    counterpart: NDArray[np.intp]
    cells: Cells
    exposed: Floats
    affected: Floats
    affected_others: Floats
    degrees: Floats
    largest: Floats

    @property
    def evidence(self) -> Evidence:
        """Evidence of every cell: pairs of people of both sides that share nobody count."""
        events, variance = self.cells.events, self.cells.variance
        total = np.broadcast_to(self.cells.trials, events.shape)
        return Evidence(
            events,
            total,
            variance,
            self.degrees,
            self.largest,
            total - events,
            2 * self.cells.people,
            self.affected + self.affected_others,
            np.broadcast_to(self.exposed[:, None], events.shape),
            pairs=True,
            falling=True,
        )


def crossed_cells(
    trials: PairTrials, grouping: Grouping, steps: Floats, clusters: Codes | None = None
) -> Crossed:
    """Count false matches between people of different groups.

    Where images serve as reference and probe, and in a list of pairs, a comparison has no
    direction: the cells (g, h) and (h, g) then hold the same comparisons. Elsewhere `g` is the
    probe's group and `h` the reference's.

    The variance is `shared_variance` over the people of both sides. With clusters, (people,), these
    take the place of people, and it is not below that of people.
    """
    if clusters is not None:
        unit, cell, _ = units_of(grouping.codes, clusters)
        alone = crossed_cells(trials, grouping, steps)
        units = joined(trials, unit, len(cell))
        wider = crossed_cells(units, replace(grouping, codes=cell), steps)
        variance = np.maximum(alone.cells.variance, wider.cells.variance)
        return replace(wider, cells=replace(wider.cells, variance=variance))
    directed = not (trials.mutual or np.any(trials.both))
    n, groups, top = trials.people, len(grouping.names), len(steps)
    code = grouping.codes
    level = np.searchsorted(np.asarray(steps, np.float32), trials.score, "right") - 1
    hit = (level >= 0) & (code[trials.first] != code[trials.second])
    a, b, level = trials.first[hit], trials.second[hit], level[hit]
    if not directed:
        a, b, level = np.r_[a, b], np.r_[b, a], np.r_[level, level]
    images = np.stack([trials.references, trials.probes, trials.both], axis=1).astype(float)
    kernel = np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 0]]) if directed else KERNEL
    added_a, added_b, added = _corrections(trials, directed)
    first, second = np.nonzero(~np.eye(groups, dtype=bool))
    shape, one = (len(first), top), (len(first), 1)
    events, variance, affected, others, largest = (np.zeros(shape) for _ in range(5))
    total, people, exposed = np.zeros(one), np.zeros(one), np.zeros(len(first))
    degrees = np.full(shape, np.inf)
    number = np.full((groups, groups), -1)
    number[first, second] = np.arange(len(first))
    in_cell = number[code[a], code[b]]
    fix_cell = number[code[added_a], code[added_b]]
    for index in range(len(first)):
        g, h = code == first[index], code == second[index]
        left, right = images[g] @ kernel, images[h]
        per_left = np.zeros(n)
        per_right = np.zeros(n)
        per_left[g], per_right[h] = left @ right.sum(0), right @ left.sum(0)
        squares = float(np.einsum("ij,ji->", left.T @ left, right.T @ right))
        fix = fix_cell == index
        if np.any(fix):
            i, j, d = added_a[fix], added_b[fix], added[fix]
            base = np.einsum("ek,kl,el->e", images[i], kernel, images[j])
            squares += float(np.sum(2 * base * d + d * d))
            per_left += np.bincount(i, d, n)
            per_right += np.bincount(j, d, n)
        c = per_left.sum()
        total[index] = c
        people[index] = min(np.sum(per_left > 0), np.sum(per_right > 0))
        exposed[index] = np.sum(per_left > 0)
        sharing = np.sum(per_left**2) + np.sum(per_right**2) - squares
        mine = np.flatnonzero(in_cell == index)
        for step in range(top):
            mine = mine[level[mine] >= step]
            if not len(mine):
                break
            f_left, f_right = np.bincount(a[mine], minlength=n), np.bincount(b[mine], minlength=n)
            key, f = np.unique(a[mine] * n + b[mine], return_counts=True)
            i, j = key // n, key % n
            implied = np.einsum("ek,kl,el->e", images[i], kernel, images[j])
            if np.any(fix):
                implied = implied + looked_up(added_a[fix] * n + added_b[fix], added[fix], key)
            p = divide(len(mine), c)
            residuals = np.concatenate([(f_left - p * per_left)[g], (f_right - p * per_right)[h]])
            squares_of = residuals**2
            rows = squares_of.sum()
            largest[index, step] = max(f_left.max(), f_right.max())
            degrees[index, step] = satterthwaite(rows, np.sum(squares_of**2), len(squares_of))
            pairs = np.sum(f**2 - 2 * p * f * implied) + p * p * squares
            events[index, step] = len(mine)
            affected[index, step] = np.count_nonzero(f_left)
            others[index, step] = np.count_nonzero(f_right)
            variance[index, step] = shared_variance(rows, pairs, sharing, c)
    rate = divide(events, total)
    variance = np.maximum(variance, divide(rate * (1 - rate), total))
    cells = Cells(events, total, variance, people)
    return Crossed(first, second, cells, exposed, affected, others, degrees, largest)


def _corrections(trials: PairTrials, directed: bool) -> tuple[Codes, Codes, Floats]:
    """Return the corrections, in ascending order of the two people.

    In both directions, or, if `directed`, from the probe's person to the reference's.
    """
    n = trials.people
    if directed:
        key, value = trials.correction_first * n + trials.correction_second, trials.correction
        key, at = np.unique(key, return_inverse=True)
        total = np.bincount(at, value, len(key))
        key, total = key[total != 0], total[total != 0]
    else:
        low, high, value = trials.corrected
        key, total = np.concatenate([low * n + high, high * n + low]), np.tile(value, 2)
        order = np.argsort(key)
        key, total = key[order], total[order].astype(float)
    return key // max(n, 1), key % max(n, 1), total
