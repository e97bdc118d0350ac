"""Other methods beside ours, each a two-sided p-value of equal rates in every study.

None of them is used by the package; they show what goes wrong, or what power costs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from benchmarks.worlds import LEVELS, Matches
from lfr_eval.inference.cells import divide
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared, p_value
from lfr_eval.inference.precision import Evidence, Precision, precision_of

LAST = len(LEVELS) - 1


def last(precision: Precision) -> Precision:
    """Take the threshold under test."""
    return precision.take((slice(None), LAST))


def ours(a: Evidence, b: Evidence) -> np.ndarray:
    """Give the package's p-value; 1 where untestable."""
    p = p_value(Compared(last(precision_of(a)), last(precision_of(b))))
    found: np.ndarray = np.where(enough_evidence(a, b)[:, LAST], np.nan_to_num(p, nan=1.0), 1.0)
    return found


def chi_square_on_trials(a: Evidence, b: Evidence) -> np.ndarray:
    """Pearson's chi-square, every pass or comparison counted as independent."""
    x, y, n, m = a.events[:, LAST], b.events[:, LAST], a.trials[:, LAST], b.trials[:, LAST]
    pooled = (x + y) / (n + m)
    z = divide(x / n - y / m, np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))
    return 2 * stats.norm.sf(np.abs(z))


def fisher_on_people(a: Evidence, b: Evidence) -> np.ndarray:
    """Fisher's exact test of how many people had an event."""
    counts = np.stack([a.affected[:, LAST], b.affected[:, LAST]], axis=1).astype(int)
    n, m = int(a.people[0, 0]), int(b.people[0, 0])
    unique, back = np.unique(counts, axis=0, return_inverse=True)
    found = [_fisher(int(x), int(y), n, m) for x, y in unique]
    result: np.ndarray = np.array(found)[back.ravel()]
    return result


@cache
def _fisher(x: int, y: int, n: int, m: int) -> float:
    return float(stats.fisher_exact([[x, n - x], [y, m - y]]).pvalue)


def log_ratio_jackknife(a: Evidence, b: Evidence) -> np.ndarray:
    """Wald test of the log ratio with a variance clustered by person (delete one person)."""
    p, q = a.rate[:, LAST], b.rate[:, LAST]
    error = divide(a.variance[:, LAST], p**2) + divide(b.variance[:, LAST], q**2)
    known = (p > 0) & (q > 0)
    z = np.log(np.where(known, p, 1)) - np.log(np.where(known, q, 1))
    return np.where(known, 2 * stats.norm.sf(np.abs(divide(z, np.sqrt(error)))), 1.0)


def koopman(a: Evidence, b: Evidence) -> np.ndarray:
    """Score test on effective trials (Koopman 1984)."""
    one, two = last(precision_of(a)), last(precision_of(b))
    n, m = one.effective_trials, two.effective_trials
    p, q = one.rate, two.rate
    pooled = divide(p * n + q * m, n + m)
    z = divide(p - q, np.sqrt(pooled * (1 - pooled) * (divide(1.0, n) + divide(1.0, m))))
    return 2 * stats.norm.sf(np.abs(z))


METHODS = {
    "ours": ours,
    "chi-square on trials": chi_square_on_trials,
    "Fisher on people": fisher_on_people,
    "jackknife of people": log_ratio_jackknife,
    "Koopman": koopman,
}


def shuffled_people(
    rng: np.random.Generator, one: np.ndarray, two: np.ndarray, shuffles: int = 199
) -> np.ndarray:
    """Permutation of people between two groups (events of the last level, (studies, people)).

    Studentised, for people with the same number of passes: the first edition's test.
    """
    both = np.concatenate([one, two], axis=1).astype(np.float32)
    n, m = one.shape[1], two.shape[1]

    def statistic(values: np.ndarray) -> np.ndarray:
        a, b = values[:, :n], values[:, n:]
        error = a.var(axis=1) / (n - 1) + b.var(axis=1) / (m - 1)
        return np.abs(divide(a.mean(axis=1) - b.mean(axis=1), np.sqrt(error)))

    observed = statistic(both)
    least = np.ones(len(both))
    for _ in range(shuffles):
        least += statistic(rng.permuted(both, axis=1)) >= observed - 1e-6
    return least / (shuffles + 1)


def shuffled_people_of_pairs(
    rng: np.random.Generator,
    groups: list[Matches],
    across: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    shuffles: int = 199,
) -> np.ndarray:
    """Permutation of people between groups of false matches: the first edition's omnibus test.

    Pairs across groups become pairs within under a shuffle, and the reverse. The statistic is the
    largest studentised difference of a group from the rest, with the dyadic variance.
    """
    sizes = [one.people for one in groups]
    start = np.concatenate([[0], np.cumsum(sizes)])
    people, studies = int(start[-1]), groups[0].studies
    parts = []
    for place, one in enumerate(groups):
        at = one.level >= LAST
        parts.append((one.study[at], one.first[at] + start[place], one.second[at] + start[place]))
    for (g, h), (study, first, second, level) in across.items():
        at = level >= LAST
        parts.append((study[at], first[at] + start[g], second[at] + start[h]))
    study, first, second = (np.concatenate(part) for part in zip(*parts, strict=True))
    label = np.repeat(np.arange(len(sizes)), sizes)
    size = np.array(sizes, float)
    pairs = size * (size - 1) / 2

    def statistic(labels: np.ndarray) -> np.ndarray:
        """Of every study, labels (studies, people)."""
        mine = labels[study, first]
        same = mine == labels[study, second]
        cell = study[same] * len(sizes) + mine[same]
        x = np.bincount(cell, minlength=studies * len(sizes)).reshape(studies, -1).astype(float)
        ends = np.concatenate([study[same] * people + side[same] for side in (first, second)])
        degree = np.bincount(ends, minlength=studies * people).reshape(studies, people)
        rate = x / pairs
        residual = degree - np.take_along_axis(rate * (size - 1), labels, axis=1)
        at = (np.arange(studies)[:, None] * len(sizes) + labels).ravel()
        squares = np.bincount(at, (residual**2).ravel(), studies * len(sizes))
        between = x * (1 - 2 * rate) + rate**2 * pairs
        variance = np.maximum(squares.reshape(x.shape) - between, between)
        rest_x, rest_n = x.sum(1, keepdims=True) - x, pairs.sum() - pairs
        rest_variance = variance.sum(1, keepdims=True) - variance
        # Where a side has no event its variance is that of the pooled rate.
        pooled = x.sum(1, keepdims=True) / pairs.sum()
        error = np.maximum(variance / pairs**2, pooled / pairs) + np.maximum(
            rest_variance / rest_n**2, pooled / rest_n
        )
        z = divide(rate - rest_x / rest_n, np.sqrt(error))
        largest: np.ndarray = np.abs(z).max(axis=1)
        return largest

    labels = np.tile(label, (studies, 1))
    observed = statistic(labels)
    reached = np.ones(studies)
    for _ in range(shuffles):
        reached += statistic(rng.permuted(labels, axis=1)) >= observed - 1e-9
    return reached / (shuffles + 1)
