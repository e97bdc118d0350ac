"""What compares faces: `conf/matcher/`.

Settings of a matcher itself are read from its signature (`config/signatures.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from lfr_eval.config.limits import OneOf
from lfr_eval.config.missing import MISSING


@dataclass
class MatcherConfig:
    """What compares faces: the base of `conf/matcher/`."""

    kind: str = MISSING
    """Which sort of matcher this is; chosen with matcher=NAME."""
    name: str = MISSING
    """Name of the matcher, as reports give it."""
    sweep: list[float] | None = None
    """Thresholds on the scale of the matcher: start, stop and step."""
    operating: float | None = None
    """The threshold at which it is meant to run."""
    operating_origin: str = ""
    """On which data, and at which rate, that threshold was set."""
    storage: Annotated[str, OneOf("float32", "float16")] = "float32"
    """Precision of templates on disk: float16 takes half the room and moves scores; the study says
    how far."""


@dataclass
class MlflowConfig(MatcherConfig):
    """A version of a registered matcher: what `lfr-eval engine register` made."""

    kind: str = "mlflow"
    uri: str = MISSING
    """Registered version: models:/NAME/VERSION or models:/NAME@ALIAS."""
    registry: str | None = None
    """Tracking URI of the registry; default: where runs are logged."""


@dataclass
class PythonConfig(MatcherConfig):
    """A matcher of a package of one's own, before its settings are known."""

    kind: str = "python"
    name: str = "python"
    object: str = MISSING
    """Its class, package.module:Name; on the person's own command line only."""


@dataclass
class SimulatedMatcherConfig(MatcherConfig):
    """Takes the templates that a simulated dataset made."""

    kind: str = "simulated"
