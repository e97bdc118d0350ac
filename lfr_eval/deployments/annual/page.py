"""Blocks of a document in, one self-contained HTML page out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from lfr_eval.report.document.blocks import Block, Document, plain
from lfr_eval.report.templating import environment, source

OPEN = 60
"""A longer table opens on demand."""


def document_of(title: str, about: str, source: str, blocks: Sequence[Block]) -> Document:
    """Return a document of today that belongs to no study.

    Parameters
    ----------
    about
        What the records cover, below the title.
    source
        What it was made from, at the foot.
    """
    return Document(
        title=title,
        question=about,
        banner=None,
        study=source,
        study_hash=None,
        finished=f"{date.today().isoformat()}T00:00:00+00:00",
        blocks=blocks,
        kind="annual",
    )


def to_page(document: Document) -> str:
    """Return the page; texts are escaped, drawings stand as they are."""
    template = environment("lfr_eval.deployments.annual").get_template("annual.html.j2")
    style = Markup(source("style.css"))
    return template.render(document=document, style=style, plain=plain, anchor=_anchor, open=OPEN)


def _anchor(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
