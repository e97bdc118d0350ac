"""Stage report: comparisons of groups as sentences about people (findings and rates in).

A difference is told by its ratio, its people and its range, everything else by what was seen and
the range that fits it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import confidence, count, joined, one_in, ratio, several
from lfr_eval.inference.statements import rests_on
from lfr_eval.report.brief.sides import Sides, seen_words
from lfr_eval.report.findings import NO_LIMIT, Finding
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import Rate

NAMED = 3
"""Most pairs of groups described one by one for each kind of error; the report has all."""

MOST_GROUPS = 7
"""Most groups of a factor listed one by one; of more, only those that stand out."""

IN_BRACKETS = "(the brackets give the range that fits what was seen)"

Names = Sequence[str]


class Said(NamedTuple):
    """A sentence, and sentences on what it rests on, which may not be quoted without it."""

    text: str
    basis: str = ""


def told(found: Sequence[Finding], people: Sides) -> Iterator[Said]:
    """Say what the comparisons of one kind of error show together, as within a sentence."""
    for said in _told(found, people):
        yield said if isinstance(said, Said) else Said(said)


def _told(found: Sequence[Finding], people: Sides) -> Iterator[str | Said]:
    deed = people.deed
    pairs = [each for each in found if not each.is_omnibus and CROSS not in each.factor]
    crossed = [each for each in found if not each.is_omnibus and CROSS in each.factor]
    if not pairs and not crossed:
        yield (
            f"the study did not compare {deed.thing} between groups, so it cannot say whether "
            "groups differ."
        )
        return
    of = {verdict: [e for e in pairs if e.verdict == verdict] for verdict in _TOLD}
    different = sorted(of["different"], key=_size, reverse=True)
    for place, each in enumerate(different[:NAMED]):
        yield _different(each, people, first=not place)
    if len(different) > NAMED:
        more = len(different) - NAMED
        yield f"{several(more, 'more pair')} of groups {'differs' if more == 1 else 'differ'}."
    together = _together(found, pairs)
    for factor in together:
        by = "" if factor == "group" else f" by {factor_words(factor)}"
        said = (
            f"groups{by} differ in {deed.thing}, but the study cannot tell "
            "which of them: no two were shown to differ."
        )
        yield " ".join([said, *_highest(factor, people)])
    judged = [
        each
        for each in pairs
        if each.verdict in ("inconclusive", "withheld") and each.factor not in together
    ]
    if judged and not different:
        sets = _by_reference(judged)
        between = " or between ".join(
            _beside(other, names, by, people) for by, other, names, _ in sets
        )
        why = _TOO_SMALL if of["inconclusive"] else ", but that does not mean that there is none"
        said = f"no difference in {deed.thing} was shown between {between}{why}."
        many = [by for by in dict.fromkeys(each.factor for each in judged)
                if sum(each.factor == by for each in pairs) >= MOST_GROUPS]  # fmt: skip
        yield " ".join([said, *(each for by in many for each in _highest(by, people))])
    yield from _open(of["inconclusive"], people, bool(different))
    if of["equivalent"]:
        yield _alike(of["equivalent"], people)
    if of["untestable"] and len(of["untestable"]) == len(pairs):
        groups = [people.of(e.factor, g) for e in pairs for g in (e.group_a, e.group_b)]
        if all(rate and rate.rate == 1.0 for rate in groups):
            yield (
                f"{deed.thing} happened in all {people.trial} of every group, so the study cannot "
                "tell whether any group has more than another."
            )
        elif any(rate and (rate.withheld or rate.rate is not None) for rate in groups):
            yield (
                f"too few {people.unit} or errors were seen to say whether any group has more "
                f"{deed.thing} than another."
            )
        else:
            yield (
                f"the study has no rate of {deed.thing} for any group, so it cannot say whether "
                "one has more than another."
            )
    elif of["untestable"]:
        sets = _by_reference(of["untestable"])
        who = ", or ".join(
            f"{people.who(other, by)} with {_named(names, by, people, 'or')}"
            f"{_errors(by, other, names, people)}"
            for by, other, names, _ in sets
        )
        yield f"too few {people.unit} or errors were seen to compare {who}."
    if of["withheld"]:
        if different or together or of["inconclusive"]:
            sets = _by_reference(of["withheld"])
            named = [_beside(other, names, by, people) for by, other, names, _ in sets]
            who = " and for ".join(named)
            yield (
                f"for {who}, the study publishes only that no difference was shown. This does not "
                f"mean that the groups are equal. There {_WITHHELD}."
            )
        else:  # The pairs were named when no difference was shown between them.
            yield f"{_WITHHELD}."
    worst = sorted((e for e in crossed if e.verdict == "different"), key=_size, reverse=True)
    if worst:
        yield (
            f"by gender and ethnicity together, {len(worst)} of {several(len(crossed), 'pair')} of "
            f"groups {'differs' if len(worst) == 1 else 'differ'}; the widest gap: "
            f"{_ratio(worst[0], people)}."
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


def _together(found: Sequence[Finding], pairs: Sequence[Finding]) -> list[str]:
    """Return factors whose groups differ when compared all at once, but in no pair of them."""
    return [
        each.factor
        for each in found
        if each.is_omnibus and each.verdict == "different" and CROSS not in each.factor
        if sum(pair.factor == each.factor for pair in pairs) > 1
        and not any(p.factor == each.factor and p.verdict == "different" for p in pairs)
    ]


_WITHHELD = "the numbers are withheld, because small counts could be worked out from them"
_TOO_SMALL = ": the study is too small to tell whether there is one"
_TOLD = ("different", "inconclusive", "equivalent", "untestable", "withheld")


def _by_reference(found: Iterable[Finding]) -> Iterator[tuple[str, str, Names, list[Finding]]]:
    """Yield factor, the group compared with, the others, and their findings."""
    sets: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        sets.setdefault((each.factor, each.group_b), []).append(each)
    for (factor, other), same in sets.items():
        yield factor, other, [one.group_a for one in same], same


def _size(finding: Finding) -> float:
    """Return how far a ratio is from 1, either way; infinite where one side had no error."""
    if finding.ratio is None or finding.ratio <= 0:
        return math.inf
    return abs(math.log(finding.ratio))


def turned(f: Finding) -> tuple[str, str, float | None, float, float]:
    """Return the worse group, the other, their ratio above 1 and its interval."""
    known = f.ratio_lower is not None and f.ratio_upper is not None
    low, high = (f.ratio_lower or 0.0, f.ratio_upper or math.inf) if known else (0.0, math.inf)
    if f.higher is not None:
        worse = f.higher == f.group_a
    else:
        worse = f.rate_a is None or f.rate_b is None or f.rate_a >= f.rate_b
    if worse:
        return f.group_a, f.group_b, f.ratio, low, high
    turned = None if not f.ratio else 1 / f.ratio
    return (
        f.group_b,
        f.group_a,
        turned,
        1 / high if high else math.inf,
        1 / low if low else math.inf,
    )


def _ratio(f: Finding, people: Sides) -> str:
    """Say who had the error more often, and by how much where that is published and finite."""
    a, b, times, *_ = turned(f)
    by, deed = f.factor, people.deed
    one, two = people.who(a, by), people.who(b, by)
    if times is not None and math.isfinite(times):
        return f"{one} {deed.once} {ratio(times)} times as often as {two}"
    if f.rate_a is None and f.higher is None:
        return f"{deed.thing} were not equally frequent among {people.those([a, b], by)}"
    return f"{one} {deed.often} more often than {two}"


def _different(f: Finding, people: Sides, first: bool) -> Said:
    """Tell a difference; the `first` says why its range is stricter than usual."""
    a, b, times, low, high = turned(f)
    if f.rate_a is None or f.rate_b is None:
        return Said(f"{_ratio(f, people)}; {_WITHHELD}.")
    mine, theirs = people.of(f.factor, a), people.of(f.factor, b)
    rates = (f.rate_a, f.rate_b) if a == f.group_a else (f.rate_b, f.rate_a)
    seen = seen_words(mine, theirs, *rates, people)
    figure = people.truth.format("figure")
    if times is None or not math.isfinite(times):
        span = f"it happens at least {ratio(low, 'down')} times as often" if low > 0 else ""
    elif math.isinf(high):
        span = f"the {figure} is at least {ratio(low, 'down')} times"
    else:
        span = f"the {figure} is between {ratio(low, 'down')} and {ratio(high, 'up')} times"
    level = f" ({confidence(f.level)} range)" if f.level is not None else ""
    if f.level is not None and first and f.level > people.usual:
        level = (
            f" ({confidence(f.level)} range, stricter than the usual {confidence(people.usual)} "
            "range because the study made several comparisons)"
        )
    basis = (
        f"Allowing for chance, {span}{level}." if span else "",
        _affected(f.metric, mine, theirs, people.unit),
        rests_on(f.metric, f.fragility, people.unit),
    )
    return Said(f"{_ratio(f, people)}: {seen}.", " ".join(filter(None, basis)))


def _affected(metric: str, mine: Rate | None, theirs: Rate | None, unit: str) -> str:
    """Say how many people of each group had an error; nothing where it is not known."""
    if mine is None or theirs is None or unit != "people":
        return ""
    counts = (mine.subjects_with_event, mine.subjects, theirs.subjects_with_event, theirs.subjects)
    if any(each is None for each in counts):
        return ""
    a, of_a, b, of_b = (count(each) for each in counts)
    # Both people of a wrong match count, so that they may be more than the matches.
    happened = "involved" if metric == "FMR" else "happened to"
    return f"It {happened} {a} of {of_a} people, against {b} of {of_b}."


def _open(found: Sequence[Finding], people: Sides, some: bool) -> Iterator[str]:
    """Say of pairs without a shown difference what was seen, and which ratios fit it.

    `some` is whether other pairs did differ, so that nothing has yet said that these do not.
    """
    if not found:
        return
    widest_first = sorted(found, key=_size, reverse=True)
    most = NAMED if len(found) > NAMED + 1 else NAMED + 1
    rest = widest_first[most:]
    told = [f"{_seen(each, people)} ({_fits(*turned(each)[3:])})" for each in widest_first[:most]]
    if some:
        yield f"for other pairs of groups no difference was shown{_TOO_SMALL} {IN_BRACKETS}."
    else:
        told[0] = f"in this test {IN_BRACKETS}, {told[0]}"
    yield from (f"{each}." for each in told)
    if rest:
        ends = [turned(each)[3:] for each in rest]
        widest = _fits(min(low for low, _ in ends), max(high for _, high in ends))
        more = several(len(rest), "more pair")
        yield f"for {more} of groups the ranges all lie within this one: {widest}."


def _seen(f: Finding, people: Sides) -> str:
    """Say how often two groups were seen to have the error."""
    a, b, times, *_ = turned(f)
    deed, by = people.deed, f.factor
    one, two, both = people.who(a, by), people.who(b, by), people.those([a, b], by)
    if f.rate_a is None or f.rate_b is None:
        return both
    if f.rate_a == f.rate_b:
        return f"{both} {deed.often} at the same rate"
    if times is not None and math.isfinite(times):
        return f"{one} {deed.often} {ratio(times)} times as often as {two}"
    mine, theirs = people.of(by, a), people.of(by, b)
    if not mine or not theirs or mine.events is None or theirs.events is None:
        return f"{one} {deed.often} more often than {two}"
    seen = _counted([mine, theirs], people)
    return f"{one} {deed.often} more often than {two}, {seen[0]} against {seen[1]}"


def _counted(rates: Sequence[Rate], people: Sides) -> list[str]:
    """Return errors with what they are of, the first with its unit: "14 of 132 passes"."""
    unit = f" {people.trial}"
    return [
        f"{count(rate.events) if rate.events else 'none'} of {count(rate.trials)}"
        f"{'' if place else unit}"
        for place, rate in enumerate(rates)
    ]


def _fits(low: float, high: float) -> str:
    """Say which ratios fit what was seen; an end beyond `NO_LIMIT` is no limit."""
    above = high >= NO_LIMIT
    if low >= 1:
        span = f"{ratio(low, 'down')} times or more, without an upper limit"
        return span if above else f"{ratio(low, 'down')} to {ratio(high, 'up')} times"
    below = low * NO_LIMIT <= 1
    if below and above:
        return "any ratio, either way"
    one = "without an upper limit" if above else f"up to {ratio(high, 'up')} times"
    other = "without a limit" if below else f"up to {ratio(1 / low, 'up')} times"
    return f"{one}, or {other} the other way round"


def _errors(factor: str, other: str, names: Names, people: Sides) -> str:
    """Return how few errors sides had, of how many trials; nothing where it is not known."""
    groups = (other, *names[:NAMED])
    rates = [rate for group in groups if (rate := people.of(factor, group)) is not None]
    small = any(rate.subjects is not None and rate.subjects < FEWEST for rate in rates)
    withheld = len(rates) < len(groups) or any(rate.withheld for rate in rates)
    if small or withheld or len(names) > NAMED:
        return ""
    few, *others = _counted(rates, people)
    return f" (errors: {few} against {joined(others)})"


def _alike(found: Sequence[Finding], people: Sides) -> str:
    """Tell that groups were shown to be alike, and within which margin."""
    margin = ratio(max(one.margin or 1.0 for one in found), "up")
    who = [_both(by, other, names, people) for by, other, names, _ in _by_reference(found)]
    those = who[0] if len(who) == 1 else "these groups"
    named = "" if len(who) == 1 else f": {'; '.join(who)}"
    return (
        f"{those} {people.deed.often} about equally often (allowing for chance, any difference is "
        f"below {margin} times){named}."
    )


def _both(factor: str, other: str, names: Names, people: Sides) -> str:
    """Name two groups, or the one with which each of several was compared."""
    if len(names) == 1:
        return people.those([*names, other], factor)
    return f"{people.who(other, factor)} and each of {_named(names, factor, people)}"
