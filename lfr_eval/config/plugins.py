"""Matchers by name: those that ship, and those that other packages register by an entry point.

In: a name, or `package.module:Name`. Out: where the object is and, on request, the object.
Nothing is imported earlier. Naming an object runs its code, so the name is accepted only from the
person's own command line (`allow_object`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from lfr_eval.config.missing import ConfigError

GROUP = "lfr_eval.matchers"
"""The entry points of packages that bring matchers."""

OBJECT = "matcher.object"
PYTHON = "python"
RESERVED = (PYTHON, "mlflow", "simulated", "null_matcher")


@dataclass(frozen=True)
class Plugin:
    """Where a matcher is.

    Attributes
    ----------
    name
        By which it is chosen.
    reference
        `package.module:Name`: a class, or a function that returns a matcher.
    distribution
        The installed package that registers it; None of one that ships or was named outright.
    ships
        Whether it is part of this package.
    scaled
        Whether its scores can be given on another scale.
    """

    name: str
    reference: str
    distribution: str | None = None
    ships: bool = False
    scaled: bool = True


def _shipped(name: str, reference: str, scaled: bool = False) -> Plugin:
    return Plugin(name, f"lfr_eval.matchers.{reference}", ships=True, scaled=scaled)


SHIPPED = {
    plugin.name: plugin
    for plugin in (
        _shipped("facenet", "facenet:FacenetMatcher"),
        _shipped("dlib", "dlib:DlibMatcher"),
        _shipped("onnx", "onnx:OnnxMatcher", scaled=True),
        _shipped("http", "http:HttpMatcher"),
        _shipped("null", "null:NullMatcher"),
        _shipped("templates", "templates:TemplateFile", scaled=True),
        _shipped("scores", "scores:ScoreFile"),
        _shipped("alerts", "alerts:AlertLog"),
        _shipped("pairs", "pairs:PairFile"),
    )
}
"""Matchers that need only their settings."""


@cache
def installed() -> dict[str, tuple[Plugin, ...]]:
    """Return the matchers of other packages by name; several if packages use the same name."""
    found: dict[str, tuple[Plugin, ...]] = {}
    for entry in entry_points(group=GROUP):
        package = f"{entry.dist.metadata['Name']} {entry.dist.version}" if entry.dist else None
        plugin = Plugin(entry.name, entry.value.replace(" ", ""), package)
        if plugin not in found.get(entry.name, ()):
            found[entry.name] = (*found.get(entry.name, ()), plugin)
    return found


def plugin_named(name: str) -> Plugin:
    """Return the matcher of a name.

    Raises
    ------
    ConfigError
        If no package, or more than one, has a matcher of this name.
    """
    foreign = installed().get(name, ())
    own = [SHIPPED[name]] if name in SHIPPED else []
    if len(foreign) + len(own) + (name in RESERVED) > 1:
        named = " and ".join(plugin.distribution or plugin.reference for plugin in foreign)
        ours = "lfr_eval and " if own or name in RESERVED else ""
        raise ConfigError(
            f"{ours}{named} each have a matcher '{name}', so the name is ambiguous. Uninstall "
            f"one, or name the object: matcher=python {OBJECT}={foreign[0].reference}"
        )
    if own or foreign:
        return [*own, *foreign][0]
    names = [*SHIPPED, *installed()]
    near = difflib.get_close_matches(name, names, 1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    raise ConfigError(f"There is no matcher '{name}'{hint}. Choose one of {', '.join(names)}.")


def plugin_at(reference: str) -> Plugin:
    """Return the matcher at `package.module:Name`.

    Raises
    ------
    ConfigError
        If the reference does not have this form.
    """
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*", reference):
        raise ConfigError(
            f"{OBJECT} is '{reference}', but it must name a class or function as "
            "package.module:Name."
        )
    return Plugin(PYTHON, reference)


def load(plugin: Plugin) -> Callable[..., Any]:
    """Import a matcher's class, or the function that returns one.

    Raises
    ------
    ConfigError
        If it cannot be imported or is not there.
    """
    module, _, name = plugin.reference.partition(":")
    of = f", which {plugin.distribution} registers," if plugin.distribution else ""
    try:
        found = getattr(import_module(module), name)
    except Exception as error:
        # A package may fail with any error while it is imported.
        raise ConfigError(
            f"The matcher {plugin.reference}{of} cannot be imported ({type(error).__name__}: "
            f"{error}). Install its package into this environment ({_environment()}), or add its "
            "folder to PYTHONPATH."
        ) from error
    if not callable(found):
        raise ConfigError(
            f"The matcher {plugin.reference}{of} is neither a class nor a function. Name one of "
            "these."
        )
    made: Callable[..., Any] = found
    return made


def _environment() -> str:
    import sys

    return sys.prefix


class _Allowed:
    """The object that was named on the command line, if any."""

    reference: str | None = None


def allow_object(words: Sequence[str]) -> None:
    """Remember the object that the command line names, in place of any earlier one.

    Parameters
    ----------
    words
        What the person typed, without what a plan or a file adds.
    """
    given = dict(word.lstrip("+").partition("=")[::2] for word in words)
    _Allowed.reference = given.get(OBJECT, "").strip("'\"") or None


def allowed_object() -> str | None:
    """Return the object that was named on the command line, if any."""
    return _Allowed.reference
