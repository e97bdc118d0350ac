"""From the command line: refused, approved, run, fed back, logged, passed by the gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow.utils.validation import _validate_model_version_tag

from lfr_eval.cli.main import main
from lfr_eval.config import ConfigError
from lfr_eval.config.engine_composition import compose_engine
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.decisions import TEXTS
from lfr_eval.contract.ledger import Ledger
from lfr_eval.engine.alerts import ALERTS
from lfr_eval.engine.permission import SENTENCE
from lfr_eval.finished.approvals import ledger_tags
from lfr_eval.registry.registered import RegistryError
from lfr_eval.registry.registering import register_matcher
from lfr_eval.registry.versions import APPROVAL, LATEST, find_version, record, version_tested
from tests.engine.builders import ALICE, BOB, Walk, frames_of, write_watchlist
from tests.engine.studies import THRESHOLD, sealed
from tests.shared import fresh_store
from tests.studies import configured

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

MODEL = "models:/lfr-null@candidate"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry, a study of its matcher, a watchlist and a walk-past."""
    folder = tmp_path_factory.mktemp("operating")
    config = configured(folder, "experiment=london", "matcher=null_matcher")
    register_matcher(config, "lfr-null", uri_of(folder))
    version = find_version(MODEL, uri_of(folder))
    sealed(folder / "studies" / "trial", fingerprint=version.fingerprint)
    write_watchlist(folder / "people", {"alice": ALICE, "bob": BOB})
    (folder / "walk").mkdir()
    for number, drawn in enumerate(frames_of([Walk(ALICE, 0.0, 1.0)], 1.0)):
        drawn.save(folder / "walk" / f"{number:03}.png")
    return folder


def uri_of(folder: Path) -> str:
    return fresh_store(folder)


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri_of(place))
    for name in ("STUDIES", "CACHE", "DEPLOYMENTS"):
        monkeypatch.setenv(f"LFR_EVAL_{name}", str(place / name.lower()))
    monkeypatch.chdir(place)
    return place


def engine_run(name: str, *words: str) -> list[str]:
    return [
        *("engine", "run", "source=walk", "watchlist=people/watchlist.csv", f"model={MODEL}"),
        *(f"threshold={THRESHOLD}", f"name={name}", *words),
    ]


def approval(*more: str) -> list[str]:
    return [
        *("approve", "studies/trial", "--threshold", str(THRESHOLD), "--by", "Dr Grey"),
        *("--role", "panel", "--proposer", "Sergeant Brown", *more),
    ]


def runs(place: Path) -> dict[str, object]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri_of(place))
    experiment = client.get_experiment_by_name("lfr_eval-deployments")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], "tags.kind = 'deployment'")
    return {run.info.run_name.rpartition("-")[0]: run for run in found}


def test_the_way_of_a_threshold_from_refusal_to_the_street(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(engine_run("early")) == 2
    assert f'unapproved="{SENTENCE}"' in capsys.readouterr().err
    assert not (place / "deployments").exists()

    assert main(engine_run("bold", f"unapproved={SENTENCE}")) == 0
    told = capsys.readouterr()
    assert "nobody approved 0.64 for lfr-null/1" in told.err
    assert "Alerts:      0 at 0.64" in told.out
    assert "Latency:     p50" in told.out
    (folder,) = (place / "deployments").iterdir()
    first = json.loads((folder / ALERTS).read_text().splitlines()[0])
    assert first["permission"]["approved"] is False
    bold = runs(place)["bold"]
    assert bold.data.tags["approved"] == "false"
    assert bold.data.params["watchlist_size"] == "2"
    assert bold.data.params["threshold"] == "0.64"
    assert "passes, not detections" in bold.data.params["counting_rule"]
    assert bold.data.metrics["frames"] == 10
    assert bold.data.metrics["watchlist/gender/female"] == 1
    assert {"latency_ms_p50", "faces_seen", "alerts", "false_confirmed"} <= set(bold.data.metrics)

    for word, said in (("foo=1", "there is no setting 'foo'"), ("watchlist_size=abc", "'abc'")):
        assert main(["gate", MODEL, "policy=default", word]) == 2
        refused = capsys.readouterr().err
        assert said in refused
        assert "object_type" not in refused
    assert main(["gate", MODEL, "policy=default", "watchlist_size=1000", "parity=false"]) == 1
    assert "NO" in capsys.readouterr().out
    assert main(approval("--condition", "daylight only")) == 0
    assert "lfr-null/1 approved at 0.64 by Dr Grey (panel)" in capsys.readouterr().out
    tags = find_version(MODEL, uri_of(place)).tags
    assert "conditions: daylight only" in tags["approval_0_64"]
    assert main(["approvals"]) == 0
    listed = capsys.readouterr().out
    assert "1. " in listed
    assert "the chain is whole" in listed

    gate = ["gate", MODEL, "policy=default", "max_age_days=36500"]
    assert main([*gate, "parity=false"]) == 0
    assert "lfr-null/1 meets the policy." in capsys.readouterr().out
    assert main([*gate, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [c["found"] for c in said["checks"] if not c["passed"]] == ["never checked"]

    assert main(engine_run("proper")) == 0
    proper = runs(place)["proper"]
    assert proper.data.tags["approved"] == "true"
    assert proper.data.tags["approval_entry"] == tags[APPROVAL]
    capsys.readouterr()
    assert main(engine_run("proper")) == 2
    assert "has finished" in capsys.readouterr().err

    ledger = place / "studies" / "approvals.jsonl"
    whole = ledger.read_text()
    ledger.write_text(whole.replace("Grey", "Gray"))
    assert main(engine_run("forged")) == 2
    assert "removed from its end" in capsys.readouterr().err
    ledger.write_text(whole)
    assert main(approval("--withdraw")) == 0
    assert main(engine_run("late")) == 2
    assert "0.64 (withdrawn)" in capsys.readouterr().err


def test_a_decision_reaches_the_record_and_mlflow(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # At the lowest threshold everybody is an alert.
    words = ["threshold=-1", f"unapproved={SENTENCE}"]
    assert main([*engine_run("crowd"), *words]) == 0
    (folder,) = (place / "deployments").glob("crowd-*")
    alert = f"{folder.name}-00001"
    decide = ["engine", "decide", str(folder / ALERTS), "--decision", "false", "--alert"]
    assert (
        main([*decide, alert, "--confirmed", "--by", "Sergeant A", "--group", "gender=female"]) == 0
    )
    assert f"{alert}: false, confirmed, by Sergeant A" in capsys.readouterr().out
    crowd = runs(place)["crowd"]
    assert crowd.data.metrics["false_confirmed"] == 1
    assert crowd.data.metrics["decided/false/gender/female"] == 1
    assert main([*decide, "nobody", "--confirmed", "--by", "A"]) == 2
    assert main(["engine", "send", str(folder)]) == 0
    assert len([name for name in runs(place) if name == "crowd"]) == 1


def test_a_store_that_is_down_costs_a_message(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder,) = (place / "deployments").glob("crowd-*")
    assert main(["engine", "send", str(folder), "--uri", "http://127.0.0.1:9"]) == 0
    assert "lfr-eval engine send" in capsys.readouterr().err


def test_the_version_that_a_study_tested_is_found(place: Path) -> None:
    uri = uri_of(place)
    version = find_version("models:/lfr-null/1", uri)
    assert version_tested(version.fingerprint, uri) == find_version(MODEL, uri)
    record(version, {"note": "seen"}, uri)
    assert find_version(MODEL, uri).tags["note"] == "seen"
    with pytest.raises(RegistryError, match="registered as no model version"):
        version_tested("00" * 32, uri)
    with pytest.raises(RegistryError, match="must be models:/NAME"):
        find_version("lfr-null", uri)
    with pytest.raises(RegistryError):
        find_version("models:/nothing@live", uri)


def test_what_the_engine_cannot_do_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"missing: model, source, threshold, watchlist\. Give"):
        compose_engine([])
    given = ["source=a", "watchlist=b", "model=models:/c/1", "threshold=0.6"]
    hours = {"none": 0, "alerts": 24}
    assert {path.stem for path in (conf_dir() / "retention").glob("*.yaml")} == set(hours)
    for policy, kept in hours.items():
        assert compose_engine([*given, f"retention={policy}"]).retention.alert_faces_hours == kept
    assert compose_engine(given) == compose_engine([*given, "retention=none"])
    with pytest.raises(
        ConfigError,
        match=r"cooldown must be at least 0.*pace must be auto, every or live.*rate must be",
    ):
        compose_engine([*given, "pace=slow", "cooldown=-1", "rate=0"])
    with pytest.raises(ConfigError, match="treshold"):
        compose_engine([*given, "treshold=0.6"])


def test_every_threshold_has_a_tag_of_its_own_that_registries_take(tmp_path: Path) -> None:
    named = {}
    for threshold in (0.6, 0.491, -0.5, 64.0, 0.4912345, 0.4912346, 1e6, -1.6e6, 2e-7):
        said = dict.fromkeys(TEXTS, "A") | {"proposer": "B", "decided": "2026-05-01"}
        ledger = Ledger(tmp_path / f"{threshold}.jsonl")
        ledger.append(said | {"threshold": threshold, "findings": {}, "conditions": []})
        (tags,) = ledger_tags(ledger).values()
        (name,) = set(tags) - {APPROVAL, LATEST}
        named[name] = threshold
        _validate_model_version_tag(name, "")
    assert len(named) == 9
    assert (named["approval_0_6"], named["approval_1000000"]) == (0.6, 1e6)
