"""Stage report: an element of a chapter in, its texts with what they are out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.etree.ElementTree import Element

from lfr_eval.report.document.blocks import Run, Runs

STYLES = {"strong": "strong", "code": "code", "sup": "raised"}
CLASSES = {
    "mark": "mark",
    "quiet": "quiet",
    "range": "quiet",
    "sci": "quiet",
    "withheld": "quiet",
    "id": "code",
}
UNSEEN = "hidden"
"""Class of what only a screen reader is told: on paper the same stands in a heading or caption."""

_SPACE = re.compile(r"\s+")


def classes_of(element: Element) -> frozenset[str]:
    """Return the classes of an element."""
    return frozenset(element.get("class", "").split())


def runs_of(element: Element) -> Runs:
    """Return the text of an element, white space collapsed as a browser does."""
    return tidy(_runs(element, ""))


def tidy(runs: Iterable[Run]) -> Runs:
    """Collapse white space over runs, and join neighbours of one style."""
    joined = [
        Run("".join(run.text for run in group), style)
        for style, group in groupby(runs, key=lambda run: run.style)
    ]
    tidied: list[Run] = []
    ended = True
    for run in joined:
        text = _SPACE.sub(" ", run.text)
        text = text.removeprefix(" ") if ended else text
        if text:
            tidied.append(Run(text, run.style))
            ended = text.endswith(" ")
    while tidied and not tidied[-1].text.rstrip():
        tidied.pop()
    if tidied:
        tidied[-1] = Run(tidied[-1].text.rstrip(), tidied[-1].style)
    return tuple(tidied)


def _runs(element: Element, style: str) -> Iterator[Run]:
    own = style_of(element) or style
    if element.text:
        yield Run(element.text, own)
    for child in element:
        if UNSEEN not in classes_of(child):
            yield from _runs(child, own)
        if child.tail:
            yield Run(child.tail, own)


def style_of(element: Element) -> str:
    """Return what an element makes of its text; empty where nothing."""
    named = [CLASSES[name] for name in element.get("class", "").split() if name in CLASSES]
    return named[0] if named else STYLES.get(element.tag, "")
