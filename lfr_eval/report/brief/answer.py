"""Stage report: the answer as sentences about people (findings and rates in, paragraphs out).

Every sentence comes from one finding or sums up several of one kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.report.brief.pair_words import Said
from lfr_eval.report.brief.sides import sides_of
from lfr_eval.report.brief.told import told
from lfr_eval.report.findings import Finding
from lfr_eval.report.model import Report
from lfr_eval.report.rates import Quote
from lfr_eval.report.templating import sentences

MANY = 0.1
"""Rate of false alerts above which the brief doubts that anybody would run the threshold."""
NO_RATE = (
    "The study has no rate at the threshold in use, so it gives no answer for that threshold. A "
    "rate at another threshold must not be used instead."
)


def answer(report: Report) -> tuple[str, tuple[str, ...], str]:
    """Return the paragraphs of the answer, between two texts of theirs.

    Before them, how the first begins: its main point; after them, the one that tells of the other
    kind of error.
    """
    quote = report.quote
    if quote is None:
        return NO_RATE, (NO_RATE,), ""
    alerts, misses, more_alerts, more_misses = (
        [each for each in at_setting(found, quote) if each.metric == metric.code]
        for found in (report.compared, [each for each in report.findings if not each.primary])
        for metric in (quote.wrong, quote.right)
    )
    wrong, right = sides_of(report, quote)
    ranks = [each for each in report.ranks if each.watchlist_size == quote.watchlist_size]
    ranks.sort(key=lambda rate: rate.rank or 0)
    known = {"report": report, "record": report.record, "quote": quote}
    lines = sentences("answer", **known, wrong=wrong, right=right, ranks=ranks, many=MANY)
    said = {name: " ".join(told) for name, told in lines.items()}
    of_misses = [*told(misses, right, more_misses)] if misses or right.rates else []
    if said["ranked"] and not wrong.rates:
        second = _written([said["misses in all"], *_flat(of_misses)])
        return said["ranked"], (said["ranked"], second), second
    of_alerts = [*told(alerts, wrong, more_alerts)]
    # A difference of any kind is the shortest answer; without one, how often it happened at all,
    # unless misses alone were asked about.
    alone = of_misses if misses and not alerts else None
    leads = next((of for of, found in ((of_alerts, alerts), (of_misses, misses))
                  if any(map(_is_shown, found))), alone)  # fmt: skip
    lead, basis = (leads or of_alerts).pop(0)
    if said["alerts in all"] and leads is None:
        lead = f"{said.pop('alerts in all')} {_written([lead])}"
    if any(each.verdict != "untestable" for each in alerts):
        said["scores"] = ""
    lead = _written([said["ranked"], f"{said['where']} {lead}"])
    first = [said["meant"], said.get("alerts in all", ""), said["too many"], *_flat(of_alerts)]
    second = _written([*first, said["scores"]])
    third = _written([said["misses in all"], *_flat(of_misses)])
    other = second if leads is of_misses else third
    return lead, (_written([lead, basis]), second, third), other


def _is_shown(finding: Finding) -> bool:
    """Whether a difference is told of: that of all groups by two factors at once is not."""
    told = not finding.is_omnibus or CROSS not in finding.factor
    return told and finding.verdict == "different"


def _flat(told: Iterable[Said]) -> Iterator[str]:
    return (text for said in told for text in said)


def _written(sentences: Iterable[str]) -> str:
    return " ".join(f"{each[0].upper()}{each[1:]}" for each in sentences if each)


def at_setting(found: Iterable[Finding], quote: Quote) -> list[Finding]:
    """Return the comparisons at the setting of the brief."""
    return [
        each
        for each in found
        if each.threshold is not None
        and same_threshold(each.threshold, quote.threshold)
        and each.watchlist_size == quote.watchlist_size
    ]
