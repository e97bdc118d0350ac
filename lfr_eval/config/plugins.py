"""Matchers by name: those that ship, and those that other packages register by an entry point.

In: a name, or `package.module:Name`. Out: where the object is and, when asked for, the object.
Nothing is imported before. An object that is named outright is code that is run, so it is taken
from the person's own command line (`allow_object`) and from nowhere else.
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
        Whether its scores can be told on another scale.
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
"""Matchers that are made of settings alone."""


@cache
def installed() -> dict[str, tuple[Plugin, ...]]:
    """Return the matchers of other packages by name; more than one where packages disagree."""
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
        If there is none, or several packages have one.
    """
    foreign = installed().get(name, ())
    own = [SHIPPED[name]] if name in SHIPPED else []
    if len(foreign) + len(own) + (name in RESERVED) > 1:
        named = " and ".join(plugin.distribution or plugin.reference for plugin in foreign)
        ours = "lfr_eval and " if own or name in RESERVED else ""
        raise ConfigError(
            f"{ours}{named} both have a matcher '{name}', so it is not known which is meant. "
            f"Uninstall one, or name the object: matcher=python {OBJECT}={foreign[0].reference}"
        )
    if own or foreign:
        return [*own, *foreign][0]
    names = [*SHIPPED, *installed()]
    near = difflib.get_close_matches(name, names, 1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    raise ConfigError(f"There is no matcher '{name}'{hint}; there are {', '.join(names)}.")


def plugin_at(reference: str) -> Plugin:
    """Return the matcher that is an object of a package: `package.module:Name`.

    Raises
    ------
    ConfigError
        If that is not how an object is named.
    """
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*", reference):
        raise ConfigError(
            f"{OBJECT} is '{reference}'; name one class or function of a package as "
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
        raise ConfigError(f"The matcher {plugin.reference}{of} is neither a class nor a function.")
    made: Callable[..., Any] = found
    return made


def _environment() -> str:
    import sys

    return sys.prefix


class _Allowed:
    """The object that the person named on the command line; None where nobody did."""

    reference: str | None = None


def allow_object(words: Sequence[str]) -> None:
    """Take note of the object that a person's own overrides name; forget the one before.

    Parameters
    ----------
    words
        What the person typed, without what a plan or a file adds.
    """
    given = dict(word.lstrip("+").partition("=")[::2] for word in words)
    _Allowed.reference = given.get(OBJECT, "").strip("'\"") or None


def allowed_object() -> str | None:
    """Return the object that the person named on the command line, if one was named."""
    return _Allowed.reference
