"""Composition of deployments (by Hydra)."""

from __future__ import annotations

from collections.abc import Sequence

from lfr_eval.config import EngineConfig, RetentionConfig
from lfr_eval.config.checked import checked_compose, expand_home
from lfr_eval.config.composition import filled, register
from lfr_eval.config.limits import check
from lfr_eval.config.overrides import understood
from lfr_eval.config.paths import conf_dir


def register_engine() -> None:
    """Register the schemas of a deployment with Hydra."""
    from hydra.core.config_store import ConfigStore

    register()
    store = ConfigStore.instance()
    store.store(name="engine_schema", node=EngineConfig)
    store.store(group="retention", name="schema", node=RetentionConfig)


def compose_engine(words: Sequence[str]) -> EngineConfig:
    """Return the configuration of a deployment from words KEY=VALUE.

    Raises
    ------
    ConfigError
        If Hydra cannot read a word, a key is unknown, or a value is missing or out of range.
    """
    from hydra import initialize_config_dir

    register_engine()
    overrides = understood(words)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        composed = checked_compose("engine", overrides)
    expand_home(composed)
    config = filled(composed, EngineConfig)
    check(config, "The engine cannot run with these settings")
    return config
