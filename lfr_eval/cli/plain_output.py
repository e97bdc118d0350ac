"""What commands print: names and texts of other people's files never steer the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_STEERING = (*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Control characters of terminals, and those that turn a text round (Unicode, Bidi_Control)."""

_BOLD = re.compile("(\x1b\\[[01]m)")
"""What rules the heads of our own tables."""
_SHOWN = {sign: ascii(chr(sign))[1:-1] for sign in _STEERING if chr(sign) not in "\n\t\r"}


def steerless(text: str) -> str:
    r"""Return a text with the characters that steer a terminal written out.

    Examples
    --------
    >>> steerless("a\x1b[2Jb\n")
    'a\\x1b[2Jb\n'
    """
    parts = _BOLD.split(text)
    parts[::2] = [part.translate(_SHOWN) for part in parts[::2]]
    return "".join(parts)


class _Plain:
    """A stream whose texts do not steer the terminal; all else is the stream's."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(steerless(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def plain_output() -> Iterator[None]:
    """Write out, while this holds, what would steer the terminal in what is printed."""
    before = sys.stdout
    sys.stdout = _Plain(before)
    try:
        yield
    finally:
        sys.stdout = before
