"""Contract: command lines as they are printed (words in, what a shell takes as it stands out)."""

from __future__ import annotations

import shlex
from pathlib import Path


def command(*words: object) -> str:
    """Return `lfr-eval` and its words, quoted for a shell where that is needed.

    Examples
    --------
    >>> command("verify", "my studies/a")
    "lfr-eval verify 'my studies/a'"
    """
    return " ".join(("lfr-eval", *(shell_word(str(word)) for word in words)))


def shell_word(word: str) -> str:
    """Return a word, quoted for a shell if it must be; doubly where it holds single quotes."""
    plain = shlex.quote(word)
    return f'"{word}"' if "'" in word and not set('"$`\\!') & set(word) else plain


def override(setting: str, place: Path) -> str:
    """Return what sets a setting to a path, as Hydra takes it; the shell's quotes come later."""
    text = str(place)
    if all(mark.isascii() and (mark.isalnum() or mark in "/._-") for mark in text):
        return f"{setting}={text}"
    return f"{setting}='" + text.replace("'", "\\'") + "'"
