"""Stage report: what the study cannot tell (view model in, sentences out).

Every sentence follows from what the study did or recorded, so that no study gets by without its
own limits.
"""

from __future__ import annotations

from collections.abc import Iterator

from lfr_eval.contract.names import factor_words, group_words
from lfr_eval.contract.tables import CROSS, OVERALL, UNKNOWN
from lfr_eval.contract.words import joined, several
from lfr_eval.report.model import Report
from lfr_eval.report.people import BY_WHOSE_WORD

BEYOND = {
    "alerts": "How the system performs in other places, at other times or with other cameras: only "
    "what its log holds was counted.",
    "scores": "How the system performs in the street. Only the scores in the file were counted.",
    "pairs": "How the system performs in the street. Only the pairs in the file were counted.",
}
BEYOND["unnamed pairs"] = BEYOND["pairs"]
"""What no such study can tell."""

ON_THE_LIST = {
    "fillers": "the fillers and, in searches for an enrolled person, that person's reference",
    "everybody": "everybody who was enrolled, and any fillers",
}
"""Who was on the watchlist, where the study does not say it in words of its own."""

SMALL = 300
"""People below which a group is small: of 300 without any error, one in 100 may still have it."""


def cannot_tell(report: Report) -> Iterator[str]:
    """Yield what readers must not conclude, in plain words; the brief and the method print it."""
    record, unit = report.record, report.unit
    if report.publication is not None:
        yield "What was withheld: small numbers that could point to single people."
    if record.simulated:
        yield "Anything about a real system, real people or a real street."
    elif record.capture:
        yield "What any camera does: still pictures were made worse by a computer."
    else:
        yield BEYOND.get(
            record.matcher.evidence,
            "How the system performs in the street. Only the pictures described here were "
            "compared.",
        )
    if any(each.is_open for each in report.compared):
        yield (
            f"Whether groups are equal where no difference was shown: too few {unit} or mistakes "
            "were seen to say so."
        )
    groups = [
        each
        for each in report.people.groups
        if each.people
        and each.factor != OVERALL
        and not set(each.factor.split(CROSS)) & set(record.conditions)
        and UNKNOWN not in each.group.split(CROSS)
    ]
    least = min(groups, key=lambda each: each.people, default=None)
    if least is not None and least.people < SMALL:
        untold = any(each.withheld for each in report.people.groups)
        told = " whose size is published" if untold else ""
        if CROSS in least.factor:
            told += f" by {factor_words(least.factor)} together"
        yield (
            f"Much about small groups: the smallest{told}, "
            f"{spoken(least.group, least.factor)}, has {report.counted(least.people)}."
        )
    yield from record.inseparable
    yield from _labels(report)
    yield (
        "How much the figures would change with another camera, in other light, or at a "
        f"{'rank' if record.matcher.ranks else 'threshold'} or watchlist that was not tested."
    )
    listed = "a list" if record.design.list_length is not None else "an alert"
    yield f"What officers do with {listed}, and whether using the system is lawful or right."


def _labels(report: Report) -> Iterator[str]:
    """Say for which factors somebody else judged the group of the people tested."""
    for source, (*_, judged) in BY_WHOSE_WORD.items():
        factors = {label.factor: None for label in report.labels if label.source == source}
        if factors and judged:
            by = joined([factor_words(factor) for factor in factors])
            yield f"How people would describe themselves by {by}: {judged}."


def further_limits(report: Report) -> tuple[str, ...]:
    """Return the limits that need the words of the method: conditions, engine, labels, storage."""
    return (
        *_live_engine(report),
        *_conditions(report),
        *_watchlist(report),
        *_unlabelled(report),
        *_storage(report),
    )


def _live_engine(report: Report) -> Iterator[str]:
    live = report.record.live_engine
    if live is not None and not live.described:
        yield f"How the live engine treats anyone. {live.statement}"


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
            f"Why rates differ by {named}. Conditions are compared on the same people, so "
            "people are not the reason. Other things that change with a condition are not held "
            "constant."
        )


def _watchlist(report: Report) -> Iterator[str]:
    members = (report.record.design.watchlist_members or "").rstrip(".")
    if members:
        held = ON_THE_LIST.get(members, members)
        yield f"What another watchlist would do. This one held {held}."


def _unlabelled(report: Report) -> Iterator[str]:
    for group in report.people.groups:
        if group.group == UNKNOWN and group.people:
            yield (
                f"To which group by {factor_words(group.factor)} "
                f"{several(group.people, 'person', 'people')} belong"
                f"{'s' if group.people == 1 else ''} whose label is missing. They are counted as "
                f"'{UNKNOWN}'."
            )


def _storage(report: Report) -> Iterator[str]:
    table = report.borderline
    if table is None or not table["within"].gt(0).any():
        return
    near = table.groupby("kind")["comparisons"].sum()
    mated, others = (
        several(int(near.get(kind, 0)), "comparison") for kind in ("mated", "non_mated")
    )
    yield (
        "Scores to the last digit. Templates were stored in a narrower number type, which "
        f"moves no score by more than {table['within'].max():.2g}; {mated} of the same person and "
        f"{others} of two people are that near to the threshold."
    )


def spoken(group: str, factor: str) -> str:
    """Return the people of a group after a number: "13 Black", "49 women"."""
    return group_words(group, factor).removesuffix(" people")
