"""Composition of deployments (by Hydra) and policies (by OmegaConf)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lfr_eval.config import ConfigError, EngineConfig, PolicyConfig, RetentionConfig
from lfr_eval.config.composition import filled, register
from lfr_eval.config.foreign import GIVEN, check_conf
from lfr_eval.config.limits import check
from lfr_eval.config.overrides import checked_compose, expand_home, understood, unfit
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.reading import ReadingError, read_text


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


def read_policy(words: Sequence[str]) -> PolicyConfig:
    """Return the policy of a gate from words: policy=NAME or FILE, and KEY=VALUE for its values.

    Raises
    ------
    ConfigError
        If there is no such policy, a key is unknown or a value is out of range.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    given = dict(word.partition("=")[::2] for word in words)
    name = given.pop("policy", "default")
    file = next((path for path in _policies(name) if path.is_file()), None)
    if file is None:
        known = ", ".join(sorted(path.stem for path in (conf_dir() / "policy").glob("*.yaml")))
        raise ConfigError(f"There is no policy '{name}'. Give a file, or one of {known}.")
    try:
        values = OmegaConf.from_dotlist([f"{key}={value}" for key, value in given.items()])
        schema = OmegaConf.structured(PolicyConfig)
        text = read_text(file)  # A policy may come from anybody.
        check_conf(text, remedy=GIVEN)
        policy = filled(OmegaConf.merge(schema, OmegaConf.create(text), values), PolicyConfig)
    except (OmegaConfBaseException, ReadingError, TypeError, ValueError) as error:
        raise ConfigError(f"policy={name}: {unfit(error)}.") from error
    check(policy, f"policy={name} cannot be used")
    return policy


def _policies(name: str) -> list[Path]:
    own = Path.cwd() / "conf" / "policy" / f"{name}.yaml"
    return [Path(name).expanduser(), own, conf_dir() / "policy" / f"{name}.yaml"]
