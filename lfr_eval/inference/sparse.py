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


def with_few_people(cells: Cells, people: Floats, groups: int, few: int) -> Cells:
    """Take the variance of cells with few people from the rest of their group.

    A cell with at most `few` people is one unit, whose rate errs by what it differs from the rate
    of the group, as if there were no strata. Rates that differ between strata add to that, so the
    variance errs on the large side.

    Parameters
    ----------
    cells
        Groups, within each its strata, within each its conditions.
    people : (cells, 1)
        People, or clusters, of each.
    groups
        How many groups there are.

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

    trials, rate = cells.trials, divide(of_group(cells.events), of_group(cells.trials))
    sparse = (people <= few) & (trials > 0)
    factor = leverage_factor(trials, of_group(trials), of_group(people))
    alone = np.where(sparse, (factor * (cells.rate - rate)) ** 2, 0.0)
    # Not below the binomial variance, all these cells together.
    least = rate * (1 - rate) * of_group(np.where(sparse, trials, 0.0))
    alone = alone * np.maximum(divide(least, of_group(trials**2 * alone), otherwise=1.0), 1.0)
    variance = np.where(sparse, alone, cells.variance)
    if cells.covariance is None:
        return replace(cells, variance=variance)
    own, covariance = np.arange(cells.conditions), cells.covariance.copy()
    covariance[:, own, own] = variance.reshape(covariance.shape[:2] + variance.shape[1:])
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
