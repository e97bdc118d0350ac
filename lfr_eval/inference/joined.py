"""Stage `inference`: many small results to one table.

In: results as mappings of columns. Out: one frame. A frame of each, to be joined by pandas, takes
longer than what it holds took to compute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

Columns = Mapping[str, Any]
"""Columns of some rows by name: arrays or lists of one length, and values that all rows share."""


def joined(parts: Sequence[Columns], **types: str | type) -> pd.DataFrame:
    """Return the rows of all parts, in order.

    Parameters
    ----------
    parts
        At least one; all have the same columns.
    types
        Types of columns that their values do not tell.
    """
    lengths = [_rows(part) for part in parts]
    columns: dict[str, Any] = {}
    for name in parts[0]:
        values = [
            part[name] if _is_column(part[name]) else [part[name]] * length
            for part, length in zip(parts, lengths, strict=True)
        ]
        if name in types:
            columns[name] = pd.Series(list(chain(*values)), dtype=types[name])
        elif all(isinstance(value, np.ndarray) for value in values):
            columns[name] = np.concatenate(values)
        else:
            columns[name] = list(chain(*values))
    return pd.DataFrame(columns)


def _rows(part: Columns) -> int:
    return next(len(value) for value in part.values() if _is_column(value))


def _is_column(value: object) -> bool:
    return isinstance(value, np.ndarray | list)
