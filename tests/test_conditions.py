"""Studies by condition of passes: cameras of a pilot, a group's difference and its camera's."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cohort.loading import load_manifest
from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import FINDINGS, RATES, SEARCHES, TRUTH
from lfr_eval.study.labels import inseparable
from tests.studies import run, tables_of

PILOT = (
    "design=live",
    "dataset.people=240",
    "dataset.passes=8",
    "dataset.fillers=500",
    "dataset.false_positive_ratio.black=1",
    "design.watchlist_sizes=[500]",
    "design.watchlist_inference=fixed",
    "thresholds.values=[0.5]",
    "thresholds.operating=0.5",
    "dataset.cameras.north=0.0",
    "dataset.cameras.south=-1.2",
)


def test_two_factors_that_divide_people_alike_are_told(tmp_path: Path) -> None:
    rows = [
        {
            "image_id": f"{role}{at}",
            "subject_id": f"p{at}",
            "role": role,
            "gender": "woman" if at % 2 else "man",
            "ethnicity": "Black" if at % 4 < 2 else "White",
            "camera": None if role == "reference" else f"Cam {at % 2}",
            "light": f"{role if at < 2 else 'day'}",
        }
        for at in range(8)
        for role in ("reference", "probe")
    ]
    file = tmp_path / "people.csv"

    def told(table: pd.DataFrame) -> list[str]:
        table.to_csv(file, index=False)
        factors = ("gender", "ethnicity", "gender x ethnicity", "camera", "light")
        return inseparable(factors, load_manifest(file, templates_only=True))

    table = pd.DataFrame(rows)
    (said,) = told(table)
    assert said.startswith(
        "Whether gender or camera is the reason for a difference: gender 'man' always goes"
    )
    assert "gender 'woman' always goes with camera 'Cam 1'" in said
    # A label that is missing says nothing; one person who passed the other camera does.
    table.loc[1, "gender"] = None
    assert told(table) == [said]
    table.loc[3, "camera"] = "Cam 0"
    assert told(table) == []


def of(study: StudyFolder, metric: str, factor: str, a: str, b: str) -> pd.Series:
    table = study.read(FINDINGS).set_index(["metric", "factor", "group_a", "group_b"])
    row = table.loc[(metric, factor, a, b)]
    return row if isinstance(row, pd.Series) else row.iloc[0]


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """Two cameras of which one is worse, with people passing both."""
    return run(
        tmp_path_factory.mktemp("pilot"),
        *PILOT,
        "inference.factors=[ethnicity,camera,camera x ethnicity]",
        "+inference.reference_groups={camera: north, camera x ethnicity: north x white}",
    )


def test_a_pilot_compares_its_cameras(pilot: StudyFolder) -> None:
    row = of(pilot, "FNIR", "camera", "south", "north")
    assert row["verdict"] == "different"
    assert row["ratio"] > 2
    assert row["primary"]
    assert "passes with camera south were missed by the watchlist search" in row["statement"]
    assert "among the same people" in row["statement"]


def test_rates_by_camera_are_counted(pilot: StudyFolder) -> None:
    searches = pilot.read(SEARCHES).merge(
        pd.read_parquet(pilot.path / "cohort.parquet")[["pass_id", "camera", "ethnicity"]],
        on="pass_id",
    )
    rates = pilot.read(RATES)
    fpir = rates[(rates["metric"] == "FPIR") & (rates["factor"] == "camera x ethnicity")]
    assert len(fpir) == 6
    for row in fpir.itertuples():
        camera, ethnicity = row.group.split(" x ")
        mine = searches[(searches["camera"] == camera) & (searches["ethnicity"] == ethnicity)]
        assert (row.events, row.trials) == ((mine["score"] >= 0.5).sum(), len(mine))
    everybody = rates[(rates["factor"] == "camera") & (rates["metric"] == "FTA")]
    assert everybody["trials"].sum() == 240 * 8


def test_the_report_shows_cameras(pilot: StudyFolder) -> None:
    page = (pilot.path / "report.html").read_text()
    assert "passes with camera south" in page
    assert "Black people with camera north" in page
    assert "Why rates differ by camera" in page
    assert '"unknown' not in page


def test_a_camera_is_nobodys_label(pilot: StudyFolder) -> None:
    equity = pd.read_parquet(pilot.path / "equity.parquet")
    assert set(equity["factor"]) == {"ethnicity"}
    candidates = pd.read_parquet(pilot.path / "candidates.parquet")
    assert set(candidates["watchlist_group"]) == {"asian", "black", "white"}


CONFOUNDED = (
    *PILOT,
    "+dataset.camera_shares={black: 0.1, asian: 0.5, white: 0.9}",
    "inference.factors=[ethnicity]",
)


@pytest.mark.slow
def test_a_groups_difference_that_is_its_cameras_goes_within_cameras(tmp_path: Path) -> None:
    """Black subjects mostly pass the bad camera; nothing else differs between groups."""
    study = tables_of(tmp_path, *CONFOUNDED)
    truth = study.read(TRUTH)
    truth = truth[(truth["metric"] == "FNIR") & (truth["factor"] == "ethnicity")]
    true = truth.set_index("group")["rate"]
    assert true["black"] > 2 * true["white"]
    plain = of(study, "FNIR", "ethnicity", "black", "white")
    assert plain["ratio_lower"] < true["black"] / true["white"] < plain["ratio_upper"]
    assert plain["verdict"] == "different"
    study = tables_of(tmp_path, *CONFOUNDED, "inference.strata=[camera]")
    within = of(study, "FNIR", "ethnicity", "black", "white")
    assert within["verdict"] != "different"
    assert "with the same camera" in within["statement"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("inference.factors=[weather]", r"'weather' \(there are gender.*within a pass: camera"),
        (
            "+inference.reference_groups={camera: east}",
            r"'east' of camera \(there are north, south\)",
        ),
        (
            "+inference.reference_groups={camera x gender: north}",
            r"north x female, north x male, south x female",
        ),
    ],
)
def test_a_condition_that_does_not_exist_is_refused(
    override: str, message: str, tmp_path: Path
) -> None:
    factors = "inference.factors=[camera,camera x gender]"
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, *PILOT, factors, override)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+dataset.camera_shares={purple: 0.5}", "camera_shares names the group 'purple'"),
        ("+dataset.camera_shares={black: 1.5}", "camera_shares.black must be"),
    ],
)
def test_shares_that_cannot_be_are_refused(override: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, *PILOT, override)
