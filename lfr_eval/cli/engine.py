"""The commands `lfr-eval engine ...` that a person types; nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.cli.decisions import add_operation

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

OK, FAILED = 0, 1

REGISTER_HELP = """Register a matcher as a new version of a model, so that studies and the live
engine load the same one. Takes the settings of a study and the name of the model, for example:
lfr-eval engine register matcher=facenet name=lfr-matcher."""


def add_engine(commands: Commands) -> None:
    """Add the command `engine` and what it offers."""
    meaning = "run the reference live engine, and register and check its matchers"
    engine = commands.add_parser("engine", help=meaning, description=f"{meaning.capitalize()}.")
    engine.set_defaults(before=expire)
    offered = engine.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, meaning: str, command: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        added = offered.add_parser(name, help=meaning, description=f"{meaning.capitalize()}.")
        added.set_defaults(command=command)
        added.add_argument(
            "--registry",
            metavar="URI",
            help="address of the MLflow registry; default: that of the studies",
        )
        return added

    registered = add("register", "register a matcher as a new version of a model", register)
    registered.description = REGISTER_HELP
    registered.add_argument("words", nargs="+", metavar="OVERRIDE", help="matcher=..., name=...")
    registered.add_argument(
        "--alias",
        default="candidate",
        help="name by which the new version is found; default: candidate",
    )
    pointed = add("alias", "give a version an alias, such as live", alias)
    pointed.add_argument("model", metavar="models:/NAME/VERSION", help="the registered version")
    pointed.add_argument("alias", metavar="ALIAS", help="letters and digits, such as live")
    compared = add(
        "parity", "check that a live engine gives the templates of a registered version", parity
    )
    compared.add_argument("model", metavar="models:/NAME@ALIAS", help="the registered version")
    compared.add_argument(
        "words",
        nargs="*",
        metavar="OVERRIDE",
        help="dataset=... and other settings of the pictures",
    )
    compared.add_argument(
        "--endpoint",
        metavar="URL",
        required=True,
        help="address of the engine: http://HOST:PORT/invocations",
    )
    compared.add_argument(
        "--probes",
        metavar="MANIFEST",
        help="manifest of the pictures to compare; default: the London faces",
    )
    compared.add_argument(
        "--limit", type=int, default=50, help="largest number of pictures; default: %(default)s"
    )
    compared.add_argument(
        "--tolerance",
        type=float,
        default=1e-5,
        help="largest difference of two template values; default: %(default)s",
    )
    compared.add_argument(
        "--timeout",
        type=float,
        default=120.0,
        help="seconds that the engine may take to answer; default: %(default)s",
    )
    compared.add_argument(
        "--out",
        type=Path,
        default=Path("parity.json"),
        help="file for the record; default: %(default)s",
    )
    add_operation(offered)


def expire() -> None:
    """Delete retained faces whose time is over, whatever the engine is asked for."""
    from lfr_eval.cli.operating import expire_here

    expire_here()


def register(parsed: argparse.Namespace) -> int:
    """Register a matcher."""
    from lfr_eval.config.plugins import allow_object
    from lfr_eval.registry.registering import register_matcher
    from lfr_eval.study.overrides import composed

    words = dict(word.split("=", 1) for word in parsed.words if word.startswith("name="))
    if not words.get("name"):
        from lfr_eval.config import ConfigError

        raise ConfigError("Say under which name the matcher is registered: name=lfr-matcher.")
    chosen = [word for word in parsed.words if not word.startswith("name=")]
    allow_object(chosen)
    config = composed(chosen)
    version = register_matcher(config, words["name"], parsed.registry, parsed.alias)
    print(f"Registered: models:/{words['name']}/{version} (alias {parsed.alias})")
    return OK


def alias(parsed: argparse.Namespace) -> int:
    """Let an alias point to a version."""
    from lfr_eval.cli.launch import default_registry
    from lfr_eval.registry.registering import set_alias

    model = set_alias(parsed.model, parsed.alias, parsed.registry or default_registry())
    print(f"{model.rpartition('/')[0]}@{parsed.alias} is now {model}")
    return OK


def parity(parsed: argparse.Namespace) -> int:
    """Compare what runs with what is registered."""
    from lfr_eval.contract.folder import write_json
    from lfr_eval.engine.loading import load_registered
    from lfr_eval.matchers.http import HttpMatcher
    from lfr_eval.registry.parity import check_parity, probe_pictures, record_parity
    from lfr_eval.registry.registered import registry_uri
    from lfr_eval.study.overrides import composed

    chosen = ["matcher=mlflow", f"matcher.uri='{parsed.model}'", *parsed.words]
    if parsed.probes:
        chosen += ["dataset=manifest", f"dataset.path='{parsed.probes}'"]
    config = composed(chosen)
    where = parsed.registry or registry_uri(config)
    pictures = probe_pictures(config, parsed.limit)
    registered = load_registered(parsed.model, where)
    endpoint = HttpMatcher(parsed.endpoint, timeout=parsed.timeout)
    record = check_parity(registered, endpoint, pictures, parsed.tolerance)
    write_json(parsed.out, record.to_json())
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
