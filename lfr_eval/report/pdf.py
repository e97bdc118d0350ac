"""Stage report: the printed document in, a tagged PDF out (PDF/UA-1), by typst.

Texts reach typst as data and never as markup, so that a name cannot become a command. Fonts are
those that typst and matplotlib ship: the same study gives the same bytes on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import typst
from markupsafe import escape

from lfr_eval.contract.words import unbroken
from lfr_eval.report.chart import COLOURS
from lfr_eval.report.document import Document
from lfr_eval.report.letters import FONTS, printable, standing_in

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
SIZES = {"brief": (12, 11.5, 11, 10.5, 10, 9.5)}
"""Sizes of type, in points: the largest is taken at which a brief has two pages."""


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
