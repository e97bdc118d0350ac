"""What a sentence says of differences between groups: that there are some, that there are none.

In: a sentence in plain lower case. Out: its polarity. The words are sorted into roles
(`words.toml`); each word that speaks of a difference or of likeness is then read outwards, to the
start of its clause and to its end: negations and denials turn it round, words of evidence make it
something that was shown or was not, and doubt leaves it open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from lfr_eval.finished.claims.clause import Clause, Token
from lfr_eval.finished.claims.lexicon import PARTS, PHRASES, families, word

DIFFERENCE, ALIKE, BOTH = "difference", "alike", "both"
OPEN, UNCLEAR, NONE, NEITHER = "open", "unclear", "none", "neither"
"""Groups differ; they do not; some do and some do not; neither is asserted; it cannot be read
which; the sentence is not about groups; one of open and none."""

_ROLES = families("roles")
_TOKEN = re.compile(
    rf"(?P<stop>{PHRASES['stop']})|(?<!\w)(?:"
    + "|".join(f"(?P<{role}>{pattern})" for role, pattern in _ROLES.items())
    + r")(?!\w)"
)
_PREDICATES = ("same", "same_of", "compared", "noun", "noun_of", "quality", "quality_of")
_FILLER, _GROUP = word(PHRASES["filler"]), word(PARTS["people"])
_RATE = re.compile(PHRASES["rate"])
_ATTRIBUTE = word(PARTS["attribute"])
_EVERYBODY = re.compile(
    r"\b(?:everyone|everybody|anyone|all|whoever|(?:every|each) \w+|others|the rest|londoners)\b"
)
_AGAINST = re.compile(r"\b(?:against|versus|vs?|compared|while|whereas|but|and|with)\b|[;,]")
_ASKS = re.compile(r"(?:is|are|was|do|does|did|has|have|can|could|will|would|wh\w+|how)\b")


@dataclass(frozen=True)
class Polarity:
    """What a sentence says of differences between groups.

    Attributes
    ----------
    value
        `difference`, `alike`, `both`, `open`, `none`, `neither` or `unclear`.
    evidential
        Whether likeness is inferred from a difference that was not shown.
    unsure
        The two values that are likeliest, where it is `unclear`.
    is_either
        Whether it is one of these two for certain.
    """

    value: str
    evidential: bool = False
    unsure: tuple[str, ...] = ()
    is_either: bool = False

    @property
    def readings(self) -> tuple[str, ...]:
        """Every value that it may have; none where that is not known."""
        return self.unsure if self.is_either else () if self.unsure else (self.value,)

    def surely(self, *values: str) -> bool:
        """Whether each reading is one of these values."""
        return bool(self.readings) and set(self.readings) <= set(values)


@lru_cache(maxsize=4096)
def tokens_of(plain: str) -> tuple[str, list[Token]]:
    """Return a sentence without what says nothing of groups, and its words that have a role."""
    text = _FILLER.sub(lambda found: "~" * len(found.group()), plain)
    return text, [
        Token(str(found.lastgroup), found.group(), found.start(), found.end())
        for found in _TOKEN.finditer(text)
    ]


def polarity_of(plain: str) -> Polarity:
    """Return what a sentence says of differences between groups.

    Parameters
    ----------
    plain
        As `wording.in_plain` gives it.

    Examples
    --------
    >>> polarity_of("the system is not unbiased.").value
    'difference'
    >>> polarity_of("there is no evidence of bias.")
    Polarity(value='alike', evidential=True, unsure=(), is_either=False)
    >>> polarity_of("bias cannot be ruled out.").value
    'open'
    """
    text, tokens = tokens_of(plain)
    told = [_one(text, tokens, at) for at in _predicates(text, tokens)]
    if re.search(r"\?[\"' )]*$", text):
        named = told or _GROUP.search(text) or _ATTRIBUTE.search(text)
        return Polarity(OPEN if named else NONE)
    answer = text.rfind("?") + 1
    if answer and any(tokens[at].start > answer for at in _predicates(text, tokens)):
        return polarity_of(plain[answer:])
    if told and answer:
        if _ASKS.match(text):
            return Polarity(OPEN)
        return Polarity(UNCLEAR)
    values = {one.value for one in told}
    if not values:
        return Polarity(DIFFERENCE if _is_set_against(text) else NONE)
    if UNCLEAR in values:
        return Polarity(UNCLEAR)
    if len(values) == 1:
        return Polarity(values.pop(), any(one.evidential for one in told))
    if OPEN in values:
        return Polarity(OPEN)
    if told[-1].evidential:
        # "Slightly higher, but not significantly": the last word is that none was shown.
        return Polarity(ALIKE, True)
    return Polarity(BOTH, any(one.evidential for one in told))


def _is_set_against(text: str) -> bool:
    """Return whether different rates of two groups stand side by side."""
    rates = list(_RATE.finditer(text))
    if len({one.group() for one in rates}) < 2 or not _AGAINST.search(text):
        return False
    return len({found.group() for found in _GROUP.finditer(text)}) > 1


def _predicates(text: str, tokens: list[Token]) -> list[int]:
    """Return where a word speaks of a difference or of likeness."""
    grouped = _GROUP.search(text) is not None
    named = grouped or _ATTRIBUTE.search(text) is not None
    alike = named or _EVERYBODY.search(text) is not None
    holds = {"compared": grouped, "same_of": alike, "noun_of": named, "quality_of": named}
    return [
        at
        for at, token in enumerate(tokens)
        if token.role in _PREDICATES and holds.get(token.role, True)
    ]


def _one(text: str, tokens: list[Token], at: int) -> Polarity:
    """Read one predicate outwards: to the start of its clause, then to its end."""
    predicate = tokens[at]
    read = Clause(
        same=predicate.role.startswith("same"),
        thing=predicate.role.startswith("noun"),
    )
    front = list(takewhile(lambda token: token.role != "stop", reversed(tokens[:at])))
    for number, token in enumerate(front):
        # "Neither women nor men": one negation.
        if token.text != "nor" or all(one.role != "negation" for one in front[number + 1 :]):
            read.before(token, front[number - 1] if number else predicate, text)
    ends = {"stop", "same", "noun", "quality"}
    for token in takewhile(lambda token: token.role not in ends, tokens[at + 1 :]):
        read.behind(token)
    read.finish()
    if read.open:
        return Polarity(OPEN)
    if read.unsure:
        return Polarity(UNCLEAR)
    return Polarity(ALIKE, read.evidential) if read.is_alike else Polarity(DIFFERENCE)
