"""Stage report: chapters as elements in, blocks for paper out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from lfr_eval.report.document.blocks import (
    Block,
    Bullets,
    Card,
    Heading,
    Picture,
    Run,
    Runs,
    Term,
    Text,
    plain,
)
from lfr_eval.report.document.grids import read_grid
from lfr_eval.report.document.texts import classes_of, runs_of

HEADINGS = {"h2": 1, "h3": 2, "h4": 3}
CONTAINERS = ("document", "section", "div", "details", "form")


def read_chapters(element: Element, charts: Mapping[str, tuple[str, str]]) -> Iterator[Block]:
    """Yield the blocks of an element, in order.

    Raises
    ------
    ValueError
        If a chapter holds an element that has no place on paper: nothing is dropped in silence.
    """
    if element.tag in CONTAINERS:
        for child in element:
            yield from read_chapters(child, charts)
    elif element.tag == "figure":
        yield _picture(element, charts)
    elif element.tag == "table":
        yield read_grid(element)
    else:
        yield from _block(element)


def _block(element: Element) -> Iterator[Block]:
    tag, classes = element.tag, classes_of(element)
    if tag in HEADINGS:
        yield Heading(plain(runs_of(element)), HEADINGS[tag])
    elif tag == "summary":
        yield from _summary(element)
    elif tag in ("p", "pre"):
        yield Text(runs_of(element), "lead" in classes, "notice" in classes)
    elif tag == "ul":
        yield Bullets(tuple(runs_of(item) for item in element), "notes" in classes)
    elif tag == "dl":
        yield Card(tuple(_term(row) for row in element))
    else:
        raise ValueError(f"The element '{tag}' of a chapter has no place on paper.")


def _summary(element: Element) -> Iterator[Block]:
    """Yield what folded parts are called: a heading, a paragraph, or (level 0) nothing on paper."""
    level = element.get("data-level")
    if level is None:
        yield Text(tuple(Run(run.text, run.style or "strong") for run in runs_of(element)))
    elif level != "0":
        yield Heading(plain(runs_of(element)), int(level))


def _term(row: Element) -> Term:
    name, meaning = row.find("dt"), row.find("dd")
    if name is None or meaning is None:
        raise ValueError("A card of the report has a row without term or meaning.")
    return Term(runs_of(name), tuple(_parts(meaning)), "blank" in classes_of(meaning))


def _parts(meaning: Element) -> Iterator[Text | Bullets]:
    """Yield the texts and lists of a meaning: text may stand before, between and after lists."""
    pending = Element("span")
    pending.text = meaning.text
    for child in meaning:
        if child.tag == "ul":
            yield from _text(runs_of(pending))
            yield Bullets(tuple(runs_of(item) for item in child))
            pending = Element("span")
            pending.text = child.tail
        else:
            pending.append(child)
    yield from _text(runs_of(pending))


def _text(runs: Runs) -> Iterator[Text]:
    if plain(runs).strip():
        yield Text(runs)


def _picture(element: Element, charts: Mapping[str, tuple[str, str]]) -> Picture:
    """Return a drawing with its own description as alternative."""
    svg, said = charts[element.get("data-chart", "")]
    caption = element.find("figcaption")
    return Picture(svg, said, runs_of(element if caption is None else caption))
