"""Every design against the brute-force reference: each count of the rates, and what is beside."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import Compute, GivenScores, Scores, Sides, TemplateScores, draw_gallery
from lfr_eval.comparison.similarity import MinusEuclidean
from lfr_eval.config import (
    DesignConfig,
    InferenceConfig,
    MatcherConfig,
    StudyConfig,
    ThresholdsConfig,
)
from lfr_eval.contract.tables import ALERT_TIMES, CANDIDATE_LISTS, COHORT, CORRECTIONS, SEARCHES
from lfr_eval.inference import Plan, rate_table
from lfr_eval.study.designs import Design, Evidence, design_of
from tests.designs import reference
from tests.designs.reference import FACTORS, Counts, Image, World

# Squared distances of whole numbers are whole: scores tie with one another and with thresholds.
THRESHOLDS = tuple(float(np.float32(-math.sqrt(square))) for square in (14, 6, 3, 1, 0))
RANKS = (1, 2, 4)
START = pd.Timestamp("2026-05-04T10:00:00+00:00")


def cohort(seed: int, single: bool, mirrored: bool) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Images of a few people, which of them were acquired, and templates of whole numbers.

    Some people are enrolled, some pass, some are fillers too; some groups have no trial.
    """
    rng = np.random.default_rng(seed)
    rows = []

    def add(person: int, role: str, opportunity: str | None = None, **more: object) -> None:
        name = f"i{len(rows)}"
        label = {"gender": "mf"[person % 2], "ethnicity": "abc"[person % 3]}
        place = {"pass_id": opportunity or name, "frame": 0, "captured_at": None}
        rows.append({"image_id": name, "subject_id": f"p{person}", "role": role, **label, **place})
        rows[-1].update(more)

    for person in range(7):
        for _ in range(rng.integers(0, 3)):
            add(person, "both" if mirrored and rng.random() < 0.5 else "reference")
        if rng.random() < 0.3:
            add(person, "filler")
        for walk in range(rng.integers(0, 3)):
            timed, frames = rng.random() < 0.6, 1 if single else rng.integers(1, 4)
            for frame in range(frames):
                # Seconds are few, so that frames are taken at the same time.
                when = (START + pd.Timedelta(seconds=int(rng.integers(0, 3)))).isoformat()
                add(
                    person,
                    "probe",
                    f"p{person}-{walk}",
                    frame=int(frames - frame),
                    captured_at=when if timed else None,
                )
    for person in range(7, 12):
        for _ in range(rng.integers(1, 3)):
            add(person, "filler")
    if not any(row["role"] == "probe" for row in rows):
        add(0, "probe", "p0-9")
    # Nobody of the third ethnicity passes as a woman: an empty cell.
    images = pd.DataFrame([row for row in rows if row["gender"] + row["ethnicity"] != "fc"])
    for column in ("session_id", "camera", "age", "age_band", "path", "digest"):
        images[column] = None
    acquired = rng.random(len(images)) < 0.8
    vectors = rng.integers(-1, 3, (len(images), 3)).astype(np.float32)
    return COHORT.conform(images), acquired, vectors


def apart(images: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Some don't-care people."""
    rng = np.random.default_rng(seed + 1)
    names = images["subject_id"].unique()
    pairs = {tuple(sorted(rng.choice(names, 2, replace=False))) for _ in range(4)}
    frame = pd.DataFrame(sorted(pairs), columns=["subject_a", "subject_b"], dtype="string")
    return frame.assign(reason="twins")


def world_of(
    images: pd.DataFrame,
    acquired: np.ndarray,
    vectors: np.ndarray,
    pairs: pd.DataFrame,
    watchlist: np.ndarray,
    sizes: tuple[int, ...],
) -> World:
    """The same cohort for the reference."""
    listed = [
        Image(
            row.image_id,
            row.subject_id,
            row.role,
            row.pass_id,
            row.frame,
            None
            if pd.isna(row.captured_at)
            else (pd.Timestamp(row.captured_at) - START).total_seconds(),
            bool(got),
        )
        for row, got in zip(images.itertuples(), acquired, strict=True)
    ]
    template = dict(zip(listed, vectors.tolist(), strict=True))

    @cache
    def score(one: Image, other: Image) -> float:
        a, b = template[one], template[other]
        return float(np.float32(-math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))))

    labels = {
        row.subject_id: {"gender": row.gender, "ethnicity": row.ethnicity}
        for row in images.itertuples()
    }
    together = {frozenset(pair) for pair in pairs[["subject_a", "subject_b"]].to_numpy()}
    order = [listed[row] for row in watchlist]
    return World(listed, labels, score, together, order, sizes, THRESHOLDS)


def sources(world: World, vectors: np.ndarray, tile: int) -> list[Scores]:
    """The same scores from templates and from a file."""
    similarity, seen, rows = MinusEuclidean(), set(), []
    for one in world.images:
        for probe in world.images:
            pair = frozenset((one.name, probe.name))
            searched = (one.is_reference or one.role == "filler") and probe.is_probe
            if searched and one.acquired and probe.acquired and len(pair) == 2 and pair not in seen:
                seen.add(pair)
                rows.append((one.name, probe.name, world.score(one, probe)))
    file = pd.DataFrame(rows, columns=["reference_id", "probe_id", "score"])
    file = file.astype({"reference_id": "string", "probe_id": "string", "score": "float32"})
    return [TemplateScores(vectors, similarity, Compute(tile=tile)), GivenScores(file)]


def study(kinds: list[str], members: str, sizes: list[int]) -> StudyConfig:
    design = DesignConfig(
        name="test",
        description="test",
        kinds=kinds,
        watchlist_members=members,
        watchlist_sizes=sizes,
        ranks=list(RANKS),
        seed=5,
    )
    return StudyConfig(
        matcher=MatcherConfig(name="test"),
        design=design,
        thresholds=ThresholdsConfig(values=list(THRESHOLDS)),
        inference=InferenceConfig(factors=list(FACTORS[1:])),
    )


# A seed does not shrink.
@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    seed=st.integers(0, 100_000),
    kind=st.sampled_from(["live", "operator", "retrospective"]),
    members=st.sampled_from(["fillers", "everybody"]),
    mirrored=st.booleans(),
    tile=st.integers(1, 9),
)
def test_every_count_equals_brute_force(
    seed: int, kind: str, members: str, mirrored: bool, tile: int
) -> None:
    images, acquired, vectors = cohort(seed, kind == "operator", mirrored)
    pairs = apart(images, seed)
    whole = Sides.of(images, acquired, pairs)
    if not len(whole.fillers):
        return
    length = len(draw_gallery(whole, members, [], 5).rows)
    sizes = sorted({max(1, length // 2), length})
    config = study([kind, "verification"], members, sizes)
    design = design_of(config)
    seen = design.opportunities(images)
    sides = Sides.of(seen, acquired, pairs)
    gallery = draw_gallery(sides, members, sizes, 5)
    world = world_of(seen, acquired, vectors, pairs, gallery.rows, tuple(sizes))

    people = images[images["role"] != "filler"].groupby("subject_id")
    labels = people[["gender", "ethnicity"]].first()
    for source in sources(world, vectors, tile):
        made = design.compare(source, sides, THRESHOLDS)
        evidence = Evidence(made.__getitem__, labels, seen, acquired, (), THRESHOLDS)
        assert_design(design, evidence, world)


def assert_design(design: Design, evidence: Evidence, world: World) -> None:
    mirrored = any(i.role == "both" for i in world.images)
    factors = FACTORS[1:]
    trials = design.trials(evidence)
    found = rate_table(trials, evidence.people, factors, THRESHOLDS, Plan(factors=factors))
    counts = Counts(world)
    left_out = reference.verification(world, counts, mirrored)
    reference.searches(world, counts)
    reference.acquisition(world, counts)
    if CANDIDATE_LISTS in design.summaries:
        reference.ranked(world, counts, RANKS)
    assert_counts(found, reference.halved(counts.table()))
    assert_left_out(evidence, world, left_out)
    expected = {ALERT_TIMES: reference.alert_times, CANDIDATE_LISTS: reference.candidate_lists}
    for table, frame in design.summarise(evidence).items():
        assert_summary(frame, expected[table](world))


def assert_counts(rates: pd.DataFrame, expected: dict[reference.Key, reference.Count]) -> None:
    found = {}
    for row in rates.itertuples():
        key = (row.metric, row.threshold, row.watchlist_size, row.rank)
        key = tuple(None if pd.isna(part) else part for part in key)
        side = None if pd.isna(row.counterpart) else row.counterpart
        key = (*key, row.factor, row.group, side)
        assert key not in found
        found[key] = (row.events, row.trials, row.subjects, row.subjects_with_event)
    assert {key: count for key, count in found.items() if count[1]} == expected
    empty = [count for key, count in found.items() if key not in expected]
    assert set(empty) <= {(0, 0, 0, 0)}


def assert_left_out(evidence: Evidence, world: World, comparisons: int) -> None:
    corrections = evidence.read(CORRECTIONS)
    assert -corrections.loc[corrections["trials"] < 0, "trials"].sum() == comparisons
    for row in evidence.read(SEARCHES).itertuples():
        held = [image.person for image in world.watchlist[: row.watchlist_size]]
        together = [frozenset((name, row.subject_id)) in world.apart for name in held]
        assert row.left_out == sum(together)


def assert_summary(table: pd.DataFrame, expected: dict[reference.Key, tuple]) -> None:
    found, keys = {}, len(next(iter(expected), ()))
    for row in table.itertuples(index=False):
        key, values = tuple(row[:keys]), tuple(row[keys:])
        if values[0]:
            found[key] = tuple(None if pd.isna(value) else value for value in values)
    assert found.keys() == expected.keys()
    for key, values in found.items():
        assert values == pytest.approx(expected[key])
