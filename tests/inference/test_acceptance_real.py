"""The benchmark on real faces counts studies of drawn people as the package counts them."""

import numpy as np
import pytest

from benchmarks.acceptance.judging import judge
from benchmarks.acceptance.real import comparisons, halves, of_copies, ranks, searches
from benchmarks.worlds import LEVELS
from lfr_eval.contract.trials import PairTrials
from lfr_eval.inference.pairs import PairCounter

PEOPLE, RATE = 24, 0.04


def templates(people: int = PEOPLE, alike: float = 0.0, seed: int = 1) -> np.ndarray:
    """Random faces; some resemble everybody by how much they follow a common face."""
    rng = np.random.default_rng(seed)
    faces = rng.normal(size=(people, 16)) + alike * rng.exponential(size=(people, 1))
    return faces / np.linalg.norm(faces, axis=1, keepdims=True)


@pytest.mark.parametrize("copies", ["nobody twice", "some twice"])
def test_drawn_people_are_counted_as_the_package_counts_them(copies):
    rng = np.random.default_rng(2)
    ranked = ranks(templates())
    who = np.sort(rng.choice(PEOPLE, 18, replace=copies == "some twice"))
    evidence = of_copies(ranked, np.bincount(who, minlength=PEOPLE)[None], RATE)
    first, second = np.triu_indices(len(who), 1)
    total = PEOPLE * (PEOPLE - 1) / 2
    rank = ranked[who[first], who[second]]
    reached = sum((rank < round(level * RATE * total)).astype(int) for level in LEVELS)
    same = who[first] == who[second]
    reached[same] = 0
    one = np.ones(len(who), np.intp)
    trials = PairTrials(
        len(who),
        first[reached > 0],
        second[reached > 0],
        reached[reached > 0].astype(np.float32),
        1.0,
        one,
        one,
        one,
        first[same],
        second[same],
        np.full(np.count_nonzero(same), -1),
    )
    counter = PairCounter.of(trials, np.arange(1.0, len(LEVELS) + 1))
    everybody = np.zeros(len(who), int)
    cells = counter.count(everybody, 1)
    np.testing.assert_allclose(evidence.events, cells.events)
    np.testing.assert_allclose(evidence.trials[:, :1], cells.trials)
    np.testing.assert_allclose(evidence.variance, cells.variance)
    np.testing.assert_allclose(evidence.degrees, counter.degrees(everybody, 1))
    np.testing.assert_allclose(evidence.largest, counter.extremes(everybody, 1).largest)
    np.testing.assert_allclose(evidence.affected, counter.affected(everybody, 1))


def test_groups_cut_at_their_own_quantiles_have_the_rate_that_is_stated():
    groups = [ranks(templates(60, alike)) for alike in (0.0, 1.5)]
    cell = comparisons("two", groups, (40, 40), 10)
    drawn = cell.draw(np.random.default_rng(3), 400)
    for evidence, rate in zip(drawn.groups, cell.rates, strict=True):
        assert evidence.rate[:, -1].mean() == pytest.approx(rate, rel=0.1)
    judged = judge(cell, 400)
    assert judged.failures == []
    assert judged.rejected["chi-square on trials"] > judged.rejected["ours"]


def test_random_parts_of_one_group_share_nobody():
    cell = halves("one", ranks(templates(60)), (30, 30), 6)
    one, two = cell.draw(np.random.default_rng(4), 5).groups
    assert np.all(one.people + two.people == 60)
    assert judge(cell, 200).failures == []


def test_rates_that_two_groups_cannot_have_alike_make_no_cell():
    rng = np.random.default_rng(5)
    best = [rng.normal(size=(n, 2)) for n in (69, 33)]
    assert searches("London", best, (60, 60), 0.05) is None
    assert searches("London", best, (60, 60), 1 / 6).rates == (23 / 138, 11 / 66)
