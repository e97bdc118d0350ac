"""Plans and `conf/` folders that came from somebody else: data only, whatever they try."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError
from lfr_eval.config.chosen import read_policy
from lfr_eval.config.composition import compose_study, trust_own_conf
from lfr_eval.config.foreign import (
    MAPPINGS,
    PLACES,
    SCIENTIFIC,
    check_conf,
    check_texts,
    foreign_overrides,
    is_place,
)
from lfr_eval.config.setting_types import mappings
from lfr_eval.config.study import REMOVED
from lfr_eval.contract.reading import ReadingError, json_value, read_text
from lfr_eval.contract.yaml_reading import yaml_value
from lfr_eval.finished.choosing.constraints import read_constraints
from lfr_eval.planning.freezing import composed, freeze
from lfr_eval.study.registration import RegistrationError, overrides_of, read_plan
from lfr_eval.study.registration.record import read_registration
from tests.forked import Forked

SECRET = "LFR_EVAL_TEST_SECRET"

PLAN = {
    "title": "A",
    "question": "B",
    "hypotheses": ["C"],
    "who": "D",
    "contact": "E",
    "experiment": "rehearsal",
    "factors": ["gender"],
    "reference_groups": {"gender": "male"},
    "primary": {"metrics": ["FPIR"], "thresholds": [0.5]},
    "margin": 1.5,
    "sample": {"recruitment": "none"},
    "stopping": "fixed",
}

ATTACKS = [
    "+hydra.callbacks.x={_target_: pandas.read_pickle, filepath_or_buffer: evil.pkl}",
    "++hydra.callbacks.x._target_=pandas.read_pickle",
    "hydra/sweeper=ax",
    "hydra/launcher=joblib",
    "+hydra/callbacks@hydra.callbacks=evil",
    "hydra.searchpath=[file:///tmp/evil]",
    "hydra.run.dir=/tmp/evil",
    "hydra.job.chdir=true",
    "hydra.mode=MULTIRUN",
    "hydra.sweeper.params={dataset.seed: '1,2'}",
    "--config-dir=/tmp/evil",
    "-m",
    "report.title='${oc.env:LFR_EVAL_TEST_SECRET}'",
    "report.title=${oc.env:LFR_EVAL_TEST_SECRET}",
    "report.notes=['a${oc.decode:1}']",
    "report.title=${tracking.uri}",
    "report.question=\\${oc.env:LFR_EVAL_TEST_SECRET}",
    "inference.reference_groups={gender: '${oc.env:LFR_EVAL_TEST_SECRET}'}",
    "capture.steps=[{jpeg: '${oc.env:LFR_EVAL_TEST_SECRET}'}]",
    "capture.steps=[{_target_: os.system, command: touch evil}]",
    "dataset.miss_ratio={_target_: 1}",
    "++dataset.miss_ratio._target_=os.system",
    "matcher.object=evil.Matcher",
    "matcher.url=http://evil.example/invocations",
    "matcher.registry=http://evil.example",
    "matcher.path=/etc/passwd",
    "matcher.weights=/tmp/evil.pt",
    "matcher.weights=evil.pt",
    "matcher.uri=http://evil.example/model",
    "matcher.uri=models:/../../evil/1",
    "matcher.uri=runs:/1234/model",
    "dataset.path=/home/somebody/people.csv",
    "dataset.card=../evil.yaml",
    "dataset.fillers=/tmp/evil.yaml",
    "design.dont_care=/etc/passwd",
    "paths.studies=/tmp/evil",
    "paths.cache=/tmp/evil",
    "tracking.uri=http://evil.example",
    "tracking=mlflow",
    "compute.address=ray://evil.example",
    "compute=ray",
    "parity=/tmp/evil.json",
    "registration=other.json",
    "deviate=true",
    "dataset=../../evil",
    "dataset=/tmp/evil",
    "dataset@hydra.callbacks=london",
    "dataset={kind: card}",
    "~inference",
    "~hydra",
    "dataset.seed=1,2",
    "dataset.seed=range(1,9)",
    "dataset.seed=int(7)",
    "dataset.genders=glob(*)",
    "dataset.genders=shuffle([a,b])",
    "dataset.seed=???",
    "dataset.seed=inf",
    "thresholds.values=[nan]",
    "design.kinds=[" + "[" * 2_000,
    "",
    "=",
    "dataset.seed",
]


def plan_file(folder: Path, **changed: object) -> Path:
    file = folder / "plan.yaml"
    file.write_text(yaml.safe_dump({**PLAN, **changed}))
    return file


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack[:40])
def test_a_plan_sets_scientific_settings_as_plain_values(attack: str, tmp_path: Path) -> None:
    with pytest.raises(RegistrationError) as caught:
        read_plan(plan_file(tmp_path, overrides=[attack]))
    assert "is not a plan yet" in str(caught.value)


@pytest.mark.parametrize(
    "override",
    [
        *("dataset=london", "dataset.seed=7", "matcher=facenet", "design=verification"),
        *("thresholds.values=[0.3,0.5]", "thresholds.sweep=[0.1,0.5,0.1]", "capture=street"),
        *("+dataset.miss_ratio.black=2", "++dataset.miss_ratio={black: 2, white: 1}", "name=ours"),
        *("inference.strata=[camera]", "matcher.uri=models:/nm/3", "matcher.uri=models:/nm@live"),
        *("report.title='Ours (2026), \"first\"'", "dataset.fillers=fairface"),
        *("matcher.weights=facenet_casia_webface", "thresholds.values=null"),
    ],
)  # fmt: skip
def test_what_science_needs_is_allowed(override: str) -> None:
    assert foreign_overrides([override]) == []


def test_every_setting_is_allowed_or_refused_on_purpose() -> None:
    """A new setting is refused in a plan; whoever adds it decides here whether that is right."""
    refused = {
        *("compute", "tracking", "paths"),
        *("dataset.kind", "dataset.path", "matcher.kind", "matcher.path", "matcher.url"),
        *("matcher.registry", "matcher.device", "matcher.batch_size", "matcher.model"),
        *("matcher.timeout", "matcher.retries", "matcher.answer_megabytes"),
        *("dataset.purpose", "dataset.despite", "dataset.pass_log", "dataset.pass_columns"),
        *("matcher.columns", "matcher.models", "matcher.object"),
        *("design.dont_care", "parity", "registration", "deviate", "deviation"),
        *("report.pdf", "report.minimum_count"),
    }
    # In a process of its own: other tests bring matchers of other packages into this one.
    code = "from lfr_eval.config.setting_types import types_of_settings as named; print(*named())"
    named = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    settings = set(named.split()) | set(REMOVED)
    assert settings >= SCIENTIFIC
    undecided = {
        name
        for name in settings - SCIENTIFIC
        if name not in refused and name.split(".")[0] not in refused
    }
    assert undecided == set()
    assert set(MAPPINGS) == mappings() & SCIENTIFIC
    assert all(is_place(name) for name in PLACES)


@pytest.mark.parametrize(
    "changed",
    [
        {"experiment": "${oc.env:LFR_EVAL_TEST_SECRET}"},
        {"experiment": "../../evil"},
        {"experiment": "/tmp/evil"},
        {"experiment": "rehearsal,london"},
        {"experiment": "rehearsal\n+hydra.callbacks.x._target_=os.system"},
        {"factors": ["${oc.env:LFR_EVAL_TEST_SECRET}"], "reference_groups": {}},
        {"reference_groups": {"gender": "${oc.env:LFR_EVAL_TEST_SECRET}"}},
        {"reference_groups": {"gender": "a\nb"}},
        {"primary": {"metrics": ["FPIR"], "thresholds": [float("nan")]}},
        {"margin": float("inf")},
    ],
)
def test_no_field_of_a_plan_is_more_than_a_value(
    changed: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(RegistrationError, match="is not a plan yet"):
        read_plan(plan_file(tmp_path, **changed))


def test_names_with_signs_of_hydra_stay_names(tmp_path: Path) -> None:
    odd = ["a],b", "x=y", "{q}", "o'neil", 'say "hi"', "back\\", "true", "18-29"]
    plan = read_plan(plan_file(tmp_path, factors=["gender", *odd], reference_groups={}))
    assert composed(plan).inference.factors == ["gender", *odd]
    plan = read_plan(plan_file(tmp_path, reference_groups={"gender": odd[0]}))
    assert composed(plan).inference.reference_groups["gender"] == odd[0]


@pytest.mark.parametrize("value", ["yes", "No", "010", "1.50", "2026-01-01", "null", "0x1f"])
def test_a_value_that_yaml_changes_is_written_in_quotes(value: str, tmp_path: Path) -> None:
    file = plan_file(tmp_path)
    rule = "exclusions: [{reason: r, where: {glasses: VALUE}}]\n"
    file.write_text(file.read_text() + rule.replace("VALUE", value))
    with pytest.raises(RegistrationError, match="in quotes"):
        read_plan(file)
    file.write_text(file.read_text().replace(value, f"'{value}'"))
    assert read_plan(file).exclusions[0].where == {"glasses": value}


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch evil']",
        "title: !!python/name:os.system",
        "title: !!python/object/apply:pathlib.Path [evil]",
        "title: !mine x",
        "a: &a [*a]",
        "\n".join(["a0: &a0 [x]", *(f"a{k}: &a{k} [{f'*a{k - 1},' * 10}]" for k in range(1, 12))]),
        "[" * 5_000,
        "{a: " * 5_000,
        "title: a\ntitle: b",
        "? [a, b]\n: c",
        "a: 2026-99-99",
        "\x00",
        "a: b: c",
        "yes: 1\ntrue: 2",
        "1: a\n0x1: b",
        "[" + "1," * 200_000 + "1]",
        "a: " + "x" * 3_000_000,
    ],
    ids=lambda text: text[:12],
)
def test_yaml_that_is_no_plain_data_is_one_sentence(text: str, tmp_path: Path) -> None:
    with pytest.raises(ReadingError):
        yaml_value(text)
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(RegistrationError):
        read_plan(tmp_path / "plan.yaml")
    assert not Path("evil").exists()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5_000, '"\\ud800"', "{", "1" * 9_000])
def test_json_that_cannot_be_read_is_one_sentence(text: str) -> None:
    with pytest.raises(ReadingError):
        json_value(text)


def test_a_pipe_a_folder_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / "none"):
        with pytest.raises(ReadingError):
            read_text(path)


CONF = {
    "a target": ("report/evil.yaml", "title: {_target_: os.system}"),
    "the environment": ("report/evil.yaml", "title: ${oc.env:LFR_EVAL_TEST_SECRET}"),
    "another resolver": ("report/evil.yaml", "title: ${now:%Y}"),
    "a setting elsewhere": ("report/evil.yaml", "title: ${tracking.uri}"),
    "a path tag": ("report/evil.yaml", "title: !!python/object/apply:pathlib.Path [x]"),
    "Hydra": ("experiment/evil.yaml", "# @package _global_\nhydra: {callbacks: {x: {a: 1}}}"),
    "its package": ("experiment/evil.yaml", "# @package hydra.callbacks.x\na: 1"),
    "a header with tabs": ("experiment/evil.yaml", "#\t@package\thydra.run\ndir: x"),
    "its defaults": (
        "experiment/evil.yaml",
        "# @package _global_\ndefaults: [{override /hydra/launcher: joblib}]",
    ),
    "its defaults, optional": (
        "experiment/evil.yaml",
        "# @package _global_\ndefaults: [{optional /hydra/sweeper: ax}]",
    ),
    "its defaults, in one word": (
        "experiment/evil.yaml",
        "# @package _global_\ndefaults: [/hydra/callbacks/evil]",
    ),
    "its place": (
        "experiment/evil.yaml",
        "# @package _global_\ndefaults: [{/report@hydra.callbacks: default}]",
    ),
    "a file elsewhere": (
        "experiment/evil.yaml",
        "# @package _global_\ndefaults: [{override /report: ../../evil}]",
    ),
    "a long list made of aliases": (
        "experiment/evil.yaml",
        "# @package _global_\na: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{n}: &{n} [{f'*{o},' * 9}]\n" for o, n in ("ab", "bc", "cd", "de")),
    ),
    "the whole configuration": ("config.yaml", "defaults: [study_schema]\nhydra: {run: {dir: x}}"),
    "logging": ("hydra/job_logging/none.yaml", "version: 1"),
}


@pytest.mark.parametrize(("file", "text"), CONF.values(), ids=CONF)
def test_a_conf_folder_is_data(
    file: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf" / file).parent.mkdir(parents=True)
    (tmp_path / "conf" / file).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SECRET, "a secret")
    group = file.split("/")[0]
    words = [f"{group}=evil"] if group in ("report", "experiment") else []
    with pytest.raises(ConfigError, match="is not used") as caught:
        compose_study(words)
    assert "a secret" not in str(caught.value)
    assert any(
        word in str(caught.value) for word in ("--trust-conf", "tag", "header", "5,000 values")
    )


def test_a_person_may_trust_their_own_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf" / "report").mkdir(parents=True)
    (tmp_path / "conf" / "report" / "ours.yaml").write_text(
        "title: ${oc.env:LFR_EVAL_TEST_SECRET}\nquestion: q\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SECRET, "ours")
    trust_own_conf()
    try:
        assert compose_study(["report=ours"]).report.title == "ours"
    finally:
        trust_own_conf(False)
    with pytest.raises(ConfigError, match="is not used"):
        compose_study(["report=ours"])


def test_limits_and_policies_read_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "0.5")
    file = tmp_path / "limits.yaml"
    file.write_text("max_fpir: ${oc.env:LFR_EVAL_TEST_SECRET}")
    with pytest.raises(ConfigError, match="refers to another setting"):
        read_policy([f"policy={file}"])
    with pytest.raises(ConfigError, match="refers to another setting"):
        read_constraints([f"constraints={file}"])
    assert check_conf("max_fpir: 0.5") == {"max_fpir": 0.5}


def test_an_attack_on_the_command_line_ends_before_anything_runs(
    tmp_path: Path, python: Forked
) -> None:
    """The reported attack, as it was reported: a plan and its registration, sent by somebody."""
    (tmp_path / "evil.py").write_text("open('executed', 'w')\n")
    word = "+hydra.callbacks.x={_target_: importlib.import_module, name: evil}"
    plan_file(tmp_path, overrides=[word])
    for words in (["plan", "register", "plan.yaml"], ["plan", "check", "plan.yaml"]):
        done = python.command(tmp_path, *words)
        assert done.returncode == cli.UNUSABLE
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "executed").exists()


def test_a_registration_names_files_beside_it_only(tmp_path: Path) -> None:
    import json

    from lfr_eval.contract.folder import digest

    file = plan_file(tmp_path)
    freeze(file, places=[f"paths.studies={tmp_path / 'studies'}"])
    target = tmp_path / "plan.registration.json"
    content = json.loads(target.read_text())
    for change in (
        {"plan_file": "../plan.yaml"},
        {"plan_file": "/etc/passwd"},
        {"plan_file": 7},
        {"settings": []},
        {"data": {**content["data"], "images_file": "../x.csv"}},
        {"data": {}},
        {"matcher": {}},
        {"after_results": "yes"},
        {"after_results": 3},
    ):
        edited = {key: value for key, value in {**content, **change}.items() if key != "seal"}
        target.write_text(json.dumps({**edited, "seal": digest(edited)}))
        with pytest.raises(RegistrationError):
            read_registration(target)


def test_overrides_of_a_plan_are_allowed_themselves(tmp_path: Path) -> None:
    plan = read_plan(plan_file(tmp_path, overrides=["dataset.seed=3"]))
    assert foreign_overrides(overrides_of(plan)[1:]) == []


def test_texts_with_control_characters_are_named() -> None:
    texts = {
        "question": "Is it\u202e fair\nhere?",
        "hypotheses": ("a\x00b", "plain\ttext", "\U000e0041"),
    }
    assert list(check_texts(texts)) == [
        r"question contains the control character '\u202e'; remove it",
        r"hypotheses contains the control character '\x00'; remove it",
        r"hypotheses contains the control character '\U000e0041'; remove it",
    ]
