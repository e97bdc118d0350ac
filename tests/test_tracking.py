"""A finished study in MLflow: what is logged, once, and what a store that is down costs."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.sealing import SHARED
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.tracking import STEP, TrackingError, name, track
from lfr_eval.tracking.figures import figures_of
from lfr_eval.tracking.pages import worst_group
from lfr_eval.tracking.pending import Waiting, pending, remember
from lfr_eval.tracking.system import sampled
from tests.engine.studies import sealed
from tests.shared import fresh_store

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

if TYPE_CHECKING:
    from mlflow.entities import Run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fresh_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def logged(small: StudyFolder, store: str) -> Run:
    from mlflow import MlflowClient

    run_id = track(small, store, "tests")
    return MlflowClient(tracking_uri=store).get_run(run_id)


def test_params_are_the_flattened_configuration(logged: Run) -> None:
    params = logged.data.params
    assert params["dataset.people"] == "60"
    assert params["inference.seed"] == "1"
    assert not any("path" in name for name in params)


def test_tags_carry_the_whole_hashes(logged: Run, small: StudyFolder) -> None:
    tags = logged.data.tags
    about = json.loads((small.path / "study.json").read_text())
    assert tags["study_hash"] == small.study_hash()
    assert tags["dataset_sha256"] == about["data_digest"]
    assert len(tags["dataset_sha256"]) == 64
    assert tags["matcher_fingerprint"] == about["matcher"]["fingerprint"]
    assert tags["git_revision"]
    assert tags["simulated"] == "true"
    assert tags["registration"] == "none"


def test_rates_are_metrics_stepped_by_threshold(
    logged: Run, small: StudyFolder, store: str
) -> None:
    from mlflow import MlflowClient

    history = MlflowClient(tracking_uri=store).get_metric_history(
        logged.info.run_id,
        "FPIR-300/ethnicity/black",
    )
    rates = small.read(RATES)
    own = rates[
        (rates["metric"] == "FPIR") & (rates["watchlist_size"] == 300) & (rates["group"] == "black")
    ]
    logged_rates = {point.step: point.value for point in history}
    expected = dict(zip(np.round(own["threshold"] * STEP).astype(int), own["rate"], strict=True))
    assert logged_rates == expected


def test_metrics_are_few_and_everything_else_is_in_tables(logged: Run, small: StudyFolder) -> None:
    metrics = logged.data.metrics
    groups = [group for group in small.read(RATES)["group"].unique() if " x " not in group]
    assert len(metrics) <= 6 * len(groups) + 20
    assert {name.split("/")[0] for name in metrics} == {
        *("operating", "worst", "primary", "FPIR-300", "FNIR-300"),
    }
    rates = small.read(RATES)
    at = np.isclose(rates["threshold"].to_numpy(float, na_value=np.nan), 0.45)
    rows = rates[at & (rates["metric"] == "FPIR") & (rates["watchlist_size"] == 300)]
    assert metrics["worst/upper/FPIR-300/ethnicity"] == pytest.approx(
        rows.loc[rows["factor"] == "ethnicity", "upper"].max()
    )
    assert metrics["operating/FPIR-300/overall/everybody/upper"] == pytest.approx(
        rows.loc[rows["factor"] == "overall", "upper"].item()
    )


def test_a_run_begins_and_ends_with_its_study(logged: Run, small: StudyFolder) -> None:
    about = json.loads((small.path / "study.json").read_text())
    begins, ends = (
        1000 * datetime.fromisoformat(about[moment]).timestamp()
        for moment in ("started", "finished")
    )
    assert (logged.info.start_time, logged.info.end_time) == (begins, ends)
    assert logged.info.status == "FINISHED"


def test_the_page_of_a_run_gives_question_answer_and_source(logged: Run) -> None:
    tags = logged.data.tags
    page = tags["mlflow.note.content"]
    assert page.index("alike?") < page.index("With what result?") < page.index("On whom?")
    assert "Everybody in this study is simulated." in page
    assert (tags["kind"], tags["mlflow.source.name"]) == ("study", "lfr-eval run")
    assert tags["mlflow.user"]


def test_figures_are_logged_as_figures(logged: Run, store: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store)
    files = {item.path for item in client.list_artifacts(logged.info.run_id, "figures")}
    assert files == {"figures/rates.png", "figures/curves.png"}


def test_a_figure_says_the_level_of_its_intervals(small: StudyFolder) -> None:
    rates = small.read(RATES)
    operating = small.record().thresholds.operating
    for level, said in ((0.95, "with 95 % intervals"), (0.9, "with 90 % intervals")):
        drawn = dict(figures_of(rates.assign(level=level), operating))
        assert said in drawn["rates"].get_suptitle()


LABELS = (
    *(
        "女性",
        "男性",
        "=1+1",
        "http://a.example/x?y=1",
        "http://a.example/x?y=2",
        "a/b",
        "a//b",
        "a|b",
    ),
    *(
        ".",
        "..",
        " ",
        "",
        "/",
        "a b ",
        "a" * 300,
        "a" * 299 + "b",
        "e\u0301",
        "\U0001f600",
        "$x_1$",
    ),
)


def test_every_label_has_a_name_of_its_own_that_mlflow_takes() -> None:
    from mlflow.utils.validation import _validate_metric_name, _validate_param_name

    names = [name("operating", "FPIR-10000", label, label) for label in LABELS]
    assert len(set(names)) == len(names)
    for one in names:
        _validate_metric_name(one)
        _validate_param_name(one)
    assert name("FMR", "ethnicity", "East Asian") == "FMR/ethnicity/East Asian"
    assert name("\u00e9") == name("e\u0301"), "one name in two Unicode forms is one name"


def relabelled(study: StudyFolder, folder: Path, labels: Sequence[str]) -> StudyFolder:
    """A copy of a study whose groups of ethnicity have other names."""
    shutil.copytree(study.path, folder)
    copy = StudyFolder(folder)
    for table, columns in ((RATES, ("group", "counterpart")), (FINDINGS, ("group_a", "group_b"))):
        frame = copy.read(table)
        old = [one for one in frame[columns[0]].unique() if one not in ("everybody", "*")]
        other = dict(zip(old, labels, strict=False))
        for column in columns:
            frame[column] = frame[column].map(lambda one, o=other: o.get(one, one))
        frame["factor"] = frame["factor"].replace({"ethnicity": "http://factor"})
        copy.write(table, table.conform(frame))
    provenance = copy.provenance().content()
    shares = dict.fromkeys((*LABELS, *(f"group {n}" for n in range(150))), 1 / 150)
    provenance["config"]["design"]["watchlist_composition"] = shares
    copy.seal(Provenance.of(provenance))
    return copy


def test_a_study_with_any_labels_and_settings_is_sent(small: StudyFolder, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    uri = fresh_store(tmp_path)
    study = relabelled(
        small, tmp_path / "study", ("http://a.example", "女性", "男性", "=1+1", "a//b")
    )
    run = MlflowClient(uri).get_run(track(study, uri, "tests"))
    assert len([one for one in run.data.params if "watchlist_composition" in one]) == 150 + len(
        LABELS
    )
    rates = study.read(RATES)
    own = rates[(rates["factor"] == "http://factor") & rates["threshold"].notna()]
    shown = [one for one in run.data.metrics if one.startswith("operating/FPIR-300/http")]
    assert len(shown) == own["group"].nunique()
    table = MlflowClient(uri).download_artifacts(run.info.run_id, "tables/rates.csv")
    assert ",=1+1" not in Path(table).read_text()
    assert ",'=1+1" in Path(table).read_text()


@pytest.mark.parametrize("broken", ["log_batch", "log_figure"])
def test_logging_that_broke_off_is_completed_in_the_same_run(
    small: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    class Killed(BaseException):
        """As sudden as SIGKILL: nothing of the run is brought to an end."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    uri = fresh_store(tmp_path)
    monkeypatch.setattr(MlflowClient, broken, kill)
    with pytest.raises(Killed):
        track(small, uri, "tests")
    monkeypatch.undo()
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("tests")
    assert experiment is not None

    def states() -> list[str]:
        return [
            run.info.status
            for run in client.search_runs(experiment.experiment_id, "", ViewType.ALL)
        ]

    assert states() == ["SCHEDULED"]
    monkeypatch.setattr(MlflowClient, broken, lambda *_, **__: 1 / 0)
    with pytest.raises(TrackingError, match="Send it later"):
        track(small, uri, "tests")
    monkeypatch.undo()
    assert states() == ["FAILED"]
    run_id = track(small, uri, "tests")
    assert states() == ["FINISHED"]
    history = client.get_metric_history(run_id, "FPIR-300/ethnicity/black")
    assert len({point.step for point in history}) == len(history)


def test_artifacts_hold_no_biometrics(logged: Run, store: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store)
    run_id = logged.info.run_id
    files = {item.path for item in client.list_artifacts(run_id)}
    files |= {item.path for item in client.list_artifacts(run_id, "tables")}
    assert {"report.html", "rates.parquet", "findings.parquet", "tables/rates.csv"} <= files
    assert not files & {"cohort.parquet", "mated.parquet", "searches.parquet", "non_mated.parquet"}
    # Whoever sees the run sees no more of a study than somebody who is handed a share of it.
    held = {Path(each).stem for each in files} - {"provenance", "tables", "figures"}
    assert held <= {Path(each).stem for each in SHARED}


def test_the_dataset_is_an_input_with_its_whole_hash(logged: Run, small: StudyFolder) -> None:
    (dataset,) = logged.inputs.dataset_inputs
    about = json.loads((small.path / "study.json").read_text())
    assert dataset.dataset.name == "rehearsal"
    assert {tag.key: tag.value for tag in dataset.tags}["sha256"] == about["data_digest"]


def test_a_study_is_logged_once(logged: Run, small: StudyFolder, store: str) -> None:
    assert track(small, store, "tests") == logged.info.run_id


def copies(small: StudyFolder, folder: Path, count: int) -> list[StudyFolder]:
    """Studies that differ in one file, so that each has a hash of its own."""
    made = []
    for number in range(count):
        shutil.copytree(small.path, folder / f"study-{number}")
        (folder / f"study-{number}" / "note.txt").write_text(str(number))
        made.append(StudyFolder(folder / f"study-{number}"))
        made[-1].seal(made[-1].provenance())
    return made


def test_studies_of_a_multirun_have_one_parent(small: StudyFolder, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    uri = fresh_store(tmp_path)
    sweep = tmp_path / "multirun" / "2026-01-31_12-00-00"
    first, *others = copies(small, tmp_path, 2)
    track(first, uri, "tests")  # One of them existed before the sweep.
    runs = [track(copy, uri, "tests", parent=sweep) for copy in (first, *others)]
    client = MlflowClient(tracking_uri=uri)
    parents = {client.get_run(run).data.tags["mlflow.parentRunId"] for run in runs}
    assert len(parents) == 1
    assert client.get_run(parents.pop()).data.tags["multirun"] == sweep.name


def test_the_load_of_the_machine_is_logged_if_wanted(small: StudyFolder, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    with sampled(True, interval=0.05) as load:
        time.sleep(0.3)
    with sampled(False) as none:
        pass
    assert none == []
    uri = fresh_store(tmp_path)
    metrics = MlflowClient(uri).get_run(track(small, uri, "tests", system=load)).data.metrics
    assert metrics["system/cpu_utilization_percentage"] >= 0
    assert metrics["system/system_memory_usage_megabytes"] > 0


def test_studies_that_wait_are_sent_together(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = copies(small, tmp_path, 2)
    for study in (first, second):
        remember(tmp_path, Waiting(study.path.name, "tests"))
    remember(tmp_path, Waiting("gone", "tests"))
    down = ["track", "--pending", str(tmp_path), "--uri", "http://127.0.0.1:9"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        assert cli.main(down) == 2
    assert len(list(pending(tmp_path))) == 2
    uri = fresh_store(tmp_path)
    assert cli.main(["track", "--pending", str(tmp_path), "--uri", uri]) == 0
    said = capsys.readouterr().out
    assert "gone: its folder is gone" in said
    assert "2 sent." in said
    assert list(pending(tmp_path)) == []
    assert cli.main(["track", str(first.path), "--uri", uri, "--experiment", "tests"]) == 0


def test_a_factor_that_differs_as_a_whole_is_named_where_no_two_groups_are(tmp_path: Path) -> None:
    findings = sealed(tmp_path / "study").read(FINDINGS)
    assert worst_group(findings).startswith("No primary comparison shows a difference")
    whole = findings.assign(
        group_a="*", group_b="*", ratio=None, verdict="different", statement="They differ."
    )
    whole = FINDINGS.conform(whole)
    assert worst_group(pd.concat([findings, whole])) == "They differ."
    named = FINDINGS.conform(findings.assign(verdict="different", statement="One is worse."))
    assert worst_group(pd.concat([whole, named])) == "One is worse."
