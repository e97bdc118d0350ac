"""One word that speaks of a difference or of likeness, read outwards through its clause.

In: the roles of the words in front of it and behind it. Out: whether it is asserted, turned round
or left open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NONE_SEEN = re.compile(r"no|neither|nothing|little|none|hardly|few|0")
_OPERATORS = frozenset(
    ("negation", "denial", "evidence", "accepting", "saying", "claim", "contested", "open")
)
_NEAR = 4
"""Words between two that belong together, at most."""


@dataclass(frozen=True)
class Token:
    """A word or phrase, its role in the sentence and where it stands."""

    role: str
    text: str
    start: int
    end: int


@dataclass
class Clause:
    """What has been read of one predicate so far.

    Attributes
    ----------
    same, thing
        Whether the predicate speaks of likeness; whether it is a noun.
    evidential
        Whether likeness is inferred from a difference that was not shown.
    turns
        How often it was turned round.
    shown, said, accepted
        Whether it was shown, said or held true by somebody; a negation of these leaves likeness
        open.
    claimed
        The claim that it is, until somebody accepts or denies it.
    contested, open
        Whether it is disputed; whether it is left open.
    pending, able
        A negation, or a "could", behind it that has nothing to act on yet.
    unsure
        Whether it cannot be read.
    last
        The role of the word read last.
    """

    same: bool
    thing: bool
    evidential: bool = False
    turns: int = 0
    shown: bool = False
    said: bool = False
    accepted: bool = False
    claimed: str = ""
    contested: bool = False
    open: bool = False
    pending: bool = False
    able: bool = False
    unsure: bool = False
    last: str = ""

    @property
    def is_alike(self) -> bool:
        """Whether it says, so far, that groups do not differ."""
        return self.same != bool(self.turns % 2)

    def before(self, token: Token, following: Token, text: str) -> None:
        """Take in a word that stands in front; `following` is the one read before it."""
        role, near = token.role, text.count(" ", token.end, following.start) < _NEAR
        if role == "negation" and self.contested:
            # "Nobody disputes that"; "nothing was found to contradict the view that".
            self.evidential |= self.shown and self.same
            self.contested = self.shown = False
            self.claimed = ""
        elif role == "negation":
            self._negate()
        elif role == "denial":
            # "Dismissed as nonsense" is one denial, "dishonest to deny" are two.
            twice = text[token.end : following.start] == " to "
            if twice or not (self.last == "denial" and near):
                self._deny()
        elif role == "evidence":
            seen = _NONE_SEEN.match(following.text) and not text.startswith(" to ", token.end)
            self.evidential |= self.last == "negation" and near and bool(seen)
            self.shown = True
        elif role == "accepting":
            self.accepted = True
        elif role == "saying":
            self.said = True
        elif role == "claim":
            self.claimed = token.text
        elif role == "contested":
            self.contested = True
        elif role == "open":
            # "Could not be biased" and "can show" leave nothing open.
            turned = token.text in ("can", "could") and self.turns and self.last == "negation"
            told = token.text == "can" and following.role in ("saying", "evidence", "accepting")
            self.open |= not turned and not told
        elif role == "taken":
            self.unsure = True
        if role in _OPERATORS:
            self.last = role

    def behind(self, token: Token) -> None:
        """Take in a word that stands behind."""
        role, about = token.role, self.thing or bool(self.claimed)
        if role == "negation" and token.text != "nor":
            self.pending = True
            return
        if role == "evidence":
            if self.pending:
                self.shown = True
                self._negate()
            elif self.turns and (self.thing or token.text.startswith("significan")):
                self.evidential = True
        elif role in ("denial", "absent"):
            if self.pending and self.claimed.startswith("hypothes"):
                # A null hypothesis that was not rejected.
                self.claimed, self.evidential = "", True
            elif about and not self.pending:
                self._deny()
                chance = ("chance", "error", "significant")
                self.evidential |= any(one in token.text for one in chance)
        elif role == "there":
            self.turns += self.pending and self.thing
        elif role == "saying":
            self.open |= self.pending
        elif role == "contested":
            self.contested |= not self.pending and about
            self.claimed = "" if self.pending else self.claimed
        else:
            if role == "open" and token.text in ("can", "could"):
                self.able = self.thing
            elif role == "open" and token.text != "whether":
                self.open |= about or " " in token.text
            return
        self.pending = False

    def _negate(self) -> None:
        self.open |= self.said or ((self.shown or self.accepted) and self.is_alike)
        self.evidential |= self.shown and not self.open
        self.turns += 1
        self.shown = self.said = self.accepted = False

    def _deny(self) -> None:
        self.turns += 1
        self.shown = self.said = False
        self.claimed = ""

    def finish(self) -> None:
        """Settle what is left at the end of the clause."""
        self.unsure |= self.pending
        self.open |= self.contested or bool(self.claimed) or (self.able and not self.turns)
