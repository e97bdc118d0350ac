"""Stage report: what the rates mean for people who pass (rates of one setting in, texts out)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from lfr_eval.contract.names import group_words, groups_words
from lfr_eval.contract.tables import CROSS, OVERALL, UNKNOWN
from lfr_eval.contract.words import about, joined, several
from lfr_eval.report.brief.answer import at_setting
from lfr_eval.report.brief.pair_words import turned
from lfr_eval.report.brief.told import MOST_GROUPS
from lfr_eval.report.crowd import SIZE, crowd_sentence
from lfr_eval.report.explorer import plain_factors
from lfr_eval.report.findings import Finding
from lfr_eval.report.model import Report
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import Rate


def crowd_words(report: Report) -> tuple[str, ...]:
    """Return what the rates mean for people who pass; empty where no watchlist was searched."""
    quote = report.quote
    if quote is None or quote.watchlist_size is None:
        return ()
    conditions = set(report.record.conditions)
    rates = [row.wrong for row in quote.rows if row.wrong and row.wrong.factor not in conditions]
    factor = plain_factors([each.factor for each in rates])[0]
    groups = [each for each in rates if each.factor == factor and factor != OVERALL]
    everybody = next((each for each in rates if each.factor == OVERALL), None)
    found = [
        each
        for each in at_setting(report.compared, quote)
        if (each.metric, each.factor) == (quote.wrong.code, factor)
    ]
    shown = [each for each in found if each.verdict == "different"]
    simulated = report.record.simulated
    texts = []
    if any(_is_measured(each) for each in groups):
        texts.append(" ".join(_thousands(groups, found, simulated)))
    crowd = crowd_sentence(everybody, simulated)
    if everybody is not None and crowd:
        warning = "This is worked out from the rates; no crowd was watched."
        if not simulated:
            warning += " Real crowds differ: people pass more than once, and in other light."
        texts.append(f"{crowd}{_most(everybody, groups, shown)} {warning}")
    return tuple(texts)


def _is_known(rate: Rate) -> bool:
    """Whether a rate is known and rests on enough people to be compared."""
    enough = (rate.subjects or FEWEST) >= FEWEST
    return enough and rate.rate is not None and rate.upper is not None


def _is_measured(rate: Rate) -> bool:
    """Whether a rate is known of people with a label."""
    return _is_known(rate) and UNKNOWN not in rate.group.split(CROSS)


def _thousands(groups: Sequence[Rate], found: Sequence[Finding], simulated: bool) -> Iterator[str]:
    """Say how many of 1,000 people of each group would set off a false alert, and how surely."""
    who = "made-up people" if simulated else "people"
    known = [each for each in groups if _is_known(each)]
    known.sort(key=lambda each: (each.rate or 0.0, each.upper or 0.0), reverse=True)
    ends = known if len(known) <= MOST_GROUPS else [known[0], known[-1]]
    yield (
        f"Of every 1,000 {who} who are not on the watchlist and pass once, this many would set off "
        "a false alert (the brackets give the range that fits what was seen)."
    )
    yield from map(_thousand, ends)
    if len(known) > len(ends):
        yield f"The other {several(len(known) - len(ends), 'group')} lie between these."
    for why, left in (
        ("is not published", [each for each in groups if each.withheld]),
        ("is not known, because too few were tested",
         [each for each in groups if not each.withheld and each not in known]),
    ):  # fmt: skip
        if left:
            names = groups_words([each.group for each in left], factor=left[0].factor)
            yield f"For {names} the number {why}."
    if sum(map(_is_measured, known)) > 1:
        yield from _how_surely([each.group for each in known], found)


def _how_surely(groups: Sequence[str], found: Sequence[Finding]) -> Iterator[str]:
    """Say between which groups a difference was shown, was not shown, and was not looked for."""
    pairs = [each for each in found if not each.is_omnibus]
    shown = [each for each in pairs if each.verdict == "different"]
    if not shown and any(each.verdict == "different" for each in found):
        yield "These groups do differ, but the study cannot tell which of them."
        return
    if not shown:
        yield "No difference between these groups was shown, so these numbers may differ by chance."
        return
    factor = shown[0].factor
    compared = {frozenset((each.group_a, each.group_b)) for each in pairs}
    left = [pair for pair in combinations(groups, 2) if frozenset(pair) not in compared]
    if len(shown) < len(pairs) or left:
        named = [groups_words([each.group_a, each.group_b], factor=factor) for each in shown]
        yield f"A difference was shown between {joined(named)}."
    if len(shown) < len(pairs):
        yield "The other differences that were tested may be due to chance."
    if len(left) == 1:
        two = groups_words(left[0], factor=factor)
        yield f"{two[:1].upper()}{two[1:]} were not compared with each other."
    elif left:
        yield f"The {several(len(left), 'other pair')} of groups were not compared."


def _thousand(of: Rate) -> str:
    """Return what is expected of 1,000 people of a group: "Black people: about 65 (41 to 98)."."""
    who = group_words(of.group, of.factor)
    who, upper = who[:1].upper() + who[1:], about(1000 * (of.upper or 0.0), "up")
    if not of.events:
        return f"{who}: none seen (0 to {upper})."
    lower = about(1000 * (of.lower or 0.0), "down")
    return f"{who}: about {about(1000 * (of.rate or 0.0))} ({lower} to {upper})."


def _most(everybody: Rate, groups: Sequence[Rate], shown: Sequence[Finding]) -> str:
    """Name the group with most false alerts where it was shown to have more than another."""
    counted = [each for each in groups if each.events]
    if not counted or not everybody.trials:
        return ""
    most = max(counted, key=lambda each: each.events or 0)
    if most.group not in [turned(each)[0] for each in shown]:
        return ""
    alerts = about(SIZE * (most.events or 0) / everybody.trials)
    return f" About {alerts} of them would fall on {group_words(most.group, most.factor)}."
