"""What pydantic finds wrong with a file of ours, in sentences that name field, value and remedy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    return "; ".join(_problem(each["type"], each["loc"], each) for each in error.errors())


def _problem(kind: str, place: Sequence[str | int], error: Mapping[str, Any]) -> str:
    if kind == "json_invalid":
        return f"it is not valid JSON ({error['ctx']['error']})"
    if not place:
        return "the file must hold an object"
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    field = f"field '{name.removeprefix('.')}'"
    if kind == "missing":
        return f"{field} is missing"
    value = json.dumps(error["input"], default=str)[:SHOWN]
    if kind == "value_error":
        return f"{field} must be a date and time such as 2026-05-10T09:00:00+00:00, not {value}"
    return f"{field} must be {_KINDS.get(kind, error['msg'])}, not {value}"
