"""The mark of a required value, and the error of a configuration that cannot be used."""

from __future__ import annotations

from typing import Any

from lfr_eval.contract.errors import MendableError

MISSING: Any = "???"  # what OmegaConf calls a value that must be given


class ConfigError(MendableError, ValueError):
    """The configuration cannot be used; the message says why and what to do."""
