"""Stage report: what a panel needs beside the numbers (view model in, frozen texts out).

Everything here is generated from the study: what it did, what it found, and what it did not look
at. Nothing here is stronger than the findings, and the page and the PDF print the same texts.
"""

from __future__ import annotations

from dataclasses import dataclass

from lfr_eval.report.approvals import Decisions
from lfr_eval.report.model import Report
from lfr_eval.report.panel.annexes import data_protection, equality
from lfr_eval.report.panel.conditions import Heading, bridges, ethics_panel
from lfr_eval.report.panel.glossary import Term, glossary
from lfr_eval.report.panel.questions import Question, questions

__all__ = ["Annex", "Heading", "Panel", "Question", "Term", "to_panel"]


@dataclass(frozen=True)
class Annex:
    """Headings under one title, with what the study gives to each and what it does not."""

    name: str
    title: str
    lead: str
    headings: tuple[Heading, ...]


@dataclass(frozen=True)
class Panel:
    """The panel material of a study.

    Attributes
    ----------
    annexes
        Ethics panel, law, equality, data protection.
    """

    questions: tuple[Question, ...]
    annexes: tuple[Annex, ...]
    glossary: tuple[Term, ...]
    decisions: Decisions


def to_panel(report: Report) -> Panel:
    """Write the panel material of a study."""
    return Panel(
        questions=questions(report),
        annexes=(
            Annex(
                "ethics-panel",
                "The five conditions of the London Policing Ethics Panel",
                "Its final report on live facial recognition, May 2019, set five conditions. They "
                "are given here in short, as secondary pages report them; the report itself was "
                "not read.",
                ethics_panel(report),
            ),
            Annex(
                "bridges",
                "R (Bridges) v South Wales Police [2020] EWCA Civ 1058",
                "What the Court of Appeal said of the public sector equality duty, as copies of "
                "the judgment on secondary pages give it. Whether the duty is met is for the "
                "force, and in the end for a court; no study can say so.",
                bridges(report),
            ),
            Annex(
                "equality",
                "For an Equality Impact Assessment",
                "What this study gives to each part of such an assessment, and what must come "
                "from elsewhere.",
                equality(report),
            ),
            Annex(
                "data-protection",
                "For a Data Protection Impact Assessment",
                "What this study gives to each part of such an assessment, and what must come "
                "from elsewhere.",
                data_protection(report),
            ),
        ),
        glossary=glossary(),
        decisions=report.decisions,
    )
