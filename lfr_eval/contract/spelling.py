"""Contract: when two spellings are one name, whatever typed them.

A name is read in Unicode's composed form (NFC) without characters that nobody sees. Two labels are
the same where their skeletons are: case, width, spaces, hyphens, underscores and letters of another
alphabet that look the same do not count.
"""

from __future__ import annotations

import re
import unicodedata

from lfr_eval.contract.look_alikes import alike
from lfr_eval.contract.vocabulary import CROSS

UNSEEN = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters without a shape (Unicode, Default_Ignorable_Code_Point), but for the two joiners."""
_IGNORABLE = re.compile(UNSEEN)

_JOINERS = re.compile("(?<![\u0590-\u1fff\ua800-\uabff])[\u200c\u200d]|[\u200c\u200d](?=\\s|$)")
"""Joiners where no script needs them: Arabic and Indic scripts write words with them."""

STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""Controls, ends of lines, half characters, and what changes the order of reading (Bidi_Control):
they move a terminal's cursor, break a page, or make a text read as another one."""

_SPACES = re.compile(r"[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\x00-\x1f\x7f-\x9f]")
_MARKS = str.maketrans(
    "\u2018\u2019\u201b\u02bc\u2032`\u201c\u201d\u201e\u00ab\u00bb", "''''''" + 5 * '"'
)
"""Apostrophes and quotation marks, and the one that keyboards have."""

_APART = re.compile(r"[\s_]+|(?<=\w)[-\u2010-\u2015](?=\w)")
"""What separates words; the sign of a number does not."""


def normal(text: str) -> str:
    r"""Return a name as it is read: composed, without characters that nobody sees.

    Examples
    --------
    >>> normal("Jose\u0301"), normal("fe\u200bmale"), normal("East\u00a0Asian")
    ('José', 'female', 'East Asian')
    """
    if text.isascii() and text.isprintable():
        return text
    seen = _JOINERS.sub("", _IGNORABLE.sub("", unicodedata.normalize("NFC", text)))
    return _SPACES.sub(" ", seen)


def skeleton(text: str) -> str:
    r"""Return what is left of a label when everything is taken away that may differ by accident.

    Examples
    --------
    >>> skeleton("East Asian") == skeleton("east_asian") == skeleton(" EAST-ASIAN")
    True
    >>> skeleton("f\u0435male") == skeleton("female"), skeleton("male") == skeleton("female")
    (True, False)
    >>> skeleton("don\u2019t know"), skeleton("\u0130ndian"), skeleton("\u0661\u0662")
    ("don't know", 'indian', '12')
    """
    seen = alike(unicodedata.normalize("NFKC", normal(text)).translate(_MARKS))
    if not seen.isascii():
        # The small letter of the Turkish capital is an i with a second dot.
        seen = "".join(_digit(sign) for sign in seen.replace("i\u0307", "i"))
    return _APART.sub(" ", seen).strip()


def _digit(sign: str) -> str:
    return str(unicodedata.decimal(sign, sign))


SHORTEST = 5
"""Letters of a word that one slip does not turn into another word of everyday labels."""


def one_slip_apart(first: str, second: str) -> bool:
    """Whether two labels differ in one long word, by one letter or two letters exchanged.

    Examples
    --------
    >>> one_slip_apart("femal", "female"), one_slip_apart("East Asain", "east asian")
    (True, True)
    >>> one_slip_apart("East Asian", "West Asian"), one_slip_apart("group a", "group b")
    (False, False)
    """
    one, other = skeleton(first).split(" "), skeleton(second).split(" ")
    unlike = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    if len(one) != len(other) or len(unlike) != 1:
        return False
    short, long = sorted(unlike[0], key=len)
    if len(short) < SHORTEST or not (short + long).isalpha():
        return False
    same = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    if len(short) < len(long):
        return short[same:] == long[same + 1 :]
    exchanged = long[same + 1 : same + 2] + long[same : same + 1] + long[same + 2 :]
    return short[same + 1 :] == long[same + 1 :] or short[same:] == exchanged


NOT_STATED = frozenset(
    map(
        skeleton,
        (
            *("unknown", "not known", "don't know", "do not know", "unsure", "?", "-", "--"),
            *("prefer not to say", "prefer not to answer", "rather not say", "not stated"),
            *("not disclosed", "undisclosed", "withheld", "declined", "declined to answer"),
            *("refused", "no answer", "not answered", "not given", "not provided", "missing"),
            *("not recorded", "not specified", "unspecified", "not available", "not applicable"),
            *("n/a", "na", "n.a.", "nan", "null"),
        ),
    )
)
"""Skeletons of labels of people who have told no group."""


_RATHER_NOT = re.compile(
    r"(?:i(?:['\u2019]?d| would)? )?(?:(?:would )?(?:prefer(?:red)?|rather|chose|choose) not"
    r"|decline[sd]?|refuse[sd]?|(?:do|does|did) not (?:wish|want)"
    r"|(?:don|doesn|didn)['\u2019]?t (?:wish|want)) (?:to )?"
    r"(?:say|tell|answer|state|disclose|share|give|provide|specify|identify)\b.*"
)
"""Whole sentences that say the same, such as "I'd rather not say"."""


def is_stated(label: str) -> bool:
    """Whether a label names a group, and does not say that nobody told one.

    Examples
    --------
    >>> is_stated("Prefer not to say"), is_stated("N/A"), is_stated("Other"), is_stated("none")
    (False, False, True, True)
    >>> is_stated("I'd rather not say"), is_stated("Do not wish to answer"), is_stated("Say more")
    (False, False, True)
    """
    said = skeleton(label)
    return said not in NOT_STATED and not _RATHER_NOT.fullmatch(said)


def is_group(name: str) -> bool:
    """Whether a name, of one factor or of several joined, is that of a group of people.

    People who told no label are counted and reported. They are never compared, and are not named
    as a group.

    Examples
    --------
    >>> is_group("male x white"), is_group("male x unknown"), is_group("Prefer not to say")
    (True, False, False)
    """
    return all(is_stated(part) for part in name.split(CROSS))
