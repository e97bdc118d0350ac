"""What Hydra composed of overrides, checked.

Unknown settings are refused with the nearest known one. A mapping that is given whole replaces the
one before it instead of being merged.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.config.grammar import parsed_override
from lfr_eval.config.missing import ConfigError
from lfr_eval.config.setting_types import mappings
from lfr_eval.contract.addresses import masked

if TYPE_CHECKING:
    from omegaconf import DictConfig

PATHS = (
    *("dataset.path", "dataset.card", "dataset.fillers", "dataset.pass_log", "matcher.path"),
    *("matcher.weights", "design.dont_care", "parity", "registration", "source", "watchlist"),
    "card",
    *("paths.studies", "paths.cache", "paths.mirror", "paths.deployments", "paths.approvals"),
)
"""Settings of a study or the engine that hold a file or a folder."""

MEANT = {"study": ["name"]}
"""What people call a setting that has another name, and a nearer one means something else."""


def checked_compose(name: str, overrides: Sequence[str]) -> DictConfig:
    """Return what Hydra composes inside an initialised configuration folder.

    Raises
    ------
    ConfigError
        If an override is refused. An unknown setting is named with the nearest known one.
    """
    from hydra.errors import HydraException

    from lfr_eval.config.composing import compose_words

    words = list(overrides)
    while True:
        try:
            composed = compose_words(name, words)
        except HydraException as error:
            unknown = re.match(r"Could not override '([^']+)'", str(error))
            forced = [
                f"++{word}" if unknown and word.startswith(f"{unknown[1]}=") else word
                for word in words
            ]
            if forced == words:
                raise ConfigError(caused(error)) from error
            words = forced  # Hydra takes it then, and all that is unknown is named at once.
        else:
            refuse_unknown(composed)
            return composed


def caused(error: Exception) -> str:
    """Return the message of a Hydra error with its cause, which names the wrong value."""
    said = f"{error}: {error.__cause__}" if error.__cause__ else str(error)
    said = re.sub(r"\s*Config search path:(\n.*)*", "", masked(said))
    unknown = re.search(r"Key '[^']+' (?:is )?not in '\w+'\s+full_key: ([\w.]+)", said)
    if unknown:
        group, inner, _ = unknown[1].partition(".")
        remedy = (
            f" A file in conf/{group}/ must begin with 'defaults: [NAME]'. NAME is a "
            f"shipped choice of {group} that has this setting."
        ) * bool(inner)
        return f"{said.partition(':')[0]}: there is no setting '{unknown[1]}'.{remedy}"
    return re.sub(r"\n\s*schema(_\w+)?(?=\n|$)", "", said)


def unfit(error: Exception) -> str:
    """Return what OmegaConf refuses; the lines below its first are about its own types."""
    said, key = str(error).splitlines()[0], getattr(error, "full_key", None)
    unknown = re.match(r"Key '([^']+)' (?:is )?not in '", said)
    if unknown:
        return f"there is no setting '{unknown[1]}'"
    return f"{said} ({key})" if key else said


def refuse_unknown(composed: DictConfig) -> None:
    """Refuse settings that are in no schema.

    Raises
    ------
    ConfigError
        If there are any. Each is named, with the nearest known setting if one is near.
    """
    known = ["experiment", *_keys(composed, known=True)]
    problems = []
    for key in _keys(composed, known=False):
        near = MEANT.get(key) or difflib.get_close_matches(key, known, 1)
        near = near or _of_same_name(key, known)
        problems.append(f"'{key}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
    if problems:
        several = "These settings do not exist" if len(problems) > 1 else "This setting does not"
        raise ConfigError(
            f"{several}{'' if len(problems) > 1 else ' exist'}: {', '.join(problems)}. "
            "`--cfg job` prints all settings."
        )


def _of_same_name(key: str, known: Sequence[str]) -> list[str]:
    names: dict[str, str] = {}
    for one in known:
        names.setdefault(one.rpartition(".")[2], one)
    near = difflib.get_close_matches(key.rpartition(".")[2], list(names), 1)
    return [names[near[0]]] if near else []


def _keys(node: DictConfig, known: bool, before: str = "") -> Iterator[str]:
    """Yield the dotted keys below a node that its schemas know, or do not know."""
    from omegaconf import DictConfig, OmegaConf

    schema = OmegaConf.get_type(node)
    if node._is_none() or node._is_missing() or not is_dataclass(schema):
        return
    names = {entry.name for entry in fields(schema)}
    for name in map(str, node):
        if (name in names) == known:
            yield f"{before}{name}"
        below = node._get_node(name)
        if name in names and isinstance(below, DictConfig):
            yield from _keys(below, known, f"{before}{name}.")


def replace_mappings(composed: DictConfig, overrides: Sequence[str]) -> None:
    """Let KEY={...} replace a mapping whole; Hydra has merged it into the one before.

    What comes after it (KEY.NAME=VALUE, +KEY={...}, ~KEY.NAME) holds for the new mapping.
    """
    from omegaconf import OmegaConf, flag_override

    replaced: set[str] = set()
    for override in map(parsed_override, overrides):
        prefixed = override.get_key_element()
        key = prefixed.lstrip("+~")
        value = None if override.is_delete() else override.value()
        whole = prefixed == key and key in mappings() and isinstance(value, dict)
        above = next((one for one in replaced if f"{key}.".startswith(f"{one}.")), None)
        with flag_override(composed, "struct", False):
            if whole:
                replaced.add(key)
                OmegaConf.update(composed, key, value, merge=False)
            elif above and override.is_delete():
                OmegaConf.select(composed, above).pop(key[len(above) + 1 :], None)
            elif above:
                OmegaConf.update(composed, key, value, merge=True, force_add=True)


def expand_home(composed: DictConfig) -> None:
    """Replace `~` by the home folder in every setting that holds a file or a folder.

    Raises
    ------
    ConfigError
        If a name is longer than any file's.
    """
    from omegaconf import OmegaConf

    for key in PATHS:
        value = OmegaConf.select(composed, key, throw_on_missing=False)
        if isinstance(value, str) and any(
            len(os.fsencode(part)) > 255 for part in value.split("/")
        ):
            raise ConfigError(
                f"{key} holds a name that is longer than 255 bytes: {value[:60]}... Give the path "
                "of a file or a folder."
            )
        if isinstance(value, str) and (value == "~" or value.startswith("~/")):
            OmegaConf.update(composed, key, str(Path(value).expanduser()))
