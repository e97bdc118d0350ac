"""Stage `inference`: what was observed in every group and stratum, and sums of it.

In: a counter, a grouping, strata. Out: `Counts`, and the two sides of a comparison pooled from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lfr_eval.contract.trials import Grouping, Trials
from lfr_eval.inference.cells import Cells, Counter, Floats, Labels, divide
from lfr_eval.inference.contrasts import Side, squared
from lfr_eval.inference.controls import Controls
from lfr_eval.inference.watchlists import watchlist_variance


@dataclass(frozen=True)
class Counts:
    """What was observed: cells are groups within strata of people and conditions of trials.

    Attributes
    ----------
    cells
        Events, trials and variances.
    people : (groups, strata)
        People with a trial.
    degrees : (groups x strata, thresholds)
        Degrees of freedom of the variances.
    affected : (groups, thresholds)
        People with an event.
    exposed : (groups,)
        People with a trial.
    """

    cells: Cells
    people: Floats
    degrees: Floats
    affected: Floats
    exposed: Floats


def counts_of(
    trials: Trials,
    counter: Counter,
    steps: Floats,
    grouping: Grouping,
    controls: Controls,
    watchlist: str,
) -> Counts:
    """Count what was observed, with the variance that the watchlist inference asks for."""
    strata = controls.strata
    codes = grouping.codes * strata + controls.stratum
    number = len(grouping.names) * strata
    cells = counter.count(codes[None], number)
    if watchlist == "random":
        condition = controls.condition if controls.conditions > 1 else None
        cells = watchlist_variance(cells, trials, codes, steps, condition)
    shape = (len(grouping.names), strata, -1)
    people = cells.people[0, :, 0] if cells.conditions == 1 else counter.exposed(codes, number)
    return Counts(
        cells,
        people.reshape(len(grouping.names), strata),
        counter.degrees(codes, number),
        counter.affected(codes, number).reshape(shape).sum(axis=1),
        counter.exposed(codes, number).reshape(shape).sum(axis=1)[:, 0],
    )


def pool(cells: Cells, strata: int, groups: tuple[int, ...]) -> Side:
    """Pool the comparisons within some groups, by stratum."""
    inner = strata * cells.conditions
    rows = [group * inner + np.arange(inner) for group in groups]
    events = np.sum([cells.events[0, row] for row in rows], axis=0)
    trials = np.sum([cells.trials[0, row] for row in rows], axis=0)
    weighted = np.sum([cells.trials[0, row] ** 2 * cells.variance[0, row] for row in rows], axis=0)
    variance = divide(weighted, trials**2)
    if cells.covariance is None:
        return Side(events, trials, variance)
    shared = np.sum([_sum_variance(cells, _rows(group, strata)) for group in groups], axis=0)
    return Side(events, trials, variance, divide(shared, squared(trials, cells.conditions)))


def pooled_degrees(counts: Counts, strata: int, groups: tuple[int, ...]) -> Floats:
    """Degrees of freedom of the variance of pooled cells (Satterthwaite)."""
    rows, cells = np.concatenate([_rows(group, strata) for group in groups]), counts.cells
    if cells.covariance is None:
        parts = cells.trials[0, rows] ** 2 * cells.variance[0, rows]
    else:
        parts = np.maximum(_sum_variance(cells, rows).sum(axis=(1, 2)), 0.0)
    return divide(
        parts.sum(axis=0) ** 2, np.sum(parts**2 / counts.degrees[rows], axis=0), otherwise=np.inf
    )


def _rows(group: int, strata: int) -> Labels:
    return group * strata + np.arange(strata)


def _sum_variance(cells: Cells, rows: Labels) -> Floats:
    """Covariance of the numbers of events by condition, (rows, conditions, conditions, T)."""
    if cells.covariance is None:
        raise ValueError("These cells were not counted by condition.")
    trials = cells.trials[0].reshape(-1, cells.conditions, 1)[rows]
    product: Floats = trials[:, :, None] * trials[:, None] * cells.covariance[0, rows]
    return product
