"""Stage `inference`: what was observed in every group and stratum, and what it is worth.

In: a counter, a grouping, strata, clusters. Out: `Counts`, and from it the `Evidence` of groups and
of two sides that are compared within strata.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lfr_eval.contract.trials import Grouping, PairTrials, Trials
from lfr_eval.inference.cells import MOST_PEOPLE, Bools, Cells, Counter, Floats, Labels, divide
from lfr_eval.inference.clusters import Codes, by_cluster, clustered_variance
from lfr_eval.inference.contrasts import Side, contrast, squared
from lfr_eval.inference.controls import Controls
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.precision import Evidence
from lfr_eval.inference.watchlists import references_of, watchlist_variance


@dataclass(frozen=True)
class Counts:
    """What was observed: cells are groups within strata of people and conditions of trials.

    Attributes
    ----------
    cells
        Events, trials and variances.
    strata
        Strata of people.
    degrees : (groups x strata, thresholds)
        Degrees of freedom of the variances.
    units : (groups,)
        People with a trial, or clusters of them.
    exposed : (groups,)
        People with a trial.
    affected : (groups, thresholds)
        People with an event, whatever their cluster.
    affected_units, affected_without : (groups, thresholds)
        People (or clusters) with an event, and with a trial that is none.
    largest, largest_without : (groups, thresholds)
        Most events, and trials without one, of one of them or of one reference.
    top, top_without : (groups, MOST_PEOPLE, thresholds)
        Events, and trials without one, of those who have most, in descending order.
    pairs, falling
        As in `Evidence`.
    """

    cells: Cells
    strata: int
    degrees: Floats
    units: Floats
    exposed: Floats
    affected: Floats
    affected_units: Floats
    affected_without: Floats
    largest: Floats
    largest_without: Floats
    top: Floats
    top_without: Floats
    pairs: bool
    falling: bool

    @property
    def groups(self) -> int:
        """How many there are."""
        return len(self.units)

    @property
    def trials(self) -> Floats:
        """Trials of each group, (groups,)."""
        total: Floats = self.cells.trials[0].reshape(self.groups, -1).sum(axis=1)
        return total


def counts_of(
    trials: Trials,
    counter: Counter,
    steps: Floats,
    grouping: Grouping,
    controls: Controls,
    watchlist: str,
    clusters: Codes | None = None,
) -> Counts:
    """Count what was observed, with the variance that the watchlist inference asks for."""
    strata, groups = controls.strata, len(grouping.names)
    codes = grouping.codes * strata + controls.stratum
    number = groups * strata
    unit: Counter = counter
    unit_codes: Labels = codes
    if clusters is not None:
        unit, unit_codes = by_cluster(counter, codes, clusters)
    if clusters is not None and isinstance(trials, PairTrials) and isinstance(counter, PairCounter):
        cells, degrees, units = clustered_variance(trials, counter, steps, codes, number, clusters)
    else:
        cells = unit.count(unit_codes[None], number)
        degrees, units = unit.degrees(unit_codes, number), unit.exposed(unit_codes, number)
    extremes = unit.extremes(unit_codes, number)
    largest = _most(extremes.largest, groups)
    if watchlist == "random":
        condition = controls.condition if controls.conditions > 1 else None
        alone = cells
        cells = watchlist_variance(cells, trials, codes, steps, condition)
        references = references_of(trials, codes, number, steps)
        if references is not None:
            degrees = _combined(alone, cells, degrees, references.degrees)
            largest = np.maximum(largest, _most(references.largest, groups))

    def by_group(values: Floats) -> Floats:
        total: Floats = values.reshape(groups, strata, -1).sum(axis=1)
        return total

    return Counts(
        cells,
        strata,
        degrees,
        by_group(units)[:, 0],
        by_group(counter.exposed(codes, number))[:, 0],
        by_group(counter.affected(codes, number)),
        by_group(unit.affected(unit_codes, number)),
        by_group(extremes.affected_without),
        largest,
        _most(extremes.largest_without, groups),
        _top(extremes.top, groups),
        _top(extremes.top_without, groups),
        isinstance(trials, PairTrials),
        trials.event_at_or_above,
    )


def _most(values: Floats, groups: int) -> Floats:
    largest: Floats = values.reshape(groups, -1, values.shape[-1]).max(axis=1)
    return largest


def _top(values: Floats, groups: int) -> Floats:
    """Merge the lists of a group's strata."""
    joined = values.reshape(groups, -1, values.shape[-1])
    found: Floats = -np.sort(-joined, axis=1)[:, :MOST_PEOPLE]
    return found


def _combined(alone: Cells, wider: Cells, people: Floats, references: Floats) -> Floats:
    """Degrees of freedom of a variance of people and one of references together."""
    conditions = alone.conditions

    def summed(cells: Cells) -> Floats:
        parts = (cells.trials**2 * cells.variance)[0]
        total: Floats = parts.reshape(-1, conditions, parts.shape[-1]).sum(axis=1)
        return total

    own = summed(alone)
    shared = np.maximum(summed(wider) - own, 0.0)
    return divide((own + shared) ** 2, own**2 / people + shared**2 / references, otherwise=np.inf)


def evidence_of(counts: Counts) -> Evidence:
    """Evidence of every group, its strata taken together."""
    groups = counts.groups
    return Evidence.stack([_of_side(counts, _only(groups, group), None) for group in range(groups)])


def sides_of(
    counts: Counts, comparisons: list[tuple[Bools, Bools]]
) -> tuple[Evidence, Evidence, Bools]:
    """Evidence of both sides of every comparison, standardised to the strata that both have.

    Parameters
    ----------
    comparisons
        Which groups each side is made of, (groups,) twice.

    Returns
    -------
    a, b
        A row a comparison.
    shared : (comparisons, thresholds)
        Whether there is a stratum in which both sides have trials.
    """
    rows: list[tuple[Evidence, Evidence]] = []
    shared = []
    for one, two in comparisons:
        a, b = _pool(counts, one), _pool(counts, two)
        found = contrast(a, b)
        rows.append(
            (
                _of_side(
                    counts, one, (found.rate_a, found.variance_a, found.worth_a, found.share_a)
                ),
                _of_side(
                    counts, two, (found.rate_b, found.variance_b, found.worth_b, found.share_b)
                ),
            )
        )
        shared.append(found.shared)
    first, second = zip(*rows, strict=True)
    return Evidence.stack(first), Evidence.stack(second), np.stack(shared)


Standardised = tuple[Floats, Floats, Floats, Floats]


def _of_side(counts: Counts, member: Bools, standardised: Standardised | None) -> Evidence:
    """Return evidence of some groups as one row."""
    if standardised is None:
        side = _pool(counts, member)
        total = side.trials.sum(axis=0)
        share = divide(side.trials, total)
        alone = Side(side.events, side.trials, side.variance, side.covariance)
        rate = divide(side.events.sum(axis=0), total)
        variance = np.sum(share**2 * alone.variance, axis=0)
        if side.covariance is not None:
            variance = np.maximum(
                np.sum(squared(share, counts.cells.conditions) * side.covariance, axis=(0, 1, 2)),
                divide(rate * (1 - rate), total),
            )
        worth, most = total, np.ones_like(total)
    else:
        rate, variance, worth, most = standardised
    degrees = _pooled_degrees(counts, member)
    return Evidence(
        (rate * worth)[None],
        np.broadcast_to(worth, rate.shape)[None],
        variance[None],
        degrees[None],
        (counts.largest[member].max(axis=0, initial=0.0) * most)[None],
        (counts.largest_without[member].max(axis=0, initial=0.0) * most)[None],
        counts.units[member].sum().reshape(1, 1),
        counts.affected_units[member].sum(axis=0)[None],
        counts.affected_without[member].sum(axis=0)[None],
        counts.pairs,
        counts.falling,
    )


def _only(groups: int, group: int) -> Bools:
    member: Bools = np.arange(groups) == group
    return member


def _pool(counts: Counts, member: Bools) -> Side:
    """Pool the trials within some groups, by stratum."""
    cells = counts.cells
    inner = counts.strata * cells.conditions

    def by_group(values: Floats) -> Floats:
        shaped: Floats = values[0].reshape(counts.groups, inner, -1)[member]
        return shaped

    trials = by_group(cells.trials)
    total = trials.sum(axis=0)
    events = by_group(cells.events).sum(axis=0)
    variance = divide(np.sum(trials**2 * by_group(cells.variance), axis=0), total**2)
    if cells.covariance is None:
        return Side(events, total, variance)
    rows = _rows(counts, member)
    shared = _sum_variance(cells, rows).reshape(
        -1, counts.strata, cells.conditions, cells.conditions, events.shape[-1]
    )
    product = squared(total, cells.conditions)
    return Side(events, total, variance, divide(shared.sum(axis=0), product))


def _pooled_degrees(counts: Counts, member: Bools) -> Floats:
    """Degrees of freedom of the variance of pooled cells (Satterthwaite)."""
    rows, cells = _rows(counts, member), counts.cells
    if cells.covariance is None:
        parts = cells.trials[0, rows] ** 2 * cells.variance[0, rows]
    else:
        parts = np.maximum(_sum_variance(cells, rows).sum(axis=(1, 2)), 0.0)
    return divide(
        parts.sum(axis=0) ** 2, np.sum(parts**2 / counts.degrees[rows], axis=0), otherwise=np.inf
    )


def _rows(counts: Counts, member: Bools) -> Labels:
    rows = np.arange(counts.groups * counts.strata).reshape(counts.groups, -1)[member]
    return rows.ravel()


def _sum_variance(cells: Cells, rows: Labels) -> Floats:
    """Covariance of the numbers of events by condition, (rows, conditions, conditions, T)."""
    if cells.covariance is None:
        raise ValueError("These cells were not counted by condition.")
    trials = cells.trials[0].reshape(-1, cells.conditions, 1)[rows]
    product: Floats = trials[:, :, None] * trials[:, None] * cells.covariance[0, rows]
    return product
