"""The type of every setting of a study, whatever is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_origin, get_type_hints

from lfr_eval.config.datasets import DatasetConfig
from lfr_eval.config.matchers import MatcherConfig
from lfr_eval.config.plugins import SHIPPED
from lfr_eval.config.signatures import schema_of
from lfr_eval.config.study import StudyConfig


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
