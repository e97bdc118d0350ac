"""Help on settings that are given as KEY=VALUE: what each takes, its value and its meaning.

Configuration is imported only when help is asked for, so that other commands start at once.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig

WIDTH = 96


def engine_settings() -> Iterator[str]:
    """Yield the settings of `lfr-eval engine run`."""
    from hydra import initialize_config_dir

    from lfr_eval.config.checked import checked_compose
    from lfr_eval.config.engine_composition import register_engine
    from lfr_eval.config.paths import conf_dir

    register_engine()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield from settings_of(checked_compose("engine", []))


def policy_settings() -> Iterator[str]:
    """Yield the settings of `lfr-eval gate`."""
    from omegaconf import OmegaConf

    from lfr_eval.config import PolicyConfig

    yield from settings_of(OmegaConf.structured(PolicyConfig))


def constraint_settings() -> Iterator[str]:
    """Yield the settings of `lfr-eval thresholds`."""
    from omegaconf import OmegaConf

    from lfr_eval.config import ConstraintsConfig

    yield from settings_of(OmegaConf.structured(ConstraintsConfig))


def settings_of(node: DictConfig, before: str = "") -> Iterator[str]:
    """Yield the lines for each setting below a node: its dotted key, type, value and meaning."""
    from omegaconf import DictConfig, OmegaConf

    from lfr_eval.config.limits import meanings_of, type_of

    schema: Any = OmegaConf.get_type(node)
    meanings = meanings_of(schema)
    for entry in fields(schema):
        key = f"{before}{entry.name}"
        below = node._get_node(entry.name)
        if isinstance(below, DictConfig) and is_dataclass(OmegaConf.get_type(below)):
            yield from settings_of(below, f"{key}.")
            continue
        yield f"{key} ({type_of(schema, entry.name)}): {_shown(node, entry.name)}"
        indent = " " * 4
        yield from textwrap.wrap(
            meanings.get(entry.name, ""), WIDTH, initial_indent=indent, subsequent_indent=indent
        )


def _shown(node: DictConfig, name: str) -> Any:
    from omegaconf import OmegaConf

    if OmegaConf.is_missing(node, name):
        return "must be given"
    value = OmegaConf.to_container(node, resolve=False)
    assert isinstance(value, dict)
    return "null" if value[name] is None else value[name]
