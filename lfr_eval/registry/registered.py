"""A registered model version in, its matcher out. It is inspected first and never executed.

The evaluation (`matcher=mlflow`) and the live engine both load the matcher here, so they have the
same one. Others may have written the model's folder. Only file types that cannot carry code are
accepted. Its one Python file must equal ours byte for byte, and is not run here either.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.config import StudyConfig
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.commands import command
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.yaml_reading import read_yaml
from lfr_eval.matchers import ImageMatcher
from lfr_eval.matchers.packing import MATCHER, WEIGHTS, unpack_unchanged
from lfr_eval.tracking import default_uri, impatient, make_ready

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CODE, MODEL = "served_matcher.py", "MLmodel"
NO_MODEL = f"{MODEL} is missing or does not describe a python_function"
MATCHER_FOLDER = "matcher"
LOADER = "mlflow.pyfunc.loaders.code_model"
TEXTS = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "registered_model_meta")
"""Text files that MLflow writes beside a model. Of these, only MLmodel is read here."""

_ADDRESS = re.compile(r"models:/([^/@]+)(?:/(\d+)|@([\w.-]+))")


class RegistryError(MendableError, RuntimeError):
    """A registered model cannot be used; the message says why."""


@dataclass(frozen=True)
class RegisteredModel:
    """A version of a registered model.

    Attributes
    ----------
    name, version
        In the registry.
    uri
        `models:/NAME/VERSION`, also if it was requested by an alias.
    fingerprint
        Of the matcher, the same as when it was registered.
    matcher
        Ready to use.
    tags
        Current tags of the version in the registry.
    """

    name: str
    version: str
    uri: str
    fingerprint: str
    matcher: ImageMatcher
    tags: Mapping[str, str]


def load_registered(uri: str, tracking_uri: str | None = None) -> RegisteredModel:
    """Load a registered model version.

    Parameters
    ----------
    uri
        `models:/NAME/VERSION` or `models:/NAME@ALIAS`.
    tracking_uri
        Address of the registry; None: MLFLOW_TRACKING_URI, else the store beside the studies.

    Raises
    ------
    RegistryError
        If there is no such version, or it contains anything that could be executed.
    MatcherError
        If its files were changed, or it would not be the same matcher on this machine.
    """
    where = tracking_uri or default_uri(Path("studies"))
    with tempfile.TemporaryDirectory() as aside, talking_to(where):
        client, version = named_version(uri, where)
        name = str(version.name)
        address = f"models:/{name}/{version.version}"
        folder = downloaded(client, version, Path(aside), where)
        inspect(folder, address)
        matcher = unpack_unchanged(folder / "artifacts" / MATCHER_FOLDER)
    fingerprint = matcher.card.fingerprint
    tagged = version.tags.get("fingerprint")
    if tagged != fingerprint:
        raise RegistryError(
            f"The files of {address} are not those that were registered: their fingerprint is "
            f"{fingerprint[:12]}…, but {str(tagged)[:12]}… was registered. Register it again."
        )
    matcher.card = replace(matcher.card, version=address)
    return RegisteredModel(
        name, str(version.version), address, fingerprint, matcher, dict(version.tags)
    )


def downloaded(client: MlflowClient, version: ModelVersion, to: Path, tracking_uri: str) -> Path:
    """Return a copy of a version's files below a folder."""
    from mlflow import artifacts

    source = client.get_model_version_download_uri(str(version.name), str(version.version))
    return Path(
        artifacts.download_artifacts(
            artifact_uri=source, dst_path=str(to), tracking_uri=tracking_uri
        )
    )


def is_model(folder: Path, address: str, model: Path) -> bool:
    """Whether the files of a registered version are still those of a model, and nothing else."""
    try:
        inspect(folder, address)
    except RegistryError:
        return False
    return _contents(folder) == _contents(model)


def _contents(model: Path) -> dict[str, str]:
    """Return file -> SHA-256; `MLmodel`, which holds the time, is left to `inspect`."""
    files = (path for path in model.rglob("*") if path.is_file() and path != model / MODEL)
    return {str(path.relative_to(model)): sha256_of(path) for path in files}


def registry_client(tracking_uri: str) -> MlflowClient:
    """Return a client of the registry; the file of a local registry is made if it is missing."""
    from mlflow import MlflowClient

    make_ready(tracking_uri)
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def named_version(uri: str, tracking_uri: str) -> tuple[MlflowClient, ModelVersion]:
    """Return a client of the registry, and the version that an address names.

    Raises
    ------
    RegistryError
        If the address does not have this form, or there is no such alias.
    """
    found = _ADDRESS.fullmatch(uri)
    if found is None:
        raise RegistryError(f"'{uri}' must be models:/NAME/VERSION or models:/NAME@ALIAS.")
    name, number, alias = found.groups()
    client = registry_client(tracking_uri)
    if number:
        return client, client.get_model_version(name, number)
    return client, _by_alias(client, name, alias)


def _by_alias(client: MlflowClient, name: str, alias: str) -> ModelVersion:
    """Return the version that an alias of a model names.

    Raises
    ------
    RegistryError
        If the model has no such alias; the message says how to give it.
    """
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if "alias" not in str(error) or "not found" not in str(error):
            raise
        # What was registered last is the candidate, which becomes live.
        given = f"models:/{name}@candidate" if alias != "candidate" else f"models:/{name}/VERSION"
        raise RegistryError(
            f"No version of models:/{name} has the alias '{alias}'. Give it to one: "
            f"{command('engine', 'alias', given, alias)}"
        ) from error


def inspect(model: Path, address: str) -> None:
    """Refuse a model that contains anything besides what lfr-eval registers.

    Raises
    ------
    RegistryError
        Naming every file and entry that does not belong.
    """
    # Files first: of one that is no regular file, a pipe say, nothing may be read.
    problems = list(_strange_files(model))
    problems += _strange_entries(model) if (model / MODEL).is_file() else [NO_MODEL]
    if problems:
        raise RegistryError(
            f"{address} was not loaded, and none of it was executed: "
            + "; ".join(problems)
            + ". Only models that `lfr-eval engine register` made are loaded."
        )


def _strange_entries(model: Path) -> Iterator[str]:
    try:
        said = read_yaml(model / MODEL)
        flavors = dict(said["flavors"])
        pyfunc = dict(flavors["python_function"])
    except (ValueError, KeyError, TypeError):
        yield NO_MODEL
        return
    for name in sorted(_said(name) for name in set(flavors) - {"python_function"}):
        yield f"MLmodel has the flavour '{name}'"
    if pyfunc.get("loader_module") != LOADER:
        yield f"MLmodel names the loader '{_said(pyfunc.get('loader_module'))}'"
    if pyfunc.get("python_model"):
        yield f"MLmodel names the pickled model '{_said(pyfunc['python_model'])}'"
    for entry in ("code", "data"):
        if pyfunc.get(entry):
            yield f"MLmodel names {entry} '{_said(pyfunc[entry])}'"
    code = _said(pyfunc.get("model_code_path"))
    if Path(code).name != CODE:
        yield f"MLmodel names the code '{code}'"


def _said(value: object) -> str:
    """Return an entry in a form safe to print, because YAML aliases can expand without end."""
    return value[:200] if isinstance(value, str) else f"a {type(value).__name__}"


def _strange_files(model: Path) -> Iterator[str]:
    ours = sha256_of(Path(__file__).parents[1] / "engine" / CODE)
    weights = Path("artifacts", MATCHER_FOLDER)
    for path in sorted(model.rglob("*")):
        name = path.relative_to(model)
        if path.is_symlink():
            yield f"{name} is a link"
        elif not (path.is_dir() or path.is_file()):
            yield f"{name} is neither a file nor a folder"
        elif path.is_dir() or str(name) in TEXTS or name == weights / MATCHER:
            continue
        elif name == Path(CODE):
            if sha256_of(path) != ours:
                yield f"{name} is not the code of this version of lfr_eval"
        elif name.parent != weights or path.suffix not in WEIGHTS:
            yield f"{name} does not belong to a matcher"
        elif not _has_magic(path):
            yield f"{name} is not a {path.suffix} file"


def _has_magic(path: Path) -> bool:
    """Whether a weights file begins as its type should, and not like a pickle or an archive."""
    with path.open("rb") as file:
        start = file.read(16)
    if path.suffix == ".safetensors":
        return start[8:9] == b"{"
    return not start.startswith((b"PK", b"\x80"))


def registry_uri(config: StudyConfig) -> str:
    """Return the address of the registry: the one where the studies' runs are logged."""
    return config.tracking.uri or default_uri(Path(config.paths.studies).expanduser())


@contextmanager
def talking_to(uri: str) -> Iterator[None]:
    """Turn MLflow's errors about a registry into one sentence.

    Raises
    ------
    RegistryError
        If the registry is down, too slow, or refuses.
    """
    try:
        with impatient():
            yield
    except MendableError:
        raise
    except Exception as error:
        # MLflow raises its own, SQLAlchemy's and requests' errors.
        raise RegistryError(
            f"The registry at {masked(uri)} failed: {masked(str(error))}"
        ) from error
