"""Stage report: the view model and its charts in, the printed document as plain blocks out.

The document consists of the chapters of the page (`templates/*.html.j2`, one file a chapter), so
that no figure is computed or worded twice. `texts` reads pieces of text, `grids` tables, `chapters`
everything that consists of them.
"""

from __future__ import annotations

from xml.etree import ElementTree

from lfr_eval.report.document.blocks import Document
from lfr_eval.report.document.chapters import read_chapters
from lfr_eval.report.drawings import Charts
from lfr_eval.report.model import Report
from lfr_eval.report.numbers import charts_in
from lfr_eval.report.templating import fill

__all__ = ["Document", "to_document"]


def to_document(report: Report, charts: Charts) -> Document:
    """Arrange a report for paper."""
    record = report.record
    chapters = ElementTree.fromstring(fill("paper.html.j2", report, charts, paper=True))
    banner = warning = None
    if record.simulated:
        banner = "Simulated study – no real people"
        warning = "Nothing in this document may be quoted as a result about a real system."
    elif record.capture:
        banner = "Simulated capture – no camera was tested"
        warning = (
            "The people and the matcher are real, the passes are not: still images were degraded "
            f"({record.capture}). Nothing in this document may be quoted as what a camera does."
        )
    return Document(
        title=record.title,
        question=record.question,
        mark=record.mark,
        banner=banner,
        warning=warning,
        study=record.study,
        study_hash=report.provenance.study_hash,
        finished=record.finished or record.started,
        blocks=tuple(read_chapters(chapters, {each.name: each for each in charts_in(charts)})),
    )
