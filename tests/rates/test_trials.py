"""Trials against plain counting in the score tables; denominators as in ISO/IEC 19795-1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import det_curve

from lfr_eval.comparison import PairScores, compare_pairs, draw_gallery, search_watchlist
from lfr_eval.comparison.similarity import Cosine
from lfr_eval.contract.trials import PairTrials, group_people, labels_by, places_of
from lfr_eval.inference import Plan, rate_table, rates
from tests.comparison.builders import cohort, every_score, images_of, templates

FLOOR = -1.0
THRESHOLDS = (-0.2, 0.1, 0.4, 0.7)
COSINE = Cosine()


def people_under_test(sides: object) -> pd.DataFrame:
    images = sides.images  # type: ignore[attr-defined]
    names = images.loc[images["role"] != "filler", "subject_id"].unique()
    return pd.DataFrame(index=pd.Index(sorted(names)))


def compared_pairs(pairs: PairScores) -> rates.ComparedPairs:
    return rates.ComparedPairs(
        pairs.comparisons, pairs.corrections, pairs.mated, pairs.non_mated, FLOOR
    )


def measured(trials: list, people: pd.DataFrame) -> pd.DataFrame:
    return rate_table(trials, people, (), THRESHOLDS, Plan(factors=()))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_fmr_and_fnmr_equal_counting_pairs_of_images(seed: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    people = people_under_test(sides)
    pairs = compare_pairs(sides, COSINE.prepare(vectors), COSINE, FLOOR)
    trials = rates.verification_trials(people, compared_pairs(pairs))
    table = measured(trials, people).set_index(["metric", "threshold"])
    score, person = every_score(vectors, "cosine"), sides.images["subject_id"].to_numpy(str)
    compared = {frozenset((r, p)) for r in sides.references for p in sides.probes if r != p}
    for threshold in THRESHOLDS:
        mated, others = [], []
        for a, b in map(tuple, compared):
            (mated if person[a] == person[b] else others).append(score[a, b])
        fmr = table.loc[("FMR", threshold)]
        assert fmr["trials"] == len(others)
        assert fmr["events"] == sum(s >= np.float32(threshold) for s in others)
        if mated:
            fnmr = table.loc[("FNMR", threshold)]
            assert fnmr["trials"] == len(mated)
            assert fnmr["events"] == sum(s < np.float32(threshold) for s in mated)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_failures_to_acquire_stay_in_the_denominator(seed: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    if not len(sides.fillers) or not len(sides.probes):
        return
    people = people_under_test(sides)
    gallery = draw_gallery(sides, "fillers", [], 1)
    searches = search_watchlist(sides, COSINE.prepare(vectors), COSINE, gallery).searches
    table = measured(rates.identification_trials(people, searches), people)
    images, acquired = images_of(seed)
    probes = images[images["role"].isin(["probe", "both"])]
    passes = probes["pass_id"].nunique()
    size = gallery.sizes[-1]
    fpir = table[(table["metric"] == "FPIR") & (table["watchlist_size"] == size)]
    assert set(fpir["trials"]) == {passes}
    seen = acquired[probes.index]
    dead = probes.assign(seen=seen).groupby("pass_id")["seen"].any()
    fta = measured(rates.acquisition_trials(people, images, acquired), people)
    fta = fta[fta["metric"] == "FTA"].iloc[0]
    assert (fta["trials"], fta["events"]) == (passes, int((~dead).sum()))
    assert pd.isna(fta["threshold"])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_tpir_and_fnir_are_complements(seed: int) -> None:
    sides, vectors = cohort(seed), templates(seed)
    if not len(sides.fillers) or not len(sides.probes):
        return
    people = people_under_test(sides)
    gallery = draw_gallery(sides, "fillers", [], 1)
    searches = search_watchlist(sides, COSINE.prepare(vectors), COSINE, gallery).searches
    table = measured(rates.identification_trials(people, searches), people)
    wide = table.pivot_table("events", ["threshold", "trials"], "metric")
    if "TPIR" in wide:
        assert (wide["TPIR"] + wide["FNIR"] == wide.index.get_level_values("trials")).all()


def test_rates_agree_with_scikit_learn() -> None:
    sides, vectors = cohort(11, people=40), templates(11, people=40)
    people = people_under_test(sides)
    pairs = compare_pairs(sides, COSINE.prepare(vectors), COSINE, FLOOR)
    trials = rates.verification_trials(people, compared_pairs(pairs))
    table = measured(trials, people).set_index(["metric", "threshold"])["rate"]
    truth = np.r_[np.ones(len(pairs.mated)), np.zeros(len(pairs.non_mated))]
    score = np.r_[pairs.mated["score"], pairs.non_mated["score"]]
    fpr, fnr, cuts = det_curve(truth, score)
    for threshold in THRESHOLDS:
        at = np.searchsorted(cuts, np.float32(threshold))
        assert table["FMR", threshold] == fpr[at]
        assert table["FNMR", threshold] == fnr[at]


def test_people_without_a_trial_are_kept() -> None:
    sides, vectors = cohort(4), templates(4)
    people = pd.DataFrame(index=pd.Index([*people_under_test(sides).index, "zz-nobody"]))
    pairs = compare_pairs(sides, COSINE.prepare(vectors), COSINE, FLOOR)
    trials = rates.verification_trials(people, compared_pairs(pairs))
    assert isinstance(trials[0], PairTrials)
    assert trials[0].people == len(people)
    assert trials[0].references[-1] == trials[0].probes[-1] == 0


def test_conditions_are_what_is_constant_within_every_pass() -> None:
    images = pd.DataFrame(
        {
            "image_id": list("abcde"),
            "subject_id": ["p", "p", "p", "q", "r"],
            "role": ["probe", "probe", "probe", "probe", "reference"],
            "pass_id": ["1", "1", "2", "3", "e"],
            "frame": [0, 1, 0, 0, 0],
            "camera": ["north", "north", "south", None, "studio"],
            "light": ["day", "night", "day", "day", "day"],
            "session_id": [None] * 5,
        }
    )
    passes = rates.pass_conditions(images)
    assert list(passes.columns) == ["camera"]
    assert passes["camera"].fillna("?").to_dict() == {"1": "north", "2": "south", "3": "?"}
    people = pd.DataFrame(index=pd.Index(["p", "q"], name="subject_id"))
    acquired = np.array([True, True, False, True, True])
    fta, fte = rates.acquisition_trials(people, images, acquired, ["camera"])
    condition = fta.conditions[0]
    assert [condition.names[code] for code in condition.codes] == ["north", "south", "unknown"]
    assert fte.conditions == ()


@pytest.mark.parametrize("role", ["both", "probe"])
def test_listed_comparisons_of_images_in_both_roles_have_no_direction(role: str) -> None:
    rng = np.random.default_rng(2)
    names = [f"s{at:02}" for at in range(24)]
    people = pd.DataFrame({"g": list("aab" * 8)}, index=pd.Index(names, name="subject_id"))
    first, second = np.triu_indices(len(names), 1)
    kept = rng.random(len(first)) < 0.7
    pairs = np.column_stack([first[kept], second[kept]])
    score = rng.random(len(pairs)).astype(np.float32)
    images = pd.DataFrame({"role": [role] * len(names)})

    def crossed(turned: np.ndarray) -> pd.DataFrame:
        sides = np.array(names)[np.where(turned[:, None], pairs[:, ::-1], pairs)]
        listed = pd.DataFrame({"subject_a": sides[:, 0], "subject_b": sides[:, 1], "trials": 1})
        given = rates.ComparedPairs(
            pd.DataFrame({"subject_id": names, "references": 0, "probes": 0, "both": 0}),
            listed,
            pd.DataFrame({"subject_id": [], "score": []}),
            listed.rename(columns={"subject_a": "probe_subject", "subject_b": "reference_subject"})
            .assign(score=score),
            0.0,
        )  # fmt: skip
        trials = rates.verification_trials(people, given, images)
        table = rate_table(trials, people, ("g",), (0.6,), Plan(factors=("g",)))
        return table[table["counterpart"].notna() & (table["counterpart"] != table["group"])]

    one, other = (crossed(rng.random(len(pairs)) < share) for share in (0.0, 0.5))
    columns = ["events", "trials", "lower", "upper"]
    if role == "probe":
        assert not one[columns].equals(other[columns])
        return
    pd.testing.assert_frame_equal(one, other)
    group = people["g"].to_numpy()
    across = group[pairs[:, 0]] != group[pairs[:, 1]]
    assert one["trials"].tolist() == [across.sum()] * 2
    assert one["events"].tolist() == [(across & (score >= np.float32(0.6))).sum()] * 2
    assert set(one["subjects"]) == {16, 8}


@given(
    labels=st.lists(
        st.tuples(*[st.sampled_from(["", "a", "b", "a x b", "unknown", None])] * 2), max_size=12
    ),
    wanted=st.lists(st.integers(0, 20), max_size=8),
)
@settings(max_examples=40, deadline=None)
def test_groups_and_places_are_those_of_texts(
    labels: list[tuple[str | None, str | None]], wanted: list[int]
) -> None:
    table = pd.DataFrame(labels, columns=["g", "h"], dtype="string")
    plain = [" x ".join("unknown" if one is None else one for one in row) for row in labels]
    found = group_people(table, "g x h")
    assert [found.names[code] for code in found.codes] == plain
    assert list(found.names) == sorted(set(plain))
    assert labels_by(table, "g x h").tolist() == plain
    names = pd.Index([f"s{at}" for at in range(len(labels))], dtype="string")
    asked = pd.Series([f"s{at}" for at in wanted], dtype="string")
    assert places_of(names, asked).tolist() == names.get_indexer(pd.Index(asked)).tolist()


@pytest.mark.parametrize("floor", [0.0, 0.6, 2.0])
def test_unnamed_pairs_of_an_earlier_study_are_all_counted(floor: float) -> None:
    names = pd.Index([f"p{at}" for at in range(40)], name="subject_id", dtype="string")
    people = pd.DataFrame({"g": ["a", "b"] * 20}, index=names)
    score = np.random.default_rng(1).random(40).astype(np.float32)
    listed = pd.DataFrame({"subject_a": names, "subject_b": names, "trials": 1})
    others = pd.DataFrame({"probe_subject": names, "reference_subject": names, "score": score})
    counts = pd.DataFrame({"subject_id": names, "references": 0, "probes": 0, "both": 0})
    mated = pd.DataFrame({"subject_id": [], "score": []})
    earlier = rates.ComparedPairs(counts, listed, mated, others[score >= floor], floor)
    today = rates.ComparedPairs(counts.head(0), listed.head(0), mated, others, float(score.min()))
    plan = Plan(factors=("g",))
    one, other = (
        rate_table(rates.verification_trials(people, given), people, ("g",), (0.7,), plan)
        for given in (earlier, today)
    )
    assert one["trials"].tolist() == other["trials"].tolist() == [40, 20, 20]
    if floor < 0.7:
        pd.testing.assert_frame_equal(one, other)
