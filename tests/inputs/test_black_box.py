"""A black box is evaluated as exactly as a white one, from its floor up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import ALERT_LOG, FINDINGS, RATES, SEARCHES, WATCHLIST_SIZES
from tests.inputs.black_box import simulation_of, write_log
from tests.studies import configured, run, tables_of

NPL = ("experiment=npl_2023", "dataset.people=60", "dataset.fillers=3000", "report.pdf=false")
SAME = (
    "design.watchlist_sizes=[200,1000,3000]",
    "design.watchlist_inference=random",
    "thresholds.values=[0.44,0.47,0.50,0.56,0.60]",
    "thresholds.operating=0.50",
    "thresholds.primary=[0.47,0.50]",
    "++inference.reference_groups="
    "{gender: male, ethnicity: white, gender x ethnicity: male x white}",
    "report.pdf=false",
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyFolder, StudyFolder, Path]:
    folder = tmp_path_factory.mktemp("black-box")
    white = tables_of(folder / "white", *NPL, *SAME)
    simulation = simulation_of(configured(folder, *NPL))
    black = tables_of(folder / "black", *write_log(simulation, folder / "log", 0.44), *SAME)
    return white, black, folder


def test_black_box_equals_white_box_at_every_threshold_from_the_floor_up(
    both: tuple[StudyFolder, StudyFolder, Path],
) -> None:
    white, black, _ = both
    for table in (RATES, FINDINGS, WATCHLIST_SIZES):
        pd.testing.assert_frame_equal(white.read(table), black.read(table), check_exact=True)
    rates = black.read(RATES)
    assert rates.loc[rates["metric"] == "FPIR", "events"].max() > 20


def test_a_filler_that_never_alerts_and_a_pass_without_alert_count(
    both: tuple[StudyFolder, StudyFolder, Path],
) -> None:
    _, black, _ = both
    log, searches = black.read(ALERT_LOG), black.read(SEARCHES)
    assert log["reference_id"].nunique() < 3000 / 2
    assert searches["watchlist_size"].max() == 3000
    silent = ~searches["pass_id"].isin(log["pass_id"])
    assert silent.any()
    rates = black.read(RATES).query("metric == 'FPIR' and factor == 'overall'")
    assert (rates["trials"] == 600).all()


def test_a_log_of_one_alert_a_pass_counts_false_alerts_of_strangers_as_the_white_box_does(
    both: tuple[StudyFolder, StudyFolder, Path], tmp_path: Path
) -> None:
    white, _, folder = both
    simulation = simulation_of(configured(folder, *NPL))
    strangers = set(white.read(SEARCHES)["subject_id"].unique()[::4])
    words = write_log(simulation, tmp_path / "log", 0.44, at_most=1, strangers=strangers)
    settings = [word for word in SAME if "watchlist" not in word and "reference_groups" not in word]
    study = run(tmp_path, *words, *settings, "inference.factors=[gender]")
    rates = study.read(RATES).query("metric == 'FPIR' and factor == 'overall'")
    searches = white.read(SEARCHES).query("watchlist_size == 3000")
    searches = searches[searches["subject_id"].isin(strangers)]
    assert (searches["acquired"] == 0).any()
    assert (rates["trials"] == len(searches)).all()
    expected = [(searches["score"] >= at).sum() for at in rates["threshold"].astype(np.float32)]
    assert rates["events"].tolist() == expected
    assert max(expected) > 3
    # Everybody with a label is enrolled, so nothing is known of false alerts by gender.
    of_gender = study.read(RATES).query("metric == 'FPIR' and group == 'female'")
    assert of_gender.empty or of_gender["rate"].isna().all()
    assert "not measured" in (study.path / "report.html").read_text("utf-8")


def test_thresholds_below_the_floor_are_refused(
    both: tuple[StudyFolder, StudyFolder, Path], tmp_path: Path
) -> None:
    _, _, folder = both
    simulation = simulation_of(configured(folder, *NPL))
    words = write_log(simulation, tmp_path / "log", 0.46)
    with pytest.raises(ConfigError, match=r"nothing is known at the thresholds 0\.44: start"):
        run(tmp_path, *words, *SAME)
