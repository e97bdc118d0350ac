"""Registration: from what YAML holds to a frozen dataclass, every problem found at once."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from typing import Any


def build(kind: Any, content: object, where: str, problems: list[str]) -> Any:
    """Return `content` as `kind`, adding to `problems` whatever does not fit."""
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, content, where, problems)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if content is None:
            return None
        (kind,) = (option for option in arguments if option is not types.NoneType)
        return build(kind, content, where, problems)
    if origin is tuple and isinstance(content, list):
        return tuple(
            build(arguments[0], value, f"{where}[{place}]", problems)
            for place, value in enumerate(content)
        )
    if origin is Mapping and isinstance(content, dict):
        return _texts(content, where, problems)
    if kind is str and isinstance(content, str):
        if not content.strip():
            problems.append(f"{where} is empty")
        return content
    if kind is float and isinstance(content, int | float) and not isinstance(content, bool):
        return float(content)
    if kind is int and type(content) is int:
        return content
    name = _NAMES.get(origin) or _NAMES.get(kind, str(kind))
    problems.append(f"{where} must be {name}, not {content!r}")
    return None


def _texts(content: dict[Any, Any], where: str, problems: list[str]) -> dict[str, str]:
    """Return names and values; YAML reads yes as true, 010 as 8 and 1.50 as 1.5."""
    problems += [
        f"{_at(where, str(key))} reads as {one!r}, which is not text; write it in quotes"
        for key, value in content.items()
        for one in (key, value)
        if not isinstance(one, str)
    ]
    return {str(key): str(value) for key, value in content.items()}


_NAMES: dict[Any, str] = {
    tuple: "a list",
    Mapping: "a list of name: value",
    str: "text (in quotes, if it looks like a number)",
    float: "a number",
    int: "a whole number",
}


def _build_dataclass(kind: Any, content: object, where: str, problems: list[str]) -> Any:
    if not isinstance(content, dict):
        problems.append(f"{where or 'the file'} must be a list of name: value")
        return None
    hints = typing.get_type_hints(kind)
    known = [each.name for each in dataclasses.fields(kind)]
    for name in content:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            hint = f"; do you mean {near[0]}?" if near else f" (there are {', '.join(known)})"
            problems.append(f"{_at(where, str(name))} is unknown{hint}")
    values: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        place = _at(where, each.name)
        if each.name in content:
            values[each.name] = build(hints[each.name], content[each.name], place, problems)
        elif each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            problems.append(f"{place} is missing")
            values[each.name] = None
    return kind(**values)


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
