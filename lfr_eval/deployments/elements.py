"""Deployments: elements of a page that Python arranges (texts in, escaped HTML out).

They are those of the templates: a page and its paper (`report.paper`) are made as a study's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from lfr_eval.report.chart import Chart, Scale
from lfr_eval.report.templating import environment

OPEN = 60
"""Rows of a table; a longer one opens on demand."""


def heading(text: str, level: int) -> Markup:
    """Return a heading; level 1 begins a chapter."""
    tag = f"h{level + 1}"
    return Markup('<{0} id="{1}">{2}</{0}>').format(tag, _anchor(text), text)


def paragraph(text: str, kind: str = "") -> Markup:
    """Return a paragraph; a `lead` is set larger, a `notice` must not be overlooked."""
    said = Markup("<strong>{}</strong>").format(text) if kind == "lead" else text
    return Markup('<p class="{}">{}</p>').format(kind, said)


def bullets(items: Iterable[str]) -> Markup:
    """Return a list."""
    return Markup(_macros().bullets(list(items)))


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table of texts; heads of columns of numbers begin with #."""
    told = list(rows)
    drawn = Markup(_macros().listed(_anchor(caption), caption, heads, told))
    if len(told) <= OPEN:
        return drawn
    return Markup('<details><summary data-level="0">{} ({} rows)</summary>{}</details>').format(
        caption, len(told), drawn
    )


def figure(chart: Chart) -> Markup:
    """Return a chart with its caption."""
    return Markup(_macros().chart(chart))


def day_scale(days: Iterable[date]) -> Scale:
    """Return a scale of days, by their ordinals, with the first days of some months."""
    known = [day.toordinal() for day in days]
    low, high = min(known), max(known) + 1
    within = [day for day in map(date.fromordinal, range(low, high)) if day.day == 1]
    ticks = within[:: max(1, math.ceil(len(within) / 3))] or [date.fromordinal(low)]
    return Scale(low, high, False, [(float(day.toordinal()), f"{day:%b %Y}") for day in ticks])


@cache
def _macros() -> Any:
    context = {"record": SimpleNamespace(mark=None), "report": None, "paper": False}
    return environment().get_template("macros.html.j2").make_module(context)


def _anchor(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
