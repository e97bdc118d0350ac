"""Stages overlap, keep their order, stay bounded, and pass errors on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from lfr_eval.compute.workers import cores, overlapping, single_threaded

torch = pytest.importorskip("torch")


def test_results_come_in_order_whoever_is_faster() -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.02 if item % 3 == 0 else 0.0)
        return -item

    stage = overlapping(range(20), slow_first, 3)
    assert list(overlapping(stage, abs, 2)) == list(range(20))


def test_no_more_than_a_few_items_wait() -> None:
    taken = 0

    def source() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    stage = overlapping(source(), lambda item: item, 2)
    assert next(stage) == 0
    assert taken <= 5
    stage.close()
    assert taken <= 5


def test_two_stages_work_at_once() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet(item: int) -> int:
        # Passes only if the other stage is at work on another item.
        if item == 5:
            meeting.wait()
        return item

    def meet_earlier(item: int) -> int:
        if item == 4:
            meeting.wait()
        return item

    assert list(overlapping(overlapping(range(10), meet, 1), meet_earlier, 1)) == list(range(10))


def test_an_error_comes_in_its_turn() -> None:
    done = []

    def fail(item: int) -> int:
        if item == 3:
            raise ValueError("the fourth")
        return item

    with pytest.raises(ValueError, match="the fourth"):
        done.extend(overlapping(range(100), fail, 2))
    assert threading.active_count() < 20


def test_workers_use_one_thread_each_and_give_it_back() -> None:
    before = torch.get_num_threads()
    with single_threaded():
        inside = list(overlapping(range(3), lambda _: torch.get_num_threads(), 2))
    assert inside == [1, 1, 1]
    assert torch.get_num_threads() == before
    assert cores() >= 1
