"""Faces are followed by where they are: one pass is one track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_eval.engine.tracks import Tracker, overlaps

corner = st.floats(0, 100, allow_nan=False)
boxes = st.lists(st.tuples(corner, corner, corner, corner), min_size=0, max_size=4).map(
    lambda rows: np.array(
        [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in rows]
    ).reshape(-1, 4)
)


def at(x: float, y: float = 0.0, size: float = 20.0) -> tuple[float, float, float, float]:
    return (x, y, x + size, y + size)


@given(boxes, boxes)
def test_overlap_is_shared_area_over_covered_area(first: np.ndarray, second: np.ndarray) -> None:
    made = overlaps(first, second)
    assert made.shape == (len(first), len(second))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(
                0.0, min(a[3], b[3]) - max(a[1], b[1])
            )
            covered = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
            assert made[i, j] == pytest.approx(shared / covered if covered > 0 else 0.0)


def test_one_walk_is_one_track() -> None:
    tracker = Tracker(overlap=0.3, gap=1.0)
    numbers = {tracker.assign([at(12.0 * step)], step / 10)[0].number for step in range(10)}
    assert numbers == {1}
    assert tracker.tracks == 1


def test_two_people_side_by_side_keep_their_tracks_in_any_order() -> None:
    tracker = Tracker(overlap=0.3, gap=1.0)
    for step in range(10):
        faces = [at(8.0 * step), at(8.0 * step, 60.0)]
        order = [0, 1] if step % 2 == 0 else [1, 0]
        found = tracker.assign([faces[place] for place in order], step / 10)
        assert [track.number for track in found] == [place + 1 for place in order]


def test_people_who_cross_are_kept_apart_by_their_speed() -> None:
    tracker = Tracker(overlap=0.3, gap=1.0)
    for step in range(21):
        right, left = at(6.0 * step), at(120 - 6.0 * step, 4.0)
        found = tracker.assign([right, left], step / 10)
        assert [track.number for track in found] == [1, 2]


def test_a_face_that_was_away_for_longer_than_the_gap_counts_again() -> None:
    tracker = Tracker(overlap=0.3, gap=1.0)
    assert tracker.assign([at(0)], 0.0)[0].number == 1
    assert tracker.assign([at(0)], 1.0)[0].number == 1
    assert tracker.assign([], 1.5) == []
    assert tracker.assign([at(0)], 2.1)[0].number == 2


def test_a_jump_is_another_face() -> None:
    tracker = Tracker(overlap=0.3, gap=1.0)
    assert tracker.assign([at(0)], 0.0)[0].number == 1
    assert tracker.assign([at(60)], 0.1)[0].number == 2


def test_numbers_go_on_after_a_restart() -> None:
    assert Tracker(overlap=0.3, gap=1.0, tracks=7).assign([at(0)], 0.0)[0].number == 8
