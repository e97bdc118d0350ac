"""What a sentence says of differences between groups: that there are some, that there are none.

In: a sentence in plain lower case. Out: its polarity. Every word that speaks of a difference or of
likeness is looked at in its clause; negations in front of it are counted, and what speaks of
evidence ("no evidence of", "cannot be ruled out") is told apart from what speaks of the thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lfr_eval.finished.claims import vocabulary

DIFFERENCE, ALIKE, BOTH = "difference", "alike", "both"
OPEN, UNCLEAR, NONE = "open", "unclear", "none"
"""Groups differ; they do not; some do and some do not; neither is asserted; it cannot be read
which; the sentence is not about groups."""


@dataclass(frozen=True)
class Polarity:
    """What a sentence says of differences between groups.

    Attributes
    ----------
    value
        `difference`, `alike`, `both`, `open`, `unclear` or `none`.
    evidential
        Whether likeness is inferred from a difference that was not shown.
    unsure
        Why it cannot be read, where the value is `unclear`.
    """

    value: str
    evidential: bool = False
    unsure: str = ""


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
    Polarity(value='alike', evidential=True, unsure='')
    >>> polarity_of("bias cannot be ruled out.").value
    'open'
    """
    text = vocabulary.EMPTY.sub(lambda found: " " * len(found.group()), plain)
    told = [one for found in _predicates(text) if (one := _one(text, found))]
    if text.rstrip("\"' ").endswith("?") and told:
        return Polarity(OPEN)
    values = {one.value for one in told}
    if not values:
        return Polarity(DIFFERENCE if _is_set_against(text) else NONE)
    if UNCLEAR in values:
        return next(one for one in told if one.value == UNCLEAR)
    if len(values) == 1:
        return Polarity(values.pop(), any(one.evidential for one in told))
    if OPEN in values:
        return Polarity(OPEN)
    if told[-1].evidential:
        # "Slightly higher, but not significantly": the last word is that none was shown.
        return Polarity(ALIKE, True)
    return Polarity(BOTH, any(one.evidential for one in told))


_AGAINST = re.compile(r"\b(?:against|versus|vs?|compared|while|whereas|but|and|with)\b")


def _is_set_against(text: str) -> bool:
    """Return whether different rates of two groups stand side by side."""
    rates = list(vocabulary.RATE.finditer(text))
    if len({one.group() for one in rates}) < 2 or not _AGAINST.search(text):
        return False
    return len({found.group() for found in vocabulary.GROUP.finditer(text)}) > 1


_EFFECT = re.compile(r"effect|factor|impact|influence|bearing|play")


def _predicates(text: str) -> list[re.Match[str]]:
    grouped = vocabulary.GROUP.search(text) is not None
    attributed = re.search(rf"\b{vocabulary.ATTRIBUTE}(?!\w)", text) is not None
    return [
        found
        for found in vocabulary.PREDICATE.finditer(text)
        if (found["compared"] is None or grouped)
        and (attributed or not _EFFECT.match(found.group()))
    ]


def _one(text: str, found: re.Match[str]) -> Polarity | None:
    before = text[: found.start()]
    stops = [stop.end() for stop in vocabulary.STOP.finditer(before)]
    # A stop inside a number is none.
    stops = [at for at in stops if not re.match(r"\d", text[at : at + 1]) or text[at - 1] == " "]
    clause, after = before[stops[-1] if stops else 0 :], text[found.end() :]
    same = found["same"] is not None
    thing = found["noun"] is not None
    following = vocabulary.AFTER.match(after) if thing or found["adjective"] else None
    # "Neither women nor men", "not women nor men": one negation.
    negations = list(vocabulary.NEGATION.findall(clause))
    flips = len([one for one in negations if one != "nor"]) or len(negations)
    flips += following is not None
    late = re.match(r"(?: \w+)? (?:statistically )?significan\w+", after)
    said = clause + found.group() + (following.group() if following else "")
    said += late.group() if late else ""
    evidential = vocabulary.EVIDENTIAL.search(said) is not None
    if vocabulary.OPEN.search(before[-160:]) or (following is None and _open_after(after)):
        return Polarity(OPEN)
    turning = vocabulary.TURNING.search(before[-200:] + after[:80])
    if vocabulary.CLAIMED.search(clause) and following is None and not turning:
        return Polarity(OPEN)
    if vocabulary.TESTED.search(clause) and not flips:
        return Polarity(OPEN)
    maybe = [
        one
        for one in vocabulary.MAYBE.finditer(clause)
        if one.group() != "if" or "," not in clause[one.end() :]
    ]
    if maybe and not vocabulary.NEGATION.search(clause):
        return Polarity(OPEN)
    if same and flips and evidential:
        # "No evidence that it is unbiased" asserts neither.
        return Polarity(OPEN)
    if flips and evidential and flips % 2 == 0 and not same:
        return Polarity(OPEN, unsure="it negates more than once")
    unsure = "it negates three times or more" if flips > 2 else ""
    if turning and not unsure:
        unsure = f"what “{turning.group()}” turns round is not certain"
    if unsure:
        return Polarity(UNCLEAR, unsure=unsure)
    differs = same == bool(flips % 2)
    if differs and thing and not flips and not _is_asserted(clause, after):
        return Polarity(UNCLEAR, unsure=f"it does not plainly say that there is “{found.group()}”")
    if differs:
        return Polarity(DIFFERENCE)
    unseen = vocabulary.NOTHING_SEEN.search(text) is not None
    return Polarity(
        ALIKE, evidential=unseen or (evidential and (flips > 0 or "statistically" in said))
    )


def _is_asserted(clause: str, after: str) -> bool:
    """Return whether verbs that are known to assert stand before or behind a noun."""
    return vocabulary.HAS.search(clause) is not None or vocabulary.IS.match(after) is not None


def _open_after(after: str) -> bool:
    rest = re.split(r"[;.]|, but ", after)[0]
    found = vocabulary.OPEN.search(rest)
    if found is not None and not found.group().startswith("whether"):
        return True
    return vocabulary.NOT_BORNE_OUT.search(after) is not None
