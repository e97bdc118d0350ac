"""Composition of many studies that make the same choices, as those of a sweep do.

Hydra takes a quarter of a second to find, read and merge the files that were chosen. Single
settings are put on top of them, so what was chosen is composed once a process.

Hydra is imported here, so this file is imported only where something is composed.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache

from hydra import compose
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from lfr_eval.config.own_conf import own_conf
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.plugins import PYTHON


def compose_words(name: str, words: Sequence[str]) -> DictConfig:
    """Return what Hydra composes of overrides inside an initialised configuration folder.

    Raises
    ------
    HydraException
        If an override is refused.
    """
    parsed = OverridesParser.create().parse_overrides(list(words))
    settings = [one for one in parsed if _is_setting(one)]
    chosen = [one for one in parsed if not _is_setting(one)]
    if own_conf() is not None or not all(map(_is_choice, chosen)) or any(map(_is_many, parsed)):
        return compose(name, overrides=list(words))
    choices = tuple(str(one.input_line) for one in chosen)
    composed = deepcopy(_composed(name, choices, str(conf_dir())))
    ConfigLoaderImpl._apply_overrides_to_config(settings, composed)
    return composed


@lru_cache(maxsize=32)
def _composed(name: str, choices: tuple[str, ...], _: str) -> DictConfig:
    return compose(name, overrides=list(choices))


def _is_setting(one: Override) -> bool:
    """Whether it changes one value of what was chosen: `dataset.people=60`."""
    key, plain = one.key_or_group, not (one.is_add() or one.is_force_add() or one.is_delete())
    return plain and one.package is None and "." in key and not key.startswith("hydra.")


def _is_choice(one: Override) -> bool:
    """Whether a setting after it does what a setting before it does, and its file is shipped."""
    key, value = one.key_or_group, one.value()
    if "." in key or one.package is not None or isinstance(value, dict | list):
        return False
    # The object of `matcher=python`, and the matchers of other packages, are told elsewhere.
    shipped = (path.stem for path in (conf_dir() / "matcher").glob("*.yaml"))
    return key != "matcher" or (value != PYTHON and str(value) in shipped)


def _is_many(one: Override) -> bool:
    return bool(one.is_sweep_override())
