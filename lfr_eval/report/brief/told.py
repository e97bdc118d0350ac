"""Stage report: comparisons of groups as sentences about people (findings and rates in).

A difference is told by its ratio, its people and its range, everything else by what was seen and
the range that fits it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, one_in
from lfr_eval.report.brief.pair_words import (
    RANGE_WITHHELD,
    WITHHELD,
    Said,
    difference_words,
    gap,
    range_words,
    seen_pair,
    turned,
)
from lfr_eval.report.brief.sides import Sides
from lfr_eval.report.findings import Finding
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import is_known
from lfr_eval.report.templating import sentences

MOST_GROUPS = 7
"""Most groups of a factor listed one by one; of more, only those that stand out."""


def told(
    found: Sequence[Finding], people: Sides, exploratory: Sequence[Finding] = ()
) -> Iterator[Said]:
    """Say what the comparisons of one kind of error show together, as within a sentence.

    `exploratory` ones of the same kind and setting are told of where there are no others.
    """
    single = [each for each in found if not each.is_omnibus and CROSS not in each.factor]
    crossed = [each for each in found if not each.is_omnibus and CROSS in each.factor]
    of: dict[str, list[Finding]] = {}
    for each in sorted(single, key=gap, reverse=True):
        of.setdefault(each.verdict, []).append(each)
    pairs = Counter(each.factor for each in single)
    different = of.get("different", [])
    shown = {each.factor for each in different}
    together = [each.factor for each in found if each.is_omnibus and each.verdict == "different"
                if pairs[each.factor] > 1 and each.factor not in shown]  # fmt: skip
    judged = [each for each in single if each.verdict in ("inconclusive", "withheld")]
    judged = [each for each in judged if each.factor not in together]
    widest = [each for each in crossed if each.verdict == "different"]
    rates = [people.of(e.factor, group) for e in single for group in (e.group_a, e.group_b)]
    lines = sentences(
        "told",
        people=people,
        pairs=len(single),
        crossed=crossed,
        exploratory=exploratory,
        different=different,
        widest=sorted(widest, key=gap, reverse=True),
        together=together,
        judged=judged,
        many=[by for by in dict.fromkeys(e.factor for e in judged) if pairs[by] >= MOST_GROUPS],
        open=of.get("inconclusive", []),
        alike=[each for each in single if each.verdict == "equivalent"],
        untestable=[each for each in single if each.verdict == "untestable"],
        withheld=[each for each in single if each.verdict == "withheld"],
        always=all(rate and rate.rate == 1.0 for rate in rates),
        measured=any(map(is_known, rates)),
        difference=difference_words,
        seen_pair=seen_pair,
        range_words=_within,
        beside=_beside,
        each_of=_each_of,
        with_others=_with_others,
        highest=_highest,
        range_withheld=RANGE_WITHHELD,
        numbers_withheld=WITHHELD,
    )["told"]
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("- "):
            yield Said(line[2:], after[2:] if after.startswith("~ ") else "")


def _within(found: Iterable[Finding]) -> str:
    """Say which ratios fit what was seen of all these."""
    ends = [turned(each)[3:] for each in found]
    return range_words(min(low for low, _ in ends), max(high for _, high in ends))


def _beside(found: Iterable[Finding], people: Sides) -> Iterator[str]:
    """Name groups and those that each was compared with."""
    for by, other, names in _by_reference(found):
        few = people.those([other, *names], by)
        many = f"{people.who(other, by)} and any of {_named(names, by, people)}"
        yield few if len(names) < MOST_GROUPS else many


def _each_of(found: Iterable[Finding], people: Sides) -> Iterator[str]:
    for by, other, names in _by_reference(found):
        many = f"{people.who(other, by)} and each of {_named(names, by, people)}"
        yield people.those([*names, other], by) if len(names) == 1 else many


def _with_others(found: Iterable[Finding], people: Sides) -> Iterator[str]:
    for by, other, names in _by_reference(found):
        yield f"{people.who(other, by)} with {_named(names, by, people, 'or')}"


def _named(names: Sequence[str], factor: str, people: Sides, last: str = "and") -> str:
    """Name groups, or say how many they are where nobody would read their names."""
    if len(names) < MOST_GROUPS:
        return people.those(names, factor, last)
    return f"{len(names)} other groups by {factor_words(factor)}"


def _highest(factor: str, people: Sides) -> str:
    """Say which group of a factor had the highest rate, if one alone did."""
    rates = [
        rate
        for (by, _), rate in people.rates.items()
        if by == factor and rate.events and (rate.subjects or 0) >= FEWEST
    ]
    rates.sort(key=lambda rate: rate.rate or 0.0, reverse=True)
    if len(rates) < 2 or rates[0].rate == rates[1].rate:
        return ""
    most = rates[0]
    return (
        f"By {factor_words(factor)}, {people.who(most.group, factor)} {people.deed.often} most "
        f"often in this test: {count(most.events)} of {count(most.trials)} {people.trial} "
        f"({one_in(most.rate)})."
    )


def _by_reference(found: Iterable[Finding]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield a factor, the group that others are compared with, and those others."""
    sets: dict[tuple[str, str], list[str]] = {}
    for each in found:
        sets.setdefault((each.factor, each.group_b), []).append(each.group_a)
    for (factor, other), names in sets.items():
        yield factor, other, names
