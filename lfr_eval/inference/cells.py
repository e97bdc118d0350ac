"""Stage `inference`: the one shape of evidence that every interval and test is a function of.

In: nothing. Out: `Cells`, the counts and variances of every group at every threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""Real numbers; counts, too, whatever NumPy makes of their sums."""
Bools = NDArray[np.bool_]
Codes = NDArray[np.intp]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Cells:
    """Events, trials and the cluster-robust variance of the rate, by cell.

    A cell is a group of people, or a group within a stratum.

    Attributes
    ----------
    events : (cells, thresholds)
        Errors (for TPIR: successes).
    trials : (cells, 1)
        Comparisons or recognition opportunities.
    variance : (cells, thresholds)
        Variance of events / trials, robust to trials that share people, not below the binomial
        variance; 0 without trials.
    people : (cells, 1)
        People with a trial.
    covariance : (cells / conditions, conditions, conditions, thresholds), optional
        Where trials are counted by condition, too, each cell of people is one cell for each
        condition, and the rates of these vary together, since they share people. On the
        diagonal stands `variance`.
    alike : (cells, 1), optional
        Of comparisons: people with as many comparisons each who would weigh as much together,
        (sum C)^2 / sum C^2.
    """

    events: Floats
    trials: Floats
    variance: Floats
    people: Floats
    covariance: Floats | None = None
    alike: Floats | None = None

    @property
    def conditions(self) -> int:
        """Cells that share the same people."""
        return 1 if self.covariance is None else int(self.covariance.shape[1])

    @property
    def rate(self) -> Floats:
        """Events / trials, (cells, thresholds); 0 without trials."""
        return divide(self.events, self.trials)

    @property
    def binomial_variance(self) -> Floats:
        """Variance that independent trials would have."""
        rate = self.rate
        return divide(rate * (1 - rate), self.trials)

    @property
    def design_effect(self) -> Floats:
        """Variance over that of as many independent trials; 1 where the latter is 0."""
        binomial = self.binomial_variance
        return divide(self.variance, binomial, otherwise=1.0)


class Counter(Protocol):
    """Trials made ready to be counted quickly under any labelling of people.

    Labels are the cell of each person, (people,), from 0 to `cells` - 1.
    """

    @property
    def people(self) -> int:
        """Number of people."""
        ...

    @property
    def active(self) -> Bools:
        """People with a trial, (people,)."""
        ...

    def count(self, labels: Labels, cells: int) -> Cells:
        """Count events within cells."""
        ...

    def exposed(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with a trial in it, (cells,)."""
        ...

    def affected(self, labels: Labels, cells: int) -> Floats:
        """People of each cell with an event in it, (cells, thresholds)."""
        ...

    def degrees(self, labels: Labels, cells: int) -> Floats:
        """Degrees of freedom of the variance of each cell of people, (cells, thresholds)."""
        ...

    def extremes(self, labels: Labels, cells: int) -> Extremes:
        """Return the most that one person adds, and people with a trial that is no event."""
        ...

    def residuals(self, labels: Labels, cells: int) -> Floats:
        """Events of each person less those expected at its cell's rate, (people, thresholds)."""
        ...


@dataclass(frozen=True)
class Extremes:
    """What the people of each cell did at the most.

    Attributes
    ----------
    affected_without : (cells, thresholds)
        People with a trial without an event.
    top, top_without : (cells, MOST_PEOPLE, thresholds)
        Events, and trials without one, of the people who have most, in descending order.
    """

    affected_without: Floats
    top: Floats
    top_without: Floats

    @property
    def largest(self) -> Floats:
        """Most events of one person."""
        return self.top[:, 0]

    @property
    def largest_without(self) -> Floats:
        """Most trials without an event of one person."""
        return self.top_without[:, 0]


MOST_PEOPLE = 60
"""People whose events are told one by one."""


def extremes_of(events: Floats, trials: Floats, labels: Labels, cells: int) -> Extremes:
    """Find the extremes of events and trials (people, thresholds) by cell."""
    without = trials - events
    top = np.zeros((cells, MOST_PEOPLE, events.shape[1]))
    top_without, affected = np.zeros_like(top), np.zeros((cells, events.shape[1]))
    for cell in range(cells):
        mine = labels == cell
        for values, found in ((events[mine], top), (without[mine], top_without)):
            first = max(0, len(values) - MOST_PEOPLE)
            most = np.partition(values, first, axis=0)[first:] if first else values
            found[cell, : len(most)] = -np.sort(-most, axis=0)
        affected[cell] = np.count_nonzero(without[mine] > 0, axis=0)
    return Extremes(affected, top, top_without)


def satterthwaite(squares: Floats, fourths: Floats, people: Floats | float) -> Floats:
    """Degrees of freedom of a sum of squared person residuals.

    Matches the first two moments of the sum to those of a scaled chi-square: few people with
    many events each leave few degrees of freedom, however many comparisons there are.

    Parameters
    ----------
    squares, fourths
        Sums of the second and of the fourth powers of the residuals.
    people
        How many residuals.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
    """
    spread = fourths - divide(squares**2, people)
    degrees: Floats = np.maximum(divide(2 * squares**2, spread, otherwise=np.inf), 1.0)
    return np.where(squares > 0, degrees, np.inf)


LARGEST_CORRECTION = 6.0
"""Correction of four people's comparisons; of fewer people none can be told."""


def sharing_correction(sharing: Floats | float, trials: Floats | float) -> Floats:
    """Factor by which a robust variance of comparisons is too small, as residuals hide part of it.

    Residuals from a cell's own rate add up to 0. So their products over the pairs of comparisons
    that share a person are, with the sign changed, those over the pairs that share nobody, and of
    these there are too few. If comparisons are alike, the expectation of sum_i r_i^2 - sum e_ij^2
    is the variance of the sum times the share of pairs of comparisons that share nobody. Of n
    people, each compared with each once, the share is (n - 2) (n - 3) / (n (n - 1)), about
    1 - 4 / n; of n people compared with m others (1 - 1 / n) (1 - 1 / m), and of n people with a
    trial each (n - 1) / n, whose inverse is the usual factor n / (n - 1) of clusters.

    Parameters
    ----------
    sharing
        Ordered pairs of comparisons that share a person, each comparison with itself included.
    trials
        Comparisons.
    """
    alone = 1 - divide(sharing, np.square(np.asarray(trials, float)), otherwise=1.0)
    return np.minimum(divide(1.0, np.maximum(alone, 0.0), LARGEST_CORRECTION), LARGEST_CORRECTION)


def leverage_factor(own: Floats, total: Floats, people: Floats) -> Floats:
    """Factor on a unit's residual, so that the sum of squares is the jackknife variance.

    The more of a cell's trials belong to one person, the more its rate follows this person, and
    the smaller is the person's residual. Leaving one person out at a time gives
    (n - 1) / n sum (r_i / (1 - h_i))^2 / N^2, where h_i is the person's share of the trials. With
    equal numbers of trials that is the usual n / (n - 1) sum r_i^2 / N^2.

    Parameters
    ----------
    own, total
        Trials of the unit and of its cell.
    people
        Units of the cell with a trial.

    References
    ----------
    Efron & Stein (1981), Annals of Statistics 9, 586-596; HC3 of MacKinnon & White (1985).
    """
    largest = np.sqrt(LARGEST_CORRECTION)
    alone = divide(np.sqrt(np.maximum(people - 1, 0)), np.sqrt(people))
    factor = divide(alone, 1 - divide(own, total), otherwise=largest)
    return np.where(people > 1, np.minimum(factor, largest), 1.0)


def person_variance(residual: Floats, own: Floats, total: Floats, people: Floats) -> Floats:
    """Jackknife variance of a mean over trials that belong to one person (or cluster) each.

    Parameters
    ----------
    residual : (people, ...)
        What the mean's numerator has of each person beyond the expected.
    own : (people,)
        Trials of each.
    total, people
        As for `leverage_factor`, of one cell.
    """
    factor = leverage_factor(own, total, people)
    factor = factor.reshape(-1, *(1 for _ in residual.shape[1:]))
    variance: Floats = np.sum((residual * factor) ** 2, axis=0) / np.square(float(total))
    return variance


def shared_variance(
    squares: Floats, pairs: Floats, sharing: Floats | float, trials: Floats | float
) -> Floats:
    """Variance of a mean over comparisons that share people (dyadic, cluster-robust).

    V = k (sum_i r_i^2 - sum_{i<j} e_ij^2) / N^2 with residuals r_i of people (or clusters) and e_ij
    of pairs of them, and k from `sharing_correction`; not below the variance of independent pairs.

    Parameters
    ----------
    squares, pairs
        Sums of r_i^2 and of e_ij^2.
    sharing, trials
        As for `sharing_correction`.

    References
    ----------
    Fafchamps & Gubert (2007), J. Development Economics 83, 326-350; Aronow, Samii & Assenova
    (2015), Political Analysis 23, 564-577; Cameron, Gelbach & Miller (2011), J. Business & Economic
    Statistics 29, 238-249.
    """
    robust = sharing_correction(sharing, trials) * (squares - pairs)
    return divide(np.maximum(robust, pairs), np.square(np.asarray(trials, float)))


def divide(a: Floats | float, b: Floats | float, otherwise: float = 0.0) -> Floats:
    """Return a / b, and `otherwise` where b is 0."""
    b = np.asarray(b)
    result: Floats = np.empty(np.broadcast(a, b).shape)
    if np.count_nonzero(b) == b.size:
        np.divide(a, b, out=result)
    else:
        result.fill(otherwise)
        np.divide(a, b, out=result, where=b != 0)
    return result
