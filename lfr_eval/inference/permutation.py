"""Stage `inference`: permutation tests that shuffle people, never comparisons.

In: a counter of trials, the groups and strata of its people. Out: p-values of the omnibus test,
of each group against the rest, and of pairs of groups, at every threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Cells, Counter, Floats
from lfr_eval.inference.contrasts import contrast, sides

Codes = NDArray[np.intp]


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
    and asymptotically right when only the rates are equal.

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
    observed = [np.abs(statistic(identity, division)[0]) for division in divisions]
    signed = [statistic(identity, division)[0] for division in divisions]
    reached = [np.zeros(values.shape) for values in observed]
    reached_max = [np.zeros(values.shape[1]) for values in observed]
    step = min(counter.batch(division.cells) for division in divisions)
    for order in shuffles(counter.active, divisions[0].stratum, permutations, step, seed):
        for index, division in enumerate(divisions):
            permuted = np.abs(statistic(order, division))
            reached[index] += at_least(permuted, observed[index]).sum(axis=0)
            largest = observed[index].max(axis=0)
            reached_max[index] += at_least(permuted.max(axis=1), largest).sum(axis=0)
    return [
        RestTests(
            signed[index],
            (1 + reached[index]) / (1 + permutations),
            observed[index].max(axis=0),
            (1 + reached_max[index]) / (1 + permutations),
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


def shuffles(
    active: NDArray[np.bool_],
    stratum: Codes,
    permutations: int,
    step: int,
    seed: Sequence[int],
) -> Iterator[Codes]:
    """Yield permutations of people within strata, `step` at a time, (step, people).

    People without a trial stay where they are, so that groups keep their number of people with
    evidence.
    """
    rng = np.random.default_rng(list(seed))
    people = len(stratum)
    blocks = [np.flatnonzero(active & (stratum == code)) for code in np.unique(stratum[active])]
    done = 0
    while done < permutations:
        size = min(step, permutations - done)
        order = np.tile(np.arange(people), (size, 1))
        for block in blocks:
            order[:, block] = rng.permuted(np.tile(block, (size, 1)), axis=1)
        yield order
        done += size


def at_least(permuted: Floats, observed: Floats) -> NDArray[np.bool_]:
    """Whether permuted statistics reach the observed ones; ties survive rounding errors."""
    return permuted >= observed - 1e-9 * np.maximum(1.0, observed)
