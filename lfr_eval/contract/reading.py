"""Files that came from elsewhere: a text in, plain data out, or one sentence on why not.

Nothing here runs code or reads the environment. A pipe or a device is not waited for, and neither
deep nesting nor entries that multiply one another use up the memory.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lfr_eval.contract.errors import MendableError

DEEPEST = 50
"""Levels of nesting; a file of ours has fewer than ten."""
LONGEST = 64 * 2**20
"""Bytes of a JSON or YAML file."""
MOST = 1_000_000
"""Values of a YAML file, those counted again that an alias repeats."""


class ReadingError(MendableError, ValueError):
    """A file cannot be read as what it should be; the message says why."""


def regular_file(path: Path) -> int:
    """Return a descriptor of a regular file that is open for reading.

    Raises
    ------
    ReadingError
        If it is missing, closed to this user, or a folder, pipe, socket or device.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ReadingError(f"{path} cannot be read: {why}.") from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise ReadingError(f"{path} is not a regular file.")
    return opened


def read_text(path: Path) -> str:
    """Return the text of a regular file in UTF-8.

    Raises
    ------
    ReadingError
        If it is none, is longer than `LONGEST`, or is not UTF-8.
    """
    with os.fdopen(regular_file(path), "rb") as stream:
        try:
            content = stream.read(LONGEST + 1)
        except OSError as error:
            raise ReadingError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LONGEST:
        raise ReadingError(f"{path} is longer than {LONGEST:,} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingError(
            f"{path} is not UTF-8 text (byte {error.start + 1:,}). Save it as UTF-8; in Excel, as "
            "'CSV UTF-8'."
        ) from error


def json_value(text: str | bytes) -> Any:
    """Return what a JSON text says.

    Raises
    ------
    ReadingError
        If it is not JSON, is nested deeper than `DEEPEST`, or holds half a character.
    """
    try:
        characters = text if isinstance(text, str) else text.decode("utf-8-sig")
        value = json.loads(characters)
    except RecursionError:
        raise ReadingError(f"It is nested deeper than {DEEPEST} levels.") from None
    except ValueError as error:
        raise ReadingError(f"It is not JSON: {error}") from error
    # A text with fewer brackets than levels cannot be too deep: most are not walked.
    if characters.count("[") + characters.count("{") > DEEPEST:
        _check_depth(value)
    if "\\u" in characters and "\\ud" in characters.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ReadingError("It holds half a character (a lone surrogate).") from error
    return value


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [below for one in level for below in _below(one)]
        if not level:
            return
    raise ReadingError(f"It is nested deeper than {DEEPEST} levels.")


def _below(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def yaml_value(text: str) -> Any:
    """Return what a YAML text says: mappings, lists, texts, numbers, days.

    Raises
    ------
    ReadingError
        If it is not YAML, has a tag, gives a key twice, or is too deep or too large.
    """
    import yaml

    try:
        _check_events(yaml.parse(text, Loader=yaml.SafeLoader))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            _check_keys(node)
        return yaml.safe_load(text)
    except RecursionError:
        raise ReadingError(f"It is nested deeper than {DEEPEST} levels.") from None
    except ReadingError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        raise ReadingError(f"It is not YAML: {error}") from error


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


def _check_events(events: Iterator[Any]) -> None:
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
        if above[-1][1] > MOST:
            raise ReadingError(f"It holds more than {MOST:,} values.")


def _check_keys(node: Any) -> None:
    """Refuse a key that is given twice: YAML takes the last one and says nothing."""
    import yaml

    waiting, seen = [node], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, yaml.SequenceNode):
            waiting += one.value
        elif isinstance(one, yaml.MappingNode):
            keys = [key.value for key, _ in one.value if isinstance(key, yaml.ScalarNode)]
            twice = sorted(key for key, n in Counter(keys).items() if n > 1 and key != "<<")
            if twice:
                raise ReadingError(f"'{twice[0]}' is given twice.")
            waiting += [value for _, value in one.value]


def names_separator(line: str) -> bool:
    """Whether a line of a CSV file only names the separator for Excel, such as `sep=;`."""
    return re.fullmatch(r'"?sep=.?"?', line.strip().casefold()) is not None
