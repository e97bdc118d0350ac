"""Check that each value of a configuration has its field's type (dataclass in, sentences out).

OmegaConf checks single values, but accepts anything inside a list.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

_WORDS = {str: "text", int: "whole number", float: "number"}


def wrong_types(config: object, before: str = "") -> Iterator[str]:
    """Yield a sentence for each setting whose value has the wrong type.

    Parameters
    ----------
    config
        A dataclass with its parts.
    before
        Dotted key of it, with a dot at the end.
    """
    hints = get_type_hints(type(config))
    for entry in fields(config):  # type: ignore[arg-type]
        key, value = f"{before}{entry.name}", getattr(config, entry.name)
        if is_dataclass(value):
            yield from wrong_types(value, f"{key}.")
        elif not _fits(hints[entry.name], value):
            yield f"{key} must be {_words(hints[entry.name])}; got {str(value)[:60]}"


def _fits(kind: Any, value: object) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(one, value) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(_fits(inner[0], one) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            _fits(inner[0], name) and _fits(inner[1], one) for name, one in value.items()
        )
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _words(kind: Any, many: bool = False) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(one, many) for one in inner if one is not types.NoneType)
    if origin in (list, dict):
        of = " to ".join(_words(one, True) for one in inner)
        name = "list" if origin is list else "mapping"
        return f"{name}s of {of}" if many else f"a {name} of {of}"
    if kind is bool:
        return "true or false"
    word = _WORDS.get(kind, kind.__name__ if isinstance(kind, type) else str(kind))
    return f"{word}s" if many else word if kind is str else f"a {word}"
