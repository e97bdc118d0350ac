"""Stage `inference`: what was observed in every group and stratum, and what it is worth.

In: a counter, a grouping, strata, clusters. Out: `Counts`, and from it the `Evidence` of groups and
of two sides that are compared within strata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lfr_eval.contract.trials import Grouping, PairTrials
from lfr_eval.inference.cells import (
    MOST_PEOPLE,
    Bools,
    Cells,
    Codes,
    Counter,
    Floats,
    Labels,
    divide,
)
from lfr_eval.inference.clusters import count_units
from lfr_eval.inference.contrasts import Side, Standardised, contrast, squared
from lfr_eval.inference.controls import Controls
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.precision import Evidence, Lenders
from lfr_eval.inference.sparse import ONE_UNIT, ONE_UNIT_OF_PAIRS, degrees_within, with_few_people
from lfr_eval.inference.watchlists import References, references_of, watchlist_variance


@dataclass(frozen=True)
class Counted:
    """Rates and how sure they are: cells are groups within strata of people and conditions.

    Attributes
    ----------
    cells
        Events, trials and variances.
    degrees : (groups x strata, thresholds)
        Degrees of freedom of the variances.
    groups, strata
        How many there are.
    units : (groups x strata,)
        People with a trial, or clusters of them, of each.
    few
        Of these, how many are one unit; see `sparse`.
    """

    cells: Cells
    degrees: Floats
    groups: int
    strata: int
    units: Floats
    few: int


@dataclass(frozen=True)
class Counts:
    """What was observed at the thresholds of a study, and at the scores that lend to them.

    Attributes
    ----------
    here, lending
        At the thresholds, and at the scores that lend.
    lenders
        Which lend to which.
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

    here: Counted
    lending: Counted
    lenders: Lenders
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
    def cells(self) -> Cells:
        """Events, trials and variances at the thresholds."""
        return self.here.cells

    @property
    def trials(self) -> Floats:
        """Trials of each group, (groups,)."""
        total: Floats = self.cells.trials.reshape(self.here.groups, -1).sum(axis=1)
        return total


def counts_of(
    swept: Swept,
    grouping: Grouping,
    controls: Controls,
    watchlist: str,
    clusters: Codes | None = None,
) -> Counts:
    """Count what was observed, with the variance that the watchlist inference asks for."""
    strata, groups, counter = controls.strata, len(grouping.names), swept.counter
    codes = grouping.codes * strata + controls.stratum
    number = groups * strata
    here, unit, unit_codes, references = _counted(swept, codes, groups, strata, watchlist, clusters)
    lending = _counted(swept.lending, codes, groups, strata, watchlist, clusters)[0]
    extremes = unit.extremes(unit_codes, number)
    largest = _most(extremes.largest, groups)
    if references is not None:
        largest = np.maximum(largest, _most(references.largest, groups))

    def by_group(values: Floats) -> Floats:
        total: Floats = values.reshape(groups, strata, -1).sum(axis=1)
        return total

    return Counts(
        here,
        lending,
        swept.lenders,
        by_group(here.units)[:, 0],
        by_group(counter.exposed(codes, number))[:, 0],
        by_group(counter.affected(codes, number)),
        by_group(unit.affected(unit_codes, number)),
        by_group(extremes.affected_without),
        largest,
        _most(extremes.largest_without, groups),
        _top(extremes.top, groups),
        _top(extremes.top_without, groups),
        isinstance(swept.trials, PairTrials),
        swept.trials.event_at_or_above,
    )


def _counted(
    swept: Swept,
    codes: Codes,
    groups: int,
    strata: int,
    watchlist: str,
    clusters: Codes | None,
) -> tuple[Counted, Counter, Labels, References | None]:
    """Count cells; the units with the cell of each, and random references."""
    trials, counter, number = swept.trials, swept.counter, groups * strata
    cells, degrees, units, unit, unit_codes = count_units(
        trials, counter, swept.steps, codes, number, clusters
    )
    few = ONE_UNIT_OF_PAIRS if isinstance(trials, PairTrials) else ONE_UNIT
    cells = with_few_people(cells, units, groups, few)
    references = None
    if watchlist == "random":
        alone = cells
        cells = watchlist_variance(cells, trials, codes, swept.steps, swept.condition)
        references = references_of(trials, codes, number, swept.steps)
        if references is not None:
            degrees = _combined(alone, cells, degrees, references.degrees)
    return Counted(cells, degrees, groups, strata, units, few), unit, unit_codes, references


def _most(values: Floats, groups: int) -> Floats:
    largest: Floats = values.reshape(groups, len(values) // groups, values.shape[-1]).max(axis=1)
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
        parts = cells.trials**2 * cells.variance
        shape = len(parts) // conditions, conditions, parts.shape[-1]  # No threshold, maybe.
        total: Floats = parts.reshape(shape).sum(axis=1)
        return total

    own = summed(alone)
    shared = np.maximum(summed(wider) - own, 0.0)
    return divide((own + shared) ** 2, own**2 / people + shared**2 / references, otherwise=np.inf)


def evidence_of(counts: Counts) -> Evidence:
    """Evidence of every group, its strata taken together."""
    every = np.arange(counts.here.groups)
    members = [every == group for group in every]
    return Evidence.stack(
        [
            _of_side(
                counts, member, *(_joined(one, member) for one in (counts.here, counts.lending))
            )
            for member in members
        ]
    )


def sides_of(
    counts: Counts, comparisons: Sequence[tuple[Bools, Bools]]
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
        found, lent = (
            contrast(_pool(counted, one), _pool(counted, two))
            for counted in (counts.here, counts.lending)
        )
        rows.append(
            (_of_side(counts, one, found.a, lent.a), _of_side(counts, two, found.b, lent.b))
        )
        shared.append(found.shared)
    first, second = zip(*rows, strict=True)
    return Evidence.stack(first), Evidence.stack(second), np.stack(shared)


def _joined(counted: Counted, member: Bools) -> Standardised:
    """Rate of some groups, their strata taken together."""
    side = _pool(counted, member)
    total = side.trials.sum(axis=0)
    share = divide(side.trials, total)
    rate = divide(side.events.sum(axis=0), total)
    variance = np.sum(share**2 * side.variance, axis=0)
    if side.covariance is not None:
        variance = np.maximum(
            np.sum(squared(share, counted.cells.conditions) * side.covariance, axis=(0, 1, 2)),
            divide(rate * (1 - rate), total),
        )
    return Standardised(rate, variance, np.broadcast_to(total, rate.shape), np.ones_like(rate))


def _of_side(counts: Counts, member: Bools, here: Standardised, lending: Standardised) -> Evidence:
    """Return evidence of some groups as one row."""

    def evidence(counted: Counted, side: Standardised) -> Evidence:
        none = np.zeros_like(side.rate)[None]
        return Evidence(
            (side.rate * side.worth)[None],
            np.broadcast_to(side.worth, side.rate.shape)[None],
            side.variance[None],
            _pooled_degrees(counted, member)[None],
            none,
            none,
            counts.units[member].sum().reshape(1, 1),
            none,
            none,
            counts.pairs,
            counts.falling,
            alike=_alike(counted, member),
        )

    own = evidence(counts.here, here)
    return replace(
        own.borrowing(evidence(counts.lending, lending), counts.lenders),
        largest=(counts.largest[member].max(axis=0, initial=0.0) * here.share)[None],
        largest_without=(counts.largest_without[member].max(axis=0, initial=0.0) * here.share)[
            None
        ],
        affected=counts.affected_units[member].sum(axis=0)[None],
        affected_without=counts.affected_without[member].sum(axis=0)[None],
    )


def _alike(counted: Counted, member: Bools) -> Floats | None:
    """People who weigh alike, of pooled cells, (1, 1); None where trials have one person each."""
    if counted.cells.alike is None:
        return None
    rows = _rows(counted, member)
    trials, alike = counted.cells.trials[rows], counted.cells.alike[rows]
    people: Floats = divide(trials.sum() ** 2, np.sum(divide(trials**2, alike)))
    return people.reshape(1, 1)


def _pool(counts: Counted, member: Bools) -> Side:
    """Pool the trials within some groups, by stratum."""
    cells = counts.cells
    inner = counts.strata * cells.conditions

    def by_group(values: Floats) -> Floats:
        shaped: Floats = values.reshape(counts.groups, inner, -1)[member]
        return shaped

    trials = by_group(cells.trials)
    total = trials.sum(axis=0)
    events = by_group(cells.events).sum(axis=0)
    variance = divide(np.sum(trials**2 * by_group(cells.variance), axis=0), total**2)
    if cells.covariance is None:
        return Side(events, total, variance)
    rows = _rows(counts, member)
    # No length is left to be inferred: there may be no threshold.
    groups, conditions = int(np.count_nonzero(member)), cells.conditions
    shared = _sum_variance(cells, rows).reshape(
        groups, counts.strata, conditions, conditions, events.shape[-1]
    )
    product = squared(total, cells.conditions)
    return Side(events, total, variance, divide(shared.sum(axis=0), product))


def _pooled_degrees(counts: Counted, member: Bools) -> Floats:
    """Degrees of freedom of the variance of pooled cells (Satterthwaite)."""
    rows, cells = _rows(counts, member), counts.cells
    if cells.covariance is None:
        parts = cells.trials[rows] ** 2 * cells.variance[rows]
    else:
        parts = np.maximum(_sum_variance(cells, rows).sum(axis=(1, 2)), 0.0)
    degrees = counts.degrees[rows]
    if counts.strata > 1:
        # No length is left to be inferred: there may be no threshold.
        shape = np.count_nonzero(member), counts.strata
        parts, degrees, people = (
            values.reshape(*shape, values.shape[-1])
            for values in (parts, degrees, counts.units[rows, None])
        )
        degrees = degrees_within(parts, degrees, people, counts.few)
        parts = parts.sum(axis=1)
    return divide(parts.sum(axis=0) ** 2, np.sum(parts**2 / degrees, axis=0), otherwise=np.inf)


def _rows(counts: Counted, member: Bools) -> Labels:
    rows = np.arange(counts.groups * counts.strata).reshape(counts.groups, -1)[member]
    return rows.ravel()


def _sum_variance(cells: Cells, rows: Labels) -> Floats:
    """Covariance of the numbers of events by condition, (rows, conditions, conditions, T)."""
    if cells.covariance is None:
        raise ValueError("These cells were not counted by condition.")
    trials = cells.trials.reshape(-1, cells.conditions, 1)[rows]
    product: Floats = trials[:, :, None] * trials[:, None] * cells.covariance[rows]
    return product
