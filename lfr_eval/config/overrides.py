"""Overrides, the words after `lfr-eval run`, in a form that Hydra accepts."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lfr_eval.config.grammar import parsed_override
from lfr_eval.config.missing import ConfigError
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.setting_types import mappings, types_of_settings
from lfr_eval.config.study import REMOVED
from lfr_eval.contract.addresses import masked

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

_QUOTED = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""

_NAME_IN_QUOTES = re.compile(rf"(?P<before>[{{,]\s*)(?P<name>{_QUOTED})(?=\s*:)|{_QUOTED}")

_KEY_IN_QUOTES = re.compile(rf"(\+{{0,2}})([\w.]+)\.(?P<name>{_QUOTED})=(.*)", re.DOTALL)

_ENCODED = re.compile(r"@u([0-9a-f]+)@")


def understood(overrides: Sequence[str]) -> list[str]:
    """Return overrides in a form that Hydra accepts.

    `experiment=null` becomes `experiment=none`, `~KEY` of a mapping becomes `KEY={}`, and names in
    quotes are escaped where Hydra allows no quotes (`KEY={"a b": 1}`, `KEY."a b"=1`). Settings of
    earlier versions that have no effect are left out, with a notice.

    Raises
    ------
    ConfigError
        If Hydra cannot read an override, or one removes a setting that is not a mapping.
    """
    words = [word for override in overrides for word in _understood(override)]
    return [word for word in words if not _removed(word)]


def _removed(override: str) -> bool:
    name = parsed_override(override).get_key_element().lstrip("+~")
    if name not in REMOVED:
        return False
    logging.getLogger("lfr_eval").warning(
        "The setting %s no longer exists. %s Remove it from your plan or command.",
        name,
        REMOVED[name],
    )
    return True


def _understood(override: str) -> list[str]:
    override = _without_quoted_names(override)
    parsed = parsed_override(override)
    key = parsed.get_key_element().lstrip("+~")
    if key == "experiment" and (parsed.is_delete() or parsed.value() is None):
        return ["experiment=none"]
    _check_choice(key, parsed)
    if parsed.is_delete() and key in types_of_settings():
        if key not in mappings():
            raise ConfigError(
                f"'{masked(override)}' would remove the setting {key}, but a study needs a value "
                f"for it. Give another value: {key}=..."
            )
        return [f"{key}={{}}"]
    if override.startswith(f"{key}=") and isinstance(parsed.value(), dict) and parsed.value():
        # Hydra would refuse its keys, which are names and no settings. The mapping that it replaces
        # is emptied first.
        return [f"{key}={{}}", f"++{override}"] if key in mappings() else [f"++{override}"]
    if override.startswith(f"{key}=") and key.rpartition(".")[0] in mappings():
        # An entry of a mapping may be new: Hydra would ask for a plus.
        return [f"++{override}"]
    return [override]


def _check_choice(key: str, parsed: Override) -> None:
    """Refuse a value that is not a name where a file of a group is chosen."""
    group = key.partition("@")[0]
    is_group = (conf_dir() / group).is_dir() or re.fullmatch(r"hydra(/\w+)*", group)
    if (
        parsed.is_sweep_override()
        or not is_group
        or (parsed.value() is None and parsed.is_delete())
    ):
        return
    value = parsed.value()
    names = value if isinstance(value, list) else [value]
    # A mapping gives values within the group.
    values = isinstance(value, dict) and group != "experiment"
    if not all(isinstance(name, str) for name in names) and not values:
        place = "Hydra's own folder" if group.startswith("hydra") else f"conf/{group}/"
        raise ConfigError(
            f"{group} takes the name of a file in {place}, without .yaml. Give {group}=NAME. "
            f"Put a name that looks like a number in quotes: {group}=\"'2026'\"."
        )


def _without_quoted_names(override: str) -> str:
    """Return an override with the names of a mapping escaped; Hydra allows no quotes there."""
    single = _KEY_IN_QUOTES.fullmatch(override)
    if single and single[2] in mappings():
        return f"++{single[2]}={{{_escaped(single['name'])}: {single[4]}}}"
    key, sign, value = override.partition("=")
    if not value.lstrip().startswith("{"):
        return override

    def escape(found: re.Match[str]) -> str:
        return found["before"] + _escaped(found["name"]) if found["name"] else found[0]

    return f"{key}{sign}{_NAME_IN_QUOTES.sub(escape, value)}"


def _escaped(name: str) -> str:
    """Return a quoted name in the unquoted form that Hydra accepts; see `decoded`."""
    plain = re.sub(r"\\(.)", r"\1", name[1:-1])
    return "".join(
        mark
        if mark.isascii() and (mark.isalnum() or mark in "_/-+.$%*@?|")
        else f"\\{mark}"
        if mark in "\\()[]{}:=, \t"
        else f"@u{ord(mark):x}@"
        for mark in plain
    )


def decoded(name: str) -> str:
    """Return a name of a mapping as it was given, undoing the escapes of `_escaped`.

    Examples
    --------
    >>> decoded("Zo@ueb@ x female")
    'Zoë x female'
    """
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), name)
