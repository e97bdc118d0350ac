"""Stage report: what the study cannot tell (view model in, sentences out).

Every sentence follows from what the study did or recorded, so that no study gets by without its
own limits.
"""

from __future__ import annotations

from collections.abc import Iterator

from lfr_eval.contract.names import factor_words, group_words
from lfr_eval.contract.tables import OVERALL, UNKNOWN
from lfr_eval.contract.words import count, several, spoken_threshold
from lfr_eval.report.model import Report

_LABEL_LIMITS = {
    "officer_perceived": "as officers perceived it, which is not how people describe themselves",
    "annotator_perceived": "as annotators perceived it on images, which is not how people describe "
    "themselves",
    "inferred": "as an algorithm guessed it, with errors of its own",
}


def cannot_tell(report: Report) -> tuple[str, ...]:
    """Return what readers must not conclude from the study."""
    return (
        *_publication(report),
        *_simulation(report),
        *_live_engine(report),
        *_capture(report),
        *_conditions(report),
        *_open_questions(report),
        *_settings(report),
        *_people(report),
        *_labels(report),
        *_storage(report),
        "How the system does with other cameras, light, places or crowds, how people "
        "act on an alert, and whether a deployment is lawful, necessary or proportionate.",
    )


def _publication(report: Report) -> Iterator[str]:
    if report.publication is not None:
        yield "What was withheld for publication: small counts, and others that would tell them."


def _simulation(report: Report) -> Iterator[str]:
    if report.record.simulated:
        yield (
            "Anything about a real matcher, real people or a real street: people, passes and "
            "scores are simulated."
        )


def _capture(report: Report) -> Iterator[str]:
    if report.record.capture:
        yield (
            "What any camera does: still images were degraded by computation "
            f"({report.record.capture}). Rates that are not given by capture count every simulated "
            "condition alike, in a mixture that no street has."
        )


def _conditions(report: Report) -> Iterator[str]:
    named = " and ".join(name.replace("_", " ") for name in report.record.conditions)
    codes = {table.metric.code for table in report.rate_tables}
    if named and "FMR" in codes:
        yield (
            f"Whether two people are taken for one more often by {named}: a comparison of two "
            "people (FMR) belongs to no one pass. Searches (FPIR) do."
        )
    if named:
        yield (
            f"Why rates differ by {named}. Conditions are compared on the same people, so that "
            "people are not the reason, but what else changes with a condition is not held fixed."
        )


def _live_engine(report: Report) -> Iterator[str]:
    live = report.record.live_engine
    if live is not None and not live.described:
        yield f"How the live engine treats anyone. {live.statement}"


def _open_questions(report: Report) -> Iterator[str]:
    still_open = sum(finding.is_open for finding in report.compared)
    if still_open:
        of = several(len(report.compared), "primary comparison")
        yield (
            f"Whether groups differ in {still_open} of {of} "
            "of the answer: too little happened to say so either way. A result that shows no "
            "difference does not show that there is none."
        )


def _settings(report: Report) -> Iterator[str]:
    record = report.record
    values = ", ".join(spoken_threshold(value) for value in record.thresholds.headline)
    sizes = " or ".join(count(size) for size in sorted(record.design.watchlist_sizes))
    at = f"threshold {values}" if values else "the thresholds of the plan"
    if sizes:
        yield (
            f"What happens at other settings than {at} and a watchlist of {sizes}: a lower "
            "threshold or a longer watchlist gives more false alerts."
        )
    else:
        yield f"What happens at other settings than {at}, or in a search of a whole watchlist."
    if record.design.watchlist_members:
        yield (
            "What another watchlist would do. This one held: "
            f"{record.design.watchlist_members.rstrip('.')}."
        )


def _people(report: Report) -> Iterator[str]:
    groups = [
        group
        for group in report.people.groups
        if group.people and group.factor != OVERALL and UNKNOWN not in group.group.split(" x ")
    ]
    if groups:
        smallest = min(groups, key=lambda group: group.people)
        more = "; comparisons of the same person do not make up for it"
        more = more if report.record.matcher.unit == "people" else ""
        untold = any(group.withheld for group in report.people.groups)
        among = " of those whose size is told" if untold else ""
        yield (
            f"Much about small groups. The smallest{among}, "
            f"{group_words(smallest.group, smallest.factor)}, has "
            f"{report.record.matcher.counted(smallest.people)}{more}."
        )
    for group in report.people.groups:
        if group.group == UNKNOWN and group.people:
            yield (
                f"To which group by {factor_words(group.factor)} "
                f"{several(group.people, 'person', 'people')} belong"
                f"{'s' if group.people == 1 else ''} whose label is missing. They are counted as "
                f"'{UNKNOWN}'."
            )


def _storage(report: Report) -> Iterator[str]:
    shift = report.shift
    if shift is not None:
        mated, others = (several(n, "comparison") for n in (shift.mated, shift.non_mated))
        yield (
            "Scores to the last digit. Templates were stored in a narrower number type, which "
            f"moves no score by more than {shift.within:.2g}; {mated} of the same person and "
            f"{others} of two people are that near to the threshold."
        )


def _labels(report: Report) -> Iterator[str]:
    for label in report.labels:
        limit = _LABEL_LIMITS.get(label.source)
        if limit:
            yield (
                f"What people would say of themselves: {factor_words(label.factor)} in "
                f"{label.dataset} is recorded {limit}."
            )
