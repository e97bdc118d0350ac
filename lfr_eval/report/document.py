"""Stage report: the view model in, the printed documents out.

A document consists of parts of the page (`templates/*.html.j2`), so that no figure is computed or
worded twice: its chapters are elements of HTML, and `report.typ` says how each looks on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from markupsafe import escape

from lfr_eval.report.chart import Chart
from lfr_eval.report.further import further_charts
from lfr_eval.report.letters import stand_in_words
from lfr_eval.report.model import Report
from lfr_eval.report.page import fill

BANNERS = {
    "Simulated": "Simulated study – no real people",
    "Simulated capture": "Simulated capture – no camera was tested",
}
"""Stands on every page of what is not real."""

Drawings = Mapping[str, tuple[str, str]]
"""Name of a figure to its drawing (SVG) and to the words that stand in its place."""


@dataclass(frozen=True)
class Document:
    """The whole document: its `chapters` are one element `document` of what the page consists of.

    The `kind` is `brief`, `report`, `annex`, or `annual`, which belongs to no study. `stand_ins`
    are printed in the place of labels whose letters no font has.
    """

    title: str
    question: str
    banner: str | None
    study: str
    study_hash: str | None
    finished: str
    chapters: str
    drawings: Drawings
    kind: str = "report"
    stand_ins: Mapping[str, str] = field(default_factory=dict)


def to_document(report: Report, kind: str = "report") -> Document:
    """Arrange a report for paper, as a `brief`, `report` or `annex`."""
    record = report.record
    labels = report.stand_ins
    # The brief and the report have no chart of these.
    further = further_charts(report) if kind == "annex" else None
    filled = fill("paper.html.j2", report, paper=True, kind=kind, further=further)
    if labels:
        note = f'<document><p class="notice">{escape(stand_in_words(labels))}</p>'
        filled = filled.replace("<document>", note, 1)
    charts = [] if further is None else [*further.all]
    if report.explorer and further is not None:
        drawn = [each for part in report.explorer.parts for each in (part.chart, part.trade_off)]
        charts += [each for each in drawn if each is not None]
    return Document(
        title=record.title,
        question=record.question,
        banner=BANNERS.get(record.mark or ""),
        study=record.study,
        study_hash=report.provenance.study_hash,
        finished=record.finished or record.started,
        chapters=filled,
        drawings=drawings_of(charts),
        kind=kind,
        stand_ins=labels,
    )


def drawings_of(charts: Iterable[Chart]) -> dict[str, tuple[str, str]]:
    """Return charts as drawings for paper."""
    return {each.name: (each.sheet, each.description) for each in charts}
