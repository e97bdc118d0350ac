"""What pydantic finds wrong with a file of ours, in sentences that name field, value and remedy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

SHOWN = 60
"""Characters of a wrong value that an error quotes."""

_KINDS = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "too_short": "a list that is not empty",
    "mapping_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
}


def problems_of(error: ValidationError) -> str:
    """Return every problem of a record: field, what it must be, and the value that it has."""
    return "; ".join(each_problem(error))


def each_problem(error: ValidationError, fields: Sequence[str] = ()) -> Iterator[str]:
    """Yield the problems one by one.

    Parameters
    ----------
    fields
        Of a file that a person wrote in YAML, the names of its fields: an unknown one may have
        meant one of them.
    """
    for each in error.errors():
        said = _problem(each["type"], each["loc"], each)
        near = difflib.get_close_matches(str(each["loc"][-1]), fields, 1) if each["loc"] else []
        if near and each["type"] == "extra_forbidden":
            said += f"; did you mean {near[0]}?"
        if fields and each["type"] == "string_type":
            said += "; write it in quotes"
        yield said.replace("an object", "lines of NAME: VALUE") if fields else said


def _problem(kind: str, place: Sequence[str | int], error: Mapping[str, Any]) -> str:
    if kind == "json_invalid":
        return f"it is not valid JSON ({error['ctx']['error']})"
    if not place:
        return "the file must hold an object"
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    field = f"field '{name.removeprefix('.')}'"
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"{field} is unknown"
    if kind == "string_pattern_mismatch":
        return f"{field} is empty"
    value = json.dumps(error["input"], default=str)[:SHOWN]
    if kind == "value_error":
        return f"{field} must be a date and time such as 2026-05-10T09:00:00+00:00, not {value}"
    return f"{field} must be {_KINDS.get(kind, error['msg'])}, not {value}"
