"""`lfr-eval thresholds`, from a study folder to a table, files and a policy."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.config.chosen import read_policy
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import FINDINGS, OPERATING_POINTS, RATES, WATCHLIST_SIZES
from lfr_eval.contract.trials import group_people
from lfr_eval.finished.choosing.answer import answer
from lfr_eval.finished.choosing.constraints import read_constraints
from lfr_eval.finished.choosing.files import write_answer, write_policy
from lfr_eval.finished.choosing.sample import sample_of
from lfr_eval.finished.choosing.sensitivity import by_drift, by_size
from lfr_eval.finished.choosing.words import _sizes, as_text
from lfr_eval.finished.finished import Finished, read_finished
from lfr_eval.inference import rate_table
from lfr_eval.inference.ratio_bounds import ratio_bounds
from lfr_eval.tracking import track
from tests.shared import fresh_store


@pytest.fixture(scope="module")
def study(small: StudyFolder) -> Finished:
    return read_finished(small.path)


def test_a_finished_study_is_read_back_to_its_own_rates(
    small: StudyFolder, study: Finished
) -> None:
    plan = study.plan
    again = rate_table(study.trials, study.people, plan.factors, study.thresholds, plan, bands=True)
    pd.testing.assert_frame_equal(again, small.read(RATES))


def test_a_study_of_pairs_is_cut_by_its_false_matches(study: Finished, tmp_path: Path) -> None:
    trials = tuple(one for one in study.trials if one.metric in ("FMR", "FNMR"))
    pairs = replace(study, trials=trials)
    found = answer(pairs, read_constraints(["max_fmr=1/5", "factors=[overall, gender]"]))
    assert found.chosen is not None
    assert found.report is not None
    assert set(found.report["metric"]) == {"FMR", "FNMR"}
    weighed = found.points[found.points["people"] == "choosing"].set_index("threshold")["met"]
    assert found.chosen == min(weighed.index[weighed.astype(bool)])
    assert "watchlist" not in as_text(found)
    write_answer(found, tmp_path)
    with pytest.raises(ConfigError, match="no evidence on max_fpir"):
        answer(pairs, read_constraints(["max_fmr=1/5", "max_fpir=1/5"]))
    with pytest.raises(ConfigError, match="policy limits searches"):
        write_policy(replace(found, points=found.points.assign(met=True)), tmp_path / "p.yaml")


def test_ratios_are_bounded_as_findings_bound_them(small: StudyFolder, study: Finished) -> None:
    alerts = sample_of(study, None).alerts
    bounds = ratio_bounds(
        alerts, group_people(study.people, "gender"), study.thresholds, study.plan
    )
    findings = small.read(FINDINGS)
    rows = findings[
        (findings["metric"] == "FPIR")
        & (findings["factor"] == "gender")
        & (findings["group_b"] == "male")
        & (findings["watchlist_size"] == alerts.watchlist_size)
    ].set_index("threshold")
    assert len(rows) == len(study.thresholds)
    for place, at in enumerate(study.thresholds):
        row = rows.loc[at]
        if row["primary"]:
            # Findings adjust the interval of a primary comparison.
            continue
        upper = np.inf if pd.isna(row["ratio_upper"]) else row["ratio_upper"]
        turned = 1 / row["ratio_lower"] if row["ratio_lower"] > 0 else np.inf
        assert bounds.upper[place] == pytest.approx(max(upper, turned))


def test_a_drift_of_scores_is_another_threshold(study: Finished) -> None:
    one = replace(sample_of(study, None), thresholds=(0.45,))
    limits = ConstraintsConfig(max_fpir=0.1, factors=["overall"], drift=[0.03])
    row = by_drift(one, limits, 0.45).iloc[0]
    assert row["fpir"] == pytest.approx((one.alerts.score + np.float32(0.03) >= 0.45).mean())
    assert one.found is not None
    assert row["tpir"] == pytest.approx((one.found.score - np.float32(0.03) >= 0.45).mean())


def test_at_a_threshold_of_the_plan_other_sizes_show_their_worst_group(
    small: StudyFolder, study: Finished
) -> None:
    limits = ConstraintsConfig(max_fpir=0.5, factors=["gender", "ethnicity"])
    shown = by_size(study, limits, 0.45).set_index(["watchlist_size", "way"])
    table = small.read(WATCHLIST_SIZES).query("factor in @limits.factors and upper.notna()")
    assert set(table["threshold"]) == {0.45}
    assert len(shown) == len(study.sizes) + len(table[["watchlist_size", "way"]].drop_duplicates())
    for row in table.itertuples():
        worst = shown.loc[(row.watchlist_size, f"{row.way}, {row.composition}")]
        assert worst["upper"] >= row.upper
        if worst["group"] == row.group:
            assert (worst["rate"], worst["upper"]) == (row.rate, row.upper)
    elsewhere = by_size(study, limits, 0.5)
    assert set(elsewhere["way"]) == {"searched"}


def test_no_threshold_is_an_answer_with_reasons(
    small: StudyFolder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["max_fpir=1/1000000", "min_tpir=0.5", "splits=2"]
    assert cli.main(["thresholds", str(small.path), *words]) == cli.FAILED
    said = capsys.readouterr().out
    assert "No threshold of the study keeps to these limits at a watchlist of 300, because" in said
    assert "and the limit is at most 1 in 1 million" in said
    assert re.search(r"No threshold would be chosen at a watchlist of (?!.*\b300\b)\d", said)
    assert "–     –" not in said  # No table of dashes.
    # Of one size, which was asked about, nothing else is said.
    only = pd.DataFrame({"watchlist_size": [300], "rate": [np.nan], "chosen": [np.nan]})
    assert [*_sizes(SimpleNamespace(size=300, sizes=only))] == []
    # Not among the studies, which `verify studies/*` meets.
    place = tmp_path / "thresholds" / small.path.resolve().name
    content = json.loads((place / "thresholds.json").read_text())
    assert content["chosen"] is None
    assert content["refused"]
    assert "FPIR" in content["refused"][0]["constraints"]
    assert small.verify() == []


def test_a_choice_is_reported_on_other_people_and_becomes_a_policy(
    small: StudyFolder, study: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policy.yaml"
    words = ["max_fpir=0.9", "factors=[overall]", "splits=3", "watchlist_size=100"]
    files = ["--out", str(tmp_path), "--write-policy", str(file)]
    assert cli.main(["thresholds", str(small.path), *words, *files]) == cli.OK
    said = capsys.readouterr().out
    assert "did not choose it" in said
    assert "SIMULATED" in (tmp_path / "thresholds.svg").read_text()
    policy = yaml.safe_load(file.read_text())
    assert policy == {
        "watchlist_size": 100,
        "threshold": study.thresholds[0],
        "factors": ["overall"],
        "max_fpir": 0.9,
    }
    assert study.study_hash in file.read_text()
    judged = read_policy([f"policy={file}"])
    assert (judged.threshold, judged.max_fpir) == (study.thresholds[0], 0.9)
    table = OPERATING_POINTS.conform(pd.read_csv(tmp_path / "thresholds.csv"))
    assert set(table["people"]) == {"choosing", "reporting", "everybody"}
    content = json.loads((tmp_path / "thresholds.json").read_text())
    assert sum(content["people"].values()) == len(study.people)


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_files_are_added_to_the_run_of_the_study(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    words = ["max_fpir=0.9", "factors=[overall]", "splits=1", "watchlist_size=100"]
    asked = ["thresholds", str(small.path), *words, "--out", str(tmp_path / "out"), "--uri", uri]
    assert cli.main([*asked, "--experiment", "tests"]) == cli.OK
    assert "MLflow" not in capsys.readouterr().out
    assert not (tmp_path / "mlflow.db").exists()
    run = track(small, fresh_store(tmp_path), "tests")
    assert cli.main([*asked, "--experiment", "tests"]) == cli.OK
    assert f"MLflow: added to run {run}" in capsys.readouterr().out
    kept = MlflowClient(tracking_uri=uri).list_artifacts(run, "thresholds")
    names = {Path(one.path).name for one in kept}
    assert names == {"thresholds.csv", "thresholds.json", "thresholds.svg"}


def test_no_policy_without_a_threshold(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["max_fpir=1/1000000", "splits=1", "--out", str(tmp_path), "--write-policy"]
    file = tmp_path / "policy.yaml"
    assert cli.main(["thresholds", str(small.path), *words, str(file)]) == cli.UNUSABLE
    assert "no threshold to write a policy for" in capsys.readouterr().err
    assert not file.exists()


def test_shipped_constraints_are_read_and_words_go_before_them() -> None:
    limits = read_constraints(["constraints=default", "min_tpir=3/4"])
    assert (limits.max_fpir, limits.min_tpir) == (0.001, 0.75)
    crowd = read_constraints(["constraints=crowd"])
    assert (crowd.crowd, crowd.prevalence, crowd.objective) == (30_000, 0.0001, "cost")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["max_fpr=1"], "constraints: there is no setting 'max_fpr'"),
        (["constraints=nowhere"], "Give a file, or one of crowd, default"),
        (["max_fpir=often"], "max_fpir must be a rate such as"),
        (["splits=2"], "give one of"),
        (["max_alerts=2"], "max_alerts needs a crowd"),
        (["max_fpir=0.1", "objective=cost"], "the objective cost needs"),
        (["max_fpir=0.1", "splits=many"], "cannot be read"),
    ],
)
def test_mistakes_are_named(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_constraints(words)


def test_a_size_that_was_not_searched_is_refused(study: Finished) -> None:
    with pytest.raises(ConfigError, match="there are 100, 300"):
        sample_of(study, 7)
