"""YAML from elsewhere: plain data out, read as it is written, or one sentence on why not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lfr_eval.contract.encodings import SHOWN_OF_LINE
from lfr_eval.contract.reading import (
    DEEPEST,
    TOO_LARGE,
    ReadingError,
    check_characters,
    check_numbers,
    read_text,
)

LONGEST_YAML = 2 * 2**20
"""Characters of a YAML text: people write it, and its reader is slow."""
MOST = 100_000
"""Values of a YAML file, those counted again that an alias repeats."""


def yaml_value(text: str, most: int = MOST) -> Any:
    """Return what a YAML text says: mappings, lists, texts, numbers, days.

    Parameters
    ----------
    most
        How many values it may hold.

    Raises
    ------
    ReadingError
        If it is not YAML, has a tag, gives a key twice, holds half a character, is too deep or too
        large, or has a value that YAML takes for another one (1:30 for 90, no for false).
    """
    import yaml

    if len(text) > LONGEST_YAML:
        raise ReadingError(f"It has {len(text):,} characters. Keep at most {LONGEST_YAML:,}.")
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        _check_events(yaml.parse(text, Loader=loader), most)
        node = yaml.compose(text, Loader=loader)
        if node is not None:
            _check_nodes(node)
        value = yaml.load(text, Loader=loader)
        check_numbers(value)
        if "\\" in text:
            check_characters(json.dumps(value, ensure_ascii=False, default=str, skipkeys=True))
        return value
    except RecursionError:
        raise ReadingError(f"It is nested deeper than {DEEPEST} levels.") from None
    except ReadingError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        too_large = "set_int_max_str_digits" in str(error)
        raise ReadingError(TOO_LARGE if too_large else _why_no_yaml(text, error)) from error


def _why_no_yaml(text: str, error: Exception) -> str:
    """Say which line is not YAML, and how to write it where it is a text in a list."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"It is not YAML: {error}"
    opened = getattr(error, "context_mark", None)
    # What is never closed is noticed far below the line that opens it.
    if opened is not None and re.search("flow|quoted", str(getattr(error, "context", ""))):
        mark = opened
    line = "".join(text.splitlines()[mark.line : mark.line + 1]).strip()
    said = f"Line {mark.line + 1} is not YAML ({getattr(error, 'problem', '')}): {line[:100]}"
    if line.startswith("- ") and line[2:3] not in ("'", '"'):
        # An override such as matcher.columns={a: b} is one text, and its braces are no mapping.
        said += f"\nPut the text in quotes: - '{line[2:].replace(chr(39), chr(39) * 2)}'"
    return said


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says.

    Raises
    ------
    ReadingError
        If it cannot be read; the message names the file.
    """
    text = read_text(path)
    try:
        return yaml_value(text)
    except ReadingError as error:
        raise ReadingError(f"{path} cannot be read. {error}") from error


def _check_events(events: Iterator[Any], most: int) -> None:
    """Refuse tags, nesting, and aliases that make a small file a large one.

    Events come one at a time; building the values first would be too late.
    """
    import yaml

    sizes: dict[str, int] = {}
    above: list[tuple[str | None, int]] = [(None, 0)]
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = above.pop()
            above[-1] = (above[-1][0], above[-1][1] + size)
            if anchor is not None:
                sizes[anchor] = size
        elif isinstance(event, yaml.NodeEvent):
            tag = getattr(event, "tag", None)
            if tag is not None:
                raise ReadingError(f"It has the tag {tag}; write plain values.")
            if isinstance(event, yaml.CollectionStartEvent):
                above.append((event.anchor, 1))
            else:
                size = 1
                if isinstance(event, yaml.AliasEvent):
                    if event.anchor not in sizes:
                        raise ReadingError(f"Its alias *{event.anchor} is part of itself.")
                    size = sizes[event.anchor]
                elif event.anchor is not None:
                    sizes[event.anchor] = 1
                above[-1] = (above[-1][0], above[-1][1] + size)
        if len(above) > DEEPEST:
            raise ReadingError(f"It is nested deeper than {DEEPEST} levels.")
        if above[-1][1] > most:
            raise ReadingError(f"It holds more than {most:,} values.")


def _check_day(node: Any, read: Any) -> None:
    """Refuse a day that does not exist, such as 2025-02-30."""
    try:
        read.construct_object(node)
    except ValueError as error:
        raise ReadingError(
            f"In line {node.start_mark.line + 1}, {node.value} is not a day: {error}."
        ) from None


_AS_WRITTEN = {
    "int": re.compile(r"[-+]?(0|[1-9]\d*)"),
    "float": re.compile(r"[^:_]*"),
    "bool": re.compile(r"true|false", re.I),
}
"""What YAML 1.1 reads as it is written; 1:30, 017, 1_000 and `no` are not."""


def _check_nodes(node: Any) -> None:
    """Refuse a key that is given twice, and a value that YAML takes for another one.

    YAML takes the last of two values and says nothing.
    """
    import yaml

    waiting, seen = [node], set()
    read = yaml.constructor.SafeConstructor()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, yaml.ScalarNode):
            if one.tag.endswith(":timestamp"):
                _check_day(one, read)
            form = _AS_WRITTEN.get(one.tag.rpartition(":")[2])
            if form is not None and form.fullmatch(one.value) is None:
                raise ReadingError(
                    f"In line {one.start_mark.line + 1}, YAML reads {one.value[:SHOWN_OF_LINE]} as "
                    f"{str(read.construct_object(one)).lower()[:SHOWN_OF_LINE]}. Write what you "
                    "mean: a text in quotes, a number in digits, true or false."
                )
        elif isinstance(one, yaml.SequenceNode):
            waiting += one.value
        elif isinstance(one, yaml.MappingNode):
            keys = [key for key, _ in one.value if isinstance(key, yaml.ScalarNode)]
            waiting += keys
            keys = [key for key in keys if key.value != "<<"]
            # `yes` and `true`, or 1 and 0x1, are one key; 1 and '1' are to JSON.
            for said in (read.construct_object(key) for key in keys), (key.value for key in keys):
                twice = [key for key, n in Counter(said).items() if n > 1]
                if twice:
                    raise ReadingError(f"'{twice[0]}' is given twice.")
            waiting += [value for _, value in one.value]
