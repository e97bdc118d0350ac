"""Modelled tails: the fit, its errors by brute force, and what is beyond the last score."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lfr_eval.inference.tail import (
    FLAT,
    LAST,
    MIDDLE,
    RISE,
    VAGUE,
    Line,
    Scores,
    _few_people,
    _ladder,
    _skewed,
    fit_tail,
)


def pairs(
    people: int, seed: int, shared: float = 0.3, keep: float = 1.5, *, skewed: bool = False
) -> Scores:
    """Normal scores of pairs of people who have levels of their own, normal or exponential."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(people, 1)
    u = rng.exponential(size=people) - 1 if skewed else rng.standard_normal(people)
    score = np.sqrt(shared / 2) * (u[i] + u[j]) + np.sqrt(1 - shared) * rng.standard_normal(len(i))
    hit = score >= keep
    return Scores(i[hit], j[hit], score[hit], np.full(people, 2 / people), float(len(i)))


def test_the_hazard_of_normal_scores_is_found() -> None:
    fitted = fit_tail(pairs(600, 1, shared=0.0), 0.03, 1000, 1)
    at = (fitted.floor + fitted.end) / 2 - fitted.floor
    hazard = stats.norm.pdf(fitted.floor + at) / stats.norm.sf(fitted.floor + at)
    assert fitted.line.level + fitted.line.trend * at == pytest.approx(hazard, rel=0.05)
    assert 0.6 < fitted.line.trend < 1.1


def test_an_exponential_tail_has_no_trend() -> None:
    threshold, covered = float(stats.expon.isf(1e-6, scale=0.5)), []
    person = np.arange(40_000) // 40
    for seed in range(10):
        score = np.random.default_rng(seed).exponential(0.5, 40_000)
        one = Scores(person, None, score, np.full(1000, 1 / 1000), 40_000.0)
        fitted = fit_tail(one, 0.1, 1000, seed)
        assert fitted.line.level == pytest.approx(2, rel=0.15)
        assert abs(fitted.line.trend) < 4 * np.std(fitted.drawn.trend)
        rate, lower, upper, _ = fitted.rate(threshold, 0.95)
        assert lower < rate < upper
        covered.append(lower < 1e-6 < upper)
    assert sum(covered) >= 8


def test_beyond_the_last_rung_the_hazard_stays_or_rises() -> None:
    line = Line(np.array(0.01), np.array(2.0), np.array(0.5))
    # Up to the last rung at 1: exp(-(2 + 0.5 / 2)); there the hazard is 2.5.
    seen = 0.01 * np.exp(-2.25)
    assert line.rate(1.0, 1.0, FLAT) == pytest.approx(seen)
    assert line.rate(2.0, 1.0, FLAT) == pytest.approx(seen * np.exp(-2.5))
    assert line.rate(2.0, 1.0, MIDDLE) == pytest.approx(seen * np.exp(-2.5 - 0.125))
    assert line.rate(2.0, 1.0, RISE) == pytest.approx(seen * np.exp(-2.5 - 0.375))


def test_a_falling_hazard_is_continued_as_a_pareto_tail() -> None:
    shape, scale = 0.25, 0.5
    line = Line(np.array(1.0), np.array(1 / scale), np.array(-shape / scale**2))
    exact = stats.genpareto.sf(1.7, shape, scale=scale)
    assert line.rate(1.7, 0.0, FLAT) == pytest.approx(exact)


def test_the_covariance_is_the_sum_over_comparisons_that_share_somebody() -> None:
    scores = pairs(14, 3, keep=-9.0)
    rng = np.random.default_rng(4)
    own = rng.standard_normal((14, 2)) * 3
    influence = rng.standard_normal((len(scores.score), 2)) + own[scores.first]
    influence += own[scores.second]
    total = np.zeros((2, 2))
    for k in range(len(influence)):
        for m in range(len(influence)):
            if {scores.first[k], scores.second[k]} & {scores.first[m], scores.second[m]}:
                total += np.outer(influence[k], influence[m])
    whole = slice(0, None)
    assert scores.covariance(influence, whole) == pytest.approx(total, rel=1e-6)
    # Each comparison twice is the same people twice, not more evidence.
    twice = Scores(
        np.tile(scores.first, 2), np.tile(scores.second, 2), np.tile(scores.score, 2),
        scores.share, 2 * scores.total,
    )  # fmt: skip
    doubled = np.tile(influence, (2, 1)) / 2
    assert twice.covariance(doubled, whole) == pytest.approx(total, rel=1e-6)


def test_a_hazard_is_believed_to_fall_only_where_it_is_seen_to() -> None:
    rng = np.random.default_rng(5)
    person, share = np.arange(30_000) // 30, np.full(1000, 1 / 1000)
    for heavy, score in (
        (False, rng.exponential(0.5, 30_000)),
        (True, rng.pareto(2.0, 30_000)),
    ):
        fitted = fit_tail(Scores(person, None, score, share, 30_000.0), 0.3, 500, 1)
        assert (fitted.line.trend < 0) == heavy
        assert (fitted.drawn.trend.min() < -1e-9) == heavy


def test_the_ladder_goes_down_to_the_last_scores() -> None:
    counts = _ladder(3000)
    assert counts[0] == 3000
    assert counts[-1] == LAST
    assert np.all(np.diff(counts) < 0)


def test_errors_are_those_of_repeated_studies() -> None:
    fits = [fit_tail(pairs(150, seed), 0.03, 500, seed) for seed in range(120)]
    used = [one for one in fits if not one.refused]
    at = 2.5
    seen = np.std(
        [np.log(one.line.rate(at - one.floor, one.end - one.floor, FLAT)) for one in used]
    )
    said = np.median(
        [np.std(np.log(one.drawn.rate(at - one.floor, one.end - one.floor, FLAT))) for one in used]
    )
    assert len(used) > 100
    assert said == pytest.approx(seen, rel=0.35)


def test_highest_scores_of_few_of_many_people_are_seen() -> None:
    people, rng = 600, np.random.default_rng(3)
    share = np.full(people, 2 / people)

    def few(first: np.ndarray) -> bool:
        second = (first + 1 + rng.integers(people - 1, size=len(first))) % people
        scores = Scores(first, second, np.arange(len(first), dtype=float), share, 1e5)
        return _few_people(scores, 300)

    # Two scores are of one person in 1, 4 and 8 of 600 cases; 0.2 times the root of 600 is 5.
    assert not few(rng.integers(people, size=1000))
    assert not few(rng.integers(40, size=1000))
    assert few(rng.integers(20, size=1000))


@pytest.mark.parametrize(("shared", "skewed"), [(0.2, False), (0.5, False), (0.2, True)])
def test_skewed_tendencies_are_seen_where_the_highest_people_are_missing(
    shared: float, skewed: bool
) -> None:
    for seed in range(3):
        scores = pairs(500, seed, shared, skewed=skewed)
        number = scores.by_person(np.ones((300, 1)), np.argsort(scores.score)[-300:])[:, 0]
        lacking = number < np.sort(number)[-3]
        for there in (np.ones(500, bool), lacking):
            kept = there[scores.first] & there[scores.second]
            order = np.flatnonzero(kept)[np.argsort(scores.score[kept])]
            some = Scores(
                *(scores.first[order], scores.second[order], scores.score[order]),
                *(scores.share * there, scores.total),
            )
            assert _skewed(some, int(0.03 * scores.total)) == skewed


@pytest.mark.parametrize(("shared", "most", "least"), [(0.2, 1, 0), (0.5, 12, 9)])
def test_a_tail_of_few_people_is_refused_and_not_made_wide(
    shared: float, most: int, least: int
) -> None:
    # Half of the variance of normal scores from people: upper ends were 20 times the truth.
    fits = [fit_tail(pairs(500, seed, shared), 0.03, 200, seed) for seed in range(12)]
    assert least <= sum("few people" in one.refused for one in fits) <= most


def refused(skewed: bool) -> list[bool]:
    """Whether intervals one decade beyond the data of 500 people may not be printed."""
    found = []
    for seed in range(12):
        scores = pairs(500, seed, shared=0.4 if skewed else 0.2, skewed=skewed)
        fitted = fit_tail(scores, 0.03, 300, seed)
        steps = np.linspace(fitted.end, fitted.end + 9, 400)
        at = next(x for x in steps if scores.total * fitted.rate(x, 0.95)[0] < 0.1)
        rate, _, upper, too_wide = fitted.rate(at, 0.95)
        found.append(too_wide or bool(fitted.refused))
        assert too_wide == (upper > VAGUE * rate)
    return found


def test_an_interval_is_refused_where_a_few_people_who_may_be_missing_make_the_tail() -> None:
    assert sum(refused(skewed=True)) >= 10
    assert sum(refused(skewed=False)) <= 1


def test_scores_in_few_steps_are_refused_as_such() -> None:
    scores = pairs(150, 4)
    scores.score[:] = np.floor(2 * scores.score) / 2
    fitted = fit_tail(scores, 0.03, 50, 1)
    assert "scores have too few distinct values: " in fitted.refused
