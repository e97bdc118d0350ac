"""The real faces of the offline mirror, as their cards describe them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cohort import FetchError, fetch, join_fillers, load_dataset

pytestmark = pytest.mark.mirror


def test_london(mirror: Path, tmp_path: Path) -> None:
    cohort = load_dataset("london", mirror, tmp_path)
    labels = pd.read_csv(mirror / "london" / "labels.csv", keep_default_na=False)
    assert len(cohort.images) == len(labels) == 204
    assert cohort.images["role"].value_counts().to_dict() == {"reference": 102, "probe": 102}
    people = cohort.people
    once = labels.drop_duplicates("identity").set_index("identity").sort_index()
    assert people.index.tolist() == once.index.tolist()
    assert people["gender"].tolist() == once["gender"].tolist()
    assert people["ethnicity"].tolist() == once["ethnicity"].tolist()
    assert people["age_band"].isna().sum() == (once["age"] == "NA").sum() == 2
    assert not any(tmp_path.iterdir())


def test_fairface(mirror: Path, tmp_path: Path) -> None:
    cohort = load_dataset("fairface", mirror, tmp_path)
    assert len(cohort.images) == len(cohort.people) == 2076
    assert cohort.images["role"].eq("both").all()
    assert cohort.people["ethnicity"].nunique() == 7
    assert cohort.people["ethnicity_source"].eq("annotator_perceived").all()


def test_london_people_with_fairface_fillers(mirror: Path, tmp_path: Path) -> None:
    london = load_dataset("london", mirror, tmp_path)
    joined = join_fillers(london, load_dataset("fairface", mirror, tmp_path))
    assert joined.people["filler"].sum() == 2076
    assert all(joined.resolve(name).is_file() for name in joined.images["image_id"])
    assert [card.name for card in joined.cards] == ["london", "fairface"]


def test_a_study_of_today_has_the_digest_of_a_study_of_last_year(
    mirror: Path, tmp_path: Path
) -> None:
    digests = {name: load_dataset(name, mirror, tmp_path).digest for name in ("london", "fairface")}
    assert digests == {
        "london": "e77b741cd0eafcbabe6cfad4f93d9abac561a19359e4fd68329001021a8f61ab",
        "fairface": "921fe2f4556d6cfaf48a3915db9d59614cec19abfd9e9e82727c1822708cb8bb",
    }


def test_the_weights_are_those_of_the_card(mirror: Path, tmp_path: Path) -> None:
    assert fetch("facenet_vggface2", mirror, tmp_path).suffix == ".pt"


def test_a_mirror_that_was_touched_is_not_used(mirror: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mirror"
    copy.mkdir()
    shutil.copytree(mirror / "london", copy / "london", copy_function=shutil.copyfile)
    (copy / "london").chmod(0o700)
    assert fetch("london", copy, tmp_path) == copy / "london"
    labels = (copy / "london" / "labels.csv").read_text(encoding="utf-8")
    (copy / "london" / "labels.csv").write_text(labels.replace("black", "white", 1))
    with pytest.raises(FetchError, match="is not the copy of 'london' that the dataset card"):
        fetch("london", copy, tmp_path)
