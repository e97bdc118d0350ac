"""Comparing: one self-contained HTML page and two CSVs (a `Comparison` in, files out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lfr_eval.contract.folder import write_text
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.finished.comparing.beside import Comparison
from lfr_eval.finished.comparing.chart import pictures
from lfr_eval.finished.comparing.words import (
    DIFFERENCE_HEAD,
    HEAD,
    caveats,
    difference_rows,
    study_rows,
)


@dataclass(frozen=True)
class Part:
    """The differences of one further study."""

    number: int
    rows: list[tuple[str, ...]]


def write_comparison(found: Comparison, folder: Path) -> list[Path]:
    """Write page and tables; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    page, table, rates = (folder / name for name in ("compared.html", "compared.csv", "rates.csv"))
    write_text(page, to_html(found))
    write_text(table, csv_text(found.differences))
    write_text(rates, csv_text(found.rates))
    return [page, table, rates]


def to_html(found: Comparison) -> str:
    """Return the page; every text from a study is escaped."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("lfr_eval.finished.comparing", "."), PackageLoader("lfr_eval.report")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def tabulated(name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
        def row(cells: Sequence[str], cell: Markup) -> Markup:
            return Markup("<tr>{}</tr>").format(
                Markup("").join(cell.format(text) for text in cells)
            )

        return Markup(
            '<div class="scroll" tabindex="0" role="region" aria-label="{0}">'
            '<table class="compared"><caption>{0}</caption><thead>{1}</thead><tbody>{2}</tbody>'
            "</table></div>"
        ).format(
            name,
            row(head, Markup('<th scope="col">{}</th>')),
            Markup("").join(row(each, Markup("<td>{}</td>")) for each in rows),
        )

    style = files("lfr_eval.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    records = [side.study.record for side in found.sides]
    record = next((each for each in records if each.simulated), records[0])
    numbers = range(2, len(found.sides) + 1)
    return environment.get_template("page.html.j2").render(
        style=Markup(style),
        caveats=caveats(found),
        head=HEAD,
        studies=study_rows(found),
        difference_head=DIFFERENCE_HEAD,
        parts=[Part(number, difference_rows(found, number)) for number in numbers],
        pictures=pictures(found),
        record=record,
        paper=False,
        sides=found.sides,
        tabulated=tabulated,
    )
