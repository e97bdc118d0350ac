"""1:N searches against a brute-force search of every pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import (
    ComparisonError,
    Compute,
    Gallery,
    Keep,
    Sides,
    compare_pairs,
    draw_gallery,
    pairs_of_scores,
    search_watchlist,
    searches_of_scores,
)
from lfr_eval.comparison.similarity import Cosine
from tests.comparison.builders import COMPARED, cohort, every_score, templates


def brute_force(sides: Sides, vectors: np.ndarray, gallery: Gallery, kind: str) -> pd.DataFrame:
    """Each pass and watchlist size by plain loops."""
    images, score = sides.images, every_score(vectors, kind)
    person = images["subject_id"].to_numpy(str).tolist()
    acquired = set(sides.probes.tolist())

    rows = []
    probes = images[images["role"].isin(["probe", "both"])]
    for size in gallery.sizes:
        for pass_id, frames in probes.groupby("pass_id"):
            subject = frames["subject_id"].iloc[0]
            got = [i for i in frames.index if i in acquired]
            best, mated = (-np.inf, None), None
            enrolled = any(person[r] == subject for r in sides.references)
            for i in got:
                for r in gallery.rows[:size]:
                    if person[r] != subject and score[i, r] > best[0]:
                        best = (score[i, r], person[r])
                for r in sides.references:
                    if person[r] == subject and r != i:
                        mated = max(-np.inf if mated is None else mated, score[i, r])
            if enrolled and mated is None and len(got) < len(frames):
                mated = -np.inf
            rows.append((pass_id, size, len(frames), len(got), mated, best[0]))
    columns = ["pass_id", "watchlist_size", "frames", "acquired", "mated_score", "score"]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:2], ignore_index=True)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(sorted(COMPARED)),
    members=st.sampled_from(["fillers", "everybody"]),
    tile=st.integers(1, 9),
)
def test_equals_brute_force(seed: int, kind: str, members: str, tile: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    if not len(sides.fillers):
        return
    whole = draw_gallery(sides, members, [], seed)
    half = max(1, whole.sizes[0] // 2)
    gallery = Gallery(whole.rows, tuple(sorted({half, whole.sizes[0]})))
    similarity = COMPARED[kind]
    found = search_watchlist(
        sides, similarity.prepare(vectors), similarity, gallery, Compute(tile=tile)
    ).searches
    found = found.sort_values(["pass_id", "watchlist_size"], ignore_index=True)
    expected = brute_force(sides, vectors, gallery, kind)
    for column in ("pass_id", "watchlist_size", "frames", "acquired"):
        assert found[column].tolist() == expected[column].tolist()
    for column in ("score", "mated_score"):
        np.testing.assert_array_equal(
            found[column].to_numpy(np.float32), expected[column].astype("float32").to_numpy()
        )
    nobody = found["reference_subject"].isna()
    assert (nobody == np.isneginf(found["score"])).all()
    assert (found["reference_subject"] != found["subject_id"])[~nobody].all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), members=st.sampled_from(["fillers", "everybody"]))
def test_scores_from_a_file_give_the_same_searches_and_pairs(seed: int, members: str) -> None:
    sides, vectors = cohort(seed), templates(seed)
    similarity = Cosine()
    prepared, score = similarity.prepare(vectors), every_score(vectors, "cosine")
    watched = np.concatenate([sides.references, sides.fillers])
    if not len(sides.fillers) or not len(sides.probes):
        return
    # A file lists each pair of images once, whichever way round.
    seen, rows = set(), []
    images = sides.images["image_id"].tolist()
    for r in watched:
        for p in sides.probes:
            if r != p and frozenset((r, p)) not in seen:
                seen.add(frozenset((r, p)))
                rows.append((images[r], images[p], score[r, p]))
    scores = pd.DataFrame(rows, columns=["reference_id", "probe_id", "score"])

    pairs = pairs_of_scores(sides, scores, 0.2)
    expected = compare_pairs(sides, prepared, similarity, 0.2)
    for name in ("mated", "non_mated"):
        assert set(_pairs(getattr(pairs, name))) == set(_pairs(getattr(expected, name)))
    assert pairs.corrections["trials"].sum() == _number_of_trials(expected.comparisons)

    gallery = draw_gallery(sides, members, [], seed)
    key = ["pass_id", "watchlist_size"]
    given_ = searches_of_scores(sides, scores, gallery).searches.sort_values(key, ignore_index=True)
    searched = search_watchlist(sides, prepared, similarity, gallery).searches
    searched = searched.sort_values(key, ignore_index=True)
    for column in ("pass_id", "acquired", "frames", "score", "mated_score"):
        pd.testing.assert_series_equal(given_[column], searched[column])


def _pairs(table: pd.DataFrame) -> list[tuple[frozenset[str], float]]:
    return [
        (frozenset((row.reference_id, row.probe_id)), float(row.score))
        for row in table.itertuples()
    ]


def _number_of_trials(counts: pd.DataFrame) -> int:
    r, p, b = (counts[name].to_numpy(int) for name in ("references", "probes", "both"))
    table = np.outer(r, p) + np.outer(p, r) - np.outer(b, b)
    return int(np.triu(table, 1).sum())


def test_a_larger_watchlist_never_scores_lower() -> None:
    sides, vectors = cohort(5, people=40), templates(5, people=40)
    similarity = Cosine()
    rows = draw_gallery(sides, "fillers", [], 1).rows
    gallery = Gallery(rows, (3, 10, len(rows)))
    found = search_watchlist(sides, similarity.prepare(vectors), similarity, gallery).searches
    wide = found.pivot_table("score", "pass_id", "watchlist_size").to_numpy()
    assert (wide[:, 1:] >= wide[:, :-1]).all()


def test_a_watchlist_that_is_too_short_is_refused() -> None:
    sides = cohort(1)
    with pytest.raises(ComparisonError, match=r"watchlist of 1,000 was asked for\. The \d+"):
        draw_gallery(sides, "fillers", [1000], 1)


def test_an_empty_watchlist_says_what_to_do() -> None:
    images = cohort(1).images
    without = images[images["role"] != "filler"].reset_index(drop=True)
    sides = Sides.of(without, np.ones(len(without), bool))
    with pytest.raises(ComparisonError, match=r"design\.watchlist_members=everybody"):
        draw_gallery(sides, "fillers", [], 1)


def test_incomplete_scores_are_named() -> None:
    sides = cohort(2)
    gallery = draw_gallery(sides, "fillers", [], 1)
    probe = sides.images["image_id"].iloc[sides.probes[0]]
    filler = sides.images["image_id"].iloc[sides.fillers[0]]
    scores = pd.DataFrame({"reference_id": [filler], "probe_id": [probe], "score": [0.5]})
    with pytest.raises(ComparisonError, match=rf"{probe} \(1 of {gallery.sizes[0]}\)"):
        searches_of_scores(sides, scores, gallery)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(sorted(COMPARED)),
    precision=st.sampled_from(["float32", "bfloat16"]),
    tile=st.integers(1, 9),
    ranks=st.integers(1, 3),
)
def test_candidates_are_the_best_of_each_group(
    seed: int, kind: str, precision: str, tile: int, ranks: int
) -> None:
    sides, vectors = cohort(seed), templates(seed)
    if not len(sides.fillers) or not len(sides.probes):
        return
    images, person = sides.images, sides.images["subject_id"].tolist()
    groups = ["rest" if number % 3 else "third" for number in range(len(images))]
    images["group"], names = groups, images["image_id"].tolist()
    gallery = draw_gallery(sides, "everybody", [], seed)
    similarity, score = COMPARED[kind], every_score(vectors, kind)
    compute = Compute(tile=tile, precision=precision)
    found = search_watchlist(
        sides, similarity.prepare(vectors), similarity, gallery, compute, Keep("group", ranks)
    )
    rows = []
    for i in sides.probes:
        for group in ("rest", "third"):
            others = [
                (-score[i, r], place)
                for place, r in enumerate(gallery.rows)
                if person[r] != person[i] and groups[r] == group
            ]
            rows += [
                (names[i], group, rank, place, -negative)
                for rank, (negative, place) in enumerate(sorted(others)[:ranks], 1)
            ]
    columns = ["probe_id", "watchlist_group", "rank", "place", "score"]
    given_ = found.candidates[columns].itertuples(index=False, name=None)
    assert sorted(given_) == sorted(rows)
