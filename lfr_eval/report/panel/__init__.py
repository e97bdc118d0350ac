"""Stage report: what a panel needs beside the numbers (view model in, frozen texts out).

Everything here is generated from the study: what it did, what it found, and what it did not look
at. Nothing here is stronger than the findings, and the page and the PDF print the same texts.
"""

from __future__ import annotations

from typing import NamedTuple

from lfr_eval.report.model import Report
from lfr_eval.report.panel.answers import Annex, Answer, conformance, to_annex
from lfr_eval.report.panel.glossary import glossary
from lfr_eval.report.panel.questions import Question, questions

__all__ = ["Annex", "Answer", "Panel", "Question", "conformance", "to_panel"]


class Panel(NamedTuple):
    """The panel material of a study; one annex for each evidence map."""

    questions: tuple[Question, ...]
    annexes: tuple[Annex, ...]
    glossary: dict[str, str]


def to_panel(report: Report) -> Panel:
    """Write the panel material of a study."""
    annexes = tuple(to_annex(each, report) for each in report.maps)
    return Panel(questions(report), annexes, glossary())
