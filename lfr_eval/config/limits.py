"""Help and limits of settings: a docstring holds the help, an annotation the limits.

In: a schema, or a filled one. Out: the help of each field, and a sentence for each value outside
its limits. A limit stands beside the field: `tile: Annotated[int, Range(least=1)] = 4_096`.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from lfr_eval.config.missing import ConfigError

MOST_PEOPLE = 100_000_000
"""Most people or faces of any list. A larger number is refused as a mistake."""

MOST_ENTRIES = 2_000
"""Most entries of a list or mapping: a sweep of a whole scale in steps of a thousandth, twice."""


class OneOf:
    """One of several words. In a list, this applies to every entry."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __str__(self) -> str:
        *before, last = self.choices
        return f"{', '.join(before)} or {last}" if before else last

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value; None if nothing is."""
        if value in self.choices:
            return None
        near = difflib.get_close_matches(str(value), self.choices, 1)
        return f"must be {self}" + (f"; did you mean '{near[0]}'?" if near else "")


class Range:
    """A number in a range. In a list or mapping, this applies to every value."""

    def __init__(
        self,
        *,
        above: float = -math.inf,
        least: float = -math.inf,
        below: float = math.inf,
        most: float = math.inf,
    ) -> None:
        self.above, self.least, self.below, self.most = above, least, below, most

    def __str__(self) -> str:
        ends = (
            ("above", self.above),
            ("at least", self.least),
            ("below", self.below),
            ("at most", self.most),
        )
        return " and ".join(
            f"{word} {int(end) if end == int(end) else end:,}"
            for word, end in ends
            if math.isfinite(end)
        )

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value; None if nothing is."""
        if not isinstance(value, int | float):
            return f"must be a number {self}"
        inside = self.above < value < self.below and self.least <= value <= self.most
        return None if inside else f"must be {self}"


class Written:
    """A text of a given form. In a list, this applies to every entry."""

    def __init__(self, form: str, words: str) -> None:
        self.form, self.words = form, words

    def __str__(self) -> str:
        return self.words

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value; None if nothing is."""
        return None if re.fullmatch(self.form, str(value)) else f"must be {self.words}"


class Filled:
    """A list or mapping that is not empty."""

    def __str__(self) -> str:
        return "at least one"


FILLED = Filled()
Limit = OneOf | Range | Written | Filled


@cache
def hints_of(schema: type) -> Mapping[str, Any]:
    """Return the type of each field of a schema, with its limits."""
    return get_type_hints(schema, include_extras=True)


def limits_of(schema: type, name: str) -> tuple[Limit, ...]:
    """Return the limits of a field."""
    return tuple(_limits(hints_of(schema)[name]))


def _limits(hint: Any) -> Iterator[Limit]:
    if get_origin(hint) is Annotated:
        yield from (one for one in hint.__metadata__ if isinstance(one, Limit))
    for inner in get_args(hint):
        yield from _limits(inner)


@cache
def meanings_of(schema: type) -> Mapping[str, str]:
    """Return what each field of a schema means: the docstring below it, on one line."""
    found: dict[str, str] = {}
    for kind in reversed(schema.__mro__):
        if is_dataclass(kind):
            given = kind.__dict__.get("__meanings__")
            found |= _below_fields(kind) if given is None else given
    return found


def _below_fields(schema: type) -> dict[str, str]:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(schema))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for entry, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(entry, ast.AnnAssign)
            and isinstance(entry.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[entry.target.id] = " ".join(str(below.value.value).split())
    return found


def type_of(schema: type, name: str) -> str:
    """Return the type of a field and its limits, as help prints them."""
    limits = "; ".join(str(limit) for limit in limits_of(schema, name))
    plain = _plain(get_type_hints(schema)[name])
    return f"{plain}: {limits}" if limits else plain


def _plain(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join("null" if one is NoneType else _plain(one) for one in get_args(hint))
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def problems_of(config: Any, before: str = "") -> Iterator[str]:
    """Yield what is wrong with the values of a filled schema, each with its dotted name."""
    for field in fields(config):
        key, value = f"{before}{field.name}", getattr(config, field.name)
        if is_dataclass(value):
            yield from problems_of(value, f"{key}.")
        elif value is not None:
            yield from _problems(key, value, limits_of(type(config), field.name))


def _problems(key: str, value: object, limits: tuple[Limit, ...]) -> Iterator[str]:
    several: list[tuple[str, object]] = [(key, value)]
    if isinstance(value, list | tuple):
        several = [(key, one) for one in value]
    elif isinstance(value, Mapping):
        several = [(f"{key}.{name}", one) for name, one in value.items()]
    if len(several) > MOST_ENTRIES:
        yield f"{key} has {len(several):,} entries; give at most {MOST_ENTRIES:,}"
        return
    if not several and FILLED in limits:
        yield f"{key} must have at least one entry"
    for where, one in several:
        said = [limit.problem(one) for limit in limits if not isinstance(limit, Filled)]
        if isinstance(one, float) and not math.isfinite(one):
            said.append("must be a finite number")
        first = next((problem for problem in said if problem), None)
        if first:
            yield f"{where} {first} (got {one!r})"


def check(config: Any, what: str) -> None:
    """Refuse a filled schema with values outside their limits.

    Raises
    ------
    ConfigError
        Naming every such value.
    """
    problems = list(problems_of(config))
    if problems:
        raise ConfigError(f"{what}: " + "; ".join(problems) + ".")
