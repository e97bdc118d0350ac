"""Parameters that several commands take; the signature of a command is its command line."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter, validators

from lfr_eval.cli.plain_help import PlainHelp
from lfr_eval.contract.defaults import EXPERIMENT, TIMEOUT

OK, FAILED, UNUSABLE = 0, 1, 2

Study = Annotated[Path, Parameter(help="A study folder.")]
Uri = Annotated[
    str | None,
    Parameter(metavar="URI", help="Registry; default: MLFLOW_TRACKING_URI, else local."),
]
Seconds = Annotated[
    int,
    Parameter(metavar="SECONDS", validator=validators.Number(gte=1, lte=86_400)),
]
Patience = Annotated[Seconds, Parameter(help="Seconds to wait for the registry.")]
Key = Annotated[Path | None, Parameter(metavar="FILE", help="Private key, to sign the entry with.")]
Roots = Annotated[
    Path | None,
    Parameter(metavar="FILE", help="Root certificates (PEM) to check time stamps against."),
]
Several = Parameter(consume_multiple=(1, None))
"""An option that takes one value or several: --ratio 2 3 5."""


@Parameter(name="*")
@dataclass(frozen=True)
class Tracking:
    """Where MLflow is, and what the runs belong to."""

    uri: Annotated[str | None, Parameter(metavar="URI")] = None
    """Tracking URI; default: MLFLOW_TRACKING_URI, else local."""
    experiment: Annotated[str, Parameter(metavar="NAME")] = EXPERIMENT
    """MLflow experiment."""
    timeout: Seconds = TIMEOUT
    """Seconds to wait for the tracking server."""


def commands(name: str, meaning: str, **further: Any) -> App:
    """Return a command that others belong to, or the command line itself."""
    return App(
        name=name,
        help=meaning,
        help_format="plaintext",
        help_formatter="default" if sys.stdout.isatty() else PlainHelp(),
        help_epilogue=further.pop("help_epilogue", ""),
        default_parameter=Parameter(negative=(), show_default=_shown),
        **further,
    )


def _shown(default: object) -> str | None:
    """Return a default as it is typed, or nothing where there is none."""
    if isinstance(default, tuple):
        return " ".join(map(str, default)) or None
    return str(default) if default else None
