"""Stage report: comparisons of groups as sentences about people (findings and rates in).

A difference is told by its ratio, its people and its interval, everything else by what remains
possible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import group_words, groups_words
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.words import alike, confidence, count, one_in, ratio, several
from lfr_eval.report.findings import Finding
from lfr_eval.report.rates import Rate

NAMED = 3
"""Differences told at most on each kind of error; the page and the paper hold all."""


@dataclass(frozen=True)
class Deed:
    """What is said of people who had an error: once, several times, and as a thing."""

    once: str
    often: str
    thing: str


DEEDS = {
    "FPIR": Deed("set off a false alert", "set off false alerts", "false alerts"),
    "FNIR": Deed("were missed", "were missed", "missed people"),
    "FMR": Deed("were taken for one another", "were taken for one another", "wrong matches"),
    "FNMR": Deed("were not recognised", "were not recognised", "missed matches"),
}
"""What is told of an error that the system makes."""


@dataclass(frozen=True)
class Sides:
    """One kind of error: its rates, and what they count.

    Attributes
    ----------
    rates
        By factor and group.
    unit
        What counts as independent: `people`, or `pairs` of whom nobody knows whose they are.
    trial
        What trials are, in the plural.
    """

    deed: Deed
    rates: Mapping[tuple[str, str], Rate]
    unit: str
    trial: str

    def in_all(self, what: str) -> str:
        """Say how often the error, called `what`, happened to everybody together."""
        rate = self.of(OVERALL, EVERYBODY)
        if rate is not None and rate.withheld:
            return f"how often {what} happened in all is not published."
        if rate is None or rate.rate is None:
            return f"how often {what} happened was not measured."
        trials = f"{count(rate.trials)} {self.trial}"
        if self.unit == "pairs":
            trials = several(rate.trials or 0, "pair")
        elif rate.subjects:
            trials += f" with {several(rate.subjects, 'person', 'people')}"
        if not rate.events:
            bound = "" if rate.upper is None else f" (true rate at most {one_in(rate.upper, 'up')})"
            return f"{what} happened in none of {trials}{bound}."
        return f"{what} happened in {count(rate.events)} of {trials} ({one_in(rate.rate)})."

    def of(self, factor: str, group: str) -> Rate | None:
        """Return the rate of a group."""
        return self.rates.get((factor, group))


def told(found: Sequence[Finding], people: Sides) -> Iterator[str]:
    """Say what the comparisons of one kind of error show together, as within a sentence."""
    deed = people.deed
    pairs = [each for each in found if not each.is_omnibus and CROSS not in each.factor]
    crossed = [each for each in found if not each.is_omnibus and CROSS in each.factor]
    if not pairs and not crossed:
        yield f"groups were not compared by {deed.thing}, so the study gives no answer on it."
        return
    of = {verdict: [e for e in pairs if e.verdict == verdict] for verdict in _TOLD}
    different = sorted(of["different"], key=_size, reverse=True)
    for each in different[:NAMED]:
        yield _different(each, people)
    if len(different) > NAMED:
        more = len(different) - NAMED
        yield f"{several(more, 'more pair')} of groups {'differs' if more == 1 else 'differ'}."
    judged = [each for each in pairs if each.verdict in ("inconclusive", "withheld")]
    if judged and not different:
        sets = _by_reference(judged)
        between = " or between ".join(
            groups_words([other, *names], factor=by) for by, other, names, _ in sets
        )
        yield (
            f"no difference in {deed.thing} was shown between {between}, but that does not mean "
            "that there is none."
        )
    for kind, tell in (("inconclusive", _open), ("equivalent", _alike)):
        for _, other, names, same in _by_reference(of[kind]):
            yield tell(names, other, same, deed, bool(different))
    if of["untestable"] and len(of["untestable"]) == len(pairs):
        yield (
            f"too few {people.unit} or errors were seen to say whether any group has more "
            f"{deed.thing} than another."
        )
    elif of["untestable"]:
        sets = _by_reference(of["untestable"])
        who = ", or ".join(
            f"{group_words(other, by)} with {groups_words(names, 'or', by)}"
            for by, other, names, _ in sets
        )
        yield f"too few {people.unit} or errors were seen to compare {who}."
    if of["withheld"]:
        sets = _by_reference(of["withheld"])
        who = "; ".join(groups_words([*names, other], factor=by) for by, other, names, _ in sets)
        yield (
            f"for {who} only this is published: no difference was shown, which is not equality. "
            "The numbers behind it are too small to publish."
        )
    worst = sorted((e for e in crossed if e.verdict == "different"), key=_size, reverse=True)
    if worst:
        yield (
            f"by gender and ethnicity together, {len(worst)} of {several(len(crossed), 'pair')} of "
            f"groups {'differs' if len(worst) == 1 else 'differ'}; the widest gap: "
            f"{_ratio(worst[0], deed)}."
        )


_TOLD = ("different", "inconclusive", "equivalent", "untestable", "withheld")


def _size(finding: Finding) -> float:
    if finding.ratio is None or finding.ratio <= 0:
        return math.inf
    return abs(math.log(finding.ratio))


def _turned(f: Finding) -> tuple[str, str, float | None, float, float]:
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


def _ratio(f: Finding, deed: Deed) -> str:
    """Say who had the error more often, and by how much where that is published and finite."""
    a, b, times, *_ = _turned(f)
    by = f.factor
    one, two = group_words(a, by), group_words(b, by)
    if times is not None and math.isfinite(times):
        return f"{one} {deed.once} {ratio(times)} times as often as {two}"
    if f.rate_a is None and f.higher is None:
        return f"{deed.thing} were not equally frequent among {groups_words([a, b], factor=by)}"
    return f"{one} {deed.often} more often than {two}"


def _different(f: Finding, people: Sides) -> str:
    deed = people.deed
    a, b, times, low, high = _turned(f)
    if f.rate_a is None or f.rate_b is None:
        return f"{_ratio(f, deed)}; the numbers are too small to publish."
    mine, theirs = people.of(f.factor, a), people.of(f.factor, b)
    rates = (f.rate_a, f.rate_b) if a == f.group_a else (f.rate_b, f.rate_a)
    seen = _seen(mine, theirs, *rates, people.trial)
    if times is None or not math.isfinite(times):
        span = f"it is at least {ratio(low, 'down')} times as often" if low > 0 else ""
    elif math.isinf(high):
        span = f"the true figure is at least {ratio(low, 'down')} times"
    else:
        span = f"the true figure is between {ratio(low, 'down')} and {ratio(high, 'up')} times"
    level = f" ({confidence(f.level)} interval)" if f.level is not None else ""
    chance = f" Allowing for chance, {span}{level}." if span else ""
    return f"{_ratio(f, deed)}: {seen}.{chance}{_affected(mine, theirs, people.unit)}"


def _seen(mine: Rate | None, theirs: Rate | None, a: float, b: float, trial: str) -> str:
    """Return the two rates of a ratio in one unit, with their counts where these make them."""

    def told(rate: Rate | None, value: float, said: str, noun: str) -> str:
        counted = rate is not None and rate.trials and rate.events is not None
        if rate is None or not counted:
            return f"{said}{noun}" if value else f"none{' of the' + noun if noun else ''}"
        if not value:
            bound = f" (true rate at most {one_in(rate.upper, 'up')})" if rate.upper else ""
            return f"none of {count(rate.trials)}{noun}{bound}"
        if not math.isclose((rate.events or 0) / (rate.trials or 1), value, rel_tol=1e-6):
            return f"{said}{noun}"
        return f"{count(rate.events)} of {count(rate.trials)}{noun} ({said})"

    said = alike((a, "nearest"), (b, "nearest"))
    return f"{told(mine, a, said[0], f' {trial}')} against {told(theirs, b, said[1], '')}"


def _affected(mine: Rate | None, theirs: Rate | None, unit: str) -> str:
    """Say how many people of each group had an error; nothing where it is not known."""
    if mine is None or theirs is None or unit == "pairs":
        return ""
    counts = (mine.subjects_with_event, mine.subjects, theirs.subjects_with_event, theirs.subjects)
    if any(each is None for each in counts):
        return ""
    a, of_a, b, of_b = (count(each) for each in counts)
    return f" It happened to {a} of {of_a} people against {b} of {of_b}."


Names = Sequence[str]


def _open(names: Names, other: str, found: Sequence[Finding], _: Deed, some: bool) -> str:
    known = [one.possible for one in found if one.possible is not None]
    one = len(found) == 1
    by = found[0].factor
    between = groups_words([*names, other], factor=by)
    if not one:
        between = f"{group_words(other, by)} and {groups_words(names, 'or', by)}"
    shown = (
        f"between {between} no difference was shown; one"
        if some
        else f"for {between}, a difference"
    )
    if not known:
        shown = f"between {between} no difference was shown, and" if some else f"for {between},"
        return f"{shown} the study sets no limit to how large one could be."
    most = ratio(max(known), "up")
    where = "" if one else " in at least one of these pairs"
    rest = len(found) - len(known)
    limit = f"; for {rest} of them the study sets no limit" if rest else ""
    return f"{shown} of up to {most} times either way remains possible{where}{limit}."


def _alike(names: Names, other: str, found: Sequence[Finding], deed: Deed, _: bool) -> str:
    margin = ratio(max(one.margin or 1.0 for one in found), "up")
    by = found[0].factor
    who = groups_words([*names, other], factor=by)
    if len(found) > 1:
        who = f"{group_words(other, by)} and each of {groups_words(names, factor=by)}"
    return f"{who} {deed.often} about equally often: any difference is below {margin} times."


def _by_reference(found: Iterable[Finding]) -> Iterator[tuple[str, str, Names, list[Finding]]]:
    """Yield factor, the group compared with, the others, and their findings."""
    sets: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        sets.setdefault((each.factor, each.group_b), []).append(each)
    for (factor, other), same in sets.items():
        yield factor, other, [one.group_a for one in same], same
