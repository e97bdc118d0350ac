"""What a configuration says of a value that must be given, and of one that cannot be."""

from __future__ import annotations

from typing import Any

from lfr_eval.contract.errors import MendableError

MISSING: Any = "???"  # what OmegaConf calls a value that must be given


class ConfigError(MendableError, ValueError):
    """The configuration asks for something that cannot be; the message says what and the remedy."""
