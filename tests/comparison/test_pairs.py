"""1:1 comparisons against brute force over all pairs of images."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import Compute, Sides, compare_pairs
from lfr_eval.comparison.similarity import Cosine
from tests.comparison.builders import COMPARED, cohort, every_score, templates

FLOOR = 0.1


def brute_force(sides: Sides, vectors: np.ndarray, similarity: str) -> dict[frozenset[str], float]:
    """Every unordered pair of a reference and a probe image, with its score."""
    images = sides.images["image_id"].to_numpy(str)
    score = every_score(vectors, similarity)
    found = {}
    for r in sides.references:
        for p in sides.probes:
            if r != p:
                found[frozenset((images[r], images[p]))] = float(score[r, p])
    return found


def listed(table: pd.DataFrame) -> dict[frozenset[str], float]:
    keys = [frozenset(pair) for pair in zip(table["reference_id"], table["probe_id"], strict=True)]
    assert len(set(keys)) == len(keys), "a comparison is listed twice"
    return dict(zip(keys, table["score"].astype(float), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    similarity=st.sampled_from(sorted(COMPARED)),
    tile=st.integers(1, 9),
)
def test_equals_brute_force(seed: int, similarity: str, tile: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    kind = COMPARED[similarity]
    unscaled = FLOOR if isinstance(kind, Cosine) else -2.0
    floor = float(kind.scale.of(np.asarray(unscaled)))
    every = brute_force(sides, vectors, similarity)
    person = dict(zip(sides.images["image_id"], sides.images["subject_id"], strict=True))
    mated = {pair: s for pair, s in every.items() if len({person[i] for i in pair}) == 1}
    others = {pair: s for pair, s in every.items() if pair not in mated}

    found = compare_pairs(sides, kind.prepare(vectors), kind, floor, Compute(tile=tile))

    assert listed(found.mated) == mated
    assert listed(found.non_mated) == {
        pair: s for pair, s in others.items() if np.float32(s) >= np.float32(floor)
    }
    counted = found.histogram.groupby("kind")["count"].sum()
    assert counted["mated"] == len(mated)
    assert counted["non_mated"] == len(others)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_counts_imply_the_number_of_comparisons(seed: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    every = brute_force(sides, vectors, "cosine")
    person = dict(zip(sides.images["image_id"], sides.images["subject_id"], strict=True))
    counts = sides.counts().set_index("subject_id").to_dict("index")
    for a, i in counts.items():
        for b, j in counts.items():
            if a < b:
                implied = (
                    i["references"] * j["probes"]
                    + i["probes"] * j["references"]
                    - i["both"] * j["both"]
                )
                actual = sum({person[image] for image in pair} == {a, b} for pair in every)
                assert implied == actual


def test_tiles_do_not_change_the_result() -> None:
    sides, vectors = cohort(3, people=30), templates(3, people=30)
    kind = Cosine()
    tables = [
        compare_pairs(sides, kind.prepare(vectors), kind, FLOOR, Compute(tile=tile))
        for tile in (1, 7, 64, 4096)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table.non_mated, tables[0].non_mated)
        pd.testing.assert_frame_equal(table.mated, tables[0].mated)


def test_a_score_at_the_floor_is_kept() -> None:
    sides, vectors = cohort(1), templates(1)
    kind = Cosine()
    every = compare_pairs(sides, kind.prepare(vectors), kind, -1.0)
    edge = float(every.non_mated["score"].sort_values().iloc[len(every.non_mated) // 2])
    kept = compare_pairs(sides, kind.prepare(vectors), kind, edge)
    assert kept.non_mated["score"].min() == np.float32(edge)
    # What thresholds with few events borrow from is kept, too, whatever the floor.
    score = np.sort(every.non_mated["score"].to_numpy())
    high, higher = (
        compare_pairs(sides, kind.prepare(vectors), kind, float(score[-place]), lend=True).non_mated
        for place in (1, 3)
    )
    pd.testing.assert_frame_equal(high, higher)
    assert len(high) == len(score) // 10
