"""What commands print: names and texts of other people's files never steer the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lfr_eval.contract.spelling import STEERING

_BOLD = re.compile("(\x1b\\[[01]m)")
"""What rules the heads of our own tables."""


def steerless(text: str) -> str:
    r"""Return a text with the characters that steer a terminal written out.

    Examples
    --------
    >>> steerless("a\x1b[2Jb\n")
    'a\\x1b[2Jb\n'
    """
    parts = _BOLD.split(text)
    # A carriage return alone would have the rest of a line written over its beginning.
    parts[::2] = [STEERING.sub(_shown, part.replace("\r\n", "\n")) for part in parts[::2]]
    return "".join(parts)


def _shown(sign: re.Match[str]) -> str:
    return sign[0] if sign[0] in "\n\t" else ascii(sign[0])[1:-1]


class _Plain:
    """A stream whose texts do not steer the terminal; all else is the stream's.

    Attributes
    ----------
    steered
        The stream itself, for what steers the terminal on purpose.
    """

    def __init__(self, stream: Any) -> None:
        self.steered = stream

    def write(self, text: str) -> int:
        self.steered.write(steerless(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.steered, name)


@contextmanager
def plain_output() -> Iterator[None]:
    """Write out, while this holds, what would steer the terminal in what is printed."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_Plain, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
