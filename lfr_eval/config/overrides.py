"""Overrides: the words after `lfr-eval run`, before and after Hydra has composed them.

Hydra's grammar errors become advice on quoting. Unknown settings are refused with the nearest known
one. A mapping that is given whole replaces the one before it instead of being merged.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from lfr_eval.config.datasets import DatasetConfig
from lfr_eval.config.matchers import MatcherConfig
from lfr_eval.config.missing import ConfigError
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.plugins import SHIPPED
from lfr_eval.config.signatures import schema_of
from lfr_eval.config.study import REMOVED, StudyConfig
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.reading import TOO_LARGE, check_numbers

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

PATHS = (
    *("dataset.path", "dataset.card", "dataset.fillers", "dataset.pass_log", "matcher.path"),
    *("matcher.weights", "design.dont_care", "parity", "registration", "source", "watchlist"),
    "card",
    *("paths.studies", "paths.cache", "paths.mirror", "paths.deployments", "paths.approvals"),
)
"""Settings of a study or the engine that hold a file or a folder."""


LONGEST = 4_000
"""Characters of an override: Hydra's grammar takes seconds for more."""


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


_QUOTED = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_NAME_IN_QUOTES = re.compile(rf"(?P<before>[{{,]\s*)(?P<name>{_QUOTED})(?=\s*:)|{_QUOTED}")
_KEY_IN_QUOTES = re.compile(rf"(\+{{0,2}})([\w.]+)\.(?P<name>{_QUOTED})=(.*)", re.DOTALL)
_ENCODED = re.compile(r"@u([0-9a-f]+)@")


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
    if parsed.is_delete() or parsed.is_sweep_override() or not (conf_dir() / group).is_dir():
        return
    value = parsed.value()
    names = value if isinstance(value, list) else [value]
    # A mapping gives values within the group.
    values = isinstance(value, dict) and group != "experiment"
    if not all(isinstance(name, str) for name in names) and not values:
        raise ConfigError(
            f"{group} takes the name of a file in conf/{group}/, without .yaml. Give {group}=NAME. "
            f"Put a name that looks like a number in quotes: {group}=\"'2026'\"."
        )


def parsed_override(override: str) -> Override:
    """Return an override as Hydra's grammar reads it.

    Raises
    ------
    ConfigError
        If the grammar does not allow it.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if len(override) > LONGEST:
        raise ConfigError(
            f"The override {masked(override[:LONGEST])[:40]}... is longer than {LONGEST:,} "
            "characters. Put its value into conf/experiment/NAME.yaml, below the line "
            "'# @package _global_', and give experiment=NAME."
        )
    try:
        parsed = OverridesParser.create().parse_override(override)
        check_numbers(parsed._value)
        return parsed
    except RecursionError:
        raise ConfigError(
            f"The override {masked(override)[:40]}... is nested too deeply. Use fewer brackets."
        ) from None
    except ValueError:  # Of a number.
        raise ConfigError(
            f"The override {masked(override)[:40]}... cannot be read. {TOO_LARGE}"
        ) from None
    except HydraException:  # Its text repeats the override, perhaps with a password.
        raise ConfigError(
            f"The override {masked(override)} cannot be read. {_how_to_quote(override)}"
        ) from None


def _how_to_quote(override: str) -> str:
    """Return the remedy: the override with its value in quotes, if that can be read."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key, sign, value = override.partition("=")
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + "\\'" * bool(found[2]), value)
    quoted = f"{key}='{escaped}'"
    try:
        OverridesParser.create().parse_override(quoted)
    except HydraException:
        sign = ""
    if not sign or value[:1] in ("[", "{", "'", '"'):
        return (
            "An override is KEY=VALUE. Put texts with spaces, brackets, '=', '~' or accents in "
            "quotes, and quote the whole override for the shell: \"dataset.path='my people.csv'"
            '".'
        )
    if masked(quoted) != quoted:
        quoted = f"{key}='ADDRESS'"
    shell = re.sub(r'([\\"$`])', r"\\\1", quoted)
    return f'Put the value in quotes, and quote the whole override for the shell: "{shell}".'


def checked_of_sweeps(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Yield the overrides of the first study of a multirun (-m), then those with another value.

    Every value of every swept setting occurs once, beside the first values of the others.
    """
    parsed = [parsed_override(override) for override in overrides]
    values = [
        [f"{one.get_key_element()}={value}" for value in one.sweep_string_iterator()]
        if one.is_sweep_override()
        else [override]
        for one, override in zip(parsed, overrides, strict=True)
    ]
    first = [choices[0] for choices in values]
    yield first
    for place, choices in enumerate(values):
        for choice in choices[1:]:
            yield [*first[:place], choice, *first[place + 1 :]]


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


MEANT = {"study": ["name"]}
"""What people call a setting that has another name, and a nearer one means something else."""


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
    """Replace `~` by the home folder in every setting that holds a file or a folder."""
    from omegaconf import OmegaConf

    for key in PATHS:
        value = OmegaConf.select(composed, key, throw_on_missing=False)
        if isinstance(value, str) and (value == "~" or value.startswith("~/")):
            OmegaConf.update(composed, key, str(Path(value).expanduser()))


def types_of_settings() -> dict[str, Any]:
    """Return the type of each setting of a study by its dotted key, whatever is chosen."""
    found: dict[str, Any] = {}
    for name, type_ in _hints(StudyConfig).items():
        if not is_dataclass(type_):
            found[name] = type_
            continue
        for schema in _with_subclasses(type_):
            found |= {f"{name}.{key}": kind for key, kind in _hints(schema).items()}
    return found


_hints = cache(get_type_hints)


def _with_subclasses(schema: Any) -> Iterator[type]:
    yield schema
    if schema is MatcherConfig:
        yield from map(schema_of, SHIPPED.values())
    if schema in (DatasetConfig, MatcherConfig):
        yield from schema.__subclasses__()


def mappings() -> set[str]:
    """Return the dotted keys of the settings of a study that are mappings."""
    return {key for key, kind in types_of_settings().items() if get_origin(kind) is dict}
