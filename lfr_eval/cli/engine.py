"""`lfr-eval engine`: register matchers, check them for parity, and run the reference engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lfr_eval.cli import operation
from lfr_eval.cli.options import FAILED, OK, Patience, commands
from lfr_eval.contract.defaults import TIMEOUT

app = commands("engine", "Run the reference live engine, and register and check its matchers.")
app.command(operation.run)
app.command(operation.decide)
app.command(operation.send)
app.command(operation.expire)

Registry = Annotated[
    str | None,
    Parameter(metavar="URI", help="MLflow registry; default: that of the studies."),
]
Overrides = Annotated[str, Parameter(name="OVERRIDE")]


@app.command
def register(*words: Overrides, alias: str = "candidate", registry: Registry = None) -> int:
    """Register a matcher as a new version of a model.

    Studies and the live engine then load the same one. Takes the settings of a study and the name
    of the model, for example: lfr-eval engine register matcher=facenet name=lfr-matcher.

    Parameters
    ----------
    words
        matcher=..., name=... and other settings.
    alias
        Name by which the new version is found.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.config.plugins import allow_object
    from lfr_eval.registry.registering import register_matcher
    from lfr_eval.study.overrides import composed

    named = [word.removeprefix("name=") for word in words if word.startswith("name=")]
    if not any(named):
        raise ConfigError("Say under which name the matcher is registered: name=lfr-matcher.")
    chosen = [word for word in words if not word.startswith("name=")]
    allow_object(chosen)
    version = register_matcher(composed(chosen), named[-1], registry, alias, tell=print)
    print(f"Registered: models:/{named[-1]}/{version} (alias {alias})")
    return OK


@app.command
def alias(
    model: str, alias: str, /, *, registry: Registry = None, timeout: Patience = TIMEOUT
) -> int:
    """Give a version an alias, such as live.

    Parameters
    ----------
    model
        The registered version, models:/NAME/VERSION.
    alias
        Letters and digits, such as live.
    """
    from lfr_eval.cli.launch import default_registry
    from lfr_eval.registry.registering import set_alias
    from lfr_eval.tracking import impatient

    with impatient(timeout):
        pointed = set_alias(model, alias, registry or default_registry())
    print(f"{pointed.rpartition('/')[0]}@{alias} is now {pointed}")
    return OK


@Parameter(name="*")
@dataclass(frozen=True)
class Compared:
    """A live engine, and the pictures that it is asked about."""

    endpoint: Annotated[str, Parameter(metavar="URL")]
    """Address of the engine: http://HOST:PORT/invocations."""
    probes: Annotated[Path | None, Parameter(metavar="MANIFEST")] = None
    """Manifest of the pictures to compare; default: the London faces."""
    limit: int = 50
    """Largest number of pictures."""
    tolerance: float = 1e-5
    """Largest difference of two template values."""
    timeout: float = 120.0
    """Seconds that the engine may take to answer."""


@app.command
def parity(
    model: str,
    /,
    *words: Overrides,
    compared: Compared,
    out: Path = Path("parity.json"),
    registry: Registry = None,
) -> int:
    """Check that a live engine gives the templates of a registered version.

    Parameters
    ----------
    model
        The registered version, models:/NAME@ALIAS.
    words
        dataset=... and other settings of the pictures.
    out
        File for the record.
    """
    from lfr_eval.contract.folder import write_json
    from lfr_eval.matchers.http import HttpMatcher
    from lfr_eval.registry.parity import check_parity, probe_pictures, record_parity
    from lfr_eval.registry.registered import load_registered, registry_uri
    from lfr_eval.study.overrides import composed
    from lfr_eval.tracking import impatient

    chosen = ["matcher=mlflow", f"matcher.uri='{model}'", *words]
    if compared.probes:
        chosen += ["dataset=manifest", f"dataset.path='{compared.probes}'"]
    config = composed(chosen)
    where = registry or registry_uri(config)
    pictures = probe_pictures(config, compared.limit)
    with impatient(config.tracking.timeout):
        registered = load_registered(model, where)
    endpoint = HttpMatcher(compared.endpoint, timeout=compared.timeout)
    record = check_parity(registered, endpoint, pictures, compared.tolerance)
    write_json(out, record.to_json())
    with impatient(config.tracking.timeout):
        record_parity(registered, record, where)
    print(f"{record.model} and {record.endpoint}: {record.probes} pictures, ", end="")
    if record.holds:
        print(
            f"{record.templates} templates alike (largest difference "
            f"{record.largest_difference or 0:.1e}). Parity holds."
        )
        return OK
    print("parity fails:")
    for difference in record.differences:
        print(f"  {difference}")
    return FAILED
