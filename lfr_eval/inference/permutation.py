"""Stage `inference`: permutation tests that shuffle people, never comparisons.

In: a counter of trials, the groups and strata of its people. Out: p-values of the omnibus test,
of each group against the rest, and of pairs of groups, at every threshold.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Cells, Counter, Floats
from lfr_eval.inference.contrasts import contrast, sides

Codes = NDArray[np.intp]

THREADS = min(4, os.cpu_count() or 1)
"""Threads that share the permutations; results do not depend on it."""


@dataclass(frozen=True)
class Division:
    """People divided into groups to be compared and strata to be compared within.

    Attributes
    ----------
    groups, strata
        How many there are.
    group, stratum : (people,)
        The group and stratum of each person.
    """

    groups: int
    strata: int
    group: Codes
    stratum: Codes

    @property
    def cells(self) -> int:
        """Number of cells, one for each group in each stratum."""
        return self.groups * self.strata


@dataclass(frozen=True)
class RestTests:
    """Tests of the groups of one division.

    Attributes
    ----------
    statistic, p_value : (groups, thresholds)
        Each group against the rest.
    omnibus, omnibus_p : (thresholds,)
        The largest absolute statistic, and how often chance exceeds it.
    """

    statistic: Floats
    p_value: Floats
    omnibus: Floats
    omnibus_p: Floats


def rest_statistics(cells: Cells, division: Division) -> Floats:
    """Studentised difference of each group from the rest, (permutations, groups, thresholds)."""
    return contrast(*sides(cells, division.groups, division.strata)).statistic


def against_rest(
    counter: Counter, divisions: Sequence[Division], permutations: int, seed: Sequence[int]
) -> list[RestTests]:
    """Test every group against the rest, and all groups together, for each division.

    One permutation of people serves every division and threshold. The statistic is studentised
    by the cluster-robust standard error, so that the test is exact when groups are exchangeable
    and asymptotically right when only the rates are equal. Ties count half (mid-p, Lancaster
    1961, JASA 56, 223-234): a handful of events allows few values of the statistic, and an exact
    test would then reject far less often than its level.

    Parameters
    ----------
    counter
        The trials.
    divisions
        Divisions of the counter's people; they share their strata.
    permutations
        Number of permutations.
    seed
        Seed of the permutations.

    References
    ----------
    Chung & Romano (2013), Annals of Statistics 41, 484-507.
    """
    if not divisions:
        return []

    def statistic(order: Codes, division: Division) -> Floats:
        cell = division.group[order] * division.strata + division.stratum
        return rest_statistics(counter.count(cell, division.cells), division)

    identity = np.arange(counter.people)[None]
    signed = [statistic(identity, division)[0] for division in divisions]
    observed = [np.abs(values) for values in signed]
    step = min(counter.batch(division.cells) for division in divisions)

    def reached(start: int) -> list[tuple[Floats, Floats]]:
        size = min(step, permutations - start)
        order = shuffle(counter.active, divisions[0].stratum, size, [*seed, start])
        counts = []
        for values, division in zip(observed, divisions, strict=True):
            permuted = np.abs(statistic(order, division))
            largest = reach(permuted.max(axis=1), values.max(axis=0))
            counts.append((reach(permuted, values), largest))
        return counts

    # NumPy lets go of the interpreter in the long loops, so that threads are worth their while.
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(reached, range(0, permutations, step)))
    return [
        RestTests(
            signed[index],
            (1 + np.sum([part[index][0] for part in parts], axis=0)) / (1 + permutations),
            observed[index].max(axis=0),
            (1 + np.sum([part[index][1] for part in parts], axis=0)) / (1 + permutations),
        )
        for index in range(len(divisions))
    ]


def between_pair(
    counter: Counter,
    division: Division,
    pair: tuple[int, int],
    permutations: int,
    seed: Sequence[int],
) -> tuple[Floats, Floats]:
    """Test one group against another, shuffling only their own people.

    Returns
    -------
    statistic, p_value : (thresholds,)
        The other groups play no part: their rates may differ from both.
    """
    keep = np.isin(division.group, pair)
    two = Division(
        2,
        division.strata,
        (division.group[keep] == pair[1]).astype(np.intp),
        division.stratum[keep],
    )
    tests = against_rest(counter.restrict(keep), [two], permutations, seed)[0]
    return tests.statistic[0], tests.p_value[0]


def shuffle(
    active: NDArray[np.bool_], stratum: Codes, permutations: int, seed: Sequence[int]
) -> Codes:
    """Return permutations of people within strata, (permutations, people).

    People without a trial stay where they are, so that groups keep their number of people with
    evidence.
    """
    rng = np.random.default_rng(list(seed))
    order = np.tile(np.arange(len(stratum)), (permutations, 1))
    for code in np.unique(stratum[active]):
        block = np.flatnonzero(active & (stratum == code))
        order[:, block] = rng.permuted(np.tile(block, (permutations, 1)), axis=1)
    return order


def reach(permuted: Floats, observed: Floats) -> Floats:
    """Count how often permuted statistics exceed the observed ones; a tie counts half.

    Parameters
    ----------
    permuted : (permutations, ...)
    observed : (...)
    """
    slack = 1e-9 * np.maximum(1.0, observed)
    above = np.count_nonzero(permuted > observed + slack, axis=0)
    not_below = np.count_nonzero(permuted >= observed - slack, axis=0)
    half: Floats = (above + not_below) / 2
    return half
