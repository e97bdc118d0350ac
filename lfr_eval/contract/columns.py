"""Tables for the person at the terminal (cells in, lines out): ruled there, aligned elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table and an empty line."""
    if sys.stdout.isatty():
        yield from _ruled(head, rows)
    else:
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        for row in (head, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield ("  " + "  ".join(cells)).rstrip()
    yield ""


def _ruled(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines for a terminal: cells are wrapped to its width, heads are bold."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for name in head:
        table.add_column(Text(name))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    with console.capture() as drawn:
        console.print(table)
    return drawn.get().rstrip("\n").splitlines()
