"""Stage report: the numbers behind a chart that is not drawn from the sweep (frame in, JSON out).

They become part of the page's data; the page shows them as a table under the chart, and offers
them for download.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.report.svg import Chart

ROWS = 600
"""Rows at most: what lies between two drawn points cannot be seen, and swells the page."""
DIGITS = 5


def with_numbers(chart: Chart, frame: pd.DataFrame) -> Chart:
    """Return the chart with the numbers that it shows.

    Parameters
    ----------
    frame
        One row a drawn number. Of very many rows only some are kept, evenly spread; columns of
        labels come first.
    """
    if len(frame) > ROWS:
        frame = frame.iloc[np.linspace(0, len(frame) - 1, ROWS).round().astype(int)]
    rows = [[_digits(value) for value in row] for row in frame.itertuples(index=False)]
    table: dict[str, list[Any]] = {"columns": [str(name) for name in frame.columns], "rows": rows}
    return dataclasses.replace(chart, table=table, numbers=chart.name)


def charts_in(content: object) -> Iterator[Chart]:
    """Return every chart within dataclasses and tuples."""
    if isinstance(content, Chart):
        yield content
    elif isinstance(content, tuple):
        for each in content:
            yield from charts_in(each)
    elif dataclasses.is_dataclass(content):
        for field in dataclasses.fields(content):
            yield from charts_in(getattr(content, field.name))


def _digits(value: Any) -> Any:
    """Return a value as JSON holds it: a few significant digits, null, and infinity in words."""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else "infinite"
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    return None if pd.isna(value) else value
