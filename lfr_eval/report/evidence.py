"""Stage report: what stands behind one printed number (a rate and findings in, lines of text out).

A reader who points at a number, or reaches it by keyboard, reads these lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import metric_named
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.contract.words import (
    confidence,
    count,
    p_value,
    ratio,
    scientific,
    several,
    spoken_threshold,
)
from lfr_eval.report.equity import Equity
from lfr_eval.report.findings import Finding
from lfr_eval.report.rates import Rate
from lfr_eval.report.words import spoken_rate

NAMED = 3
NO_FINDING = "No planned comparison rests on this number."

Key = tuple[str, float | None, int | None, str, str]


@dataclass(frozen=True)
class Evidence:
    """Looks up what stands behind a rate.

    Attributes
    ----------
    findings
        Registered findings by metric, threshold, watchlist size, factor and group.
    """

    findings: dict[Key, tuple[Finding, ...]]

    def of(self, rate: Rate) -> str:
        """Return counts, people, interval, method and findings of a rate, one a line."""
        metric = metric_named(rate.metric)
        lines = [f"{metric.code} of {rate.group}, {_where(rate)}"]
        if rate.rate is not None:
            event = "successes" if metric.is_success else "events"
            lines.append(f"{count(rate.events)} {event} in {count(rate.trials)} {metric.trial}")
            if rate.subjects_with_event is not None:
                lines.append(
                    f"{count(rate.subjects_with_event)} of {count(rate.subjects)} people had "
                    f"{'a success' if metric.is_success else 'an event'}"
                )
            lines.append(
                f"Rate {spoken_rate(metric, rate.rate) if rate.events else 'no event'} "
                f"({scientific(rate.rate)})"
            )
        if rate.lower is not None and rate.upper is not None:
            level = "" if rate.level is None else f"{confidence(rate.level)} "
            lines.append(
                f"{level}interval {spoken_rate(metric, rate.lower, 'down')} to "
                f"{spoken_rate(metric, rate.upper, 'up')} "
                f"({scientific(rate.lower)} to {scientific(rate.upper)})"
            )
            lines.append(f"Method: {rate.interval}")
        return "\n".join([*lines, self.findings_on(rate) or NO_FINDING])

    def of_finding(self, finding: Finding) -> str:
        """Return what its row does not say of a comparison, one thing a line."""
        lines = [f"Finding {finding.finding_id}: {finding.verdict}", f"Test: {finding.test}"]
        if finding.p_equivalence is not None and finding.margin is not None:
            lines.append(
                f"Equivalence within {ratio(finding.margin)} times: "
                f"p = {p_value(finding.p_equivalence)}"
            )
        if not finding.primary:
            lines.append("Exploratory: the plan does not name it")
        return "\n".join(lines)

    def of_measure(self, measure: Equity) -> str:
        """Return the groups between which a summary measure spans, with their counts."""
        lines = []
        for side in measure.sides:
            known = [rate for rate in side.rates if rate.rate is not None]
            ends = (("Highest", max), ("Lowest", min))
            for name, extreme in ends if known else ():
                rate = extreme(known, key=lambda each: each.rate or 0.0)
                lines.append(
                    f"{name} {side.metric}: {rate.group}, {count(rate.events)} of "
                    f"{several(rate.trials or 0, 'trial')}, {count(rate.subjects)} people"
                )
        return "\n".join([*lines, "No verdict rests on it."])

    def findings_on(self, rate: Rate) -> str:
        """Return the planned findings that rest on a rate, one a line."""
        # TPIR is compared as FNIR: they are one measurement.
        code = "FNIR" if rate.metric == "TPIR" else rate.metric
        found: Sequence[Finding] = ()
        if not rate.is_crossed:
            for metric in dict.fromkeys((rate.metric, code)):
                found = found or self.findings.get(_key(metric, rate, rate.group), ())
        named = [f"Finding {each.finding_id}: {each.verdict}" for each in found[:NAMED]]
        if len(found) > NAMED:
            named.append(f"and {len(found) - NAMED} further findings")
        return "\n".join(named)


def collect_evidence(findings: Iterable[Finding]) -> Evidence:
    """Arrange the planned findings by the groups that they compare."""
    found: dict[Key, list[Finding]] = {}
    for each in findings:
        if each.primary:
            for group in (each.group_a, each.group_b):
                found.setdefault(_key(each.metric, each, group), []).append(each)
    return Evidence({key: tuple(value) for key, value in found.items()})


def _key(metric: str, of: Rate | Finding, group: str) -> Key:
    threshold = None if of.threshold is None else threshold_key(of.threshold)
    return metric, threshold, of.watchlist_size, of.factor, group


def _where(rate: Rate) -> str:
    at = "no threshold applies"
    if rate.threshold is not None:
        at = f"threshold {spoken_threshold(rate.threshold)}"
    if rate.watchlist_size is not None:
        at += f", watchlist of {count(rate.watchlist_size)}"
    return f"compared with {rate.against}, {at}" if rate.is_crossed else at
