"""Stage report: the view model in, tagged PDFs out (PDF/UA-1), by typst.

A document consists of parts of the page (`templates/*.html.j2`), so that no figure is computed or
worded twice: its chapters are elements of HTML, and `report.typ` says how each looks on paper.
Texts reach typst as data and never as markup, so that a name cannot become a command. Fonts are
those that typst and matplotlib ship: the same study gives the same bytes on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

import typst
from markupsafe import escape

from lfr_eval.contract.words import unbroken
from lfr_eval.report.chart import COLOURS, Chart
from lfr_eval.report.further import further_charts
from lfr_eval.report.letters import FONTS, printable, stand_in_words, standing_in
from lfr_eval.report.model import Report
from lfr_eval.report.page import fill

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
SIZES = {"brief": (12, 11.5, 11, 10.5, 10, 9.5)}
"""Sizes of type, in points: the largest is taken at which a brief has two pages."""
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


def to_pdf(document: Document) -> bytes:
    """Typeset a document by a template that reads it as data.

    An element of a chapter that has no place on paper is a TypstError: nothing is dropped.
    """
    labels = document.stand_ins
    marked = {str(escape(label)): str(escape(name)) for label, name in labels.items()}
    names = ("title", "question", "banner", "study", "study_hash", "finished", "kind")
    said = {name: _printable(getattr(document, name) or "", labels) for name in names}
    drawings = {
        name: [_standing_alone(_printable(svg, marked)), _printable(words, labels)]
        for name, (svg, words) in document.drawings.items()
    }
    given = {
        "document": json.dumps({**said, "drawings": drawings}, ensure_ascii=False),
        "chapters": _printable(document.chapters, marked),
    }
    for size in SIZES.get(document.kind, (9.5,)):
        pdf = typst.compile(
            TEMPLATE.read_bytes(),
            font_paths=_fonts(),
            sys_inputs={**given, "size": str(size)},
            pdf_standards="ua-1",
            timestamp=_seconds(document.finished),
        )
        if len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2:
            break
    return pdf


def _printable(text: str, labels: Mapping[str, str]) -> str:
    """Replace characters that no font has, and keep numbers with what belongs to them."""
    return unbroken(printable(standing_in(text, labels)))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[FONTS])


def _standing_alone(svg: str) -> str:
    """Return an SVG of the page as a drawing of its own: no page lends it colours and a font."""
    svg = re.sub(r"var\((--[\w-]+)\)", lambda found: COLOURS[found[1]], svg)
    return svg.replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="DejaVu Sans" ', 1
    )


def _seconds(time: str) -> int:
    """Return a moment of the study, so that rendering again gives the same bytes."""
    try:
        return int(datetime.fromisoformat(time).timestamp())
    except ValueError:
        return 0
