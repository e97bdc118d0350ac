"""A cohort knows its people, its files and its own content."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.cohort import (
    Cohort,
    CohortError,
    cohort_digest,
    join_fillers,
    load_manifest,
    make_cohort,
    manifest_card,
)
from lfr_eval.contract.tables import COHORT

from .builders import good_rows, noise, write


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return load_manifest(write(tmp_path, good_rows(tmp_path)))


def templates(rows: list[dict[str, object]]) -> pd.DataFrame:
    full = [dict.fromkeys(COHORT.names) | {"role": "both", "subject_id": "p"} | row for row in rows]
    return COHORT.conform(pd.DataFrame(full))


@pytest.fixture
def fillers(tmp_path: Path) -> Cohort:
    folder = tmp_path / "others"
    rows = [
        {"image_id": f"f{at}", "subject_id": f"f{at}", "path": f"{at}.png", "role": "both"}
        for at in range(3)
    ]
    for at in range(3):
        noise(folder / f"{at}.png", 100 + at)
    return load_manifest(write(folder, rows, "street.csv"))


def test_people_are_the_rows_of_the_cohort_by_person(cohort: Cohort) -> None:
    people = cohort.people
    assert people.index.tolist() == ["p1", "p2", "p3", "p4"]
    assert people["gender"].tolist()[:3] == ["female", "male", "female"]
    assert pd.isna(people.loc["p4", "gender"])
    assert people["filler"].tolist() == [False, False, False, True]


def test_a_label_on_one_image_is_the_persons_label() -> None:
    rows = [{"image_id": "a"}, {"image_id": "b", "gender": "female", "age_band": "30-39"}]
    people = make_cohort(templates(rows), Path(), (manifest_card(Path("x")),)).people
    assert people.loc["p", ["gender", "age_band"]].tolist() == ["female", "30-39"]


def test_a_birthday_during_the_study_does_not_make_two_people() -> None:
    rows = [
        {"image_id": "a", "age": 30.0, "age_band": "30-39"},
        {"image_id": "b", "age": 29.0, "age_band": "18-29"},
    ]
    people = make_cohort(templates(rows), Path(), (manifest_card(Path("x")),)).people
    assert people["age_band"].tolist() == ["18-29"]


def test_a_factor_of_the_image_is_no_factor_of_the_person() -> None:
    rows = [
        {"image_id": "a", "glasses": "yes", "height": "tall", "camera": "1"},
        {"image_id": "b", "glasses": "no", "height": "tall", "camera": "1"},
    ]
    people = make_cohort(templates(rows), Path(), (manifest_card(Path("x")),)).people
    assert "height" in people
    assert "glasses" not in people
    assert "camera" not in people


def test_files_are_found_from_any_working_directory(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert cohort.resolve("i3") == tmp_path / "3.png"
    with pytest.raises(CohortError, match="no image 'nobody'"):
        cohort.resolve("nobody")


def test_a_template_has_no_file(tmp_path: Path) -> None:
    rows = [{"image_id": "i", "subject_id": "p", "role": "both"}]
    cohort = load_manifest(write(tmp_path, rows), templates_only=True)
    with pytest.raises(CohortError, match="is a template"):
        cohort.resolve("i")


def test_fillers_join_with_their_own_folder_and_card(
    cohort: Cohort, fillers: Cohort, tmp_path: Path
) -> None:
    joined = join_fillers(cohort, fillers)
    assert len(joined.images) == len(cohort.images) + len(fillers.images)
    assert joined.images["role"].value_counts()["filler"] == 1 + 3
    assert joined.people["filler"].sum() == 1 + 3
    assert joined.resolve("i0") == tmp_path / "0.png"
    assert joined.resolve("f0") == tmp_path / "others" / "0.png"
    assert [card.name for card in joined.cards] == ["people", "street"]
    assert joined.digest != cohort.digest
    assert fillers.images["role"].eq("both").all()


def test_fillers_of_a_manifest_with_the_same_name_keep_their_folder(tmp_path: Path) -> None:
    cohorts = []
    for at, folder in enumerate([tmp_path / "a", tmp_path / "b"]):
        noise(folder / "0.png", at)
        rows = [{"image_id": f"{at}", "subject_id": f"{at}", "path": "0.png", "role": "both"}]
        cohorts.append(load_manifest(write(folder, rows)))
    joined = join_fillers(*cohorts)
    assert [joined.resolve(name).parent.name for name in "01"] == ["a", "b"]
    assert [card.name for card in joined.cards] == ["people", "people (fillers)"]


def test_a_filler_must_be_somebody_else(cohort: Cohort) -> None:
    with pytest.raises(CohortError) as caught:
        join_fillers(cohort, cohort)
    for words in ("4 people are in both", "6 images are in both", "6 image files are in both"):
        assert words in str(caught.value)


LABELS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "null", '","']))


@settings(max_examples=40, deadline=None)
@given(
    labels=st.lists(st.tuples(LABELS, LABELS, LABELS), min_size=1, max_size=12),
    seed=st.integers(0, 1000),
)
def test_the_digest_depends_on_content_and_on_nothing_else(
    labels: list[tuple[str | None, ...]], seed: int
) -> None:
    names = ("gender", "ethnicity", "glasses")
    rows = [
        {"image_id": f"i{at}", "path": "here.png"} | dict(zip(names, label, strict=True))
        for at, label in enumerate(labels)
    ]
    images = templates(rows)
    digest = cohort_digest(images)

    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    columns = list(images.columns)
    random.Random(seed).shuffle(columns)
    assert cohort_digest(templates(shuffled)[columns].assign(path="there.png")) == digest

    at = seed % len(rows)
    for name in names:
        changed = [row.copy() for row in rows]
        changed[at][name] = "c" if changed[at][name] != "c" else None
        assert cohort_digest(templates(changed)) != digest


def test_the_digest_tells_rows_from_one_another() -> None:
    one = templates([{"image_id": "a", "gender": "x"}, {"image_id": "b", "gender": "y"}])
    other = templates([{"image_id": "a", "gender": "y"}, {"image_id": "b", "gender": "x"}])
    assert cohort_digest(one) != cohort_digest(other)
    assert cohort_digest(one) == cohort_digest(one.assign(nothing=pd.NA))
