"""Two published formulas for the school year that can read a text; neither counts syllables."""

from __future__ import annotations

import re
from collections.abc import Sequence


def school_years(paragraphs: Sequence[str]) -> tuple[float, float]:
    """Return the Coleman-Liau index and the automated readability index; year 9 ends at 15.

    Coleman and Liau 1975, J. Applied Psychology 60(2); Senter and Smith 1967, AMRL-TR-66-220.
    """
    text = " ".join(paragraphs)
    words = len(text.split())
    letters = len(re.findall(r"[A-Za-z0-9]", text))
    sentences = len(re.findall(r"[.?!](?=\s|$)", text))
    coleman_liau = 5.88 * letters / words - 29.6 * sentences / words - 15.8
    automated = 4.71 * letters / words + 0.5 * words / sentences - 21.43
    return coleman_liau, automated
