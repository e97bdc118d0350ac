"""Stage report: the answer on two pages, in plain words (view model in, frozen texts out).

For everybody: sentences about people that name the groups, one picture, what it means for a crowd,
and what the study cannot tell. Nothing here is stronger than the findings.
"""

from __future__ import annotations

from dataclasses import dataclass

from lfr_eval.contract.words import count, several
from lfr_eval.report.brief.answer import answer, chosen
from lfr_eval.report.brief.around import deviation, facts, trust
from lfr_eval.report.brief.crowd import crowd_words
from lfr_eval.report.brief.told import MOST_GROUPS
from lfr_eval.report.limits import cannot_tell
from lfr_eval.report.model import Report
from lfr_eval.report.people import ALL
from lfr_eval.report.picture import Picture, to_picture

__all__ = ["Brief", "Picture", "to_brief"]

STRANGERS = (
    "The log does not say who passed in {}. Each of these counts as a different person who is not "
    "on the watchlist. If some were the same person, the ranges are too narrow. If some were on "
    "the watchlist, an alert counted as false may have been right."
)
UNSOUGHT = (
    "The log does not say who was searched for in {}. Each of these counts as a different person "
    "who is not on the watchlist. If some were the same person, the ranges are too narrow. If some "
    "were on the watchlist, they were found or missed, and no rate counts them."
)
PAIRS_ALONE = (
    "Each pair is counted as if it were of different people, so the intervals are too narrow "
    "where pairs share people, and a difference may be found that is not there."
)


@dataclass(frozen=True)
class Brief:
    """The brief of a study.

    Attributes
    ----------
    warning
        What must be known before anything else: that nothing was real; empty for real people.
    setting
        Threshold and watchlist at which everything here holds.
    answer
        Paragraphs, each of which may be quoted whole; the first is the shortest answer.
    lead
        How the first paragraph begins: its main point, which stands out.
    chosen
        How the threshold was set, in the evaluator's words; empty where it is not stated.
    picture
        Rate by group with intervals; None where the study has no rate at this threshold.
    facts
        Pairs of a question and its answer: what was tested, on whom, at which setting.
    caveat
        What weakens the answer wherever it is told; empty where nothing does.
    crowd
        What it means for a crowd; empty without a watchlist.
    cannot
        What the study cannot tell, shortest first reasons.
    trust
        Who ran it, and where the evidence is.
    """

    warning: str
    setting: str
    answer: tuple[str, ...]
    lead: str
    chosen: str
    caveat: str
    picture: Picture | None
    facts: tuple[tuple[str, str], ...]
    crowd: tuple[str, ...]
    cannot: tuple[str, ...]
    trust: tuple[tuple[str, str], ...]


def to_brief(report: Report) -> Brief:
    """Write the brief of a study."""
    lead, paragraphs = answer(report)
    drawn = to_picture(report.quote, MOST_GROUPS) if report.quote else None
    return Brief(
        warning=_warning(report),
        setting=report.quote.setting if report.quote else "",
        answer=paragraphs,
        lead=lead,
        chosen=chosen(report),
        caveat=" ".join(filter(None, (deviation(report), _alone(report), _strangers(report)))),
        picture=drawn if drawn and drawn.shows else None,
        facts=facts(report),
        crowd=crowd_words(report),
        cannot=tuple(cannot_tell(report)),
        trust=trust(report),
    )


def _strangers(report: Report) -> str:
    everyone = report.people.everybody
    if not report.people.unknown:
        return ""
    some = report.people.unknown
    if everyone.strangers and some != ALL:  # A publication does not tell how many.
        some = count(everyone.strangers)
    if report.record.design.list_length is not None:
        return UNSOUGHT.format(f"{some} of {several(everyone.passes, 'search', 'searches')}")
    return STRANGERS.format(f"{some} of {several(everyone.passes, 'pass', 'passes')}")


def _alone(report: Report) -> str:
    return PAIRS_ALONE if report.record.matcher.unit == "pairs" else ""


def _warning(report: Report) -> str:
    if report.record.simulated:
        return (
            "None of this is real: a computer made up the people and the scores. Do not quote it "
            "about any system or group."
        )
    if report.record.capture:
        return (
            "The people are real, but no camera was tested: a computer made still pictures worse. "
            "Do not quote it as what a camera does."
        )
    return ""
