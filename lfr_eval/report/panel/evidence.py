"""Stage report: pieces of evidence that an evidence map can name (view model in, sentences out).

Nothing here is stronger than the findings: the sentences quote the study's tables and its record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from lfr_eval.contract.names import Metric, group_name
from lfr_eval.contract.words import (
    confidence,
    count,
    joined,
    one_in,
    ratio,
    several,
    spoken_threshold,
)
from lfr_eval.report.brief.around import around, facts
from lfr_eval.report.findings import NO_LIMIT, Finding
from lfr_eval.report.model import Report
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import Rate
from lfr_eval.report.templating import sentences
from lfr_eval.report.words import spoken_rate


class Evidence(NamedTuple):
    """Where a piece of evidence stands: in tables, and in fields of the study record.

    `findings` is whether it quotes the primary findings of the answer, and `absent` whether its
    sentences only say that there is no such evidence.
    """

    tables: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    findings: bool = False
    absent: Callable[[Report], bool] = lambda _: False


class Pieces(NamedTuple):
    """What a study says to each piece of evidence, and to each question of a panel."""

    evidence: dict[str, list[str]]
    questions: dict[str, list[str]]


def pieces_of(report: Report) -> Pieces:
    """Write the sentences of a study, which those of the brief go into."""
    known: dict[str, Any] = {
        "report": report,
        "record": report.record,
        "facts": dict(facts(report)),
        "unsaid": "The study does not say.",
        "silent": list(_silent(report)),
        "missed": missed(report),
        "chosen": around(report)["chosen"],
    }
    evidence = sentences(
        "evidence", **known, measured=measured, guessed=is_guessed(report),
        tally=tally(report), scale=partial(_scale, report),
    )  # fmt: skip
    settings = [(each.is_omnibus, (each.metric, each.threshold, each.watchlist_size, each.factor))
                for each in report.compared]  # fmt: skip
    pairs = Counter(at for is_omnibus, at in settings if not is_omnibus)
    twice = any(is_omnibus and pairs[at] == 1 for is_omnibus, at in settings)
    asked = sentences("questions", **known, pieces=evidence, twice=twice)
    return Pieces(evidence, asked)


def measured(metric: Metric, rate: Rate, report: Report) -> str:
    """Return a rate with its counts and interval: never a rate alone."""
    if rate.withheld or rate.rate is None:
        return f"{metric.plain}: {'withheld' if rate.withheld else 'not measured'}"
    counted = rate.subjects is not None and report.unit == "people"
    people = f" of {report.counted(rate.subjects or 0)}" if counted else ""
    of = f"{count(rate.events)} of {count(rate.trials)} {metric.trial}{people}"
    row = (rate.rate, rate.lower, rate.upper)
    if rate.events == 0 and not metric.is_success:
        shown, bound = "none seen", "" if rate.upper is None else one_in(rate.upper, "up")
        interval = f"at most {bound}" if bound else "no bound given"
    else:
        shown = spoken_rate(metric, rate.rate, beside=row)
        ends = ((rate.lower, "down"), (rate.upper, "up"))
        interval = " to ".join("–" if end is None else spoken_rate(metric, end, way, row)
                               for end, way in ends)  # fmt: skip
    level = confidence(report.record.inference.level)
    return f"{metric.plain}: {shown} ({of}; {level} interval {interval})"


def _silent(report: Report) -> Iterator[str]:
    """Say in which groups nothing happened at the thresholds of the first screen."""
    for quote in report.quotes:
        for row in quote.rows:
            if row.wrong is not None and row.wrong.events == 0 and (row.people or 0) >= FEWEST:
                name = group_name(row.group, row.factor)
                yield f"{name}, {quote.setting}. {measured(quote.wrong, row.wrong, report)}."


def missed(report: Report) -> str:
    """Say how large a difference the open comparisons leave possible; empty where none is open."""
    still_open = [finding for finding in report.compared if finding.is_open]
    told = [finding for finding in still_open if not finding.range_withheld]
    said = _left_possible(told) if told else ""
    if silent := len(still_open) - len(told):
        said += f" The study does not publish the ranges of {several(silent, 'open comparison')}."
    return said.strip()


def _left_possible(still_open: Sequence[Finding]) -> str:
    of = several(len(still_open), "open comparison")
    known = [each.possible for each in still_open if each.possible is not None]
    if not known:
        return f"The study sets no limit to the differences that the {of} may hide."
    low, high = ratio(min(known), "up"), ratio(max(known), "up")
    several_limits = f"Depending on the comparison, differences of up to {low} to"
    lead = "Differences of up to" if low == high else several_limits
    said = f"{lead} {high} times either way remain possible in"
    if len(known) == len(still_open):
        return f"{said} the {of}."
    others = "the other leaves" if len(still_open) - len(known) == 1 else "the others leave"
    return (
        f"{said} {len(known)} of the {of}; {others} even a difference of {NO_LIMIT:,} times "
        "possible."
    )


def tally(report: Report) -> str:
    """Say how many primary comparisons had which verdict."""
    if not report.compared:
        return "No comparison between groups was primary at the thresholds of the first screen."
    order = ("different", "equivalent", "inconclusive", "untestable", "withheld")
    counts = Counter(each.verdict for each in report.compared)
    shown = joined([f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict]])
    return f"Of {several(len(report.compared), 'primary comparison')}: {shown}."


def is_unknown(report: Report) -> bool:
    """Whether nobody can say which software made the scores."""
    matcher = report.record.matcher
    return report.record.simulated or (matcher.evidence != "pictures" and not matcher.system)


def is_guessed(report: Report) -> bool:
    """Whether no failure to acquire is known, in a study that did not look at pictures."""
    return report.record.matcher.evidence != "pictures" and not report.people.everybody.failed


def _nothing_compared(report: Report) -> bool:
    return not report.compared


def _scale(report: Report, values: Sequence[float]) -> str:
    """Return thresholds in words, as ranks where the file gave ranks and no scores."""
    if report.record.matcher.ranks:
        name, told = "rank", [count(round(-each)) for each in sorted(values, reverse=True)]
    else:
        name, told = "threshold", [spoken_threshold(each) for each in values]
    return f"{name}{'s' * (len(told) > 1)} {joined(told)}" if told else ""


EVIDENCE = {
    "recognition": Evidence(("rates",)),
    "false alerts": Evidence(("rates",)),
    "groups": Evidence(("findings",), (), True, _nothing_compared),
    "groups in short": Evidence(("findings",), (), True, _nothing_compared),
    "groups not known": Evidence(("findings",)),
    "groups without events": Evidence(("rates",)),
    "software": Evidence((), ("matcher.name", "matcher.fingerprint"), False, is_unknown),
    "pairs only": Evidence(),
    "how it works": Evidence((), ("matcher.description",)),
    "acquisition": Evidence(("acquisition", "rates"), absent=is_guessed),
    "settings": Evidence((), ("thresholds.primary", "design.watchlist_sizes")),
    "thresholds": Evidence((), ("thresholds.operating", "thresholds.origin", "thresholds.primary")),
    "trade-off": Evidence(("rates",), ("thresholds.values",)),
    "study hash": Evidence(absent=lambda report: report.provenance.study_hash is None),
    "registration": Evidence((), ("registration",), False,
                             lambda report: report.record.registration is None),
    "limits": Evidence((), ("datasets.limits", "notes")),
    "data": Evidence((), ("datasets",)),
    "people by ethnicity": Evidence(("cohort",)),
    "people by gender": Evidence(("cohort",)),
    "people by age": Evidence(("cohort",)),
}  # fmt: skip
"""What a map can name under `evidence`: headings of `words/evidence.txt.j2`."""
