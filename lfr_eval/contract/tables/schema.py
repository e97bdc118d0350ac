"""What a stage table is: columns with types and meanings, and how a DataFrame is made to fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd
from pandas.api.types import pandas_dtype

TEXT, REAL, WHOLE, FLAG = "string", "float64", "Int64", "boolean"
"""The types of columns, in the words of pandas."""
_type = cache(pandas_dtype)


class TableError(ValueError):
    """A table does not have the documented columns or types; the message lists every problem."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its pandas type, and what it means.

    An `optional` column was added to the table later: where it is missing it is filled with nulls,
    so that studies of earlier versions can be read.
    """

    name: str
    dtype: str
    meaning: str
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """A stage table: its file name without suffix, what it holds, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    extra_columns: bool = False

    @property
    def file(self) -> str:
        """Name of the table's file in a study folder."""
        return f"{self.name}.parquet"

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with exactly this table's columns, in order and with their types.

        Raises
        ------
        TableError
            If a column that is not optional is missing, or one is unknown or holds values that its
            type cannot hold.
        """
        problems = [
            f"column '{column.name}' is missing"
            for column in self.columns
            if column.name not in frame and not column.optional
        ]
        unknown = [str(name) for name in frame.columns if name not in self.names]
        if unknown and not self.extra_columns:
            problems += [f"column '{name}' is not part of the table" for name in unknown]
        typed: dict[str, pd.Series] = {}
        types = dict(zip(frame.columns, frame.dtypes, strict=True))
        for column in self.columns:
            if column.name not in frame:
                if column.optional:
                    nulls = pd.Series([None] * len(frame), index=frame.index, dtype=object)
                    typed[column.name] = nulls.astype(_type(column.dtype))
                continue
            wanted = _type(column.dtype)
            try:
                typed[column.name] = frame[column.name]
                if types[column.name] != wanted:
                    typed[column.name] = frame[column.name].astype(wanted)
            except (TypeError, ValueError) as error:
                problems.append(f"column '{column.name}' does not hold {column.dtype}: {error}")
        if problems:
            raise TableError(f"Table '{self.name}': " + "; ".join(problems) + ".")
        extras = {name: frame[name] for name in unknown}
        return pd.DataFrame({**typed, **extras}, index=frame.index).reset_index(drop=True)

    def empty(self) -> pd.DataFrame:
        """Return the table without rows."""
        return self.conform(pd.DataFrame({name: [] for name in self.names}))

    def build(self, rows: Iterable[Sequence[object] | Mapping[str, object]]) -> pd.DataFrame:
        """Return the table from tuples in column order, or from mappings of columns to values.

        Optional columns may be left out.
        """
        given = list(rows)
        if given and isinstance(given[0], Mapping):
            return self.conform(pd.DataFrame(given))
        required = [column.name for column in self.columns if not column.optional]
        short = bool(given) and len(given[0]) == len(required)
        return self.conform(pd.DataFrame(given, columns=required if short else self.names))
