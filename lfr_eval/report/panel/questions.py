"""Stage report: what a panel should ask, with this study's answers (view model in, texts out)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import UNKNOWN
from lfr_eval.contract.words import count, several, spoken_threshold
from lfr_eval.report.approvals import Decisions
from lfr_eval.report.brief.answer import chosen
from lfr_eval.report.brief.around import facts
from lfr_eval.report.model import Report
from lfr_eval.report.panel.evidence import (
    SEE_LIMITS,
    checked,
    data,
    missed,
    promised,
    silent,
    software,
    told_above,
)


class Question(NamedTuple):
    """A question and what the study answers, in sentences."""

    text: str
    answers: tuple[str, ...]


def questions(report: Report) -> tuple[Question, ...]:
    """Return the questions with their answers."""
    asked: tuple[tuple[str, Callable[[Report], tuple[str, ...]]], ...] = (
        ("Who was tested, and how many people?", _fact("On whom")),
        ("Who says which group a person belongs to?", _labels),
        ("Who is not in the figures?", _left_out),
        ("Does this describe the engine that runs live?", _engine),
        ("Which threshold, and who chose it?", _threshold),
        ("What have deployments shown?", _field),
        ("How long was the watchlist?", _fact("Watchlist")),
        ("What was found?", told_above),
        ("What did not happen?", _nothing),
        ("What could this study not have found?", _missed),
        ("Were the questions fixed before the answers were known?", promised),
        ("How were many comparisons kept from finding something by chance?", _adjusted),
        ("Were people counted, or comparisons?", _unit),
        ("May these faces be used for this?", _allowed),
        ("What else does the study not tell?", lambda _: SEE_LIMITS),
        ("Who approved it, for what, and until when?", _approved),
        ("How can I check the figures?", checked),
    )
    return tuple(Question(text, answer(report)) for text, answer in asked)


def _fact(name: str) -> Callable[[Report], tuple[str, ...]]:
    """Answer as the brief does."""
    return lambda report: (dict(facts(report)).get(name, "The study does not say."),)


def _threshold(report: Report) -> tuple[str, ...]:
    """Answer as the brief does, in two places: what a threshold is, and how this one was set."""
    told = (*_fact("Threshold")(report), chosen(report))
    return tuple(text for text in told if text)


def _labels(report: Report) -> tuple[str, ...]:
    if report.record.simulated:
        return ("Nobody: a computer made up the people and their groups.",)
    return _fact("Labels")(report)


def _allowed(report: Report) -> tuple[str, ...]:
    return data(report) or (
        "The study does not say: no dataset card states an origin, a licence, consent or a lawful "
        "basis.",
    )


def _left_out(report: Report) -> tuple[str, ...]:
    answers = []
    everyone = report.people.everybody
    if report.people.has_acquisition:
        of = f"{count(everyone.failed)} of {several(everyone.images, 'image')}"
        answers.append(f"No usable face was found in {of}.")
    elif report.publication is not None:
        answers.append("How often no usable face was found stands among the rates (FTA, FTE).")
    else:
        answers.append("In how many images no usable face was found is not recorded.")
    answers += [
        f"{several(group.people, 'person', 'people')} without a label for "
        f"{factor_words(group.factor)}: counted as '{UNKNOWN}'."
        for group in report.people.groups
        if group.group == UNKNOWN and group.people
    ]
    promise = report.record.registration
    for exclusion in promise.exclusions if promise else ():
        answers.append(
            f"The plan leaves out {several(exclusion.images, 'image')} of "
            f"{several(exclusion.people, 'person', 'people')}: {exclusion.reason}."
        )
    return tuple(answers)


def _engine(report: Report) -> tuple[str, ...]:
    answers = list(software(report))
    if report.record.live_engine is not None:
        answers.append(f"{report.record.live_engine.statement.rstrip('.')}.")
    elif report.record.matcher.evidence == "pictures" and not report.record.simulated:
        answers.append(
            "Ask whoever runs the engine for its fingerprint, and compare. Only the same "
            "fingerprint is the same software."
        )
    if report.record.capture:
        answers.append(f"The camera was not tested: {report.record.capture}.")
    return tuple(answers)


def _field(report: Report) -> tuple[str, ...]:
    if report.publication is not None:
        return ("Records of deployments are not published; they stand with the full study.",)
    blocks = report.field.blocks if report.field else ()
    if not blocks:
        return ("No record of a deployment at a threshold of this study stands beside it.",)
    return (
        *(
            f"{several(block.deployments, 'deployment')} at threshold "
            f"{spoken_threshold(block.threshold)}: {several(block.alerts, 'alert')}, of which "
            f"{count(block.false_confirmed + block.false_unconfirmed)} were noticed to be false "
            f"and {count(block.undecided)} have no recorded decision."
            for block in blocks
        ),
        "A record of a deployment does not show errors that nobody noticed.",
    )


def _nothing(report: Report) -> tuple[str, ...]:
    quiet = silent(report)
    if not report.quotes:
        return ("No rate is given at the thresholds of the first page.",)
    if not quiet:
        return ("Every group of the first page had at least one such error.",)
    return (*quiet, "No event does not mean a rate of zero.")


def _missed(report: Report) -> tuple[str, ...]:
    answer = missed(report)
    if answer is None:
        return (
            "No primary comparison of the answer is open."
            if report.compared
            else "No comparison was primary, so none could find anything.",
        )
    return (answer, "Smaller differences may exist unseen.")


def _adjusted(report: Report) -> tuple[str, ...]:
    how = dict.fromkeys(each.adjustment for each in report.compared if each.adjustment)
    if not how:
        return ("No adjustment is recorded for the comparisons of the first page.",)
    pairs = Counter((each.metric, each.threshold, each.watchlist_size, each.factor)
                    for each in report.compared if not each.is_omnibus)  # fmt: skip
    both = any(each.is_omnibus and pairs[each.metric, each.threshold, each.watchlist_size,
                                         each.factor] == 1 for each in report.compared)  # fmt: skip
    return (
        f"Adjustment: {'; '.join(how)}.",
        *(
            [
                "For two groups, the test of all groups is the same as the test of the pair. It is "
                "listed twice among the comparisons and counts as one test."
            ]
            if both
            else []
        ),
        "Comparisons that are not primary are marked as exploratory and are not quoted.",
    )


def _unit(_: Report) -> tuple[str, ...]:
    return (
        "People. One person can cause many errors, so intervals and tests treat the person as the "
        "unit of evidence, and do not suppose that groups are alike.",
    )


def _approved(report: Report) -> tuple[str, ...]:
    if report.publication is not None:
        return ("Decisions are not published here; they are recorded with the full study.",)
    decisions = report.decisions
    if decisions.broken is not None:
        return (
            f"Not known: the ledger of decisions is broken: {decisions.broken}. What it holds from "
            "there on cannot be relied on.",
        )
    if not decisions.recorded:
        return (
            "No decision on this study was recorded when this report was made. A report is no "
            "approval.",
        )
    return tuple(
        f"{'Withdrawn' if each.withdrawn else 'Approved'} at {each.decided} by {each.approver} "
        f"({each.role}), proposed by {each.proposer}: {each.model} {each.version} at threshold "
        f"{spoken_threshold(each.threshold)}, "
        f"{'until ' + each.expires if each.expires else 'without a last day'}; "
        f"{decisions.signed[place]}."
        for place, each in enumerate(decisions.recorded)
    ) + _signers(decisions)


def _signers(decisions: Decisions) -> tuple[str, ...]:
    doubted = tuple(filter(None, [decisions.doubted]))
    if not decisions.keys:
        return (
            *doubted,
            "Decisions are unsigned: whoever can write their file can invent them. Approvers can "
            "register keys and sign.",
        )
    held = "; ".join(f"{holder}: {key}" for key, holder in decisions.keys.items())
    return (*doubted, f"Keys of approvers, by fingerprint: {held}.")
