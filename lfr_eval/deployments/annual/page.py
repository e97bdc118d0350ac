"""Blocks of a document in, one self-contained HTML page out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape
from pathlib import Path

import lfr_eval.report
from lfr_eval.report.document.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Grid,
    Heading,
    Picture,
    Run,
    Text,
)

STYLE = Path(lfr_eval.report.__file__).parent / "templates" / "style.css"
_OPEN = 60
"""A longer table opens on demand."""

OWN = """
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font: 0.88rem/1.45 var(--sans); width: 100%; }
caption { text-align: left; font-weight: 600; padding: 0.4rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem; }
tr { border-bottom: 1px solid var(--grid); }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; }
figure svg { width: 100%; height: auto; }
figcaption { font: 0.9rem/1.5 var(--sans); color: var(--faint); }
.lead { font-size: 1.3rem; line-height: 1.4; font-weight: 600; }
.notice { border-left: 0.3rem solid var(--warn); padding-left: 1rem; }
h2 { margin-top: 3rem; }
"""


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
    )


def to_page(document: Document) -> str:
    """Return the page; texts are escaped, drawings stand as they are."""
    body = "\n".join(_block(block) for block in document.blocks)
    heads = [
        f'<li><a href="#{_anchor(block.text)}">{escape(block.text)}</a></li>'
        for block in document.blocks
        if isinstance(block, Heading) and block.level == 1
    ]
    contents = (
        f'<nav aria-label="Contents"><ul>{"".join(heads)}</ul></nav>' if len(heads) > 1 else ""
    )
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n"
        f"<style>{STYLE.read_text(encoding='utf-8')}{OWN}</style>\n</head>\n<body>\n"
        f'<header class="page-header"><h1>{escape(document.title)}</h1>'
        f'<p class="question">{escape(document.question)}</p></header>\n<main>\n'
        f"{contents}\n{body}\n</main>\n"
        f'<footer class="page-footer"><p>{escape(document.study)}</p></footer>\n</body>\n</html>\n'
    )


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        level = block.level + 1
        return f'<h{level} id="{_anchor(block.text)}">{escape(block.text)}</h{level}>'
    if isinstance(block, Text):
        kind = "lead" if block.lead else "notice" if block.notice else ""
        return (
            f'<p class="{kind}">{_runs(block.runs)}</p>' if kind else f"<p>{_runs(block.runs)}</p>"
        )
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{_runs(item)}</li>" for item in block.items) + "</ul>"
    if isinstance(block, Picture):
        caption = f"<figcaption>{_runs(block.caption)}</figcaption>"
        return f"<figure>{block.svg}{caption}</figure>"
    if isinstance(block, Grid):
        drawn = "".join(_grid(block))
        if len(block.rows) <= _OPEN:
            return drawn
        what = escape("".join(run.text for run in block.caption))
        return f"<details><summary>{what} ({len(block.rows)} rows)</summary>{drawn}</details>"
    raise ValueError(f"A page has no place for {block.kind}.")


def _grid(grid: Grid) -> Iterator[str]:
    label = escape("".join(run.text for run in grid.caption), quote=True)
    yield f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>'
    yield f"<caption>{_runs(grid.caption)}</caption><thead><tr>"
    for column in grid.columns:
        kind = ' class="number"' if column.is_number else ""
        tag = "th" if column.title and column.title[0].text else "td"
        scope = ' scope="col"' if tag == "th" else ""
        yield f"<{tag}{scope}{kind}>{_runs(column.title)}</{tag}>"
    yield "</tr></thead><tbody>"
    for row in grid.rows:
        cells = zip(row.cells, grid.columns, strict=True)
        yield "<tr>" + "".join(_cell(cell, column) for cell, column in cells) + "</tr>"
    yield "</tbody></table></div>"


def _cell(cell: Cell, column: Column) -> str:
    kind = ' class="number"' if column.is_number else ""
    return f"<td{kind}>{_runs(cell.runs)}</td>"


def _runs(runs: Iterable[Run]) -> str:
    return "".join(
        f"<strong>{escape(run.text)}</strong>" if run.style == "strong" else escape(run.text)
        for run in runs
    )


def _anchor(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
