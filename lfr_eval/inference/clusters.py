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

from lfr_eval.inference.cells import Cells, Counter, Floats, Labels, divide, satterthwaite
from lfr_eval.inference.conditioned import ConditionedCounter
from lfr_eval.inference.persons import PersonCounter

Codes = NDArray[np.intp]

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


def by_cluster(counter: Counter, labels: Labels, clusters: Codes) -> tuple[Counter, Labels]:
    """Add up the people of each cluster within each cell, where trials have one person each.

    Comparisons between two people are returned as they are: see `clustered_variance`.
    """
    if not isinstance(counter, (PersonCounter, ConditionedCounter)):
        return counter, labels
    key = labels.astype(np.intp) * (int(clusters.max(initial=0)) + 1) + clusters
    units, unit = np.unique(key, return_inverse=True)
    unit = unit.ravel()
    cell = (units // (int(clusters.max(initial=0)) + 1)).astype(np.intp)
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
    cells: Cells, residuals: Floats, labels: Labels, clusters: Codes
) -> tuple[Cells, Floats, Floats]:
    """Widen the variance of comparisons by what the people of a cluster share.

    The sum of squares over people gives way to that over clusters, of the sums of their people. A
    pair within one cluster is then counted twice, which errs on the wide side.

    Returns
    -------
    cells
        With the larger variance.
    degrees : (cells, thresholds)
        Satterthwaite's, over clusters.
    units : (cells,)
        Clusters of each cell.
    """
    number = cells.events.shape[1]
    width = int(clusters.max(initial=0)) + 1
    units, unit = np.unique(labels.astype(np.intp) * width + clusters, return_inverse=True)
    unit, cell = unit.ravel(), units // width
    sums = sum_by(residuals, unit)
    squares, people = sum_by(sums**2, cell, number), sum_by(residuals**2, labels, number)
    wider = cells.variance[0] + divide(squares - people, cells.trials[0] ** 2)
    count = np.bincount(cell, minlength=number).astype(float)
    degrees = satterthwaite(squares, sum_by(sums**4, cell, number), count[:, None])
    variance = np.maximum(cells.variance, wider[None])
    return replace(cells, variance=variance), degrees, count


def sum_by(values: Floats, code: Labels, number: int | None = None) -> Floats:
    """Sum rows by code."""
    top = int(code.max(initial=-1)) + 1 if number is None else number
    total = np.zeros((top, *values.shape[1:]))
    np.add.at(total, code, values)
    return total
