"""Stage report: chapters as elements in, blocks for paper out.

Tables get the widths of what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from lfr_eval.report.document.blocks import (
    Block,
    Bullets,
    Card,
    Cell,
    Column,
    Grid,
    Heading,
    Picture,
    Row,
    Run,
    Runs,
    Term,
    Text,
    plain,
)

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


ROLES = ("block", "said", "overall")
COMFORTABLE = 40
"""Characters that a cell may hold before it rather takes a second line."""


def read_grid(table: Element) -> Grid:
    """Return a table of the page."""
    (head,) = table.findall("thead/tr")
    titles = [runs_of(cell) for cell in head]
    rows = tuple(_rows(table))
    return Grid(
        caption=runs_of(_caption(table)),
        columns=tuple(
            Column(title, width, "n" in classes_of(cell))
            for title, width, cell in zip(titles, _widths(titles, rows), head, strict=True)
        ),
        rows=rows,
    )


def _caption(table: Element) -> Element:
    caption = table.find("caption")
    if caption is None:
        raise ValueError("A table of the report has no caption.")
    return caption


def _rows(table: Element) -> Iterator[Row]:
    columns = len(table.findall("thead/tr/*"))
    for row in table.findall("tbody/tr"):
        found = [role for role in ROLES if role in classes_of(row)]
        cells = tuple(
            Cell(runs_of(cell), min(columns, int(cell.get("colspan", "1"))), _shade(cell))
            for cell in row
        )
        yield Row(cells, found[0] if found else "")


def _shade(cell: Element) -> int:
    shades = [name for name in classes_of(cell) if name.startswith("shade-")]
    return int(shades[0].removeprefix("shade-")) if shades else 0


def _widths(titles: Sequence[Runs], rows: Sequence[Row]) -> list[float]:
    """Give each column what its longest word needs, and more where its cells hold more."""
    widths = []
    for place, title in enumerate(titles):
        texts = [
            _as_long_as(row.cells[place].runs)
            for row in rows
            if len(row.cells) == len(titles) and all(cell.across == 1 for cell in row.cells)
        ]
        words = [word for text in (*texts, plain(title)) for word in text.split()]
        longest = max((len(word) for word in words), default=1)
        typical = sorted(len(text) for text in texts)[int(0.9 * len(texts)) :]
        in_two_lines = len(plain(title)) / 2
        usual = typical[0] + 3 if typical else 1
        widths.append(max(longest + 2, in_two_lines, min(COMFORTABLE, usual)))
    return [round(float(width), 2) for width in widths]


def _as_long_as(runs: Runs) -> str:
    """Return text of the length that runs take: what stands back is smaller, marks are boxed."""
    parts = []
    for run in runs:
        if run.style == "quiet":
            parts.append(run.text[len(run.text) // 6 :])
        else:
            parts.append(run.text.replace(" ", "-") + "--" if run.style == "mark" else run.text)
    return "".join(parts)


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
