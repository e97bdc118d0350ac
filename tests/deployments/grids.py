"""Published grids as files: PDF, CSV and workbooks with any headings and rows."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import typst

HEADINGS = [
    *("Deployment Location", "Date", "Duration", "LFR Use Case", "Watchlist Size"),
    *("Min Threshold Setting", "Total Alerts", "True Alerts Confirmed", "True Alerts Unconfirmed"),
    *("False Alerts Confirmed", "False Alerts Unconfirmed", "False Alert Rate", "Arrest"),
    *("Other Disposal", "No Action", "Faces seen (Estimate)"),
]


def row(place: str, day: str, **changes: str) -> list[str]:
    """Return a row that no check doubts, with some cells changed by heading."""
    usual = ["5h 30m", "Crime Hotspot", "16,000", "0.64", "4", "3", "0", "1", "0", "0.01%"]
    cells = dict(zip(HEADINGS, [place, day, *usual, "2", "1", "1", "10,000"], strict=True))
    cells.update({name.replace("_", " "): value for name, value in changes.items()})
    return list(cells.values())


def rows(number: int) -> list[list[str]]:
    """Return rows of places and days of their own."""
    return [row(f"Place {n}", f"{n + 1:02d}/10/24") for n in range(number)]


def write_csv(
    path: Path, rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


SOURCE = """
#let given = json(bytes(sys.inputs.given))
#set page(paper: "a4", flipped: true, margin: 1cm)
#set text(size: 6pt)
#show regex("\\^[0-9]"): it => super(typographic: false, it.text.slice(1))
#show regex("~[0-9]"): it => super(it.text.slice(1))
#show regex("\\\\|[0-9]"): it => text(fill: white, it.text.slice(1))
#show regex("![0-9]"): it => strike(it.text.slice(1))
#let box-over = place(dx: -4pt, dy: -5pt, rect(fill: white, width: 9pt, height: 6pt))
#show regex("¬[0-9]"): it => it.text.slice(2) + box-over
#let turned(text) = if given.turned == 0 { text } else {
  rotate(given.turned * 1deg, reflow: true, text)
}
#let head((text, columns, rows)) = table.cell(colspan: columns, rowspan: rows, turned(text))
#let heads = given.headings.map(head)
#for (place, rows) in given.pages.enumerate() {
  if place > 0 and given.apart { pagebreak() }
  table(
    columns: rows.at(0).len(),
    stroke: if place in given.unruled { none } else { 1pt },
    ..(if place == 0 { heads } else { () }),
    ..rows.flatten(),
    ..(if given.note == "" { () } else { (table.cell(colspan: rows.at(0).len(), given.note),) }),
  )
}
"""


def write_pdf(
    path: Path,
    pages: Sequence[Sequence[Sequence[str]]],
    headings: Sequence[str | tuple[str, int, int]] = HEADINGS,
    unruled: Sequence[int] = (),
    turned: int = 0,
    note: str = "",
    apart: bool = True,
) -> Path:
    """Write pages of rows below headings: texts, or (text, columns, rows) where one spans more.

    `^1` is a raised footnote mark that is scaled, and `~1` one of the font's own. `|1` is in white,
    `!1` struck through, `¬1` below a white box. Headings may be turned by degrees. A
    note stands across the last row. If the pages are not apart, their tables stand on one page.
    """
    cells = [each if isinstance(each, tuple) else (each, 1, 1) for each in headings]
    given = {"headings": cells, "pages": pages, "unruled": unruled, "turned": turned, "note": note}
    given["apart"] = apart
    path.write_bytes(typst.compile(SOURCE.encode(), sys_inputs={"given": json.dumps(given)}))
    return path
