"""Stage `inference`: comparison scores of groups, with ends at any level that count people.

In: scores with the person, or the two people, that each belongs to. Out: for each group the mean
and quantiles of its scores, and the share of them from a stated score on, each with one-sided ends.
Ends of a mean are Student's, with a variance robust to scores that share people and Satterthwaite's
degrees of freedom. Ends of a quantile are the scores at which the ends of the rate of exceeding
them (the construction of all rates) cross the tail that the quantile leaves. Where what people add
to a mean is skewed, the end on the side of the few who add most is farther.

References
----------
Fafchamps & Gubert (2007), J. Development Economics 83, 326-350 (pairs that share people).
Hall (1992), J. Royal Statistical Society B 54, 221-228 (removing skewness by transformation).
Woodruff (1952), JASA 47, 635-646 (quantiles by inverting the interval of a proportion).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from lfr_eval.inference import ends
from lfr_eval.inference.cells import (
    Codes,
    Floats,
    divide,
    person_variance,
    satterthwaite,
    shared_variance,
)
from lfr_eval.inference.ends import MANY, lower_ends, upper_ends
from lfr_eval.inference.precision import Evidence, Precision, precision_of

GRID = 400
"""Scores at which the rate of exceeding them is computed for a quantile's ends."""

MOST_ALONE = 50_000
"""People who are counted one by one; of more, those with one score at the same level together."""

_SYMMETRIC = 1e-4
"""Skewness of a mean below which it makes no difference."""

FEWEST_BEYOND = 10
"""Scores beyond a quantile, below which it is not estimated."""


@dataclass(frozen=True)
class Scores:
    """Scores of one group.

    Attributes
    ----------
    first : (scores,)
        The person of each score.
    second : (scores,)
        The other person of a comparison between two; equal to `first` where there is none.
    score : (scores,)
        Finite.
    """

    first: Codes
    second: Codes
    score: Floats

    @property
    def pairs(self) -> bool:
        """Whether a score belongs to two people."""
        return bool(len(self.score)) and bool(np.any(self.first != self.second))

    @property
    def people(self) -> int:
        """People with a score."""
        some = np.bincount(self.first) > 0
        if self.pairs:
            some = np.bincount(np.concatenate([self.first, self.second])) > 0
        return int(np.count_nonzero(some))


@dataclass(frozen=True)
class Mean:
    """The mean of a group's scores.

    Attributes
    ----------
    value, error, degrees
        The mean, its standard error, and the degrees of freedom of that.
    skewness
        Of the mean: that of what people add to it, over the root of their number.
    """

    value: float
    error: float
    degrees: float
    skewness: float = 0.0

    def reach(self, level: Floats, upper: bool) -> Floats:
        """Distance from the mean to its end at a one-sided level: Student's, or Hall's if farther.

        The skewness of few people is estimated too low, so it brings no end nearer.
        """
        student: Floats = -special.stdtrit(min(self.degrees, MANY), level)
        a = self.skewness if upper else -self.skewness
        if abs(a) < _SYMMETRIC:
            return student * self.error
        hall = 3 / a * (1 - np.cbrt(1 - a * (student + a / 6)))
        return np.maximum(student, hall) * self.error


@dataclass(frozen=True)
class Quantile:
    """A quantile of a group's scores.

    Attributes
    ----------
    value
        The smallest score that at most the share `beyond` of all scores exceeds.
    beyond
        Share of the scores above it.
    grid : (scores,)
        Scores in ascending order.
    exceeding
        What is known of the rate of exceeding each.
    """

    value: float
    beyond: float
    grid: Floats
    exceeding: Precision
    _known: dict[bool, tuple[list[float], list[int]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def reach(self, level: Floats, upper: bool) -> Floats:
        """Distance from the quantile to its end at a one-sided level; may be infinite."""
        padded = np.concatenate([[-np.inf], self.grid, [np.inf]])
        flat = np.ravel(np.asarray(level, float)).tolist()
        places = np.array([self._place(one, upper) for one in flat], np.intp)
        # Upper: the first score after the last one that may still be exceeded often enough.
        found = padded[places + 2] - self.value if upper else self.value - padded[places]
        return np.maximum(found, 0.0).reshape(np.shape(level))

    def _place(self, level: float, upper: bool) -> int:
        """Return the last (or first) score of the grid that the quantile may be at a level.

        The rate of exceeding falls along the grid: the quantile may be any score from which to the
        estimate the end of that rate still meets `beyond`. Once it does not, it meets it again only
        where so few scores are left that nothing is known of their rate. Ends of two levels hold
        those of every level between, so only scores on which the nearest known levels differ are
        looked at.
        """
        levels, places = self._known.setdefault(upper, ([], []))
        at = bisect_left(levels, level)
        if at < len(levels) and levels[at] == level:
            return places[at]
        centre, inside = int(np.searchsorted(self.grid, self.value)), 0 < at < len(levels)
        widest = (centre, len(self.grid) - 1) if upper else (0, centre)
        low, high = sorted(places[at - 1 : at + 1]) if inside else widest
        # From the estimate outwards.
        asked = np.arange(low + 1, high + 1) if upper else np.arange(high - 1, low - 1, -1)
        steps = 0
        if len(asked):
            end = (upper_ends if upper else lower_ends)(self.exceeding.take((0, asked)), level)
            met = end >= self.beyond if upper else end <= self.beyond
            steps = len(met) if met.all() else int(np.argmin(met))
        found = low + steps if upper else high - steps
        levels.insert(at, level)
        places.insert(at, found)
        return found


@dataclass(frozen=True)
class Share:
    """The share of a group's scores that are at or above a stated score.

    Attributes
    ----------
    value
        The share.
    reached
        What is known of it, one cell.
    """

    value: float
    reached: Precision

    def reach(self, level: Floats, upper: bool) -> Floats:
        """Distance from the share to its end at a one-sided level."""
        end = (upper_ends if upper else lower_ends)(self.reached, level)
        found: Floats = np.abs(end - self.value)
        return found


Statistic = Mean | Quantile | Share


def mean_of(scores: Scores) -> Mean:
    """Return the mean of a group's scores, with a variance robust to shared people.

    Raises
    ------
    ValueError
        If there are fewer than two people.
    """
    size = scores.people
    if size < 2:
        raise ValueError("The 'scores' parameter must hold scores of two people or more.")
    residual = scores.score - scores.score.mean()
    sums, squares = _sums(scores, residual)
    variance = float(_variance(scores, sums[:, None], np.array([squares]))[0])
    degrees = float(satterthwaite((sums**2).sum(), (sums**4).sum(), size))
    # Two people's comparison adds to the squares of both sums, and hardly to their cubes.
    own = max(float((sums**2).sum()) - squares, squares)
    third = float(divide((sums**3).sum(), own**1.5))
    # The usual correction of a sample's skewness.
    third *= np.sqrt(size * (size - 1)) / max(size - 2, 1)
    error = float(np.sqrt(variance))
    return Mean(float(scores.score.mean()), error, min(degrees, size - 1), third)


def _sums(scores: Scores, values: Floats) -> tuple[Floats, float]:
    """Return each person's sum of values, and the sum of squares over pairs of people."""
    size = int(max(scores.first.max(), scores.second.max())) + 1
    seen = np.bincount(np.concatenate([scores.first, scores.second]), minlength=size) > 0
    sums = np.bincount(scores.first, values, size)
    # Scores within a cluster have one unit, and count once.
    apart = scores.first != scores.second
    first, second, values = scores.first[apart], scores.second[apart], values[apart]
    sums += np.bincount(second, values, size)
    key = np.minimum(first, second) * size + np.maximum(first, second)
    _, pair = np.unique(key, return_inverse=True)
    return sums[seen], float((np.bincount(pair.ravel(), values) ** 2).sum())


def _variance(scores: Scores, sums: Floats, squares: Floats) -> Floats:
    """Return the variance of means from people's sums of residuals (people, columns)."""
    n = float(len(scores.score))
    counts, pairs = _sums(scores, np.ones(len(scores.score)))
    if not scores.pairs:
        return person_variance(sums, counts, np.array(n), np.array(float(len(counts))))
    return shared_variance((sums**2).sum(axis=0), squares, (counts**2).sum() - pairs, n)


def quantile_of(scores: Scores, beyond: float) -> Quantile | None:
    """Return the quantile above which the share `beyond` of a group's scores lies.

    Parameters
    ----------
    beyond
        Between 0 and 1: 0.01 for the 99 % quantile, 0.95 for the 5 % quantile.

    Returns
    -------
    Quantile or None
        None where fewer than ten scores lie on either side of it.
    """
    ordered = np.sort(scores.score)
    n = len(ordered)
    above = round(n * beyond)
    if min(above, n - above) < FEWEST_BEYOND:
        return None
    value = float(ordered[n - above - 1])
    grid = _grid(ordered, beyond)
    return Quantile(value, beyond, grid, precision_of(_exceeding(scores, grid)))


def share_of(scores: Scores, stated: float) -> Share:
    """Return the share of a group's scores at or above a stated score.

    Where fewer than ten scores reach it, the scores that 10, 20, 40, ... of them reach lend what
    trials are worth, as for every rate.
    """
    ordered = np.sort(scores.score)
    reached = FEWEST_BEYOND * 2 ** np.arange(32)
    lending = ordered[len(ordered) - reached[reached <= len(ordered) // 2]]
    # Whoever has the stated score reaches it, as a threshold.
    at = np.nextafter(stated, -np.inf)
    grid = np.unique(np.append(lending, at))
    place = int(np.searchsorted(grid, at))
    known = precision_of(_exceeding(scores, grid)).take((0, place))
    return Share(float(known.rate), known)


def _grid(ordered: Floats, beyond: float) -> Floats:
    """Return scores around a quantile, evenly over the logits of the rates of exceeding them."""
    n = len(ordered)
    centre = np.log(beyond / (1 - beyond))
    rates = special.expit(np.linspace(centre - 3.5, centre + 3.5, GRID))
    places = np.clip(np.round(n * (1 - rates)).astype(np.intp), 0, n - 1)
    return np.unique(np.concatenate([ordered[places], ordered[[0, -1]]]))


def _exceeding(scores: Scores, grid: Floats) -> Evidence:
    """Count scores above each score of the grid, with a variance robust to shared people."""
    n, size = len(scores.score), int(max(scores.first.max(), scores.second.max())) + 1
    events = n - np.searchsorted(np.sort(scores.score), grid, "right")
    rate = events / n
    level = np.searchsorted(grid, scores.score, "left")
    # A score in bin k exceeds the scores of the grid before place k.
    unit, many = scores.first, np.ones(size)
    if size > MOST_ALONE and not scores.pairs:
        unit, many = _units(scores.first, level, len(grid) + 1)
    per_person = _reached(unit, level, len(many), len(grid)) / many[:, None]
    per_trial = np.bincount(unit, minlength=len(many)) / many
    squares = np.zeros(len(grid))
    if scores.pairs:
        apart = scores.first != scores.second
        first, second = scores.first[apart], scores.second[apart]
        per_person = per_person + _reached(second, level[apart], size, len(grid))
        per_trial = per_trial + np.bincount(second, minlength=size)
        key = np.minimum(first, second) * size + np.maximum(first, second)
        _, pair, repeated = np.unique(key, return_inverse=True, return_counts=True)
        if repeated.max() == 1 and apart.all():
            squares = events * (1 - rate) ** 2 + (n - events) * rate**2
        else:
            counts = _reached(pair.ravel(), level[apart], len(repeated), len(grid))
            squares = ((counts - rate * repeated[:, None]) ** 2).sum(axis=0)
    seen = per_trial > 0
    per_person, per_trial, many = per_person[seen], per_trial[seen], many[seen]
    residual = per_person - rate * per_trial[:, None]
    people, several = int(many.sum()), many[:, None]
    sums, fourths = (several * residual**2).sum(axis=0), (several * residual**4).sum(axis=0)
    if scores.pairs:
        variance = _variance(scores, residual, squares)
    else:
        variance = person_variance(
            residual * np.sqrt(several), per_trial, np.array(float(n)), np.array(float(people))
        )
    variance = np.maximum(variance, rate * (1 - rate) / n)
    without = per_trial[:, None] - per_person
    return Evidence(
        events=events[None].astype(float),
        trials=np.full((1, len(grid)), float(n)),
        variance=variance[None],
        degrees=satterthwaite(sums, fourths, people)[None],
        largest=per_person.max(axis=0)[None],
        largest_without=without.max(axis=0)[None],
        people=np.array([[float(people)]]),
        affected=(several * (per_person > 0)).sum(axis=0)[None],
        affected_without=(several * (without > 0)).sum(axis=0)[None],
        pairs=scores.pairs,
        falling=True,
    )


def _units(owner: Codes, level: Codes, levels: int) -> tuple[Codes, Floats]:
    """Count people of a single score with all others whose score is at the same level.

    Returns
    -------
    unit : (scores,)
        The unit of each score: a level, or a person of several scores.
    many : (units,)
        The people of each unit, at least 1.
    """
    alone = np.bincount(owner)[owner] == 1
    people, place = np.unique(owner[~alone], return_inverse=True)
    unit = level.copy()
    unit[~alone] = levels + place.ravel()
    many = np.ones(levels + len(people))
    many[:levels] = np.maximum(np.bincount(level[alone], minlength=levels), 1)
    return unit, many


def _reached(owner: Codes, level: Codes, owners: int, places: int) -> Floats:
    """Count each owner's scores above every score of the grid, (owners, places)."""
    binned = np.bincount(owner * (places + 1) + level, minlength=owners * (places + 1))
    binned = binned.reshape(owners, places + 1)
    above: Floats = np.cumsum(binned[:, ::-1], axis=1)[:, ::-1][:, 1:].astype(float)
    return above


def difference_ends(a: Statistic, b: Statistic, level: float) -> tuple[float, float]:
    """Return the ends of a - b at a two-sided confidence level (MOVER).

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27, 1693-1702.
    """
    tail = np.array((1 - level) / 2)
    gap = a.value - b.value
    lower = gap - np.hypot(a.reach(tail, False), b.reach(tail, True))
    upper = gap + np.hypot(a.reach(tail, True), b.reach(tail, False))
    return float(lower), float(upper)


def smallest_level(a: Statistic, b: Statistic, difference: float) -> float:
    """Return the smallest one-sided level at which `a - b <= difference` is rejected; 1/2: none."""
    gap = a.value - b.value - difference
    if not gap > 0:
        return 0.5

    def excess(level: Floats) -> Floats:
        return np.asarray(gap - np.hypot(a.reach(level, False), b.reach(level, True)))

    return float(ends.smallest_level(excess, ()))


def p_value(a: Statistic, b: Statistic) -> float:
    """Return the two-sided p-value of equal values."""
    return min(1.0, 2 * min(smallest_level(a, b, 0.0), smallest_level(b, a, 0.0)))


def equivalence_p(a: Statistic, b: Statistic, margin: float) -> float:
    """Return the larger p-value of the two one-sided tests that |a - b| is below the margin."""
    # Values that are observed outside of the margin are at no level within it.
    if not abs(a.value - b.value) < margin:
        return 1.0
    larger = max(smallest_level(a, b, -margin), smallest_level(b, a, -margin))
    return 1.0 if larger >= 0.5 else larger


def spread_of(groups: list[Scores]) -> float:
    """Return the standard deviation of scores within groups, each group with equal weight."""
    variances = [float(np.var(each.score)) for each in groups if len(each.score) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else float("nan")
