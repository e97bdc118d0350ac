"""Stage report: one comparison of two groups in words (a finding and the groups' rates in)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lfr_eval.contract.words import confidence, count, ratio
from lfr_eval.inference.statements import rests_on, rests_on_few
from lfr_eval.report.brief.sides import Sides, seen_words
from lfr_eval.report.findings import NO_LIMIT, Finding
from lfr_eval.report.rates import Rate

RANGE_WITHHELD = "the range is withheld"
WITHHELD = "the numbers are withheld, because small counts could be worked out from them"


class Said(NamedTuple):
    """A sentence, and sentences on what it rests on, which may not be quoted without it."""

    text: str
    basis: str = ""


def gap(finding: Finding) -> float:
    """Return how far a ratio is from 1, either way; infinite where one side had no error."""
    if finding.ratio is None or finding.ratio <= 0:
        return math.inf
    return abs(math.log(finding.ratio))


def turned(f: Finding) -> tuple[str, str, float | None, float, float]:
    """Return the worse group, the other, their ratio above 1 and its interval."""
    known = f.ratio_lower is not None and f.ratio_upper is not None
    low, high = (f.ratio_lower or 0.0, f.ratio_upper or math.inf) if known else (0.0, math.inf)
    worse = f.rate_a is None or f.rate_b is None or f.rate_a >= f.rate_b
    if f.higher == f.group_a or (f.higher is None and worse):
        return f.group_a, f.group_b, f.ratio, low, high
    low, high = (1 / end if end else math.inf for end in (high, low))
    return f.group_b, f.group_a, 1 / f.ratio if f.ratio else None, low, high


def difference_words(f: Finding, people: Sides, first: bool) -> Said:
    """Tell a difference; the `first` says why its range is stricter than usual."""
    (a, b, times, *_), by, deed = turned(f), f.factor, people.deed
    one, two = people.who(a, by), people.who(b, by)
    few = rests_on(f.metric, f.fragility, people.unit)
    few = rests_on_few(f.metric, people.unit) if f.rests_on_few else few
    if f.rate_a is None or f.rate_b is None:
        said = f"{one} {deed.often} more often than {two}"
        if f.higher is None:
            said = f"{deed.thing} were not equally frequent among {people.those([a, b], by)}"
        return Said(f"{said}; {WITHHELD}.", few)
    mine, theirs = people.of(by, a), people.of(by, b)
    rates = (f.rate_a, f.rate_b) if a == f.group_a else (f.rate_b, f.rate_a)
    seen = seen_words(mine, theirs, *rates, people)
    often = f": {ratio(times)} times as often" if times and math.isfinite(times) else ""
    basis = (_allowing(f, people, first), _affected(f.metric, mine, theirs, people.unit), few)
    text = f"{one} {deed.once} in {seen[0]}, {two} in {seen[1]}{often}."
    return Said(text, " ".join(filter(None, basis)))


def _allowing(f: Finding, people: Sides, first: bool) -> str:
    """Say how far the true ratio may lie from the one that was seen; empty without any limit."""
    *_, times, low, high = turned(f)
    figure = people.truth.format("figure")
    if f.range_withheld:
        return (
            f"How far the {figure} may be from this by chance is not published: {RANGE_WITHHELD}."
        )
    least = f"at least {ratio(low, 'down')} times"
    if times is None or not math.isfinite(times):
        span = f"it happens {least} as often" if low > 0 else ""
    elif math.isinf(high):
        span = f"the {figure} is {least}"
    else:
        span = f"the {figure} is between {ratio(low, 'down')} and {ratio(high, 'up')} times"
    level = "" if f.level is None else f"{confidence(f.level)} range"
    if f.level is not None and first and f.level > people.usual:
        level += (
            f", stricter than the usual {confidence(people.usual)} range because the study made "
            "several comparisons"
        )
    return f"Allowing for chance, {span}{f' ({level})' if level else ''}." if span else ""


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


def seen_pair(f: Finding, people: Sides) -> str:
    """Say how often two groups were seen to have the error."""
    (a, b, times, *_), by, often = turned(f), f.factor, people.deed.often
    one, two, both = people.who(a, by), people.who(b, by), people.those([a, b], by)
    if f.rate_a is None or f.rate_b is None:
        return both
    if f.rate_a == f.rate_b:
        return f"{both} {often} at the same rate"
    if times is not None and math.isfinite(times):
        return f"{one} {often} {ratio(times)} times as often as {two}"
    mine, theirs = people.of(by, a), people.of(by, b)
    said = f"{one} {often} more often than {two}"
    if not mine or not theirs or mine.events is None or theirs.events is None:
        return said
    return ", ".join([said, " against ".join(counted_errors([mine, theirs], people))])


def counted_errors(rates: Sequence[Rate], people: Sides) -> list[str]:
    """Return errors with what they are of, the first with its unit: "14 of 132 passes"."""
    units = (f" {people.trial}", *[""] * len(rates))
    return [
        f"{count(rate.events) if rate.events else 'none'} of {count(rate.trials)}{unit}"
        for rate, unit in zip(rates, units, strict=False)
    ]


def range_words(low: float, high: float) -> str:
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
