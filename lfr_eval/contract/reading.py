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
LONGEST_YAML = 2 * 2**20
"""Characters of a YAML text: people write it, and its reader is slow."""
MOST = 100_000
"""Values of a YAML file, those counted again that an alias repeats."""


BEGINS = 4096
"""Bytes by which the kind of a file is told."""

SHOWN_OF_LINE = 60
"""Characters of a line in a message."""

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


def why_no_utf8(content: bytes, show: bool = True) -> str:
    r"""Return which line of a text is not UTF-8 and what to do about it; '' if it is.

    Parameters
    ----------
    show
        Whether the line itself is quoted.

    Examples
    --------
    >>> why_no_utf8("id;group\n1;M\u00e9tis".encode("latin-1"))
    "row 2 ('1;M�tis') is not UTF-8 text. Save the file as UTF-8; in Excel, as 'CSV UTF-8'"
    """
    try:
        content.decode()
    except UnicodeDecodeError as error:
        begins = content.rfind(b"\n", 0, error.start) + 1
        line = content[begins:].split(b"\n", 1)[0].strip().decode(errors="replace")
        row, quoted = content.count(b"\n", 0, begins) + 1, f" ('{line[:SHOWN_OF_LINE]}')" * show
        return (
            f"row {row:,}{quoted} is not UTF-8 text. Save the file as UTF-8; in Excel, as 'CSV "
            "UTF-8'"
        )
    return ""


def wide_encoding(content: bytes) -> str | None:
    """Return `UTF-16` or `UTF-32` where a text is in one of these; None otherwise.

    That is by the mark at its beginning, or by the zero bytes of its Latin letters.

    Examples
    --------
    >>> [wide_encoding("id,x".encode(name)) for name in ("utf-8", "utf-16-le", "utf-32")]
    [None, 'UTF-16', 'UTF-32']
    """
    begins = content[:BEGINS]
    if begins.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "UTF-32"
    if begins.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    zeros = begins.count(b"\0") / max(1, len(begins))
    return "UTF-32" if zeros > 0.6 else "UTF-16" if zeros > 0.2 else None


_PACKED = {
    b"\x1f\x8b": "compressed (gzip)",
    b"BZh": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
    b"7z\xbc\xaf": "a 7z archive",
}
"""What else a table is sent as, by the first bytes."""


def why_no_table(begins: bytes) -> tuple[str, str] | None:
    r"""Return why a file is not a table in UTF-8, and what to do; None where it may be.

    Parameters
    ----------
    begins
        Its first bytes, some thousands.

    Examples
    --------
    >>> why_no_table(b"\x1f\x8b\x08\x00"), why_no_table(b"a,b")
    (('the file is compressed (gzip)', 'Unpack it.'), None)
    """
    packed = next((kind for mark, kind in _PACKED.items() if begins.startswith(mark)), None)
    if packed is not None:
        return f"the file is {packed}", "Unpack it."
    if begins.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return (
            "the file is a workbook or an archive, not CSV",
            "Rename an Excel workbook to end in .xlsx, save an old .xls as 'CSV UTF-8', or unpack "
            "the archive.",
        )
    wide = wide_encoding(begins)
    return None if wide is None else (f"the file is {wide}", "Save it as 'CSV UTF-8'.")


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
        _check_characters(json.dumps(value, ensure_ascii=False))
    return value


def _check_characters(text: str) -> None:
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
            _check_characters(json.dumps(value, ensure_ascii=False, default=str, skipkeys=True))
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
