"""A study of real faces, degraded: from configuration to rates by strength."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lfr_eval.cohort import load_dataset
from lfr_eval.cohort.capture import FOLDER
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import ACQUISITION, COHORT, FINDINGS, RATES, SEARCHES
from lfr_eval.matchers.eyes import eye_distances
from tests.studies import run

pytestmark = [pytest.mark.mirror, pytest.mark.slow]

PEOPLE = 12
REDUCED = (
    "experiment=capture_dose_response",
    "dataset=manifest",
    "dataset.fillers=null",
    "capture.steps=[{motion_blur: 16},{eye_distance: 12},{eye_distance: 3}]",
    "design.watchlist_members=everybody",
    "design.watchlist_sizes=[]",
    "thresholds.values=[0.491]",
    "thresholds.operating=0.491",
    "inference.factors=[capture,capture x gender]",
)


@pytest.fixture(scope="module")
def study(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """The experiment with few people, each other's watchlist, and three steps."""
    base = tmp_path_factory.mktemp("degraded")
    london = load_dataset("london", mirror, base)
    people = london.images["subject_id"].drop_duplicates().head(PEOPLE)
    rows = london.images[london.images["subject_id"].isin(people)]
    # A manifest's images lie below its folder: copies, in a folder that pytest deletes.
    for image, path in zip(rows["image_id"], rows["path"], strict=True):
        target = base / "people" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(london.resolve(image).read_bytes())
    columns = ["image_id", "subject_id", "role", "path", "gender", "ethnicity", "age"]
    rows[columns].to_csv(base / "people" / "people.csv", index=False)
    return run(base, *REDUCED, f"dataset.path={base / 'people' / 'people.csv'}")


def test_every_step_has_its_rates(study: StudyFolder) -> None:
    rates = study.read(RATES)
    fta = rates[(rates["metric"] == "FTA") & (rates["factor"] == "capture")].set_index("group")
    assert fta["trials"].tolist() == [PEOPLE] * 4
    assert fta.loc["no degradation", "events"] == 0
    # Three pixels between the eyes make a picture smaller than the smallest face that is sought.
    assert fta.loc["eye distance 3 px", "events"] == PEOPLE
    searches, cohort = study.read(SEARCHES), study.read(COHORT)
    capture = cohort.set_index("pass_id")["capture"]
    found = searches.assign(capture=searches["pass_id"].map(capture))
    fnir = rates[(rates["metric"] == "FNIR") & (rates["factor"] == "capture")].set_index("group")
    for name, rows in found.groupby("capture"):
        assert fnir.loc[name, "events"] == np.count_nonzero(rows["mated_score"] < np.float32(0.491))


def test_eyes_are_as_far_apart_as_asked_for(study: StudyFolder) -> None:
    cohort = study.read(COHORT)
    rows = cohort[cohort["capture"] == "eye distance 12 px"]
    folder = study.path.parent / "cache" / FOLDER
    # Four times as large again, so that the detector finds them.
    checked = []
    for path in rows["path"].head(6):
        large = study.path.parent / f"large-{path}"
        with Image.open(folder / path) as image:
            image.resize((image.width * 4, image.height * 4), Image.Resampling.BICUBIC).save(large)
        checked.append(large)
    found = [distance / 4 for distance in eye_distances(checked) if distance]
    assert len(found) >= 4
    np.testing.assert_allclose(found, 12.0, atol=1.0)


def test_it_says_that_captures_are_simulated(study: StudyFolder) -> None:
    about = json.loads((study.path / "study.json").read_text())
    assert about["capture"].startswith("motion blur 16 px, eye distance 12 and 3 px, ")
    assert about["conditions"] == ["capture"]
    assert any("simulated capture" in each["title"] for each in about["datasets"])
    page = (study.path / "report.html").read_text()
    assert "Simulated capture." in page
    assert page.count("Simulated capture") > 10
    sentence = (
        study.read(FINDINGS).set_index(["metric", "group_a"]).loc[("FTA", "eye distance 3 px")]
    )
    assert "passes with eye distance 3 px gave no usable face" in sentence["statement"].iloc[0]


def test_no_picture_is_in_the_study_folder(study: StudyFolder) -> None:
    suffixes = {path.suffix for path in study.path.iterdir() if path.name != ".lock"}
    assert suffixes <= {".parquet", ".json", ".html", ".pdf"}
    acquisition = study.read(ACQUISITION)
    assert len(acquisition) == PEOPLE * (2 + 3)
