"""Chapters of a document in, one self-contained HTML page out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from xml.etree import ElementTree

from markupsafe import Markup

from lfr_eval.contract.spelling import STEERING
from lfr_eval.report.chart import Chart
from lfr_eval.report.paper import Document, drawings_of
from lfr_eval.report.templating import environment, source
from lfr_eval.report.words import clean


def document_of(
    title: str, about: str, source: str, chapters: Iterable[Markup], charts: Iterable[Chart] = ()
) -> Document:
    """Return a document of today that belongs to no study.

    Parameters
    ----------
    about
        What the records cover, below the title.
    source
        What it was made from, at the foot.
    """
    return Document(
        title=clean(title),
        question=clean(about),
        banner=None,
        study=clean(source),
        study_hash=None,
        finished=f"{date.today().isoformat()}T00:00:00+00:00",
        chapters=clean_lines(f"<document>{Markup().join(chapters)}</document>"),
        drawings={
            name: (clean_lines(sheet), clean_lines(said))
            for name, (sheet, said) in drawings_of(charts).items()
        },
        kind="annual",
    )


def to_page(document: Document) -> str:
    """Return the page; texts are escaped, drawings stand as they are."""
    template = environment("lfr_eval.deployments.annual").get_template("annual.html.j2")
    content = document.chapters.removeprefix("<document>").removesuffix("</document>")
    return template.render(
        document=document,
        content=Markup(content),
        contents=[
            (each.get("id"), each.text)
            for each in ElementTree.fromstring(document.chapters).iter("h2")
        ],
        style=Markup(source("style.css")),
    )


def clean_lines(text: str) -> str:
    """Return a text of several lines, each without odd characters, as markup that is made."""
    return "\n".join(STEERING.sub("\N{REPLACEMENT CHARACTER}", each) for each in text.splitlines())
