"""Matches of passes with the whole watchlist, against plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import (
    ComparisonError,
    Compute,
    draw_gallery,
    matches_of_scores,
    search_watchlist,
    watchlist_matches,
)
from lfr_eval.comparison.similarity import Cosine
from tests.comparison.builders import cohort, every_score, templates

Rows = dict[tuple[str, int], float]


def rows_of(table: pd.DataFrame) -> Rows:
    places = zip(table["pass_id"], table["place"], strict=True)
    found = dict(zip(places, table["score"].to_numpy(float).tolist(), strict=True))
    assert len(found) == len(table)
    return found


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    members=st.sampled_from(["fillers", "everybody"]),
    floor=st.sampled_from([-1.0, 0.0, 0.4, 2.0]),
    tile=st.integers(1, 9),
)
def test_equals_brute_force(seed: int, members: str, floor: float, tile: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    if not len(sides.fillers):
        return
    gallery = draw_gallery(sides, members, [], seed)
    similarity, score = Cosine(), every_score(vectors, "cosine")
    person, passes, names = (
        sides.images[name].tolist() for name in ("subject_id", "pass_id", "image_id")
    )
    expected: Rows = {}
    for place, reference in enumerate(gallery.rows):
        for probe in sides.probes:
            same = person[reference] == person[probe]
            if not same and score[reference, probe] >= np.float32(floor):
                key = (passes[probe], place)
                expected[key] = max(expected.get(key, -np.inf), float(score[reference, probe]))
    prepared = similarity.prepare(vectors)
    compute = Compute(tile=tile)
    found = watchlist_matches(sides, prepared, similarity, gallery, floor, compute)
    assert rows_of(found) == expected

    searches = search_watchlist(sides, prepared, similarity, gallery, compute).searches
    best = found.groupby("pass_id")["score"].max()
    reached = searches[searches["score"] >= np.float32(floor)].set_index("pass_id")["score"]
    pd.testing.assert_series_equal(best.sort_index(), reached.sort_index())

    pairs = [(r, p) for r in gallery.rows for p in sides.probes if r != p]
    given_ = pd.DataFrame(
        {
            "reference_id": [names[r] for r, _ in pairs],
            "probe_id": [names[p] for _, p in pairs],
            "score": [score[pair] for pair in pairs],
        }
    )
    watchlist, matches = matches_of_scores(sides, given_, gallery, floor)
    assert rows_of(matches) == expected
    assert len(watchlist) == len(gallery.rows)


def test_scores_that_end_with_the_watchlist_asked_for_end_there() -> None:
    sides, vectors = cohort(3), templates(3)
    gallery = draw_gallery(sides, "fillers", [2], 1)
    score, names = every_score(vectors, "cosine"), sides.images["image_id"].to_numpy(str)
    pairs = [(r, p) for r in gallery.rows[:3] for p in sides.probes]
    scores = pd.DataFrame(
        [(names[r], names[p], score[r, p]) for r, p in pairs],
        columns=["reference_id", "probe_id", "score"],
    )
    watchlist, matches = matches_of_scores(sides, scores, gallery, -1.0)
    assert len(watchlist) == 2
    assert set(matches["place"]) == {0, 1}


def test_more_than_fits_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sides, vectors = cohort(1), templates(1)
    monkeypatch.setattr("lfr_eval.comparison.matches.pair_bytes", lambda _: 2**26)
    similarity = Cosine()
    gallery = draw_gallery(sides, "fillers", [], 1)
    with pytest.raises(ComparisonError, match=r"compute\.tail_memory"):
        watchlist_matches(
            sides, similarity.prepare(vectors), similarity, gallery, -1.0, Compute(tail_memory=1)
        )
