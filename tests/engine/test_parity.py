"""What is tested is what runs: found equal, or told apart by what differs."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.tables import RATES
from lfr_eval.matchers import ImageMatcher, MatcherError, make_matcher
from lfr_eval.matchers.http import HttpMatcher
from lfr_eval.registry.live import live_engine
from lfr_eval.registry.parity import check_parity, record_parity
from lfr_eval.registry.parity_records import ParityRecord, newest_checks, read_parity
from lfr_eval.registry.registered import RegisteredModel, load_registered
from lfr_eval.registry.registering import register_matcher
from lfr_eval.tracking import track
from tests.engine.serving import Answer, honestly, served
from tests.engine.studies import write_people
from tests.shared import fresh_store
from tests.studies import configured, run, tables_of

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

PEOPLE = 12


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of pictures, two of each person."""
    return write_people(tmp_path_factory.mktemp("some") / "people", PEOPLE)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("registry")
    uri = fresh_store(folder)
    config = configured(folder, "experiment=london", "matcher=null_matcher")
    register_matcher(config, "lfr-null", uri)
    return uri


@pytest.fixture(scope="module")
def registered(registry: str) -> RegisteredModel:
    return load_registered("models:/lfr-null@candidate", registry)


def pictures(people: Path) -> list[Path]:
    return sorted(people.parent.glob("*.png"))


def compared(
    registered: RegisteredModel, people: Path, runs: ImageMatcher, answer: Answer = honestly
) -> ParityRecord:
    with served(runs, answer) as url:
        return check_parity(registered, HttpMatcher(url), pictures(people))


def test_the_same_matcher_is_found_to_be_the_same(
    registered: RegisteredModel, people: Path
) -> None:
    record = compared(registered, people, make_matcher("null"))  # type: ignore[arg-type]
    assert record.holds
    assert record.differences == ()
    assert (record.probes, record.templates) == (2 * PEOPLE, 2 * PEOPLE)
    assert record.largest_difference == 0
    assert record.least_cosine == pytest.approx(1)
    assert ParityRecord.of(json.loads(json.dumps(record.to_json()))) == record


def test_a_changed_constant_is_named_with_what_it_does(
    registered: RegisteredModel, people: Path
) -> None:
    record = compared(registered, people, make_matcher("null", salt="x"))  # type: ignore[arg-type]
    assert not record.holds
    assert record.differences[0] == "in what runs, salt is x instead of "
    assert "24 of 24 templates differ by more than 1e-05" in record.differences[1]


def test_another_template_size_is_named(registered: RegisteredModel, people: Path) -> None:
    record = compared(registered, people, make_matcher("null", size=8))  # type: ignore[arg-type]
    assert "in what runs, size is 8 instead of 64" in record.differences
    assert "24 of 24 templates have another size" in record.differences


def altered(change: Any) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, asked: Any, honest: Any) -> None:
        if not asked["params"]["describe"]:
            change(honest["predictions"])
        honestly(handler, asked, honest)

    return answer


def lose_a_face(rows: list[dict[str, Any]]) -> None:
    rows[0] |= {"acquired": False, "reason": "no face detected", "template": None, "faces": 0}
    rows[1]["faces"] = 2


def shift(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["template"] = (np.array(row["template"]) + 0.001).tolist()


def test_failures_and_faces_that_differ_are_told_by_place_and_hash(
    registered: RegisteredModel, people: Path
) -> None:
    null = make_matcher("null")
    record = compared(registered, people, null, altered(lose_a_face))  # type: ignore[arg-type]
    assert len(record.differences) == 2
    assert "1 of 24 pictures differ in acquisition: picture 1 (" in record.differences[0]
    assert "no face detected instead of a template" in record.differences[0]
    assert "2 faces instead of 1" in record.differences[1]
    assert not any(path.stem in str(record) for path in pictures(people))


def test_templates_are_compared_whatever_the_card_says(
    registered: RegisteredModel, people: Path
) -> None:
    """Other code with the same constants, for instance."""
    null = make_matcher("null")
    record = compared(registered, people, null, altered(shift))  # type: ignore[arg-type]
    (difference,) = record.differences
    assert "24 of 24 templates differ" in difference
    assert record.largest_difference == pytest.approx(0.001 / 8, rel=0.5)


def test_pictures_without_faces_prove_nothing(registered: RegisteredModel, tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    with (
        served(make_matcher("null")) as url,  # type: ignore[arg-type]
        pytest.raises(MatcherError, match="None of the 1 pictures gave a template"),
    ):
        check_parity(registered, HttpMatcher(url), [tmp_path / "1.png"])


STUDY = (
    "dataset=manifest",
    "design=verification",
    "thresholds.values=[0.1,0.2]",
    "thresholds.operating=0.2",
    "inference.factors=[gender]",
)


@pytest.fixture
def unchecked(registry: str) -> None:
    """The version as if no endpoint had ever been compared with it."""
    from mlflow import MlflowClient

    client = MlflowClient(registry)
    for tag in client.get_model_version("lfr-null", "1").tags:
        if tag.startswith("parity"):
            client.delete_model_version_tag("lfr-null", "1", tag)


@pytest.mark.usefixtures("unchecked")
def test_each_endpoint_has_a_check_and_the_version_describes_all_of_them(
    record: ParityRecord, registered: RegisteredModel, registry: str, people: Path, tmp_path: Path
) -> None:
    given = (*STUDY, f"dataset.path={people}", f"matcher.registry={registry}")
    model = configured(tmp_path, *given, "matcher=mlflow", "matcher.uri=models:/lfr-null/1")
    fails = replace(record, holds=False, differences=("salt is x",), endpoint="http://other:1/i")

    def described(config: StudyConfig, matcher: ImageMatcher) -> tuple[bool, str | None]:
        live = live_engine(config, matcher)
        assert live is not None
        return live.described, live.endpoint

    record_parity(registered, record, registry)
    assert described(model, registered.matcher) == (True, record.endpoint)
    record_parity(registered, replace(fails, at="2020-01-01T00:00:00+00:00"), registry)
    assert described(model, registered.matcher) == (False, fails.endpoint)
    with served(make_matcher("null")) as url:  # type: ignore[arg-type]
        http = configured(
            tmp_path,
            *given,
            "matcher=http",
            f"matcher.url={url}",
            "matcher.model=models:/lfr-null/1",
        )
        # Neither check is of the endpoint that this study asked.
        assert described(http, HttpMatcher(url)) == (False, None)
        record_parity(registered, replace(record, endpoint=url), registry)
        assert described(http, HttpMatcher(url)) == (True, url)
    record_parity(registered, replace(fails, holds=True, differences=()), registry)
    assert described(model, registered.matcher)[0] is True


@pytest.mark.usefixtures("unchecked")
def test_a_study_through_http_has_the_rates_of_the_process(
    registry: str, registered: RegisteredModel, people: Path, tmp_path: Path
) -> None:
    whose = f"dataset.path={people}"
    model = ("matcher=mlflow", "matcher.uri=models:/lfr-null@candidate")
    where = f"matcher.registry={registry}"
    here = tables_of(tmp_path, *STUDY, whose, "matcher=null_matcher")
    version = tables_of(tmp_path, *STUDY, whose, *model, where)
    with served(make_matcher("null")) as url:  # type: ignore[arg-type]
        endpoint = ("matcher=http", f"matcher.url={url}")
        there = run(tmp_path, *STUDY, whose, *endpoint)
        assert said(there) == (
            "This study does not describe the live engine: no parity check has compared the "
            "registered matcher with the live engine."
        )
        assert "does not describe the live engine" in (there.path / "report.html").read_text()
        record = check_parity(registered, HttpMatcher(url), pictures(people))
        record_parity(registered, record, registry)
        named = (where, "matcher.model=models:/lfr-null/1")
        proved = run(tmp_path, *STUDY, whose, *endpoint, *named)
        file = tmp_path / "parity.json"
        file.write_text(json.dumps(record.to_json()))
        assert said(run(tmp_path, *STUDY, whose, *endpoint, f"parity={file}")) == said(proved)
    for other in (version, there, proved):
        assert other.file(RATES).read_bytes() == here.file(RATES).read_bytes()
    assert said(proved).startswith(f"This study describes the live engine at {url}: it gave the")
    assert said(tables_of(tmp_path, *STUDY, whose, *model, where)) == said(proved)
    assert said(here) is None
    assert_recorded(version, registry)
    page = (proved.path / "report.html").read_text()
    assert "This study describes the live engine at" in page


@pytest.mark.usefixtures("unchecked")
def test_the_query_of_an_endpoint_is_kept_nowhere(
    registry: str,
    registered: RegisteredModel,
    people: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from mlflow import MlflowClient

    caplog.set_level(logging.DEBUG)
    named = ("matcher.model=models:/lfr-null/1", f"matcher.registry={registry}")
    with served(make_matcher("null")) as address:  # type: ignore[arg-type]
        url = f"{address}?model=a&token=s3cr3t"
        record = check_parity(registered, HttpMatcher(url), pictures(people))
        record_parity(registered, record, registry)
        given = (*STUDY, f"dataset.path={people}", "matcher=http", *named)
        study = run(tmp_path, *given, f"matcher.url='{url}'")
        other = run(tmp_path, *given, f"matcher.url='{url.replace('=a', '=b')}'")
    assert record.endpoint.startswith(f"{address}?query_digest=")
    assert said(study).startswith(f"This study describes the live engine at {record.endpoint}: ")
    assert "the parity check was of another matcher or endpoint" in str(said(other))
    tags = MlflowClient(registry).get_model_version("lfr-null", "1").tags
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"study.json", "provenance.json", "report.html"} <= {path.name for path in files}
    texts = [json.dumps(tags), caplog.text, *capsys.readouterr(), *files]
    for text in texts:
        content = text.encode() if isinstance(text, str) else text.read_bytes()
        assert b"s3cr3t" not in content, text
    assert address in (study.path / "provenance.json").read_text()


def assert_recorded(study: StudyFolder, registry: str) -> None:
    """The version's page answers: was it tested, on whom, with what result?"""
    from mlflow import MlflowClient

    run_id = track(study, registry, "tests")
    client = MlflowClient(registry)
    version = client.get_model_version("lfr-null", "1")
    study_hash = study.study_hash()
    assert version.tags["last_study"] == study_hash
    summary = json.loads(version.tags[f"study_{study_hash[:12]}"])
    assert summary["run"] == run_id
    assert summary["study_hash"] == study_hash
    assert version.tags["tested_on"] == ", ".join(summary["datasets"])
    assert version.tags["verdicts"] == client.get_run(run_id).data.tags["verdicts"]
    assert version.description.startswith("- **Was it tested?** Yes, on 20")
    linked = client.get_run(run_id)
    assert linked.data.tags["model_version"] == "models:/lfr-null/1"
    assert [model.model_id for model in linked.inputs.model_inputs] == [version.tags["model_id"]]


def said(study: StudyFolder) -> str | None:
    live = read_json(study.path / "study.json")["live_engine"]
    return live and str(live["statement"])


@pytest.fixture
def record(registered: RegisteredModel, people: Path) -> ParityRecord:
    return compared(registered, people, make_matcher("null"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"holds": False, "differences": ("margin is 0 instead of 14",)}, "margin is 0 instead"),
        ({"fingerprint": "0" * 64}, "was of another matcher or endpoint"),
    ],
)
def test_a_mismatch_makes_the_study_say_so(
    change: dict[str, Any],
    words: str,
    record: ParityRecord,
    registered: RegisteredModel,
    registry: str,
    people: Path,
    tmp_path: Path,
) -> None:
    changed = replace(record, **change)
    (tmp_path / "parity.json").write_text(json.dumps(changed.to_json()))
    config = configured(
        tmp_path,
        *STUDY,
        f"dataset.path={people}",
        "matcher=mlflow",
        "matcher.uri=models:/lfr-null/1",
        f"matcher.registry={registry}",
        f"parity={tmp_path / 'parity.json'}",
    )
    live = live_engine(config, registered.matcher)
    assert live is not None
    assert not live.described
    assert live.statement.startswith("This study does not describe the live engine: ")
    assert words in live.statement


@pytest.fixture
def command(
    registry: str, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    monkeypatch.chdir(tmp_path)
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    return [
        "engine",
        "parity",
        "models:/lfr-null@candidate",
        f"--registry={registry}",
        f"--probes={people}",
    ]


@pytest.mark.usefixtures("unchecked")
def test_the_command_tells_and_records(
    command: list[str],
    registry: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with served(make_matcher("null")) as url:  # type: ignore[arg-type]
        assert cli.main([*command, f"--endpoint={url}", "--limit=5"]) == 0
    assert "5 pictures, 5 templates alike" in capsys.readouterr().out
    with served(make_matcher("null", salt="x")) as url:  # type: ignore[arg-type]
        assert cli.main([*command, f"--endpoint={url}", "--limit=5"]) == 1
    assert "in what runs, salt is x instead of" in capsys.readouterr().out
    written = read_parity(tmp_path / "parity.json")
    assert written.holds is False
    assert written.probes == 5
    tags = load_registered("models:/lfr-null/1", registry).tags
    # Both endpoints were checked; neither check hides the other.
    checks = newest_checks(tags)
    assert written in checks
    assert [check.holds for check in checks].count(True) == 1
    assert len(checks) == 2
    assert "[[" not in (tmp_path / "parity.json").read_text()
