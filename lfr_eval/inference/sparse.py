"""Stage `inference`: strata with so few people that their own residuals hide how unlike these are.

In: cells of groups within strata. Out: the same with variances, and degrees of freedom, that hold
where a stratum has one person of a group, as in matched pairs. The residual of one person from the
person's own rate is 0, so strata of one person would seem to have no variance at all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lfr_eval.inference.cells import Cells, Floats, divide, leverage_factor, satterthwaite

ONE_UNIT, ONE_UNIT_OF_PAIRS = 1, 3
"""People of a cell whose trials are one unit; of three people's comparisons no two share nobody."""


def with_few_people(cells: Cells, units: Floats, groups: int, few: int) -> Cells:
    """Take the variance of cells with few people from the rest of their group.

    A cell with at most `few` people is one unit, whose rate errs by what it differs from the rate
    of the group, as if there were no strata. Rates that differ between strata add to that, so the
    variance errs on the large side.

    Parameters
    ----------
    cells
        Groups, within each its strata, within each its conditions.
    units : (cells / conditions,)
        People, or clusters, with a trial under any condition.
    groups
        How many groups there are.
    few
        Units of a cell that are one unit.

    References
    ----------
    Hansen, Hurwitz & Madow (1953), Sample Survey Methods and Theory, volume 1, 9.15: collapsed
    strata.
    """
    inner = len(cells.trials) // max(groups, 1)
    if inner <= 1:
        return cells

    def of_group(values: Floats) -> Floats:
        """Sum over the cells of each group, for each of its cells."""
        sums: Floats = values.reshape(groups, inner, -1).sum(axis=1)
        return np.repeat(sums, inner, axis=0)

    conditions, trials = cells.conditions, cells.trials
    rate, people = divide(of_group(cells.events), of_group(trials)), np.repeat(units, conditions)
    sparse = (np.minimum(cells.people, people[:, None]) <= few) & (trials > 0)
    # All that one person adds is one unit, under whatever conditions.
    whole = np.repeat(trials.reshape(-1, conditions).sum(axis=1), conditions)
    own = np.where(people[:, None] <= few, whole[:, None], trials)
    factor = leverage_factor(own, of_group(trials), of_group(people) / conditions)
    apart = np.where(sparse, factor * (cells.rate - rate), 0.0)
    alone = apart**2
    # Not below the binomial variance, all these cells together.
    least = rate * (1 - rate) * of_group(np.where(sparse, trials, 0.0))
    found = of_group(trials**2 * alone)
    # Cells may all have the very rate of their group.
    binomial = np.where(sparse, divide(rate * (1 - rate), trials), 0.0)
    alone = np.where(found > 0, alone * np.maximum(divide(least, found), 1.0), binomial)
    variance = np.where(sparse, alone, cells.variance)
    if cells.covariance is None:
        return replace(cells, variance=variance)
    shape = len(units), conditions, variance.shape[1]
    shared, each = apart.reshape(shape), np.arange(conditions)
    together = shared[:, :, None] * shared[:, None]
    covariance = np.where(units[:, None, None, None] <= few, together, cells.covariance)
    covariance[:, each, each] = variance.reshape(shape)
    return replace(cells, variance=variance, covariance=covariance)


def degrees_within(parts: Floats, degrees: Floats, people: Floats, few: int) -> Floats:
    """Degrees of freedom of sums of variances over the strata of groups, (groups, thresholds).

    Satterthwaite's over the residuals of all people, as if they were of one stratum, in proportion
    to people less strata.

    Parameters
    ----------
    parts, degrees : (groups, strata, thresholds)
        Variances of the strata's numbers of events, and their degrees of freedom.
    people : (groups, strata, 1)
        People, or clusters, of each.
    few
        As for `with_few_people`: these are one unit.
    """
    sparse = people <= few
    units = np.where(sparse, np.minimum(people, 1), people)
    each = np.where(sparse, 0.0, divide(2.0, degrees)) + divide(1.0, units)
    total, fourths = parts.sum(axis=1), np.sum(parts**2 * each, axis=1)
    found = satterthwaite(total, fourths, units.sum(axis=1))
    used = 1 - divide((~sparse).sum(axis=1), units.sum(axis=1))
    kept: Floats = np.maximum(found * used, 1.0)
    return kept
