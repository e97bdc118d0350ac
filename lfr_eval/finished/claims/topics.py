"""What else a sentence speaks of: the study itself, causes, the future, other places, the law.

In: a sentence in plain lower case. Out: the topics it touches, each with the words that show it.
"""

from __future__ import annotations

import re

from lfr_eval.finished.claims.lexicon import families, word

_WHOLE = ("study", "cause", "future", "outside", "judgement", "accuracy")
TELLING, SLIGHT = (
    {
        topic: word(pattern) if topic in _WHOLE else re.compile(pattern)
        for topic, pattern in families(table).items()
    }
    for table in ("telling", "slight")
)
"""Words that always make a sentence be about a topic, and those that do where nothing else can be
said of it."""

_QUESTION = re.compile(r"\?[\"' )]*$|^to ask (?:the|her|his)\b")


def topics_of(plain: str, slight: bool = False) -> dict[str, str]:
    """Return the topics that a sentence touches, and the words that show each.

    Parameters
    ----------
    slight
        Whether slight signs are enough.

    Examples
    --------
    >>> topics_of("the met will keep us safe")
    {'future': 'will', 'outside': 'met', 'judgement': 'safe'}
    """
    patterns = SLIGHT if slight else TELLING
    found = {topic: pattern.search(plain) for topic, pattern in patterns.items()}
    return {topic: match.group().strip() for topic, match in found.items() if match}


def is_question(plain: str) -> bool:
    """Return whether a sentence asks."""
    return _QUESTION.search(plain) is not None
