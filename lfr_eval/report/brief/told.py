"""Stage report: comparisons of groups as sentences about people (findings and rates in).

A difference is told by its ratio, its people and its range, everything else by what was seen and
the range that fits it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, joined, one_in, ratio, several
from lfr_eval.report.brief.pair_words import (
    RANGE_WITHHELD,
    WITHHELD,
    Said,
    counted_errors,
    difference_words,
    gap,
    range_words,
    ratio_words,
    seen_pair,
    turned,
)
from lfr_eval.report.brief.sides import Sides
from lfr_eval.report.findings import Finding
from lfr_eval.report.picture import FEWEST

NAMED = 3
"""Most pairs of groups described one by one for each kind of error; the report has all."""

MOST_GROUPS = 7
"""Most groups of a factor listed one by one; of more, only those that stand out."""

IN_BRACKETS = "(the brackets give the range that fits what was seen)"

Names = Sequence[str]

_TOO_SMALL = ": the study is too small to tell whether there is one"

_TOLD = ("different", "inconclusive", "equivalent", "untestable", "withheld")


@dataclass(frozen=True)
class _Compared:
    """Comparisons of one kind of error, and the groups behind them."""

    found: Sequence[Finding]
    people: Sides

    @cached_property
    def pairs(self) -> list[Finding]:
        """Pairs of groups of one factor."""
        return [e for e in self.found if not e.is_omnibus and CROSS not in e.factor]

    @cached_property
    def crossed(self) -> list[Finding]:
        """Pairs of groups by two factors."""
        return [e for e in self.found if not e.is_omnibus and CROSS in e.factor]

    @cached_property
    def by_verdict(self) -> Mapping[str, list[Finding]]:
        """The pairs of one factor by verdict."""
        return {verdict: [e for e in self.pairs if e.verdict == verdict] for verdict in _TOLD}

    @cached_property
    def together(self) -> list[str]:
        """Factors whose groups differ when compared all at once, but in no pair of them."""
        return [
            each.factor
            for each in self.found
            if each.is_omnibus and each.verdict == "different" and CROSS not in each.factor
            if sum(pair.factor == each.factor for pair in self.pairs) > 1
            and not any(one.factor == each.factor for one in self.by_verdict["different"])
        ]


def told(
    found: Sequence[Finding], people: Sides, exploratory: Sequence[Finding] = ()
) -> Iterator[Said]:
    """Say what the comparisons of one kind of error show together, as within a sentence.

    `exploratory` ones of the same kind and setting are told of where there are no others.
    """
    compared = _Compared(found, people)
    if not compared.pairs and not compared.crossed and exploratory:
        yield Said(
            f"whether groups differ in {people.deed.thing} was not a main question of this study, "
            "so it gives no answer that may be quoted.",
            _aside(exploratory),
        )
        return
    if not compared.pairs and not compared.crossed:
        yield Said(
            f"the study did not compare {people.deed.thing} between groups, so it cannot say "
            "whether groups differ."
        )
        return
    yield from _differences(compared)
    for say in (_jointly, _none_shown, _open, _alike, _untestable, _withheld, _widest_of_two):
        yield from map(Said, say(compared))


def _aside(exploratory: Sequence[Finding]) -> str:
    """Say that the full report has comparisons that nobody asked for beforehand."""
    said = "The full report has exploratory comparisons of them"
    if any(each.verdict == "different" for each in exploratory):
        return f"{said}, some with a difference: these are a question for another study."
    return f"{said}, none of which shows a difference."


def _differences(compared: _Compared) -> Iterator[Said]:
    different = sorted(compared.by_verdict["different"], key=gap, reverse=True)
    for place, each in enumerate(different[:NAMED]):
        yield difference_words(each, compared.people, first=not place)
    if len(different) > NAMED:
        more = len(different) - NAMED
        differ = "differs" if more == 1 else "differ"
        yield Said(f"{several(more, 'more pair')} of groups {differ}.")


def _jointly(compared: _Compared) -> Iterator[str]:
    for factor in compared.together:
        by = "" if factor == "group" else f" by {factor_words(factor)}"
        said = (
            f"groups{by} differ in {compared.people.deed.thing}, but the study cannot tell "
            "which of them: no two were shown to differ."
        )
        yield " ".join([said, *_highest(factor, compared.people)])


def _none_shown(compared: _Compared) -> Iterator[str]:
    people, of = compared.people, compared.by_verdict
    judged = [
        each
        for each in compared.pairs
        if each.verdict in ("inconclusive", "withheld") and each.factor not in compared.together
    ]
    if not judged or of["different"]:
        return
    between = " or between ".join(
        _beside(other, names, by, people) for by, other, names in _by_reference(judged)
    )
    why = _TOO_SMALL if of["inconclusive"] else ", but that does not mean that there is none"
    said = f"no difference in {people.deed.thing} was shown between {between}{why}."
    many = [
        by
        for by in dict.fromkeys(each.factor for each in judged)
        if sum(each.factor == by for each in compared.pairs) >= MOST_GROUPS
    ]
    yield " ".join([said, *(each for by in many for each in _highest(by, people))])


def _open(compared: _Compared) -> Iterator[str]:
    """Say of pairs without a shown difference what was seen, and which ratios fit it."""
    people, found = compared.people, compared.by_verdict["inconclusive"]
    if not found:
        return
    widest_first = sorted(found, key=gap, reverse=True)
    most = NAMED if len(found) > NAMED + 1 else NAMED + 1
    rest = widest_first[most:]
    named = [
        f"{seen_pair(each, people)} "
        f"({RANGE_WITHHELD if each.range_withheld else range_words(*turned(each)[3:])})"
        for each in widest_first[:most]
    ]
    brackets = "" if all(one.range_withheld for one in widest_first[:most]) else f" {IN_BRACKETS}"
    if compared.by_verdict["different"]:  # Nothing has yet said that these do not differ.
        yield f"for other pairs of groups no difference was shown{_TOO_SMALL}{brackets}."
    else:
        named[0] = f"in this test{brackets}, {named[0]}"
    yield from (f"{each}." for each in named)
    if kept := sum(each.range_withheld for each in rest):
        yield f"for {several(kept, 'more pair')} of groups {RANGE_WITHHELD}."
    rest = [each for each in rest if not each.range_withheld]
    if rest:
        ends = [turned(each)[3:] for each in rest]
        widest = range_words(min(low for low, _ in ends), max(high for _, high in ends))
        more = several(len(rest), "more pair")
        yield f"for {more} of groups the ranges all lie within this one: {widest}."


def _alike(compared: _Compared) -> Iterator[str]:
    """Tell that groups were shown to be alike, and within which margin."""
    people, found = compared.people, compared.by_verdict["equivalent"]
    if not found:
        return
    margin = ratio(max(one.margin or 1.0 for one in found), "up")
    who = [_both(by, other, names, people) for by, other, names in _by_reference(found)]
    those = who[0] if len(who) == 1 else "these groups"
    named = "" if len(who) == 1 else f": {'; '.join(who)}"
    yield (
        f"{those} {people.deed.often} about equally often (allowing for chance, any difference is "
        f"below {margin} times){named}."
    )


def _untestable(compared: _Compared) -> Iterator[str]:
    people, found = compared.people, compared.by_verdict["untestable"]
    if not found:
        return
    if len(found) == len(compared.pairs):
        yield _nothing_testable(compared)
        return
    who = ", or ".join(
        f"{people.who(other, by)} with {_named(names, by, people, 'or')}"
        f"{_errors(by, other, names, people)}"
        for by, other, names in _by_reference(found)
    )
    yield f"too few {people.unit} or errors were seen to compare {who}."


def _nothing_testable(compared: _Compared) -> str:
    people, thing = compared.people, compared.people.deed.thing
    groups = [people.of(e.factor, g) for e in compared.pairs for g in (e.group_a, e.group_b)]
    if all(rate and rate.rate == 1.0 for rate in groups):
        return (
            f"{thing} happened in all {people.trial} of every group, so the study cannot tell "
            "whether any group has more than another."
        )
    if any(rate and (rate.withheld or rate.rate is not None) for rate in groups):
        return (
            f"too few {people.unit} or errors were seen to say whether any group has more {thing} "
            "than another."
        )
    return (
        f"the study has no rate of {thing} for any group, so it cannot say whether one has more "
        "than another."
    )


def _withheld(compared: _Compared) -> Iterator[str]:
    people, of = compared.people, compared.by_verdict
    if not of["withheld"]:
        return
    if not (of["different"] or compared.together or of["inconclusive"]):
        # The pairs were named when no difference was shown between them.
        yield f"{WITHHELD}."
        return
    sets = _by_reference(of["withheld"])
    who = " and for ".join(_beside(other, names, by, people) for by, other, names in sets)
    yield (
        f"for {who}, the study publishes only that no difference was shown. This does not mean "
        f"that the groups are equal. There {WITHHELD}."
    )


def _widest_of_two(compared: _Compared) -> Iterator[str]:
    """Tell the widest gap between groups by two factors together."""
    worst = sorted((e for e in compared.crossed if e.verdict == "different"), key=gap, reverse=True)
    if worst:
        pairs = several(len(compared.crossed), "pair")
        yield (
            f"by gender and ethnicity together, {len(worst)} of {pairs} of groups "
            f"{'differs' if len(worst) == 1 else 'differ'}; the widest gap: "
            f"{ratio_words(worst[0], compared.people)}."
        )


def _beside(other: str, names: Names, factor: str, people: Sides) -> str:
    """Name a group and those that were compared with it."""
    if len(names) < MOST_GROUPS:
        return people.those([other, *names], factor)
    return f"{people.who(other, factor)} and any of {_named(names, factor, people)}"


def _named(names: Names, factor: str, people: Sides, last: str = "and") -> str:
    """Name groups, or say how many they are where nobody would read their names."""
    if len(names) < MOST_GROUPS:
        return people.those(names, factor, last)
    return f"{len(names)} other groups by {factor_words(factor)}"


def _highest(factor: str, people: Sides) -> Iterator[str]:
    """Say which group of a factor had the highest rate, if one alone did."""
    rates = [
        rate
        for (by, _), rate in people.rates.items()
        if by == factor and rate.events and (rate.subjects or 0) >= FEWEST
    ]
    rates.sort(key=lambda rate: rate.rate or 0.0, reverse=True)
    if len(rates) > 1 and rates[0].rate != rates[1].rate:
        most, deed = rates[0], people.deed
        yield (
            f"By {factor_words(factor)}, {people.who(most.group, factor)} {deed.often} most often "
            f"in this test: {count(most.events)} of {count(most.trials)} {people.trial} "
            f"({one_in(most.rate)})."
        )


def _by_reference(found: Iterable[Finding]) -> Iterator[tuple[str, str, Names]]:
    """Yield a factor, the group that others are compared with, and those others."""
    sets: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        sets.setdefault((each.factor, each.group_b), []).append(each)
    for (factor, other), same in sets.items():
        yield factor, other, [one.group_a for one in same]


def _errors(factor: str, other: str, names: Names, people: Sides) -> str:
    """Return how few errors sides had, of how many trials; nothing where it is not known."""
    groups = (other, *names[:NAMED])
    rates = [rate for group in groups if (rate := people.of(factor, group)) is not None]
    small = any(rate.subjects is not None and rate.subjects < FEWEST for rate in rates)
    withheld = len(rates) < len(groups) or any(rate.withheld for rate in rates)
    if small or withheld or len(names) > NAMED:
        return ""
    few, *others = counted_errors(rates, people)
    return f" (errors: {few} against {joined(others)})"


def _both(factor: str, other: str, names: Names, people: Sides) -> str:
    """Name two groups, or the one with which each of several was compared."""
    if len(names) == 1:
        return people.those([*names, other], factor)
    return f"{people.who(other, factor)} and each of {_named(names, factor, people)}"
