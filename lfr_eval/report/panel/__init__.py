"""Stage report: what a panel needs beside the numbers (view model in, texts out).

Everything here is generated from the study: what it did, what it found, and what it did not look
at. Nothing here is stronger than the findings, and the page and the PDF print the same texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lfr_eval.report.model import Report
from lfr_eval.report.panel.answers import Annex, Answer, conformance, to_annex
from lfr_eval.report.panel.evidence import pieces_of

__all__ = ["Annex", "Answer", "Panel", "conformance", "to_panel"]


class Panel(NamedTuple):
    """The panel material of a study: answers to questions, and an annex for each evidence map."""

    questions: Mapping[str, Sequence[str]]
    annexes: tuple[Annex, ...]


def to_panel(report: Report) -> Panel:
    """Write the panel material of a study."""
    pieces = pieces_of(report)
    annexes = (to_annex(each, report, pieces.evidence) for each in report.maps)
    return Panel(pieces.questions, tuple(annexes))
