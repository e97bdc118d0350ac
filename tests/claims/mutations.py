"""The study's own sentences, each spoiled in one way, and the reason that each way is due.

A mutation takes a text and returns it changed, or as it is where it cannot be changed so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_ONE_IN = re.compile(r"1 in (\d[\d,.]*)")


class Mutation(NamedTuple):
    """One way to spoil a text.

    Attributes
    ----------
    name
        What is done.
    change
        Does it.
    kinds
        Kinds of reason, one of which is due.
    words
        Words, one of which the reasons must have.
    """

    name: str
    change: Callable[[str], str]
    kinds: frozenset[str]
    words: tuple[str, ...] = ()


def _swap(one: str, other: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        return re.sub(one, other, text, count=1)

    return change


def _other_number(text: str) -> str:
    return _ONE_IN.sub(lambda m: f"1 in {_plus(m.group(1), 1.37)}", text, count=1)


def _rounded(text: str) -> str:
    """Round the first rate to a smaller one, of one digit."""

    def change(found: re.Match[str]) -> str:
        number = float(found.group(1).replace(",", ""))
        unit = 10 ** (len(str(int(number))) - 1)
        return f"1 in {int((number // unit + 1) * unit):,}"

    return _ONE_IN.sub(change, text, count=1)


def _plus(written: str, factor: float) -> str:
    number = float(written.replace(",", "")) * factor
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def _exchanged(text: str) -> str:
    """Exchange the two groups of a comparison."""
    found = re.search(
        r"((?:Black|White|Asian|East Asian|mixed) (?:people|men|women)|women|men|Women|Men) "
        r"(.{3,60}?times as often as) "
        r"((?:Black|White|Asian|East Asian|mixed) (?:people|men|women)|women|men)",
        text,
    )
    if found is None:
        return text
    a, middle, b = found.groups()
    return text.replace(found.group(), f"{b} {middle} {a}", 1)


def _without_brackets(text: str) -> str:
    return re.sub(r" \((?!Exploratory)[^()]*%[^()]*\)", "", text, count=1)


def _without_last(text: str) -> str:
    parts = re.split(r"(?<=[.!?]) (?=[(A-Z])", text)
    return " ".join(parts[:-1]) if len(parts) > 1 else text


NUMBER, SETTING = frozenset({"number"}), frozenset({"mixed", "number"})
ALTERED, TURNED = frozenset({"altered"}), frozenset({"altered", "contradicted"})
EQUALITY, DIFFERENCE = frozenset({"equality"}), frozenset({"difference"})

MUTATIONS = (
    Mutation("another rate", _other_number, NUMBER, ("1 in", "number")),
    Mutation("a rate rounded down", _rounded, NUMBER, ("1 in", "number")),
    Mutation("another ratio", _swap(r"(\d[\d.]*) times as often as", "47 times as often as"),
             NUMBER, ("ratio",)),
    Mutation("a narrower range", _swap(r"interval [\d.]+ to", "interval 0.97 to"), NUMBER,
             ("range",)),
    Mutation("another count", _swap(r"(\d+) of (\d+ people)", r"7\1 of \2"), NUMBER, ("count",)),
    Mutation("another p-value", _swap(r"p = [\d.]+", "p = 0.0123"), NUMBER, ("p-value",)),
    Mutation("another threshold", _swap(r"threshold 0\.\d+", "threshold 0.99"), SETTING,
             ("threshold",)),
    Mutation("another threshold in use", _swap(r"threshold in use \(0\.\d+\)",
             "threshold in use (0.99)"), SETTING, ("threshold",)),
    Mutation("another watchlist", _swap(r"(watchlists? of) [\d,]+", r"\1 77,000"), SETTING,
             ("watchlist",)),
    Mutation("groups exchanged", _exchanged, TURNED, ("exchanges the groups",)),
    Mutation("another group", _swap(r"\bBlack (people|men|women)", r"Romani \1"), ALTERED,
             ("Romani", "romani")),
    Mutation("more for less", _swap(r"at least ([\d.]+ times)", r"at most \1"), TURNED,
             ("direction",)),
    Mutation("above for below", _swap(r"rate is below", "rate is above"), TURNED, ("direction",)),
    Mutation("up to for at least", _swap(r"\bup to ([\d.]+ times)", r"at least \1"), TURNED,
             ("direction",)),
    Mutation("people for passes", _swap(r"\bpasses\b", "people"), NUMBER, ("wrong unit",)),
    Mutation("people for comparisons", _swap(r"\bcomparisons\b", "people"), NUMBER,
             ("wrong unit",)),
    Mutation("people for recognition opportunities",
             _swap(r"\brecognition opportunities\b", "people"), NUMBER, ("wrong unit",)),
    Mutation("alerts for passes", _swap(r"\bpasses\b", "alerts"), NUMBER, ("wrong unit",)),
    Mutation("passes for people", _swap(r"(\d+ of \d+) people", r"\1 passes"), NUMBER,
             ("wrong unit",)),
    Mutation("no difference for none shown",
             _swap(r"a difference in ([\w\s-]+?) between ([\w\s]+?) was not shown",
                   r"a difference in \1 between \2 does not exist"), EQUALITY),
    Mutation("there is no difference for none was shown",
             _swap(r"[Nn]o difference in ([\w\s]+?) was shown between",
                   r"There is no difference in \1 between"), EQUALITY),
    Mutation("shown for not shown", _swap(r"was not shown", "was shown"), DIFFERENCE),
    Mutation("no difference for neither",
             _swap(r"neither shows a difference \(([^)]*)\) nor rules one out",
                   r"shows that there is no difference (\1)"), EQUALITY),
    Mutation("a difference for neither",
             _swap(r"neither shows a difference \(([^)]*)\) nor rules one out",
                   r"shows a difference (\1)"), DIFFERENCE),
    Mutation("equal for not comparable",
             _swap(r"so their rates cannot be compared", "so their rates are equal"), EQUALITY),
    Mutation("equal for nothing can be said",
             _swap(r"so nothing can be said about differences between them",
                   "so there are no differences between them"), EQUALITY),
    Mutation("not significant for significant",
             _swap(r"the difference is significant", "the difference is not significant"),
             EQUALITY),
    Mutation("did not differ for differed", _swap(r"rates differed", "rates did not differ"),
             EQUALITY),
    Mutation("equal for equivalent", _swap(r"are equivalent within the margin of [\d.]+",
             "are equal"), EQUALITY),
    Mutation("not equivalent for equivalent", _swap(r"rates are equivalent",
             "rates are not equivalent"), DIFFERENCE),
    Mutation("the range left out", _without_brackets, ALTERED, ("leaves out",)),
    Mutation("the end left out", _without_last, ALTERED, ("leaves out",)),
    Mutation("a cause added", _swap(r"\.$|(?<=\))\.(?= )", ", because of its training data."),
             frozenset({"beyond"}), ("cause",)),
    Mutation("a conclusion added", lambda text: f"{text} So the system has no bias.", EQUALITY),
    Mutation("another conclusion added",
             lambda text: f"{text} This proves that the system is racist.", DIFFERENCE),
)  # fmt: skip


def spoiled(text: str) -> Iterator[tuple[Mutation, str]]:
    """Yield a text spoiled in every way that it can be."""
    for one in MUTATIONS:
        changed = one.change(text)
        if changed != text:
            yield one, changed
