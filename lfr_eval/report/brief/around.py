"""Stage report: what stands around the answer, in plain words (view model in, texts out)."""

from __future__ import annotations

from collections.abc import Iterator

from lfr_eval.contract.dates import spoken_day
from lfr_eval.contract.names import compared_words, factor_words, group_name, group_words
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.words import count, joined
from lfr_eval.report.brief.sides import PHOTOGRAPHS, sides_of
from lfr_eval.report.brief.told import MOST_GROUPS
from lfr_eval.report.model import Report
from lfr_eval.report.people import BY_WHOSE_WORD, GroupCount
from lfr_eval.report.templating import sentences

Fact = tuple[str, str]
SMALL = 300
"""People below which a group is small: of 300 without any error, one in 100 may still have it."""


def facts(report: Report) -> tuple[Fact, ...]:
    """Return what was tested, on whom and at which setting."""
    quote, alerts = report.quote, report.record.matcher.evidence == "alerts"
    sides = sides_of(report, quote) if quote else ()
    trials = [rate and rate.trials for rate in (side.of(OVERALL, EVERYBODY) for side in sides)]
    found = sentences(
        "facts",
        report=report,
        record=report.record,
        photographs=any(side.trial == PHOTOGRAPHS for side in sides),
        twice=not alerts and {*trials} == {report.people.everybody.passes},
        groups=_groups(report),
        labelled=_labelled(report),
        spoken_day=spoken_day,
    )
    return tuple((name, " ".join(said)) for name, said in found.items() if said)


def around(report: Report) -> dict[str, str]:
    """Return who ran the study and how it can be checked, and what weakens the answer."""
    found = sentences("around", report=report, record=report.record, spoken_day=spoken_day)
    return {name: " ".join(said) for name, said in found.items()}


def limits(report: Report) -> dict[str, list[str]]:
    """Return what the study cannot tell: in plain words, and `further` in those of the method."""
    known = {"report": report, "record": report.record, "by_whose_word": BY_WHOSE_WORD}
    return sentences("limits", **known, spoken=spoken, small=SMALL)


def spoken(group: str, factor: str) -> str:
    """Return the people of a group after a number: "13 Black", "49 women"."""
    return group_words(group, factor).removesuffix(" people")


def _groups(report: Report) -> Iterator[Fact]:
    """Yield factors and how many people, or passes with a condition, are in each of its groups."""
    for block in report.people.blocks:
        factor = block.rows[0].factor
        condition = factor in report.record.conditions
        if factor == OVERALL or CROSS in factor:
            continue
        if len(block.rows) > MOST_GROUPS:
            yield factor, f"{len(block.rows)} {'conditions' if condition else 'groups'}"
            continue
        named = [_counted(each, condition, report.unit) for each in block.rows if each.people]
        if untold := [spoken(each.group, factor) for each in block.rows if each.withheld]:
            named.append(f"{joined(untold)} (number not published)")
        yield factor, joined(named)


def _counted(each: GroupCount, condition: bool, unit: str) -> str:
    """Return a group after its number: "1 person who prefers not to say"."""
    if condition:
        return f"{count(each.passes)} {compared_words(each.factor, each.group, [each.factor])}"
    who = (spoken if unit == "people" else group_name)(each.group, each.factor)
    if each.people == 1:
        who = who.replace("people who prefer ", "person who prefers ").replace("people ", "person ")
    return f"{count(each.people)} {who}"


def _labelled(report: Report) -> Iterator[Fact]:
    """Say whose word the groups are: of people under test, and of fillers where it is another."""
    factors = {label.factor for label in report.labels}
    for who, tested in (("People tested", True), ("Faces that fill the watchlist", False)):
        sources: dict[str, dict[str, None]] = {}
        for dataset in report.record.datasets:
            for factor, source in dataset.label_source.items():
                if dataset.tested is tested and factor in factors and source in BY_WHOSE_WORD:
                    sources.setdefault(source, {})[factor_words(factor)] = None
        told = [f"by {joined([*by])} {BY_WHOSE_WORD[of][1]}" for of, by in sources.items()]
        if told:
            yield who, "; ".join(told)
