"""Stage `inference`: false match rates beyond the last observed event, from a model of the tail.

In: the comparisons, or searches, of one group with the highest scores. Out: `TailFit`.

The hazard at a score, the rate at which the share of scores above it falls, is taken to be linear
above a floor: h(y) = level + trend y. That is nearly so for normal scores and exactly so for
exponential ones. The trend is estimated where there are scores, from the share above a ladder of
scores. Where there are none left, it is only half believed: the upper end of the interval lets the
hazard rise no further than it was seen to rise, which holds for every distribution whose hazard
does not fall; the lower end lets it rise half as fast again. Unless the hazard is seen to fall, no
line that falls is believed.

Errors are those of people, who are in many comparisons, and are computed and not resampled: a
bootstrap of people counts the noise of single comparisons three times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Floats, divide, leverage_factor, satterthwaite

LEAST_EXCEEDANCES = 60
"""Scores above the floor from which a trend is estimated."""
MOST_EXCEEDANCES = 5000
"""Beyond it the floor lies further from the target, and no diagnostic sees where the model ends."""
LARGEST_SHARE = 0.03
"""Largest share of the comparisons above a floor."""
LARGEST_SHARE_OF_SEARCHES = 0.3
"""The same for searches, whose scores are the highest of a whole watchlist and so tails already."""
LAST = 30
"""Scores above the last rung of the ladder: up to there the trend was seen."""
RUNG = 0.7
"""Share of the scores above one rung that are above the next."""
FEWEST_RUNGS = 5
FIT_LEVEL = 0.1
OUTLIER = 0.001
"""Fewer expected scores at or above the highest one, and it is taken for an outlier."""
CLUMP = 0.5
"""Clumps (the scores of the person with most) that the upper end adds to what was seen."""
HIGHEST = 300
"""Highest scores of which it is asked how few people they belong to."""
FEW = 0.2
"""Multiple of the root of the number of people from which those people are too few. No upper end is
both safe and useful then: normal and skewed tendencies cannot be told apart, and what is safe for
the second is 20 times the rate of the first."""
SKEWED = 0.25
"""Skewness of the logarithm of how many of the scores above the lowest floor people have, from
which their tendencies are more skewed than normal ones, with `MANY` people; fewer people have a
skewness that varies more. Normal ones have -0.8 to -0.3, exponential ones 0.25 to 1.2."""
VAGUE, MANY = 15.0, 500
"""Multiple of the rate above which an upper end says nothing; with fewer than 500 people 15 times
500 over their number. People who make it so wide are so unlike that a sample may lack those who
matter; then it is too low, too."""
FALLING = 2.0
"""Standard errors of the trend below 0 from which the hazard is seen to fall."""
FEWEST_DEGREES = 3.0
RISE, MIDDLE, FLAT = 1.5, 0.5, 0.0
"""How fast the hazard rises beyond the last rung, in trends: lower end, rate, upper end."""


@dataclass(frozen=True)
class Line:
    """Share of all scores above the floor, and the hazard there with its trend; may be arrays."""

    share: Floats
    level: Floats
    trend: Floats

    def rate(self, above: float, end: float, rise: float) -> Floats:
        """Rate of scores more than `above` over the floor.

        Parameters
        ----------
        above
            Score less the floor, at least 0.
        end
            The last rung, less the floor.
        rise
            How fast the hazard rises beyond it, as a multiple of the trend. Where the trend is
            negative, scores beyond have the generalised Pareto tail that agrees with level and
            trend of the hazard at the last rung.
        """
        inner, outer = min(above, end), max(above - end, 0.0)
        hazard = np.maximum(self.level + self.trend * end, 1e-9)
        shape = np.maximum(-self.trend / hazard**2, 0.0)
        heavy = np.log1p(shape * hazard * outer) / np.maximum(shape, 1e-9)
        light = hazard * outer + np.maximum(self.trend, 0.0) * rise * outer**2 / 2
        below = self.level * inner + self.trend * inner**2 / 2
        log = np.log(np.maximum(self.share, 1e-300)) - below - np.where(shape > 1e-6, heavy, light)
        return np.exp(np.minimum(log, 0.0))


class TailRate(NamedTuple):
    """A modelled rate, the ends of its interval, and whether that is too wide to be printed."""

    rate: float
    lower: float
    upper: float
    vague: bool


@dataclass(frozen=True)
class TailFit:
    """A fitted tail.

    Attributes
    ----------
    floor
        Score above which the tail was fitted.
    end
        Score up to which the trend was seen.
    exceedances
        Scores above the floor.
    line
        What was fitted.
    drawn, drawn_upper
        Lines within its errors, and the same with half a clump more.
    fit_p_value
        Goodness of fit: how often the errors of people alone leave the line as far.
    refused
        Why the fit must not be used; empty where it may.
    vague
        Multiple of the rate above which an upper end is not printed.
    """

    floor: float
    end: float
    exceedances: int
    line: Line
    drawn: Line
    drawn_upper: Line
    fit_p_value: float
    refused: str = ""
    vague: float = VAGUE

    def rate(self, threshold: float, level: float) -> TailRate:
        """Modelled rate at a threshold not below the floor, with its interval."""
        above, end = threshold - self.floor, self.end - self.floor
        tail = (1 - level) / 2
        rate = float(self.line.rate(above, end, MIDDLE))
        low = float(np.quantile(self.drawn.rate(above, end, RISE), tail))
        high = float(np.quantile(self.drawn_upper.rate(above, end, FLAT), 1 - tail))
        upper = max(min(high, 1.0), rate)
        return TailRate(rate, min(low, rate), upper, high > self.vague * rate)


@dataclass(frozen=True)
class Scores:
    """The highest scores of one group.

    Attributes
    ----------
    first, second : (scores,)
        The people of each; `second` is None for searches, which belong to one person.
    score : (scores,)
        Every score of the group above the lowest of them.
    share : (people,)
        Share of all comparisons (searches) that each person takes part in; 0: not of the group.
    total
        All comparisons.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp] | None
    score: Floats
    share: Floats
    total: float

    def by_person(self, values: Floats, at: slice) -> Floats:
        """Return sums of values of some scores, (scores, columns), by person."""
        people, sides = len(self.share), [self.first[at]]
        if self.second is not None:
            sides.append(self.second[at])
        columns = [sum(np.bincount(side, one, people) for side in sides) for one in values.T]
        return np.stack(columns, axis=1)

    def covariance(self, influence: Floats, at: slice, expected: Floats | float = 0.0) -> Floats:
        """Covariance of estimates, from what each score contributes to them.

        Not below that of independent scores (of pairs of people), in any direction.
        """
        people = int(np.count_nonzero(self.share))
        alone = influence
        if self.second is not None:
            # Comparisons of the same two people are one.
            a, b = self.first[at], self.second[at]
            pair = np.minimum(a, b) * len(self.share) + np.maximum(a, b)
            number = np.unique(pair, return_inverse=True)[1].ravel()
            alone = np.stack([np.bincount(number, one) for one in influence.T], axis=1)
        own = alone.T @ alone
        summed = self.by_person(influence, at) - expected
        shared = summed.T @ summed
        # A pair of people stands in the sums of both, and is counted twice there.
        robust = shared - own
        if self.second is None:
            alone = summed * leverage_factor(self.share, np.array(1.0), np.array(people))[:, None]
            robust = alone.T @ alone
        root = np.linalg.cholesky(own + 1e-12 * np.trace(own) * np.eye(len(own)))
        inverse = np.linalg.inv(root)
        values, vectors = np.linalg.eigh(inverse @ robust @ inverse.T)
        wide: Floats = root @ (vectors * np.maximum(values, 1.0)) @ vectors.T @ root.T
        return wide


def fit_tail(scores: Scores, largest_share: float, draws: int, seed: int) -> TailFit:
    """Choose a floor by goodness of fit and fit the tail above it.

    Floors are tried from the lowest (most data) up, each with half the scores of the one before.

    Parameters
    ----------
    scores
        The scores.
    largest_share
        Largest share of all comparisons above the floor.
    draws
        Lines that are drawn within the errors.
    seed
        Of the draws.
    """
    order = np.argsort(scores.score, kind="stable")
    second = None if scores.second is None else scores.second[order]
    ranked = replace(
        scores,
        first=scores.first[order],
        second=second,
        score=scores.score[order].astype(float),
    )
    found = len(order)
    count = int(min(largest_share * scores.total, MOST_EXCEEDANCES, found - 1))
    if count < LEAST_EXCEEDANCES or np.count_nonzero(scores.share) < 2:
        floor = float(ranked.score[0]) if found else float("nan")
        return _refused(floor, found, f"fewer than {LEAST_EXCEEDANCES} scores above the floor")
    highest, ladder = ranked.score[found - count :], _ladder(count)
    rng = np.random.default_rng(seed)
    skewed = _skewed(ranked, int(min(largest_share * scores.total, found)))
    while count >= LEAST_EXCEEDANCES:
        fitted = _fit(ranked, count, draws, rng)
        if fitted is not None and fitted.fit_p_value >= FIT_LEVEL:
            if _expected_at_highest(ranked, fitted) < OUTLIER:
                reason = "the highest score is beyond the model: two identities of one person?"
                return replace(fitted, refused=reason)
            if _few_people(ranked, min(count, HIGHEST)):
                reason = (
                    "the highest scores belong to few people, and others like them may be missing"
                )
                return replace(fitted, refused=reason)
            if skewed:
                reason = (
                    "some people resemble far more others than most do, and people who resemble "
                    "even more may be missing"
                )
                return replace(fitted, refused=reason)
            return fitted
        count //= 2
    reason = "no floor above which the hazard of the scores is linear"
    if len(np.unique(ranked.score[found - ladder - 1])) < len(ladder):
        values = len(np.unique(highest))
        reason = (
            f"scores have too few distinct values: {values:,} among the {len(highest):,} highest"
        )
    return _refused(float(ranked.score[-LEAST_EXCEEDANCES]), LEAST_EXCEEDANCES, reason)


def _expected_at_highest(scores: Scores, fitted: TailFit) -> float:
    """Return how many scores at or above the highest the others lead one to expect.

    Mislabelled pairs, one person under two identities, are the highest scores of all. The `LAST`
    highest scores have no say in the line.
    """
    end, highest = fitted.end - fitted.floor, float(scores.score[-1]) - fitted.floor
    return scores.total * float(fitted.line.rate(highest, end, FLAT))


def _fit(scores: Scores, count: int, draws: int, rng: np.random.Generator) -> TailFit | None:
    """Fit a line to the hazard of the `count` highest scores; None where they are too alike.

    Between two rungs of the ladder the logarithm of the share above falls by the integral of the
    hazard, linear in level and trend: weighted least squares.
    """
    counts = _ladder(count)
    rungs = scores.score[len(scores.score) - counts - 1]
    keep = np.concatenate([[True], np.diff(rungs) > 0])
    rungs = rungs[keep]
    at = slice(len(scores.score) - count, None)
    above = scores.score[at][:, None] > rungs
    seen = above.sum(axis=0).astype(float)
    if len(rungs) < FEWEST_RUNGS or seen[-1] <= 0:
        return None
    y = rungs - rungs[0]
    weight = seen[:-1] * seen[1:] / np.maximum(seen[:-1] - seen[1:], 1.0)
    design = np.stack([np.diff(y), np.diff(y**2) / 2])
    solve = np.linalg.solve((design * weight) @ design.T, design * weight)
    fallen = -np.diff(np.log(seen))
    level, trend = solve @ fallen
    each = above / seen
    steps = each[:, :-1] - each[:, 1:]
    influence = np.column_stack([each[:, 0], steps @ solve.T])
    expected = np.zeros((len(scores.share), 3))
    expected[:, 0] = scores.share
    covariance = scores.covariance(influence, at, expected)
    summed = scores.by_person(influence, at) - expected
    errors = _errors(scores, summed, covariance, y[-1], draws, rng)
    seen_to_fall = trend < -FALLING * np.sqrt(covariance[2, 2])
    pull = np.zeros(3) if seen_to_fall else covariance[:, 2] / covariance[2, 2]
    left = np.eye(len(fallen)) - design.T @ solve
    apart = left @ fallen
    noise = rng.multivariate_normal(
        np.zeros(len(fallen)), scores.covariance(steps, at), draws, method="eigh"
    )
    farther = ((noise @ left.T) ** 2 @ weight) >= apart**2 @ weight
    # The person with most scores, half again: those who matter most may not be in the sample.
    people = scores.by_person(above.astype(float), at).max(axis=0)
    more = seen + CLUMP * people
    level_more, trend_more = solve @ -np.diff(np.log(more))
    share, share_more = np.array([count, more[0]]) / scores.total
    found = Line(share, level, trend)
    return TailFit(
        float(rungs[0]),
        float(rungs[-1]),
        count,
        _drawn(found, np.zeros(3), pull),
        _drawn(found, errors, pull),
        _drawn(Line(share_more, level_more, trend_more), errors, pull),
        float((1 + np.count_nonzero(farther)) / (1 + draws)),
        vague=VAGUE * max(1.0, MANY / np.count_nonzero(scores.share)),
    )


def _few_people(scores: Scores, count: int) -> bool:
    """Whether the highest scores belong to few of the people.

    One over the chance that two of these scores are of the same person is how many people carry
    them. That number should grow with the people of the group. Where it does not, more people do
    not help: those whose scores are highest are so rare that most samples hold none of them.
    """
    at = slice(len(scores.score) - count, None)
    number = scores.by_person(np.ones((count, 1)), at)[:, 0]
    same = np.sum(number * (number - 1)) / number.sum() ** 2
    people = np.count_nonzero(scores.share)
    return bool(same * people > FEW * np.sqrt(people))


def _skewed(scores: Scores, count: int) -> bool:
    """Whether the tendencies of people are so skewed that the highest may be missing.

    A sample that lacks the people with the highest scores does not show it there, but most people
    have many scores above the lowest floor. The logarithm of their number is about linear in how
    much somebody resembles others, and chance makes it skewed to the left where there are few.
    Passes are too few for this.
    """
    if scores.second is None:
        return False
    at = slice(len(scores.score) - count, None)
    number = np.log(scores.by_person(np.ones((count, 1)), at)[scores.share > 0, 0] + 0.5)
    apart = number - number.mean()
    skewness = divide(np.mean(apart**3), np.mean(apart**2) ** 1.5)
    return bool(skewness > SKEWED * np.sqrt(MANY / len(number)))


def _ladder(count: int) -> NDArray[np.intp]:
    """Numbers of scores above each rung, from `count` down to `LAST`."""
    counts = [count]
    while counts[-1] * RUNG > LAST:
        counts.append(int(counts[-1] * RUNG))
    return np.array([*counts, LAST], dtype=np.intp)


def _errors(
    scores: Scores,
    summed: Floats,
    covariance: Floats,
    end: float,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Errors of log share, level and trend, (draws, 3): Student's, as few people matter."""
    # Of the logarithm of the rate at the last rung.
    squares = (summed @ np.array([1.0, -end, -(end**2) / 2])) ** 2
    people = int(np.count_nonzero(scores.share))
    matched = float(satterthwaite(squares.sum(), (squares**2).sum(), people))
    degrees = max(min(matched, people), FEWEST_DEGREES)
    normal = rng.multivariate_normal(np.zeros(3), covariance, draws, method="eigh")
    errors: Floats = normal * np.sqrt(degrees / rng.chisquare(degrees, draws))[:, None]
    return errors


def _drawn(line: Line, errors: Floats, pull: Floats) -> Line:
    """Return lines that err from one line; those that fall are pulled level, by least squares."""
    falls = np.maximum(-line.trend - errors[..., 2], 0.0)
    share, level, trend = (errors[..., at] + falls * pull[at] for at in range(3))
    return Line(line.share * np.exp(share), line.level + level, line.trend + trend)


def _refused(floor: float, exceedances: int, reason: str) -> TailFit:
    nothing = Line(np.array(np.nan), np.array(np.nan), np.array(np.nan))
    return TailFit(floor, floor, exceedances, nothing, nothing, nothing, np.nan, reason)
