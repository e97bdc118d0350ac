"""Stage `inference`: tests on people with an event, for comparison with published studies.

In: people with and without an event by group. Out: exact and approximate p-values. They count a
person once, however many events, and stand beside the intervals, never in their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lgamma

import numpy as np
from numpy.typing import NDArray
from scipy import stats

MOST_PEOPLE_OF_BOSCHLOO = 300
"""People of both groups beyond which Boschloo's test is left out."""


@dataclass(frozen=True)
class PersonTests:
    """P-values of tests on the number of people with an event.

    Attributes
    ----------
    fisher
        Fisher's exact test; Freeman and Halton's extension for more than two groups.
    boschloo
        Boschloo's more powerful exact test; NaN for more than two groups, and for more than
        300 people, where Fisher's and the chi-square test say the same.
    chi_square
        Pearson's chi-square without correction; NaN where nobody or everybody has an event.
    chi_square_corrected
        With Yates' correction; NaN for more than two groups.
    """

    fisher: float
    boschloo: float
    chi_square: float
    chi_square_corrected: float


def person_tests(affected: Sequence[int], exposed: Sequence[int]) -> PersonTests:
    """Test whether the share of people with an event differs between groups.

    Parameters
    ----------
    affected
        People with an event, by group.
    exposed
        People with a trial, by group.

    Raises
    ------
    ValueError
        If there are fewer than two groups, or more affected than exposed people.

    References
    ----------
    Fisher (1935), JRSS 98, 39-54; Freeman & Halton (1951), Biometrika 38, 141-149; Boschloo
    (1970), Statistica Neerlandica 24, 1-35.

    Examples
    --------
    The seven people of 2023, were a third of 400 volunteers White:

    >>> round(person_tests([0, 7], [133, 267]).fisher, 3)
    0.101
    """
    table = _table(affected, exposed)
    fisher = freeman_halton(affected, exposed)
    if table[:, 0].sum() == 0 or table[:, 1].sum() == 0 or np.any(table.sum(axis=1) == 0):
        return PersonTests(fisher, 1.0 if len(table) == 2 else np.nan, np.nan, np.nan)
    plain = float(stats.chi2_contingency(table, correction=False).pvalue)
    if len(table) > 2:
        return PersonTests(fisher, np.nan, plain, np.nan)
    corrected = float(stats.chi2_contingency(table, correction=True).pvalue)
    # SciPy's search lists every table: quick for hundreds of people, endless for thousands.
    small = table.sum() <= MOST_PEOPLE_OF_BOSCHLOO
    boschloo = _boschloo(tuple(map(tuple, table.T.tolist()))) if small else np.nan
    return PersonTests(fisher, boschloo, plain, corrected)


@lru_cache(maxsize=1_000)
def _boschloo(table: tuple[tuple[int, ...], ...]) -> float:
    """Neighbouring thresholds often have the same table, and SciPy searches for long."""
    return float(stats.boschloo_exact(table).pvalue)


def freeman_halton(affected: Sequence[int], exposed: Sequence[int]) -> float:
    """Exact conditional test of two or more groups.

    The probability, given all margins, of the tables no more probable than the observed one.

    Raises
    ------
    ValueError
        If there are fewer than two groups, or more affected than exposed people.
    """
    table = _table(affected, exposed)
    sizes, total = table.sum(axis=1), int(table[:, 0].sum())
    if len(table) == 2:
        return float(stats.fisher_exact(table).pvalue)
    observed = sum(_log_choose(int(n), int(x)) for n, x in zip(sizes, table[:, 0], strict=True))
    if _too_many(sizes, total):
        return _sampled(sizes, total, observed)
    # Fold in one group after the other: `ways` holds, for every number of affected people so
    # far, the log number of ways of every table.
    ways: list[NDArray[np.float64]] = [np.zeros(1), *[np.empty(0)] * total]
    for n in sizes:
        folded: list[list[NDArray[np.float64]]] = [[] for _ in range(total + 1)]
        own = [_log_choose(int(n), x) for x in range(min(int(n), total) + 1)]
        for before, values in enumerate(ways):
            if len(values):
                for x, log in enumerate(own[: total - before + 1]):
                    folded[before + x].append(values + log)
        ways = [np.concatenate(values) if values else np.empty(0) for values in folded]
    reference = _log_choose(int(sizes.sum()), total)
    final = ways[total]
    return float(min(1.0, np.exp(final[final <= observed + 1e-9] - reference).sum()))


_MOST_TABLES = 2_000_000


def _too_many(sizes: NDArray[np.int64], total: int) -> bool:
    """Whether there are too many tables to list, after any group, with at most `total` affected."""
    tables = np.zeros(total + 1, np.int64)
    tables[0] = 1
    for n in sizes.tolist():
        summed = np.cumsum(tables)
        tables = summed.copy()
        tables[n + 1 :] -= summed[: max(total - n, 0)]
        if tables.sum() > _MOST_TABLES:
            return True
    return False


def _sampled(sizes: NDArray[np.int64], total: int, observed: float) -> float:
    """Estimate the p-value from 100,000 random tables where they are too many to list."""
    draws = np.random.default_rng(0).multivariate_hypergeometric(sizes, total, size=100_000)
    log = np.zeros(len(draws))
    for n, drawn in zip(sizes.tolist(), draws.T, strict=True):
        found, place = np.unique(drawn, return_inverse=True)
        log += np.array([_log_choose(n, x) for x in found.tolist()])[place]
    return float((1 + np.count_nonzero(log <= observed + 1e-9)) / 100_001)


def _table(affected: Sequence[int], exposed: Sequence[int]) -> NDArray[np.int64]:
    a, n = np.asarray(affected, np.int64), np.asarray(exposed, np.int64)
    if len(a) != len(n) or len(a) < 2 or np.any(a < 0) or np.any(a > n):
        raise ValueError(
            "The 'affected' parameter of person_tests must count, for two or more groups, no more "
            f"people than are exposed. Got {list(affected)!r} of {list(exposed)!r} instead."
        )
    return np.stack([a, n - a], axis=1)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
