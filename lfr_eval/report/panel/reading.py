"""Stage report: what several panel texts read from the view model, said once."""

from __future__ import annotations

from lfr_eval.contract.names import Metric, group_name
from lfr_eval.contract.tables import CROSS, OVERALL, UNKNOWN
from lfr_eval.contract.words import (
    confidence,
    count,
    joined,
    one_in,
    ratio,
    several,
)
from lfr_eval.report.model import Report
from lfr_eval.report.people import GroupCount
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import Quote, Rate
from lfr_eval.report.record import StudyRecord
from lfr_eval.report.words import NOT_STATED, spoken_rate


def stated(text: str | None) -> str:
    """Return what a dataset's card says, without its full stop."""
    return (text or NOT_STATED).rstrip(".")


def everybody(quote: Quote) -> tuple[Rate | None, Rate | None]:
    """Return everybody's rates of a quote."""
    for row in quote.rows:
        if row.factor == OVERALL:
            return row.wrong, row.right
    return None, None


def measured(metric: Metric, rate: Rate, record: StudyRecord) -> str:
    """Return a rate with its counts and interval: never a rate alone."""
    counted = rate.subjects is not None and record.matcher.unit == "people"
    people = f" of {record.matcher.counted(rate.subjects or 0)}" if counted else ""
    if rate.withheld:
        return f"{metric.plain}: withheld"
    of = f"{count(rate.events)} of {count(rate.trials)} {metric.trial}{people}"
    if rate.rate is None:
        return f"{metric.plain}: not measured"
    if rate.events == 0 and not metric.is_success:
        shown, bound = "none seen", "" if rate.upper is None else one_in(rate.upper, "up")
        interval = f"at most {bound}" if bound else "no bound given"
    else:
        row = (rate.rate, rate.lower, rate.upper)
        shown = spoken_rate(metric, rate.rate, beside=row)
        low, high = (
            "–" if value is None else spoken_rate(metric, value, way, row)
            for value, way in ((rate.lower, "down"), (rate.upper, "up"))
        )
        interval = f"{low} to {high}"
    return (
        f"{metric.plain}: {shown} ({of}; {confidence(record.inference.level)} interval {interval})"
    )


def smallest_group(report: Report) -> GroupCount | None:
    """Return the known group with the fewest people."""
    groups = [
        group
        for group in report.people.groups
        if group.people and group.factor != OVERALL and UNKNOWN not in group.group.split(CROSS)
    ]
    return min(groups, key=lambda group: group.people) if groups else None


def silent(report: Report) -> tuple[str, ...]:
    """Say in which groups nothing happened at the thresholds of the first screen."""
    return tuple(
        f"{group_name(row.group, row.factor)}, {quote.setting}. "
        f"{measured(quote.wrong, row.wrong, report.record)}."
        for quote in report.quotes
        for row in quote.rows
        if row.wrong is not None and row.wrong.events == 0 and (row.people or 0) >= FEWEST
    )


def missed(report: Report) -> str | None:
    """Say how large a difference the open comparisons leave possible; None where none is open."""
    still_open = [finding for finding in report.compared if finding.is_open]
    if not still_open:
        return None
    of = several(len(still_open), "open comparison")
    known = [each.possible for each in still_open if each.possible is not None]
    if not known:
        return f"The study sets no limit to the differences that the {of} may hide."
    low, high = ratio(min(known), "up"), ratio(max(known), "up")
    span = f"up to {low} times" if low == high else f"up to {low} to {high} times"
    rest = (
        f" {len(still_open) - len(known)} of them set no limit."
        if len(known) < len(still_open)
        else ""
    )
    return f"Differences of {span} either way remain possible in the {of}.{rest}"


def tally(report: Report) -> str:
    """Say how many primary comparisons had which verdict."""
    findings = report.compared
    if not findings:
        return "No comparison between groups was primary at the thresholds of the first screen."
    counts = {
        verdict: sum(each.verdict == verdict for each in findings)
        for verdict in ("different", "equivalent", "inconclusive", "untestable", "withheld")
    }
    shown = joined([f"{number} {verdict}" for verdict, number in counts.items() if number])
    return f"Of {several(len(findings), 'primary comparison')}: {shown}."


def has_factor(report: Report, name: str) -> bool:
    """Whether the study compared groups by this factor, alone or crossed with another."""
    return any(name in factor.split(CROSS) for factor in report.record.factors)
