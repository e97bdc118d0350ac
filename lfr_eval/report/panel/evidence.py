"""Stage report: pieces of evidence that an evidence map can name (view model in, sentences out).

Nothing here is stronger than the findings: the sentences quote the study's tables and its record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import Metric, group_name
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.words import (
    confidence,
    count,
    joined,
    one_in,
    ratio,
    several,
    spoken_threshold,
)
from lfr_eval.report.findings import NO_LIMIT, Finding
from lfr_eval.report.model import Report
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import Rate
from lfr_eval.report.words import NOT_STATED, is_stated, spoken_rate


@dataclass(frozen=True)
class Evidence:
    """A piece of evidence: how its sentences are made, and what they are made from.

    Attributes
    ----------
    says
        Writes the sentences; none where the study has no such evidence.
    tables, fields
        Tables, and fields of the study record.
    findings
        Whether it quotes the primary findings of the answer.
    absent
        Whether its sentences only say that there is no such evidence.
    """

    says: Callable[[Report], tuple[str, ...]]
    tables: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    findings: bool = False
    absent: Callable[[Report], bool] = lambda _: False


def measured(metric: Metric, rate: Rate, report: Report) -> str:
    """Return a rate with its counts and interval: never a rate alone."""
    counted = rate.subjects is not None and report.unit == "people"
    people = f" of {report.counted(rate.subjects or 0)}" if counted else ""
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
    level = confidence(report.record.inference.level)
    return f"{metric.plain}: {shown} ({of}; {level} interval {interval})"


def silent(report: Report) -> tuple[str, ...]:
    """Say in which groups nothing happened at the thresholds of the first screen."""
    return tuple(
        f"{group_name(row.group, row.factor)}, {quote.setting}. "
        f"{measured(quote.wrong, row.wrong, report)}."
        for quote in report.quotes
        for row in quote.rows
        if row.wrong is not None and row.wrong.events == 0 and (row.people or 0) >= FEWEST
    )


def missed(report: Report) -> str | None:
    """Say how large a difference the open comparisons leave possible; None where none is open."""
    still_open = [finding for finding in report.compared if finding.is_open]
    told = [finding for finding in still_open if not finding.range_withheld]
    said = _left_possible(told) if told else ""
    if silent := len(still_open) - len(told):
        said += f" The study does not publish the ranges of {several(silent, 'open comparison')}."
    return said.strip() or None


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


def recognition(report: Report) -> tuple[str, ...]:
    """Say how often people who are looked for were found."""
    return _rates(report, success=True)


def false_alerts(report: Report) -> tuple[str, ...]:
    """Say how often others were taken for somebody who is looked for."""
    return _rates(report, success=False)


def _rates(report: Report, success: bool) -> tuple[str, ...]:
    return tuple(
        f"At {quote.setting}, everybody together. {measured(metric, rate, report)}."
        for quote in report.quotes
        for row in quote.rows
        for metric, rate in [(quote.right, row.right) if success else (quote.wrong, row.wrong)]
        if row.factor == OVERALL and rate is not None
    )


def bias(report: Report) -> tuple[str, ...]:
    """Say what was found about groups, in the findings' own sentences."""
    shown = [finding.statement for finding in report.differences]
    left_out = len(shown) - 6
    more = (f"And {count(left_out)} more, in the answer.",) if left_out > 0 else ()
    return (tally(report), *shown[:6], *more)


SEE_LIMITS = ("What is listed under the limits of this study.",)


def told_above(report: Report) -> tuple[str, ...]:
    """Say what was found about groups in short, where its sentences stand already."""
    told = "The sentences are under condition 2 of the ethics panel."
    return (tally(report), told) if report.differences else (tally(report),)


def unknown_bias(report: Report) -> tuple[str, ...]:
    """Say what about groups stays unknown."""
    sentences = []
    never = [name for name in ("gender", "ethnicity") if not has_factor(report, name)]
    if never and "group" in report.record.factors:
        sentences.append(
            "What the groups in the file are based on: the file names them, but does not say "
            "whether they are by gender, ethnicity or something else."
        )
    elif never:
        sentences.append(f"Groups by {joined(never)} were not compared at all.")
    larger = missed(report)
    if larger is not None:
        sentences.append(f"Whether the groups of the open comparisons differ. {larger}")
    if silent(report):
        sentences.append(
            "How rare an error is in groups where none was seen: only a bound is known."
        )
    sentences.append(
        "Which difference would be unacceptable. A study can measure one; people must judge it."
    )
    return tuple(sentences)


def software(report: Report) -> tuple[str, ...]:
    """Say which software was tested."""
    matcher = report.record.matcher
    if report.record.simulated:
        return ("No real software was tested: the scores are simulated.",)
    if matcher.evidence != "pictures":
        named = matcher.system or "not named"
        return (
            f"The system tested is {named}. It is known only by the file that it wrote, so this "
            "study cannot say which software ran.",
        )
    return (
        f"The software tested is {matcher.called}, fingerprint {matcher.fingerprint}. An engine "
        "with another fingerprint is another system.",
    )


def pairs_only(report: Report) -> tuple[str, ...]:
    """Say that pairs of faces show nothing of searches in a watchlist."""
    if not report.quotes or any(quote.watchlist_size for quote in report.quotes):
        return ()
    return (
        "How often people on a watchlist are found, and others taken for them: faces were compared "
        "in pairs, without a watchlist.",
    )


def is_unknown(report: Report) -> bool:
    """Whether nobody can say which software made the scores."""
    matcher = report.record.matcher
    return report.record.simulated or (matcher.evidence != "pictures" and not matcher.system)


def works(report: Report) -> tuple[str, ...]:
    """Say how the software works; a file of scores does not tell."""
    record = report.record
    if record.simulated or record.matcher.evidence != "pictures":
        return ()
    return (f"{record.matcher.description.rstrip('.')}.",)


def acquired(report: Report) -> tuple[str, ...]:
    """Say where failures to acquire are counted; a file of scores may not tell of any."""
    if "acquisition" not in report.tables:
        return ()
    if is_guessed(report):
        return (
            "Whether faces were found is known only from the file: an image counts as acquired if "
            "the file has a score for it, and the file records no failure.",
        )
    return (
        "Table acquisition says of each image whether it was acquired. The rates FTA and FTE, also "
        "by group, are in table rates.",
    )


def is_guessed(report: Report) -> bool:
    """Whether no failure to acquire is known, in a study that did not look at pictures."""
    return report.record.matcher.evidence != "pictures" and not report.people.everybody.failed


def held_to(report: Report) -> tuple[str, ...]:
    """Say at which settings the figures hold."""
    at = _scale(report, report.record.thresholds.headline)
    sizes = joined([count(size) for size in sorted({q.watchlist_size for q in report.quotes
                                                    if q.watchlist_size})])  # fmt: skip
    if not at:
        return ()
    held = f"The figures on the first page hold at {at}, "
    return (held + (f"for watchlists of {sizes} faces." if sizes else "without a watchlist."),)


def chosen(report: Report) -> tuple[str, ...]:
    """Say which threshold or rank is in use, where it comes from, and which are primary."""
    given = report.record.thresholds
    operating = _scale(report, [] if given.operating is None else [given.operating])
    primary = _scale(report, given.primary)
    return (
        *([f"The operating setting of the study is {operating}."] if operating else []),
        *([f"{given.origin.rstrip('.')}."] if is_stated(given.origin) else []),
        *([f"Primary comparisons are made at {primary}."] if primary else []),
    )


def traded(report: Report) -> tuple[str, ...]:
    """Say at how many thresholds the rates are known; a study of one shows no trade-off."""
    values = report.record.thresholds.values
    if len(values) < 2:
        return ()
    what = "ranks" if report.record.matcher.ranks else "thresholds"
    low, high = (_scale(report, [end]) for end in (min(values), max(values)))
    return (f"The rates at {count(len(values))} {what}, from {low} to {high}, are in table rates.",)


def _scale(report: Report, values: Sequence[float]) -> str:
    """Return thresholds in words, as ranks where the file gave ranks and no scores."""
    if report.record.matcher.ranks:
        name, told = "rank", [count(round(-each)) for each in sorted(values, reverse=True)]
    else:
        name, told = "threshold", [spoken_threshold(each) for each in values]
    return f"{name}{'s' * (len(told) > 1)} {joined(told)}" if told else ""


def checked(report: Report) -> tuple[str, ...]:
    """Say how anybody can check the study."""
    study_hash = report.provenance.study_hash
    if study_hash is None:
        return ("The study hash was not yet recorded when this report was made.",)
    return (f"Every figure can be checked against the study with the hash {study_hash}.",)


def promised(report: Report) -> tuple[str, ...]:
    """Say whether the plan came before the results."""
    promise = report.record.registration
    if promise is None:
        return ("No plan was registered before the results.",)
    deviations = several(len(promise.differences), "difference")
    return (
        f"The plan “{promise.title}” was frozen at {promise.registered_at}: {promise.state}"
        + (f", with {deviations} that the first page lists." if promise.differences else "."),
    )


def people_by(factor: str) -> Callable[[Report], tuple[str, ...]]:
    """Return what says who stood for a characteristic, and by whose word."""

    def says(report: Report) -> tuple[str, ...]:
        if not has_factor(report, factor):
            return ()
        groups = ", ".join(
            f"{group_name(group.group, factor)} (withheld)"
            if group.withheld
            else f"{group_name(group.group, factor)} {report.counted(group.people)}"
            for group in report.people.of(factor)
            if group.people or group.withheld
        )
        sources = tuple(
            f"{label.dataset}: the source of the label is {label.source.replace('_', ' ')} "
            f"(scheme: {label.scheme})."
            for label in report.labels
            if label.factor == factor and is_stated(label.source)
        )
        return ((f"People under test: {groups}.",) if groups else ()) + sources

    return says


def data(report: Report) -> tuple[str, ...]:
    """Say where the pictures come from, and whether they may be used for this."""
    told = []
    for each in report.record.datasets:
        card = {"Origin": each.origin, "Licence": each.licence, "Consent": each.consent,
                "Lawful basis": each.lawful_basis}  # fmt: skip
        more = {"Permitted use": each.purpose, "Forbidden use": "; ".join(each.forbids),
                "Data protection impact assessment": each.dpia,
                "Equality impact assessment": each.eia, "Pictures made": each.collected,
                "May be kept until": each.expires}  # fmt: skip
        card |= {name: text for name, text in more.items() if text}
        if any(map(is_stated, card.values())):
            parts = [f"{name}: {(text or NOT_STATED).rstrip('.')}" for name, text in card.items()]
            told.append(f"{'. '.join([each.title, *parts])}.")
    return tuple(told)


EVIDENCE = {
    "recognition": Evidence(recognition, tables=("rates",)),
    "false alerts": Evidence(false_alerts, tables=("rates",)),
    "groups": Evidence(bias, ("findings",), findings=True, absent=lambda r: not r.compared),
    "groups in short": Evidence(
        told_above, ("findings",), findings=True, absent=lambda report: not report.compared
    ),
    "groups not known": Evidence(unknown_bias, tables=("findings",)),
    "groups without events": Evidence(silent, tables=("rates",)),
    "software": Evidence(
        software,
        fields=("matcher.name", "matcher.fingerprint"),
        absent=is_unknown,
    ),
    "pairs only": Evidence(pairs_only),
    "how it works": Evidence(works, fields=("matcher.description",)),
    "acquisition": Evidence(acquired, tables=("acquisition", "rates"), absent=is_guessed),
    "settings": Evidence(held_to, fields=("thresholds.primary", "design.watchlist_sizes")),
    "thresholds": Evidence(
        chosen, fields=("thresholds.operating", "thresholds.origin", "thresholds.primary")
    ),
    "trade-off": Evidence(traded, tables=("rates",), fields=("thresholds.values",)),
    "study hash": Evidence(checked, absent=lambda report: report.provenance.study_hash is None),
    "registration": Evidence(
        promised,
        fields=("registration",),
        absent=lambda report: report.record.registration is None,
    ),
    "limits": Evidence(lambda _: SEE_LIMITS, fields=("datasets.limits", "notes")),
    "data": Evidence(data, fields=("datasets",)),
    "people by ethnicity": Evidence(people_by("ethnicity"), tables=("cohort",)),
    "people by gender": Evidence(people_by("gender"), tables=("cohort",)),
    "people by age": Evidence(people_by("age_band"), tables=("cohort",)),
}
"""What a map can name under `evidence`."""
