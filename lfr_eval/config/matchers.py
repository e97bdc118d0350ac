"""The matcher under test: `conf/matcher/`.

Settings of a matcher itself are read from its signature (`config/signatures.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from lfr_eval.config.limits import OneOf
from lfr_eval.config.missing import MISSING


@dataclass
class MatcherConfig:
    """The matcher under test: the base of `conf/matcher/`."""

    kind: str = MISSING
    """Kind of matcher. Choose it with matcher=NAME."""
    name: str = MISSING
    """Name of the matcher in reports."""
    sweep: list[float] | None = None
    """Thresholds on the matcher's scale: start, stop (included) and step."""
    operating: float | None = None
    """The threshold at which the matcher is meant to run."""
    operating_origin: str = ""
    """The data and the error rate at which that threshold was set."""
    search_operating: float | None = None
    """The threshold at which the matcher is meant to search watchlists, which takes a higher one;
    null: `operating`."""
    search_operating_origin: str = ""
    """The data and the error rate at which the threshold for searches was set."""
    storage: Annotated[str, OneOf("float32", "float16")] = "float32"
    """Precision of templates on disk. float16 halves the space and changes scores slightly; the
    study says by how much."""


@dataclass
class MlflowConfig(MatcherConfig):
    """A registered version, made by `lfr-eval engine register`."""

    kind: str = "mlflow"
    uri: str = MISSING
    """Registered version: models:/NAME/VERSION or models:/NAME@ALIAS."""
    registry: str | None = None
    """Tracking URI of the registry. Default: where runs are logged."""


@dataclass
class PythonConfig(MatcherConfig):
    """A matcher in your own package, before its settings are known."""

    kind: str = "python"
    name: str = "python"
    object: str = MISSING
    """Class of the matcher, package.module:Name. It is accepted only from the command line."""


@dataclass
class SimulatedMatcherConfig(MatcherConfig):
    """Compares the templates of a simulated dataset."""

    kind: str = "simulated"
