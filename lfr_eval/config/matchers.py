"""What compares faces: `conf/matcher/`.

Settings of a matcher itself are read from its signature (`config/signatures.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from lfr_eval.config.missing import MISSING


@dataclass
class MatcherConfig:
    """What compares faces: the base of `conf/matcher/`."""

    kind: str = MISSING
    name: str = MISSING
    sweep: list[float] | None = None  # start, stop and step on this matcher's scale
    operating: float | None = None  # the threshold at which it is meant to run
    operating_origin: str = ""  # on which data, at which rate that threshold was set
    # Templates on disk: float16 takes half the room, moves scores, and the study says how far.
    storage: str = "float32"


@dataclass
class MlflowConfig(MatcherConfig):
    """A version of a registered matcher: what `lfr-eval engine register` made."""

    kind: str = "mlflow"
    uri: str = MISSING  # models:/NAME/VERSION or models:/NAME@ALIAS
    registry: str | None = None  # tracking URI of the registry; default: where runs are logged


@dataclass
class PythonConfig(MatcherConfig):
    """A matcher of a package of one's own, before its settings are known."""

    kind: str = "python"
    name: str = "python"
    object: str = MISSING  # package.module:Name, on the person's own command line only


@dataclass
class SimulatedMatcherConfig(MatcherConfig):
    """Takes the templates that a simulated dataset made."""

    kind: str = "simulated"
