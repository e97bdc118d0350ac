"""The tail is the same to the last pair, whoever computes it and with whatever."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import Compute, LocalExecutor, PairScores, Sides, borderline, compare_pairs
from lfr_eval.comparison.bulk import SAMPLE, choose_floor, pair_bytes, sample_bulk
from lfr_eval.comparison.screening import Bar, available, largest_error, product_margin
from lfr_eval.comparison.sides import ComparisonError
from lfr_eval.comparison.similarity import Cosine
from lfr_eval.comparison.tiles import Plan
from tests.comparison.builders import WITHOUT_SCALE

torch = pytest.importorskip("torch")

FLOOR = 0.12
PLAIN = Cosine()
SIZE = 128


def crowd(count: int, seed: int = 0, role: str = "both") -> tuple[Sides, np.ndarray]:
    """Images of `count` / 2 people, alike in pairs, with prepared templates of `SIZE` values."""
    rng = np.random.default_rng(seed)
    names = np.arange(count)
    images = pd.DataFrame(
        {
            "image_id": [f"i{n}" for n in names],
            "subject_id": [f"s{n // 2}" for n in names],
            "role": np.where(rng.random(count) < 0.6, role, "probe"),
        }
    ).astype("string")
    vectors = rng.normal(size=(count, SIZE))
    vectors[1::2] += 2.0 * vectors[::2][: len(vectors[1::2])]
    sides = Sides.of(images, np.ones(count, bool))
    return sides, Cosine().prepare(vectors.astype(np.float32))


def compare(sides: Sides, vectors: np.ndarray, kind: Cosine = PLAIN, **how: object) -> PairScores:
    floor = float(kind.scale.of(np.asarray(FLOOR)))
    return compare_pairs(sides, vectors, kind, floor, Compute(**how))  # type: ignore[arg-type]


def assert_same(first: PairScores, second: PairScores) -> None:
    for name in ("mated", "non_mated", "histogram", "sample", "comparisons"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


def devices() -> list[str]:
    return ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("tile", [100, 1024, 3000])
@pytest.mark.parametrize("threads", [1, 3])
def test_tile_threads_and_precision_do_not_change_it(
    precision: str, tile: int, threads: int
) -> None:
    sides, vectors = crowd(700)
    plain = compare(sides, vectors, tile=64, precision="float32", executor=LocalExecutor(("cpu",)))
    executor = LocalExecutor(("cpu",) * threads)
    assert len(plain.non_mated) > 1000
    assert_same(plain, compare(sides, vectors, tile=tile, precision=precision, executor=executor))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_does_not_change_it(precision: str) -> None:
    sides, vectors = crowd(700)
    plain = compare(sides, vectors, precision="float32", executor=LocalExecutor(("cpu",)))
    gpus = LocalExecutor(tuple(devices()[1:]))
    assert_same(plain, compare(sides, vectors, precision=precision, executor=gpus))


def test_templates_mapped_from_a_file_do_not_change_it(tmp_path: object) -> None:
    sides, vectors = crowd(300)
    path = f"{tmp_path}/templates.npy"
    np.save(path, vectors)
    mapped = np.load(path, mmap_mode="r")
    assert_same(compare(sides, vectors), compare(sides, mapped))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["cosine", "euclidean"]),
    size=st.integers(1, 40),
)
def test_the_score_is_the_exact_sum_rounded_once_to_float32(
    seed: int, kind: str, size: int
) -> None:
    rng = np.random.default_rng(seed)
    similarity = WITHOUT_SCALE[kind]
    left, right = (
        similarity.prepare(rng.normal(size=(20, size)).astype(np.float32)) for _ in range(2)
    )
    score = similarity.exact(left, right)
    np.testing.assert_array_equal(score, similarity.exact(right, left))
    for x, y, given_ in zip(left, right, score, strict=True):
        if kind == "cosine":
            total = sum(
                (Fraction(float(a)) * Fraction(float(b)) for a, b in zip(x, y, strict=True)),
                Fraction(0),
            )
            assert np.float32(float(total)) == given_
        else:
            distance = np.sqrt(np.sum((x.astype(np.longdouble) - y) ** 2))
            assert abs(float(-distance) - float(given_)) <= 2.0**-24 * float(distance)


def test_its_order_of_summation_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    left, right = (Cosine().prepare(rng.normal(size=(500, 512)).astype("f4")) for _ in range(2))
    order = rng.permutation(512)
    plain = Cosine().exact(left, right)
    mixed = Cosine().exact(np.ascontiguousarray(left[:, order]), right[:, order])
    np.testing.assert_array_equal(plain, mixed)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("size", [3, 128, 512])
def test_screening_error_is_within_the_margin(
    similarity: str, precision: str, size: int, device: str
) -> None:
    kind = WITHOUT_SCALE[similarity]
    vectors = kind.prepare(np.random.default_rng(0).normal(size=(300, size)).astype(np.float32))
    margin = product_margin(vectors, np.arange(300), kind, precision)
    assert 0.0 < largest_error(vectors, kind, precision, device) <= margin
    if precision == "bfloat16" and similarity == "cosine":
        assert margin < 2.0**-7


@settings(max_examples=100, deadline=None)
@given(bar=st.floats(-3.0, 3.0), values=st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=20))
def test_no_product_at_or_above_a_bar_is_missed(bar: float, values: list[float]) -> None:
    product = torch.tensor([values], dtype=torch.float32)
    for typed in (product, product.to(torch.bfloat16)):
        found = set(Bar.at(bar).reached(typed)[1].tolist())
        above = {place for place, value in enumerate(values) if np.float32(value) >= bar}
        assert above <= found
        # And what is found is hardly lower: by less than one bfloat16 step, and its rounding.
        for place in found:
            assert values[place] >= bar - 2 * 2.0**-7 * max(abs(bar), abs(values[place])) - 1e-30


def test_scores_that_float32_cannot_tell_from_a_threshold_are_counted() -> None:
    sides, vectors = crowd(200)
    pairs = compare(sides, vectors)
    score = float(pairs.non_mated["score"].iloc[0])
    hair = np.spacing(np.float32(score)) / 4
    table = borderline(pairs, [score, score + hair, score + 4 * hair + hair])
    counts = table[table["kind"] == "non_mated"]["comparisons"].tolist()
    assert counts[:2] == [1, 1]
    assert counts[2] == 0


def test_a_tail_that_does_not_fit_names_the_threshold_that_does() -> None:
    sides, vectors = crowd(3000)
    plan = Plan.of(sides)
    with pytest.raises(ComparisonError, match=r"Start the sweep at 0\.\d+ or above") as caught:
        compare_pairs(sides, vectors, Cosine(), -1.0, Compute(tail_memory=2**26))
    named = float(str(caught.value).split("sweep at ")[1].split(" ")[0])
    pairs = compare_pairs(sides, vectors, Cosine(), named, Compute(tail_memory=2**26))
    assert 0 < len(pairs.non_mated) * pair_bytes(sides.images) <= 2**26
    bulk = sample_bulk(plan, len(pairs.mated), vectors, Cosine())
    assert choose_floor(bulk, sides.images, 2**26) == pytest.approx(named, abs=1e-3)
    assert choose_floor(bulk, sides.images, 2**50) == -np.inf
    chosen = compare_pairs(sides, vectors, Cosine(), None, Compute(tail_memory=2**26))
    assert chosen.floor == pytest.approx(named, abs=1e-3)
    assert len(chosen.non_mated) >= len(pairs.non_mated)
    every = compare_pairs(*crowd(100), Cosine(), None)
    assert len(every.non_mated) + len(every.mated) == Plan.of(crowd(100)[0]).comparisons


def test_the_histogram_adds_up_and_is_exact_above_the_floor() -> None:
    sides, vectors = crowd(1600)
    plan, pairs = Plan.of(sides), compare(sides, vectors)
    assert plan.comparisons > SAMPLE == len(pairs.sample)
    table = pairs.histogram[pairs.histogram["kind"] == "non_mated"]
    assert table["count"].sum() == plan.comparisons - len(pairs.mated)
    above = table[table["lower"] >= FLOOR + 0.01]
    within = (pairs.non_mated["score"] >= above["lower"].min()).sum()
    assert above["count"].sum() == within
    # Below, it is a sample: the share of scores below an edge is right within its error.
    every = vectors[plan.left] @ vectors[plan.right].T
    edge = table["lower"].iloc[table["lower"].searchsorted(0.0)]
    share = table[table["upper"] <= edge + 1e-9]["count"].sum() / table["count"].sum()
    assert share == pytest.approx(np.mean(every < edge), abs=0.005)


def test_mirrored_tiles_are_left_out() -> None:
    sides, _ = crowd(1000)
    every = replace(sides, references=np.arange(1000), probes=np.arange(1000))
    plan = Plan.of(every)
    made = sum(shard.comparisons for shard in plan.shards(100))
    assert plan.comparisons == 1000 * 999 // 2
    assert made == 100 * 100 * 55


def test_every_processor_has_float32() -> None:
    assert available("float32", "cpu")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["cosine", "euclidean"]))
def test_no_score_is_off_by_more_than_stored_templates_say(seed: int, name: str) -> None:
    random = np.random.default_rng(seed)
    whole = (random.standard_normal((20, 16)) * 10.0 ** random.integers(-2, 3)).astype(np.float32)
    half = whole.astype(np.float16).astype(np.float32)
    similarity = WITHOUT_SCALE[name]
    moved = np.linalg.norm(whole.astype(float) - half, axis=1)
    shift = similarity.shift(half, moved)
    left, right = np.triu_indices(20, 1)
    exact, stored = (
        similarity.exact(vectors[left], vectors[right])
        for vectors in (similarity.prepare(whole), similarity.prepare(half))
    )
    off = np.abs(exact.astype(float) - stored)
    rounding = 4 * np.finfo(np.float32).eps * max(1.0, float(np.abs(exact).max()))
    assert off.max() <= shift + rounding
    assert shift < 100 * off.max() + rounding  # a bound that says something


@pytest.mark.parametrize("name", WITHOUT_SCALE)
def test_templates_are_prepared_in_place(name: str) -> None:
    vectors = np.random.default_rng(0).standard_normal((700, 8)).astype(np.float32)
    expected = WITHOUT_SCALE[name].prepare(vectors.copy())
    assert WITHOUT_SCALE[name].prepare(vectors, out=vectors) is vectors
    np.testing.assert_array_equal(vectors, expected)


def test_comparisons_that_stored_templates_may_decide_otherwise_are_counted() -> None:
    sides, vectors = crowd(200)
    pairs = compare(sides, vectors)
    score = pairs.non_mated["score"].to_numpy()
    threshold, within = float(np.quantile(score, 0.5)), 0.01
    table = borderline(pairs, [threshold], within)
    near = table[table["kind"] == "non_mated"].iloc[0]
    assert near["comparisons"] == int((np.abs(score - np.float32(threshold)) <= within).sum()) > 1
    assert near["within"] == within
