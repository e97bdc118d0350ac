"""What few events say of how alike the trials of one person are."""

import numpy as np
import pytest

from lfr_eval.inference import compare_groups
from lfr_eval.inference.repeats import LEVEL, correlation_bound


def bound(events: float, affected: float, each: float) -> float:
    return float(correlation_bound(*(np.array([one]) for one in (events, affected, each)))[0])


@pytest.mark.parametrize("people", [1, 3, 6])
def test_two_trials_each_have_a_closed_form(people: int) -> None:
    # With rate near 0 and correlation r, a person with an event has a second one with
    # probability r / (2 - r).
    correlation = bound(people, people, 2)
    one = 1 - correlation / (2 - correlation)
    assert one**people == pytest.approx(1 - LEVEL, abs=1e-4)


def test_the_bound_holds_the_correlation_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    for correlation in (0.05, 0.3, 0.7):
        other = (1 - correlation) / correlation
        rate = rng.beta(0.01 * other, 0.99 * other, (3000, 60))
        events = rng.binomial(10, rate)
        total, affected = events.sum(axis=1), (events > 0).sum(axis=1)
        few = (total > 0) & (total < 10)
        found = correlation_bound(total[few], affected[few], np.full(few.sum(), 10.0))
        # 0.01: two standard errors of the share.
        assert np.mean(found >= correlation) >= LEVEL - 0.01


def test_the_bound_is_wide_where_nothing_is_known_and_rises_with_repeats() -> None:
    assert bound(0, 0, 10) == 1
    assert bound(9, 9, 1) == 0
    assert bound(9, 1, 10) > 0.9
    rising = [bound(6, affected, 10) for affected in (6, 5, 4, 3)]
    assert rising == sorted(rising)
    falling = [bound(events, events, 10) for events in (1, 3, 6, 9)]
    assert falling == sorted(falling, reverse=True)


def test_events_of_many_people_tell_a_difference_without_scores() -> None:
    # 6 events of 6 people against 30 of 25, 60 people a group with ten passes each.
    few, many = np.zeros((60, 10)), np.zeros((60, 10))
    few[:6, 0] = 1
    many[:25, 0] = 1
    many[:5, 1] = 1
    group = np.repeat(["few", "many"], 600)
    person = np.repeat(np.arange(120), 10)
    events = np.concatenate([few.ravel(), many.ravel()]).astype(int)
    found = compare_groups(events, person, group, reference="few")
    assert found["verdict"].iloc[-1] == "different"
    # The same six events of two people leave it open.
    few[:] = 0
    few[:2, :3] = 1
    events = np.concatenate([few.ravel(), many.ravel()]).astype(int)
    found = compare_groups(events, person, group, reference="few")
    assert found["verdict"].iloc[-1] == "inconclusive"
