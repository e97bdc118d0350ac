"""Scores on a vendor's scale: counts at a threshold are those of brute force on that scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import Compute, LocalExecutor, Sides, compare_pairs, draw_gallery
from lfr_eval.comparison.matches import watchlist_matches
from lfr_eval.comparison.passes import Keep
from lfr_eval.comparison.screening import as_precision
from lfr_eval.comparison.search import search_watchlist
from lfr_eval.comparison.similarity import Cosine, MinusEuclidean, similarity_of
from lfr_eval.contract.score_scale import STEEPEST_OFFSET, UNSCALED, ScaleError, ScoreScale
from tests.comparison.builders import COMPARED, cohort, every_score, templates
from tests.comparison.test_engine import crowd

SCALES = st.builds(
    lambda slope, share: ScoreScale(slope, slope * share),
    st.floats(1e-3, 1e3),
    st.floats(-STEEPEST_OFFSET, STEEPEST_OFFSET),
)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), scale=SCALES, size=st.integers(1, 40))
def test_a_score_is_the_exact_sum_on_the_scale_rounded_to_float32(
    seed: int, scale: ScoreScale, size: int
) -> None:
    rng = np.random.default_rng(seed)
    kind = Cosine(scale)
    left, right = (kind.prepare(rng.normal(size=(20, size)).astype("f4")) for _ in range(2))
    for x, y, score in zip(left, right, kind.exact(left, right), strict=True):
        products = (Fraction(float(a)) * Fraction(float(b)) for a, b in zip(x, y, strict=True))
        assert np.float32(float(sum(products, Fraction(0))) * scale.slope + scale.offset) == score


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(sorted(COMPARED)), at=st.integers(0, 99))
def test_a_score_equal_to_the_threshold_is_a_match_and_the_next_lower_is_none(
    seed: int, kind: str, at: int
) -> None:
    sides, vectors = cohort(seed), templates(seed)
    if not len(sides.fillers) or not len(sides.probes):
        return
    gallery, similarity = draw_gallery(sides, "everybody", [], seed), COMPARED[kind]
    score = every_score(vectors, kind)
    person = sides.images["subject_id"].to_numpy(str)
    others = person[sides.probes][:, None] != person[gallery.rows]
    table = np.where(others, score[np.ix_(sides.probes, gallery.rows)], np.float32(-np.inf))
    if not others.any():
        return
    floor = float(np.sort(table[others])[at % others.sum()])
    prepared, above = similarity.prepare(vectors), np.nextafter(np.float32(floor), np.float32(1e9))
    thresholds = (floor, float(above))
    for precision in ("float32", "bfloat16"):
        compute = Compute(tile=4, precision=as_precision(precision))
        for threshold in thresholds:
            found = watchlist_matches(sides, prepared, similarity, gallery, threshold, compute)
            best = found.groupby(["pass_id", "place"])["score"].max()
            passes = sides.images["pass_id"].to_numpy(str)[sides.probes]
            wanted = {
                (passes[i], place): float(table[passes == passes[i], place].max())
                for i, place in np.argwhere(table >= np.float32(threshold))
            }
            assert best.astype(float).to_dict() == wanted
    found = search_watchlist(
        sides, prepared, similarity, gallery, keep=Keep(counted=tuple(thresholds))
    ).found[-1]
    assert found.reached is not None
    assert found.before_mate is not None
    for row, probe in enumerate(sides.probes):
        counts = [int((table[row] >= np.float32(one)).sum()) for one in thresholds]
        assert found.reached[probe].tolist() == counts
        mated = found.mated[probe]
        if not np.isnan(mated):
            assert found.before_mate[probe] == int((table[row] >= mated).sum())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "scale", [ScoreScale(0.5, 0.5), ScoreScale(50, 50), ScoreScale(1, 99), ScoreScale(1e-3, -0.08)]
)
def test_the_tail_is_that_of_every_score(scale: ScoreScale, precision: str) -> None:
    sides, vectors = crowd(500)
    kind = Cosine(scale)
    rows, columns = np.triu_indices(len(vectors), 1)
    every = kind.exact(vectors[rows], vectors[columns])
    person = sides.subject
    reference, probe = (np.isin(np.arange(500), part) for part in (sides.references, sides.probes))
    compared = (reference[rows] & probe[columns]) | (reference[columns] & probe[rows])
    others = every[compared & (person[rows] != person[columns])]
    floor = float(np.sort(others)[-2_000])
    compute = Compute(
        executor=LocalExecutor(("cpu",) * 2), tile=64, precision=as_precision(precision)
    )
    found = compare_pairs(sides, vectors, kind, floor, compute).non_mated["score"].to_numpy()
    np.testing.assert_array_equal(np.sort(found), np.sort(others[others >= np.float32(floor)]))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_scores_that_the_scale_makes_alike_go_to_the_earlier_reference(precision: str) -> None:
    """Thirty references come nearer and nearer, by less than a step of float32 on the scale."""
    names = ["p", *(f"f{n}" for n in range(30))]
    images = pd.DataFrame(
        {
            "image_id": names,
            "subject_id": names,
            "role": ["probe", *["filler"] * 30],
            "pass_id": names,
        }
    ).astype("string")
    angle = np.concatenate([[0.0], np.linspace(0.002, 0.001, 30)])
    vectors = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    sides = Sides.of(images, np.ones(31, bool))
    gallery = draw_gallery(sides, "fillers", [], 0)
    compute = Compute(precision=as_precision(precision))
    for kind in (Cosine(), Cosine(ScoreScale(1, 99))):
        found = search_watchlist(
            sides, kind.prepare(vectors), kind, gallery, compute, Keep(candidates=3)
        )
        score = kind.exact(np.repeat(vectors[:1], 30, axis=0), vectors[gallery.rows])
        assert (len(set(score)) == 1) == (kind != Cosine())
        wanted = np.lexsort((np.arange(30), -score))[:3]
        assert found.candidates["place"].tolist() == wanted.tolist()


@settings(max_examples=60, deadline=None)
@given(scale=SCALES, name=st.sampled_from(["cosine", "euclidean"]))
def test_bars_and_scores_are_inverse_within_the_slack_of_screening(
    scale: ScoreScale, name: str
) -> None:
    kind = similarity_of(name, scale)
    products = -np.linspace(0.01, 1.0, 50)
    np.testing.assert_allclose(kind.bar(kind.score(products)), products, rtol=0, atol=1e-11)
    assert (np.diff(kind.score(products).astype(np.float32)) <= 0).all()


def test_without_a_scale_nothing_changes() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32)
    for plain in (Cosine(), MinusEuclidean()):
        scaled = type(plain)(ScoreScale(2.0, 1.0))
        prepared = plain.prepare(vectors)
        score = plain.exact(prepared[:25], prepared[25:])
        assert similarity_of({Cosine: "cosine"}.get(type(plain), "euclidean"), UNSCALED) == plain
        doubled = scaled.exact(prepared[:25], prepared[25:])
        np.testing.assert_allclose(doubled, 2.0 * score + 1.0, rtol=1e-6)
        moved = np.full(50, 0.01)
        assert scaled.shift(vectors, moved) == 2.0 * plain.shift(vectors, moved)


def test_what_is_no_scale_gets_a_sentence() -> None:
    for slope in (0.0, -1.0, float("nan"), float("inf"), 1e7):
        with pytest.raises(ScaleError, match="a higher score means more alike"):
            ScoreScale(slope)
    for offset in (float("nan"), 101.0, -101.0, float("-inf")):
        with pytest.raises(ScaleError, match="within 100 times the slope"):
            ScoreScale(1.0, offset)
    for slope, offset in ((True, 0.0), (1.0, False)):
        with pytest.raises(ScaleError, match="it must be a number"):
            ScoreScale(slope, offset)
    assert str(ScoreScale(0.5, -0.25)) == "0.5 x similarity - 0.25"
    assert ScoreScale(50, 50).range_of((-1.0, 1.0)) == (0.0, 100.0)
    assert ScoreScale(100, 100).range_of((-np.inf, 0.0)) == (-np.inf, 100.0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("slope", [0.5, 50.0, 500.0])
def test_two_thousand_cosines_have_two_thousand_scores_on_every_scale_that_is_allowed(
    slope: float, sign: int
) -> None:
    cosines = np.linspace(-0.2, 0.4, 2_000)
    for offset in (0.0, slope, STEEPEST_OFFSET * slope):
        scores = ScoreScale(slope, sign * offset).of(cosines).astype(np.float32)
        assert len(np.unique(scores)) == 2_000
