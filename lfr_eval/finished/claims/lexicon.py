"""Families of words, read from `words.toml`, as patterns."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_READ = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def families(table: str) -> dict[str, str]:
    """Return the families of a table of `words.toml`, each as one pattern.

    Examples
    --------
    >>> families("units")["images"]
    '(?:reference images)'
    """
    return {name: f"(?:{''.join(words.splitlines())})" for name, words in _READ[table].items()}


def word(pattern: str) -> re.Pattern[str]:
    """Return a pattern that matches whole words only."""
    return re.compile(rf"\b{pattern}(?!\w)")


PHRASES = families("phrases")
