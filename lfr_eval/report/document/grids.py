"""Stage report: a table of a chapter in, a grid for paper out, with widths by what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from lfr_eval.report.document.blocks import Cell, Column, Grid, Row, Runs, plain
from lfr_eval.report.document.texts import classes_of, runs_of

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
        widths.append(max(longest + 2, in_two_lines, min(COMFORTABLE, *typical[:1] or [1])))
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
