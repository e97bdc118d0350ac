"""Settings of a matcher: the signature of its class in, a configuration schema and back out.

Each parameter becomes a setting of the same name, and its annotation says which values it takes.
`Literal` lists choices, `Annotated[int, AtLeast(1)]` gives a range, `Path` is a file or folder, and
`Weights` is a file or the name of a card of weights. A parameter whose name begins with `_` is not
a setting.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from lfr_eval.config.limits import OneOf, Range
from lfr_eval.config.matchers import MatcherConfig, MlflowConfig, SimulatedMatcherConfig
from lfr_eval.config.missing import MISSING, ConfigError
from lfr_eval.config.plugins import (
    OBJECT,
    PYTHON,
    Plugin,
    allowed_object,
    load,
    plugin_at,
    plugin_named,
)

Weights = Annotated[Path, "weights"]
"""A weights file, or the name of a card that describes one."""


@dataclass(frozen=True)
class AtLeast:
    """The smallest value that a setting takes."""

    least: float


PLAIN = (bool, int, float, str)
SEQUENCES = (list, tuple, Sequence, Iterable)
MAPPINGS = (dict, Mapping)
SCALE = (("score_slope", 1.0), ("score_offset", 0.0))
"""Settings of every matcher whose scores can be given on another scale."""

TAKEN = {entry.name for entry in fields(MatcherConfig)} | {*dict(SCALE), "object"}
THRESHOLDS = (
    "sweep", "operating", "operating_origin", "search_operating", "search_operating_origin",
)  # fmt: skip
"""Attributes that a class may have. They are the defaults of these settings."""


@dataclass(frozen=True)
class Setting:
    """One setting of a matcher.

    Attributes
    ----------
    kind
        Its type for OmegaConf.
    path, weights
        Whether it is a file or folder, and whether the name of a card is allowed instead.
    limit
        Allowed values; None: no limit.
    """

    name: str
    kind: Any
    default: Any
    path: bool = False
    weights: bool = False
    limit: OneOf | Range | None = None

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value; None if nothing is."""
        wrong = None if self.limit is None or value is None else self.limit.problem(value)
        return wrong and f"matcher.{self.name} {wrong} (got {value!r})"


@cache
def settings_of(plugin: Plugin) -> tuple[Setting, ...]:
    """Return the settings of a matcher, from its signature.

    Raises
    ------
    ConfigError
        If it cannot be imported, or a parameter cannot be a setting.
    """
    made = load(plugin)
    described = made.__init__ if inspect.isclass(made) else made
    try:
        hints = get_type_hints(described, include_extras=True)
        parameters = inspect.signature(made).parameters
    except (NameError, TypeError, ValueError) as error:
        raise ConfigError(
            f"The signature of the matcher {plugin.reference} cannot be read ({error}). Import the "
            "names in its annotations at the top of the module, not under TYPE_CHECKING."
        ) from error
    found, problems = [], []
    for name, parameter in parameters.items():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if variable or (name.startswith("_") and parameter.default is not parameter.empty):
            continue
        try:
            found.append(_setting(name, parameter, hints.get(name)))
        except TypeError as error:
            problems.append(f"'{name}' {error}")
    if problems:
        raise ConfigError(
            f"The matcher {plugin.reference} has parameters that cannot become settings: "
            f"{'; '.join(problems)}."
        )
    return tuple(found)


def _setting(name: str, parameter: inspect.Parameter, hint: Any) -> Setting:
    if name in TAKEN:
        raise TypeError("is already a setting of every matcher; choose another name")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise TypeError("must not be positional-only")
    default = MISSING if parameter.default is parameter.empty else parameter.default
    if hint is None:
        hint = type(default) if isinstance(default, PLAIN) and default != MISSING else Any
    notes: tuple[Any, ...] = ()
    hint, optional = _without_none(hint)
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        notes = tuple(rest)
    limit: OneOf | Range | None = None
    if get_origin(hint) is Literal:
        limit = OneOf(*map(str, get_args(hint)))
    kind = _kind(hint)
    if optional and get_origin(kind) is dict:
        # OmegaConf cannot fill a mapping that is None; an empty one says the same.
        optional, default = False, {} if default is None else default
    for note in notes:
        if isinstance(note, AtLeast):
            limit = Range(least=note.least)
    path = inspect.isclass(hint) and issubclass(hint, Path)
    return Setting(
        name,
        kind | None if optional and kind is not Any else kind,
        _plain(default),
        path=path,
        weights=path and "weights" in notes,
        limit=limit,
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    others = [one for one in get_args(hint) if one is not NoneType]
    if len(others) > 1:
        raise TypeError(f"has several types ({hint}); choose one")
    return others[0], True


def _kind(hint: Any) -> Any:
    """Return the type that OmegaConf checks, for the type that a parameter is annotated with."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or hint in PLAIN:
        return hint
    if inspect.isclass(hint) and issubclass(hint, Path):
        return str
    if origin is Literal and all(isinstance(choice, str) for choice in inner):
        return str
    if origin in SEQUENCES and len({*inner} - {...}) == 1:
        return list[_kind(inner[0])]  # type: ignore[misc]
    if origin in MAPPINGS and len(inner) == 2 and inner[0] is str:
        return dict[str, _kind(inner[1])]  # type: ignore[misc]
    raise TypeError(
        f"has the type {getattr(hint, '__name__', hint)}, which a command line cannot give; use "
        "bool, int, float, str, Path, Literal of texts, or a list or dict of them"
    )


def _plain(value: Any) -> Any:
    """Return a default in the form that a YAML file would have."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


@cache
def schema_of(plugin: Plugin) -> type[MatcherConfig]:
    """Return the configuration schema of a matcher.

    Raises
    ------
    ConfigError
        If it cannot be imported, or a parameter cannot be a setting.
    """
    entries: list[tuple[str, Any, Any]] = [("kind", str, field(default=plugin.name))]
    made = load(plugin)
    if not plugin.ships:
        label = plugin.name if plugin.name != PYTHON else plugin.reference.rpartition(":")[2]
        entries.append(("name", str, field(default=label)))
        hints = get_type_hints(MatcherConfig)
        for name in THRESHOLDS:
            if (value := getattr(made, name, None)) is not None:
                entries.append((name, hints[name], _default(_plain(value))))
    if plugin.name == PYTHON:
        entries.append((OBJECT.partition(".")[2], str, field(default=plugin.reference)))
    for one in settings_of(plugin):
        kind = one.kind if one.limit is None else Annotated[one.kind, one.limit]
        entries.append((one.name, kind, _default(one.default)))
    if plugin.scaled:
        # A score is slope x similarity + offset; 0.5 and 0.5 put cosines on a scale from 0 to 1.
        entries += [(name, float, field(default=default)) for name, default in SCALE]
    made_of = f"Settings of the matcher {plugin.reference}, from its signature."
    return make_dataclass(
        f"{plugin.name.capitalize()}Config",
        entries,
        bases=(MatcherConfig,),
        namespace={"__doc__": made_of, "__meanings__": described_parameters(made)},
    )


def described_parameters(made: Any) -> dict[str, str]:
    """Return the description of each parameter in a numpydoc docstring, on one line."""
    _, _, listed = (inspect.getdoc(made) or "").partition("Parameters\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in re.split(r"\n\n\S+\n-+\n", listed)[0].splitlines():
        if line[:1].strip():
            names = [name.strip() for name in line.partition(":")[0].split(",")]
        else:
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _default(value: Any) -> Any:
    if isinstance(value, list | dict):
        return field(default_factory=lambda: type(value)(value))
    return field(default=value)


def plugin_of(settings: MatcherConfig) -> Plugin | None:
    """Return the matcher of settings; None for a matcher that needs more than its settings.

    Raises
    ------
    ConfigError
        If there is no such matcher, or its object was not named on the command line.
    """
    if isinstance(settings, MlflowConfig | SimulatedMatcherConfig):
        return None
    if settings.kind != PYTHON:
        return plugin_named(settings.kind)
    reference = getattr(settings, "object", MISSING)
    if reference != allowed_object():
        raise ConfigError(
            f"{OBJECT}={reference} names code that would run. If you trust its package, give it on "
            "the command line; it is never accepted from a plan, a registration or a file."
        )
    return plugin_at(reference)


def takes_pictures(settings: MatcherConfig) -> bool:
    """Return whether a matcher reads pictures, rather than given templates or scores."""
    plugin = plugin_of(settings)
    made = None if plugin is None else load(plugin)
    return not inspect.isclass(made) or hasattr(made, "embed")


def wrong_settings(plugin: Plugin, values: Mapping[str, object]) -> Iterator[str]:
    """Yield a sentence for each value that a matcher does not accept."""
    for setting in settings_of(plugin):
        if setting.name in values and (problem := setting.problem(values[setting.name])):
            yield problem
