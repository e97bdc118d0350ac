"""Stage `inference`: clusters above people, such as households, as the unit of inference.

In: counts by person, a cluster for each person. Out: counts by cluster, or the variance and degrees
of freedom that clusters give. Members of a household share cameras, days and faces; counting them
as independent people claims differences that do not exist.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.trials import PairTrials, Trials
from lfr_eval.inference.cells import (
    Cells,
    Codes,
    Counter,
    Floats,
    Labels,
    divide,
    satterthwaite,
    shared_variance,
)
from lfr_eval.inference.conditioned import ConditionedCounter
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter

CLUSTER = "cluster_id"
"""The label of people that names their cluster."""


def clusters_of(people: pd.DataFrame) -> Codes | None:
    """Return the cluster of each person; None where nobody shares one. Missing: a person alone."""
    if CLUSTER not in people:
        return None
    codes = pd.factorize(people[CLUSTER].astype("string"))[0]
    alone = codes < 0
    codes = np.where(alone, codes.max(initial=-1) + 1 + np.cumsum(alone), codes)
    codes = np.unique(codes, return_inverse=True)[1].ravel().astype(np.intp)
    return codes if len(codes) and len(np.unique(codes)) < len(codes) else None


def units_of(labels: Labels, clusters: Codes) -> tuple[Codes, Codes, Codes]:
    """Tell the clusters of each cell apart.

    Returns
    -------
    unit : (people,)
        The unit of each person, a cluster within a cell.
    cell, cluster : (units,)
        Cell and cluster of each unit.
    """
    width = int(clusters.max(initial=0)) + 1
    units, unit = np.unique(labels.astype(np.intp) * width + clusters, return_inverse=True)
    return unit.ravel(), units // width, units % width


def count_units(
    trials: Trials,
    counter: Counter,
    steps: Floats,
    labels: Labels,
    cells: int,
    clusters: Codes | None,
) -> tuple[Cells, Floats, Floats, Counter, Labels]:
    """Count cells of people, or of clusters where these are given; see `clustered_variance`.

    Returns
    -------
    cells, degrees, units, counter, labels
        What was counted; degrees of freedom, (cells, thresholds); units of each cell; the counter
        of units, and the cell of each unit.
    """
    if clusters is not None:
        if isinstance(trials, PairTrials) and isinstance(counter, PairCounter):
            return clustered_variance(trials, counter, steps, labels, cells, clusters)
        counter, labels = by_cluster(counter, labels, clusters)
    counted = counter.count(labels, cells)
    return counted, counter.degrees(labels, cells), counter.exposed(labels, cells), counter, labels


def by_cluster(counter: Counter, labels: Labels, clusters: Codes) -> tuple[Counter, Labels]:
    """Add up the people of each cluster within each cell, where trials have one person each.

    Comparisons between two people are returned as they are: see `clustered_variance`.
    """
    if not isinstance(counter, (PersonCounter, ConditionedCounter)):
        return counter, labels
    unit, cell, _ = units_of(labels, clusters)
    if isinstance(counter, PersonCounter):
        return PersonCounter(sum_by(counter.events, unit), sum_by(counter.trials, unit)), cell
    return (
        ConditionedCounter(
            np.stack([sum_by(one, unit) for one in counter.events]),
            np.stack([sum_by(one, unit) for one in counter.trials]),
        ),
        cell,
    )


def clustered_variance(
    trials: PairTrials,
    counter: PairCounter,
    steps: Floats,
    labels: Labels,
    cells: int,
    clusters: Codes,
) -> tuple[Cells, Floats, Floats, Counter, Labels]:
    """Count comparisons of two people, with a variance clustered by both of their clusters.

    `shared_variance` with the residual of all comparisons of the people of a cluster, each counted
    once, and those of the comparisons between two clusters. It is not below the variance clustered
    by person.

    Returns
    -------
    cells
        With the larger variance.
    degrees : (cells, thresholds)
        Satterthwaite's, over clusters.
    units : (cells,)
        Clusters of each cell.
    between
        The comparisons between clusters, as if these were people.
    cell : (clusters within cells,)
        The cell of each of these.
    """
    counted = counter.count(labels, cells)
    n, rate = counted.trials, counted.rate
    unit, cell, _ = units_of(labels, clusters)
    between = PairCounter.of(joined(trials, unit, len(cell)), steps)
    size = between.sizes(cell, cells)
    _, _, pairs = between.residual_squares(cell, cells, size)
    # These are from the rate of the comparisons between clusters, the others from that of all.
    apart = divide(between.count(cell, cells).events, size.trials) - rate
    pairs = pairs + apart**2 * size.pair_squares
    across = between.compared(cell, cells)
    touching = (sum_by(counter.compared(labels, cells), unit) + across) / 2
    matched = (sum_by(counter.matches(labels), unit) + between.matches(cell)) / 2
    sums = matched - rate[cell] * touching[:, None]
    squares = sum_by(sums**2, cell, cells)
    shared = sum_by(touching**2, cell, cells)[:, None] - size.pair_squares
    wider = shared_variance(squares, pairs, shared, n)
    count = np.bincount(cell, minlength=cells).astype(float)
    degrees = satterthwaite(squares, sum_by(sums**4, cell, cells), count[:, None])
    variance = np.maximum(counted.variance, wider)
    alike = divide(sum_by(touching, cell, cells) ** 2, sum_by(touching**2, cell, cells))
    wider_cells = replace(counted, variance=variance, alike=alike[:, None])
    return wider_cells, degrees, count, between, cell


def joined(trials: PairTrials, unit: Codes, units: int) -> PairTrials:
    """Return the comparisons between different clusters, as if clusters were people."""

    def added(values: NDArray[np.integer]) -> Codes:
        return np.bincount(unit, values, units).astype(np.intp)

    first, second = unit[trials.correction_first], unit[trials.correction_second]
    other = first != second
    return replace(
        trials,
        people=units,
        first=unit[trials.first],
        second=unit[trials.second],
        references=added(trials.references),
        probes=added(trials.probes),
        both=added(trials.both),
        correction_first=first[other],
        correction_second=second[other],
        correction=trials.correction[other],
    )


def sum_by(values: Floats, code: Labels, number: int | None = None) -> Floats:
    """Sum rows by code."""
    top = int(code.max(initial=-1)) + 1 if number is None else number
    total = np.zeros((top, *values.shape[1:]))
    np.add.at(total, code, values)
    return total
