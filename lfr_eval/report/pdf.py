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

import matplotlib as mpl
import typst
from matplotlib.ft2font import FT2Font

from lfr_eval.report.chart import COLOURS
from lfr_eval.report.document import Document

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
REPLACED = "\N{REPLACEMENT CHARACTER}"


def to_pdf(document: Document, template: Path = TEMPLATE) -> bytes:
    """Typeset a document by a template that reads it as data."""
    content = json.dumps(_printable(asdict(document)), ensure_ascii=False)
    return typst.compile(
        template.read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"document": content},
        pdf_standards="ua-1",
        timestamp=_seconds(document.finished),
    )


def _printable(value: Any) -> Any:
    """Replace characters that no font has, and give drawings what stands alone needs."""
    if isinstance(value, str):
        # Most of a document is drawings, whose texts are plain; every letter of them is drawn.
        if value.isascii() and value.isprintable():
            return value
        return "".join(each if _drawn(each) else REPLACED for each in value)
    if isinstance(value, Mapping):
        return {
            name: _standing_alone(_printable(each)) if name == "svg" else _printable(each)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value


def _drawn(character: str) -> bool:
    return character == "\n" or ord(character) in _glyphs()


@cache
def _glyphs() -> frozenset[int]:
    # The page's charts are measured in this font, and it has more glyphs than the text's.
    return frozenset(FT2Font(str(_font_folder() / "DejaVuSans.ttf")).get_charmap())


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[_font_folder()])


def _font_folder() -> Path:
    return Path(mpl.get_data_path()) / "fonts" / "ttf"


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
