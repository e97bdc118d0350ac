"""Comparing: one self-contained HTML page and two CSVs (a `Comparison` in, files out)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lfr_eval.contract.folder import write_text
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.finished.comparing.beside import Comparison
from lfr_eval.finished.comparing.chart import pictures
from lfr_eval.finished.comparing.words import (
    DIFFERENCE_HEAD,
    HEAD,
    answers,
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
    from markupsafe import Markup

    from lfr_eval.report.templating import environment, source

    records = [side.study.record for side in found.sides]
    record = next((each for each in records if each.simulated), records[0])
    numbers = range(2, len(found.sides) + 1)
    template = environment("lfr_eval.finished.comparing").get_template("compared.html.j2")
    return template.render(
        style=Markup(source("style.css")),
        answers=answers(found),
        caveats=caveats(found),
        head=HEAD,
        studies=study_rows(found),
        difference_head=DIFFERENCE_HEAD,
        parts=[Part(number, difference_rows(found, number)) for number in numbers],
        pictures=pictures(found),
        record=record,
        paper=False,
        sides=found.sides,
    )
