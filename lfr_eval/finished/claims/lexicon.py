"""How lists of words become patterns."""

from __future__ import annotations

import re


def any_of(words: str, **parts: str) -> str:
    r"""Return the pattern of any of these words, one group of them on each line.

    Parameters
    ----------
    words
        Patterns; `|` and line breaks part them, and a line that begins with `...` continues the
        one before.
    **parts
        What stands for `<part>`.

    Examples
    --------
    >>> any_of("one|two\nthr\n...ee")
    '(?:one|two|three)'
    """
    lines: list[str] = []
    for line in words.strip().splitlines():
        text = line.strip()
        if text.startswith("..."):
            lines[-1] += line.lstrip().removeprefix("...")
        else:
            lines.append(line.lstrip())
    joined = "|".join(lines)
    for name, part in parts.items():
        joined = joined.replace(f"<{name}>", part)
    return f"(?:{joined})"


def word(words: str, **parts: str) -> re.Pattern[str]:
    """Return the compiled pattern of any of these as whole words."""
    return re.compile(rf"\b{any_of(words, **parts)}(?!\w)")
