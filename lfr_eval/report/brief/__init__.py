"""Stage report: the answer on two pages, in plain words (view model in, frozen texts out).

For everybody: sentences about people that name the groups, one picture, what it means for a crowd,
and what the study cannot tell. Nothing here is stronger than the findings.
"""

from __future__ import annotations

from typing import NamedTuple

from lfr_eval.report.brief.answer import answer
from lfr_eval.report.brief.around import Fact, around, facts, limits
from lfr_eval.report.brief.crowd import crowd_words
from lfr_eval.report.brief.told import MOST_GROUPS
from lfr_eval.report.model import Report
from lfr_eval.report.picture import Picture, to_picture

__all__ = ["Brief", "Picture", "to_brief"]


class Brief(NamedTuple):
    """The brief of a study; what must not be said is empty.

    Each paragraph of the `answer` may be quoted whole and holds at the `setting`; the first is the
    shortest and begins with the `lead`, its main point, and `other` is the one that tells of the
    other kind of error. The `warning` must be known before anything else, `chosen` is how the
    threshold was set, and the `caveat` weakens the answer wherever it is told. `facts` and `trust`
    are pairs of a question and its answer.
    """

    warning: str
    setting: str
    answer: tuple[str, ...]
    lead: str
    other: str
    chosen: str
    caveat: str
    picture: Picture | None
    facts: tuple[Fact, ...]
    crowd: tuple[str, ...]
    cannot: tuple[str, ...]
    trust: tuple[Fact, ...]


def to_brief(report: Report) -> Brief:
    """Write the brief of a study."""
    lead, paragraphs, other = answer(report)
    drawn = to_picture(report.quote, MOST_GROUPS) if report.quote else None
    said = around(report)
    return Brief(
        warning=said.pop("warning"),
        setting=report.quote.setting if report.quote else "",
        answer=paragraphs,
        lead=lead,
        other=other,
        chosen=said.pop("chosen"),
        caveat=said.pop("caveat"),
        picture=drawn if drawn and drawn.shows else None,
        facts=facts(report),
        crowd=crowd_words(report),
        cannot=tuple(limits(report)["cannot tell"]),
        trust=tuple(said.items()),
    )
