"""Stage tracking: words of a study in, distinct names that MLflow accepts out.

MLflow accepts at most 250 letters, digits and `_ - . / : space`, and no two names that are the same
path. Two groups never share a name: where a character had to be removed, a few digits of a hash of
the whole word are added.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 70
DIGITS = 8


def part(word: str) -> str:
    """Return one part of a name: a metric, a factor, a group, or a key of a setting.

    Examples
    --------
    >>> part("East Asian"), part("女性"), part("http://x")
    ('East Asian', '女性', 'http___x-4105bc77')
    """
    word = unicodedata.normalize("NFC", word)
    plain = re.sub(r"[^\w\-. ]", "_", word)
    if plain == word and len(word) <= LONGEST and plain.strip(" .") == plain and plain:
        return plain
    told_apart = hashlib.sha256(word.encode()).hexdigest()[:DIGITS]
    return f"{plain[:LONGEST].strip(' .')}-{told_apart}"


def name(*words: str) -> str:
    """Return a name of several parts."""
    return "/".join(part(word) for word in words)
