"""Stage report: the view model in, the printed documents as plain blocks out.

A document consists of parts of the page (`templates/*.html.j2`), so that no figure is computed or
worded twice. `chapters` reads them.
"""

from __future__ import annotations

from xml.etree import ElementTree

from lfr_eval.report.brief import to_brief
from lfr_eval.report.document.blocks import Document, Run, Text
from lfr_eval.report.document.chapters import read_chapters
from lfr_eval.report.further import further_charts
from lfr_eval.report.letters import stand_in_words
from lfr_eval.report.model import Report
from lfr_eval.report.picture import to_svg
from lfr_eval.report.templating import fill

__all__ = ["Document", "to_document"]

BANNERS = {
    "Simulated": "Simulated study – no real people",
    "Simulated capture": "Simulated capture – no camera was tested",
}
"""Stands on every page of what is not real."""


def to_document(report: Report, kind: str = "report") -> Document:
    """Arrange a report for paper.

    Parameters
    ----------
    kind
        `brief`, `report` or `annex`.
    """
    record = report.record
    labels = report.stand_ins
    note = [Text((Run(stand_in_words(labels)),), notice=True)] if labels else []
    # The brief and the report have no chart of these.
    further = further_charts(report) if kind == "annex" else None
    filled = fill("paper.html.j2", report, paper=True, kind=kind, further=further)
    chapters = ElementTree.fromstring(filled)
    brief = to_brief(report)
    drawings: dict[str, tuple[str, str]] = {}
    if brief.picture:
        marked = f"{record.mark}: rates" if record.mark else "Rates"
        caption = f"{marked} of both kinds of error by group at {brief.setting}."
        drawings["picture"] = (to_svg(brief.picture, caption), caption)
    charts = [] if further is None else [*further.all]
    if report.explorer and further is not None:
        drawn = [each for part in report.explorer.parts for each in (part.chart, part.trade_off)]
        charts += [each for each in drawn if each is not None]
    drawings |= {each.name: (each.sheet, each.description) for each in charts}
    return Document(
        title=record.title,
        question=record.question,
        banner=BANNERS.get(record.mark or ""),
        study=record.study,
        study_hash=report.provenance.study_hash,
        finished=record.finished or record.started,
        blocks=(*note, *read_chapters(chapters, drawings)),
        kind=kind,
        stand_ins=labels,
    )
