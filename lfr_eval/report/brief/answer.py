"""Stage report: the answer as sentences about people (findings and rates in, paragraphs out).

Every sentence comes from one finding or sums up several of one kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import count, joined, percentage, several, spoken_threshold
from lfr_eval.report.brief.pair_words import Said
from lfr_eval.report.brief.sides import Sides, sides_of
from lfr_eval.report.brief.told import told
from lfr_eval.report.findings import Finding
from lfr_eval.report.model import Report
from lfr_eval.report.rates import Quote

MANY = 0.1
"""Rate of false alerts above which the brief doubts that anybody would run the threshold."""


MEANT = {
    "FPIR": "a false alert is an alert about somebody who is not on the watchlist. That person may "
    "then be wrongly stopped.",
    "FMR": "a wrong match treats two people as one person.",
    "alerts": "a false alert is an alert that takes a person for somebody else. That person may "
    "then be wrongly stopped.",
}
"""What an error is; in a log of `alerts`, people may be on the watchlist whom it takes for others.
"""
MISSES = {
    "FNIR": "The other error is to miss somebody who is on the watchlist:",
    "FNMR": "The other error is to treat two pictures of one person as two people:",
}

NO_RATE = (
    "The study has no rate at the threshold in use, so it gives no answer for that threshold. A "
    "rate at another threshold must not be used instead."
)
LISTED = (
    "A list is in error if it leaves out somebody who is on the watchlist{}. Here a list holds {}:"
)
"""What a miss is where the evidence is candidate lists."""


def answer(report: Report) -> tuple[str, tuple[str, ...]]:
    """Return the paragraphs of the answer, and before them how the first begins: its main point."""
    quote = report.quote
    if quote is None:
        return NO_RATE, (NO_RATE,)
    where = f"at {quote.setting}"
    if report.record.thresholds.operating is not None:
        said = spoken_threshold(quote.threshold)
        where = where.replace(f"threshold {said}", f"the threshold in use ({said})", 1)
    made_up = "in this made-up study, " if report.record.simulated else ""
    alerts, misses, more_alerts, more_misses = (
        [each for each in at_setting(found, quote) if each.metric == metric.code]
        for found in (report.compared, [each for each in report.findings if not each.primary])
        for metric in (quote.wrong, quote.right)
    )
    wrong, right = sides_of(report, quote)
    longest = report.record.design.list_length
    missed = MISSES[quote.right.code]
    if longest is not None:
        low = "" if quote.ranks else ", or gives them a score below the threshold"
        missed = LISTED.format(low, several(longest, "candidate"))
    second = [f"{missed} {right.in_all('it')}"]
    of_misses = [*told(misses, right, more_misses)] if misses or right.rates else []
    ranked = [*_by_rank(report, quote)]
    if ranked and not wrong.rates:
        return _written(ranked), (_written(ranked), _written([*second, *_flat(of_misses)]))
    of_alerts = [*told(alerts, wrong, more_alerts)]
    known = (OVERALL, EVERYBODY) in wrong.rates
    first = [wrong.in_all(wrong.deed.thing)] if known else []
    first += _too_many(report, wrong)
    # A difference of any kind is the shortest answer; without one, how often it happened at all.
    leads = next((of for of, found in ((of_alerts, alerts), (of_misses, misses))
                  if any(map(_is_shown, found))), None)  # fmt: skip
    lead, basis = (leads or of_alerts).pop(0)
    if known and leads is None:
        lead, first = f"{first[0]} {_written([lead])}", first[1:]
    meant = MEANT.get(report.record.matcher.evidence, MEANT[quote.wrong.code])
    first = [meant, *first, *_flat(of_alerts)]
    silent = all(each.verdict == "untestable" for each in alerts)
    if silent and report.scores and report.scores.differ:
        first.append(
            "the scores that the system gives do differ between groups. A score is not a mistake: "
            "see “What the scores say” in the full report."
        )
    lead = _written([*ranked, f"{made_up}{where}, {lead}"])
    return lead, (
        *(_written([lead, basis]), _written(first)),
        _written([*second, *_flat(of_misses)]),
    )


def _is_shown(finding: Finding) -> bool:
    """Whether a difference is told of: that of all groups by two factors at once is not."""
    told = not finding.is_omnibus or CROSS not in finding.factor
    return told and finding.verdict == "different"


def _flat(told: Iterable[Said]) -> Iterator[str]:
    return (text for said in told for text in said)


def _written(sentences: Iterable[str]) -> str:
    return " ".join(f"{each[0].upper()}{each[1:]}" for each in sentences if each)


def _by_rank(report: Report, quote: Quote) -> Iterator[str]:
    """Say how often the first of given candidates, and the first few, held the person sought."""
    ranks = [each for each in report.ranks if each.watchlist_size == quote.watchlist_size]
    if report.record.design.list_length is None or not ranks:
        return
    ranks.sort(key=lambda rate: rate.rank or 0)
    parts = [
        f"{'the first candidate' if each.rank == 1 else f'among the first {each.rank} candidates'} "
        f"in {count(each.events)} of {count(each.trials)} searches ({percentage(each.rate)})"
        for each in dict.fromkeys((ranks[0], ranks[-1]))
    ]
    yield f"the person sought was {joined(parts)}."


def _too_many(report: Report, sides: Sides) -> list[str]:
    """Say so where a watchlist could hardly be searched at this threshold."""
    rate, alerts = sides.of(OVERALL, EVERYBODY), report.record.matcher.evidence == "alerts"
    searched = report.quote is not None and report.quote.watchlist_size is not None
    if not searched or rate is None or alerts or (rate.rate or 0.0) <= MANY:
        return []
    return [
        f"so many {sides.trial} set off a false alert that it is unlikely that anybody would "
        "search a watchlist of this length at this threshold."
    ]


def at_setting(found: Iterable[Finding], quote: Quote) -> list[Finding]:
    """Return the comparisons at the setting of the brief."""
    return [
        each
        for each in found
        if each.threshold is not None
        and same_threshold(each.threshold, quote.threshold)
        and each.watchlist_size == quote.watchlist_size
    ]
