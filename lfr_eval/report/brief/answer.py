"""Stage report: the answer as sentences about people (findings and rates in, paragraphs out).

Every sentence comes from one finding or sums up several of one kind; a difference is told by its
ratio, its people and its interval, everything else by what remains possible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import group_words, groups_words
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import count, one_in, percentage, ratio, several, spoken_threshold
from lfr_eval.report.findings import Finding
from lfr_eval.report.model import Report
from lfr_eval.report.rates import Quote, Rate

NAMED = 3
"""Differences told at most on each kind of error; the page and the paper hold all."""


MANY = 0.1
"""Rate of false alerts above which the brief doubts that anybody would run the threshold."""


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

MISSES = {
    "FNIR": "The other error is to miss somebody who is on the watchlist:",
    "FNMR": "The other error is not to know one person on two pictures:",
}


def setting_words(report: Report) -> str:
    """Return the setting of the brief: "threshold 0.60 and a watchlist of 10,000 faces"."""
    quote = report.quote
    if quote is None:
        return ""
    at = f"threshold {spoken_threshold(quote.threshold)}"
    if quote.watchlist_size is None:
        return f"{at}, faces compared one to one"
    return f"{at} and a watchlist of {count(quote.watchlist_size)} faces"


def answer(report: Report) -> tuple[str, ...]:
    """Return the paragraphs of the answer, the shortest answer first."""
    quote = report.quote
    if quote is None:
        return (
            "The study holds no rate at the threshold in use, so it gives no answer for it. A rate "
            "from another threshold must not stand in for it.",
        )
    in_use = report.record.thresholds.operating is not None
    where = "at the threshold in use" if in_use else f"at {setting_words(report)}"
    made_up = "in this made-up study, " if report.record.simulated else ""
    paragraphs = []
    for metric, side in ((quote.wrong.code, "wrong"), (quote.right.code, "right")):
        found = [each for each in report.compared if each.metric == metric and _is_at(each, quote)]
        paragraphs.append(list(_about(found, DEEDS[metric], _people(quote, side))))
    first, second = paragraphs
    first[0] = f"{made_up}{where}, {first[0]}"
    first[1:1] = _too_many(quote)
    second[:1] = [f"{MISSES[quote.right.code]} {_everybody(quote)}", second[0]]
    lead, *rest = first
    return tuple(" ".join(map(_capital, each)) for each in ([lead], rest, second) if each)


def _too_many(quote: Quote) -> list[str]:
    """Say so where a watchlist could hardly be searched at this threshold."""
    rates = [row.wrong for row in quote.rows if row.factor == OVERALL and row.wrong is not None]
    if quote.watchlist_size is None or not rates or (rates[0].rate or 0.0) <= MANY:
        return []
    return [
        f"in all, {percentage(rates[0].rate)} of passes set off a false alert: hardly a threshold "
        "at which somebody would search a watchlist of that length."
    ]


def _everybody(quote: Quote) -> str:
    """Say how often the second error happened to everybody together."""
    found = [row.right for row in quote.rows if row.factor == OVERALL and row.right is not None]
    rate = found[0] if found else None
    if rate is None or rate.rate is None or rate.withheld:
        return "how often it happened in all is not told."
    trials = f"{count(rate.trials)} tries with {several(rate.subjects or 0, 'person', 'people')}"
    if not rate.events:
        bound = "" if rate.upper is None else f" (true rate at most {one_in(rate.upper, 'up')})"
        return f"it happened in none of {trials}{bound}."
    return f"it happened in {count(rate.events)} of {trials} ({one_in(rate.rate)})."


def _is_at(finding: Finding, quote: Quote) -> bool:
    return (
        finding.threshold is not None
        and same_threshold(finding.threshold, quote.threshold)
        and finding.watchlist_size == quote.watchlist_size
    )


def _people(quote: Quote, side: str) -> dict[tuple[str, str], Rate]:
    rates = ((row, getattr(row, side)) for row in quote.rows)
    return {(row.factor, row.group): rate for row, rate in rates if rate is not None}


def _about(
    found: Sequence[Finding], deed: Deed, people: dict[tuple[str, str], Rate]
) -> Iterator[str]:
    """Say what the comparisons of one kind of error show together, as within a sentence."""
    pairs = [each for each in found if not each.is_omnibus and CROSS not in each.factor]
    crossed = [each for each in found if not each.is_omnibus and CROSS in each.factor]
    if not pairs and not crossed:
        yield f"groups were not compared by {deed.thing}, so the study gives no answer on it."
        return
    of = {verdict: [e for e in pairs if e.verdict == verdict] for verdict in _TOLD}
    different = sorted(of["different"], key=_size, reverse=True)
    for each in different[:NAMED]:
        yield _different(each, deed, people)
    if len(different) > NAMED:
        more = len(different) - NAMED
        yield f"{several(more, 'more pair')} of groups {'differs' if more == 1 else 'differ'}."
    judged = [each for each in pairs if each.verdict in ("inconclusive", "withheld")]
    if judged and not different:
        sets = _by_reference(judged)
        between = " or between ".join(groups_words([other, *names]) for _, other, names, _ in sets)
        yield (
            f"no difference in {deed.thing} was shown between {between}, but that does not mean "
            "that there is none."
        )
    for kind, tell in (("inconclusive", _open), ("equivalent", _alike)):
        for _, other, names, alike in _by_reference(of[kind]):
            yield tell(names, other, alike, deed, bool(different))
    if of["untestable"]:
        sets = _by_reference(of["untestable"])
        who = ", nor ".join(
            f"{group_words(other)} with {groups_words(names, 'or')}" for _, other, names, _ in sets
        )
        yield f"too few people or errors were seen to compare {who}."
    if of["withheld"]:
        sets = _by_reference(of["withheld"])
        who = "; ".join(groups_words([*names, other]) for _, other, names, _ in sets)
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
    a, b, times, *_ = _turned(f)
    if times is None or not math.isfinite(times):
        return f"{group_words(a)} {deed.often} and {group_words(b)} did not"
    return f"{group_words(a)} {deed.once} {ratio(times)} times as often as {group_words(b)}"


def _different(f: Finding, deed: Deed, people: dict[tuple[str, str], Rate]) -> str:
    a, b, times, low, high = _turned(f)
    mine, theirs = people.get((f.factor, a)), people.get((f.factor, b))
    seen = _seen(mine, theirs)
    if times is None or not math.isfinite(times):
        least = f" Allowing for chance, it is at least {ratio(low, 'down')} times as often."
        return f"{_ratio(f, deed)}{seen}.{least if low > 0 else ''}"
    span = f"between {ratio(low, 'down')} and {ratio(high, 'up')} times"
    if math.isinf(high):
        span = f"at least {ratio(low, 'down')} times"
    return f"{_ratio(f, deed)}{seen}. Allowing for chance, the true figure is {span}."


def _seen(mine: Rate | None, theirs: Rate | None) -> str:
    """Return how many people of each group had an error; nothing where it is withheld."""
    if mine is None or theirs is None:
        return ""
    counts = (mine.subjects_with_event, mine.subjects, theirs.subjects_with_event, theirs.subjects)
    if any(each is None for each in counts):
        return ""
    a, of_a, b, of_b = (count(each) for each in counts)
    return f": {a} of {of_a} people against {b} of {of_b}"


Names = Sequence[str]


def _open(names: Names, other: str, found: Sequence[Finding], _: Deed, some: bool) -> str:
    known = [one.possible for one in found if one.possible is not None]
    one = len(found) == 1
    between = groups_words([*names, other])
    if not one:
        between = f"{group_words(other)} and {groups_words(names, 'or')}"
    shown = f"between {between} no difference was shown; one" if some else f"for {between}, one"
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
    who = groups_words([*names, other])
    if len(found) > 1:
        who = f"{group_words(other)} and each of {groups_words(names)}"
    return f"{who} {deed.often} about equally often: any difference is below {margin} times."


def _by_reference(found: Iterable[Finding]) -> Iterator[tuple[str, str, Names, list[Finding]]]:
    """Yield factor, the group compared with, the others, and their findings."""
    sets: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        sets.setdefault((each.factor, each.group_b), []).append(each)
    for (factor, other), same in sets.items():
        yield factor, other, [one.group_a for one in same], same


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
