"""Stage report: the printed document in, a tagged PDF out (PDF/UA-1), by typst.

Texts reach typst as data and never as markup, so that a name cannot become a command. Fonts are
those that typst and matplotlib ship: the same study gives the same bytes on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from lfr_eval.contract.words import unbroken
from lfr_eval.report.chart import COLOURS
from lfr_eval.report.document import Document
from lfr_eval.report.letters import FONTS, printable, standing_in

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
SIZES = {"brief": (12, 11.5, 11, 10.5, 10, 9.5)}
"""Sizes of type, in points: the largest is taken at which a brief has two pages."""


def to_pdf(document: Document) -> bytes:
    """Typeset a document by a template that reads it as data."""
    content = asdict(document)
    labels = content.pop("stand_ins")
    given = {"document": json.dumps(_printable(content, labels), ensure_ascii=False)}
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


def _printable(value: Any, labels: Mapping[str, str]) -> Any:
    """Replace characters that no font has, and give drawings what stands alone needs."""
    if isinstance(value, str):
        return unbroken(printable(standing_in(value, labels)))
    if isinstance(value, Mapping):
        return {
            name: _standing_alone(_printable(each, labels))
            if name == "svg"
            else _printable(each, labels)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_printable(each, labels) for each in value]
    return value


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
