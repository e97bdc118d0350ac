"""Files that came from elsewhere: a text in, plain data out, or one sentence on why not.

Nothing here runs code or reads the environment. A pipe or a device is not waited for, and neither
deep nesting nor entries that multiply one another use up the memory.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lfr_eval.contract.encodings import why_no_utf8, wide_encoding
from lfr_eval.contract.errors import MendableError

DEEPEST = 50
"""Levels of nesting; a file of ours has fewer than ten."""
LONGEST = 64 * 2**20
"""Bytes of a JSON or YAML file."""
LARGEST = 2**64 - 1
"""Largest whole number of a file or command, up or down. Longer ones cannot be computed with."""


class ValueUnreadable(ValueError):
    """A cell does not hold what its column holds; the message says what would."""


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


def why_no_file(path: Path) -> str:
    """Return why a path is not a file that can be read: the verb phrase that follows its name."""
    if path.is_dir():
        return "is a folder"
    return "is not a regular file" if path.exists() else "does not exist"


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
    wide = wide_encoding(content)
    if wide is not None:
        raise ReadingError(f"{path} is {wide}. Save it as UTF-8; in Excel, as 'CSV UTF-8'.")
    why = why_no_utf8(content, show=False)
    if why:
        raise ReadingError(f"{path}: {why}.")
    return content.decode("utf-8-sig")


def json_value(text: str | bytes) -> Any:
    """Return what a JSON text says.

    Raises
    ------
    ReadingError
        If it is not JSON, gives a key twice, is nested deeper than `DEEPEST`, or holds half a
        character.
    """
    try:
        characters = text if isinstance(text, str) else text.decode("utf-8-sig")
        value = json.loads(characters, parse_int=_whole, object_pairs_hook=_once)
    except RecursionError:
        raise ReadingError(f"It is nested deeper than {DEEPEST} levels.") from None
    except ReadingError:
        raise
    except ValueError as error:
        raise ReadingError(f"It is not JSON: {error}") from error
    # A text with fewer brackets than levels cannot be too deep: most are not walked.
    if characters.count("[") + characters.count("{") > DEEPEST:
        _check_depth(value)
    if "\\u" in characters and "\\ud" in characters.lower():
        check_characters(json.dumps(value, ensure_ascii=False))
    return value


def check_characters(text: str) -> None:
    """Refuse a text with half a character.

    Raises
    ------
    ReadingError
        If it cannot be written in UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ReadingError("It holds half a character (a lone surrogate). Delete it.") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises
    ------
    ReadingError
        If the file cannot be read or holds something else; the message names it.
    """
    text = read_text(path)
    try:
        value = json_value(text)
    except ReadingError as error:
        raise ReadingError(f"{path} cannot be read. {error}") from error
    if not isinstance(value, dict):
        raise ReadingError(f"{path} cannot be read. It is not a JSON object.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; Python itself takes the last of two values and says nothing."""
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ReadingError(f"'{twice}' is given twice.")
    return value


def _whole(digits: str) -> int:
    # Python itself refuses to read more than 4,300 digits.
    number = int(digits[:30])
    check_numbers(number)
    return number


TOO_LARGE = f"It holds a whole number above {LARGEST:,}."


def check_numbers(value: object) -> None:
    """Refuse whole numbers above `LARGEST` in what a file or a command says.

    Raises
    ------
    ReadingError
        If there is one.
    """
    waiting, seen = [value], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, int):
            if abs(one) > LARGEST:
                raise ReadingError(TOO_LARGE)
        elif isinstance(one, dict | list) and id(one) not in seen:  # An alias repeats its value.
            seen.add(id(one))
            waiting += [*one.keys(), *one.values()] if isinstance(one, dict) else one


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
