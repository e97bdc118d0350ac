"""Numbers as people and spreadsheets write them (a column of text in, float64 and doubts out).

`1,160` is 1160 to one program and 1.16 to another. How a column is written is decided by all its
values, and is never guessed: what could be either is left unread, and the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Decimal = Literal["point", "comma"]
"""What begins the decimals; the other mark can then separate thousands."""

NONE = ("", "nan", "na", "n/a", "#n/a", "null", "none", "-", "fte", "fta")
"""What is written where there is no score, in any letter case."""

LARGEST = float(np.finfo(np.float32).max)

_SHAPE = re.compile(
    r"[+-]?(?:"
    r"(?P<english>[1-9]\d{0,2}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,}))"
    r"|(?P<german>[1-9]\d{0,2}(?:(?:\.\d{3})+,\d*|(?:\.\d{3}){2,}))"
    r"|(?P<comma3>[1-9]\d{0,2},\d{3})"
    r"|(?P<point3>[1-9]\d{0,2}\.\d{3})"
    r"|(?P<whole>\d+)"
    r"|(?P<comma>\d*,\d*(?:[eE][+-]?\d+)?)"
    r"|(?P<point>[\d.]*(?:[eE][+-]?\d+)?))",
    re.ASCII,
)
_GROUPED = r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?"
_SWAP = str.maketrans(",.", ".,")
_FIRST = 10_000


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written.

    Attributes
    ----------
    decimal
        What begins the decimals.
    grouped
        Whether the other mark separates thousands.
    doubtful
        Shapes of cells that could mean two numbers.
    doubt
        What is in doubt, and the remedy.
    """

    decimal: Decimal = "point"
    grouped: bool = False
    doubtful: frozenset[str] = frozenset()
    doubt: str = ""

    @property
    def note(self) -> str | None:
        """How thousands are read, where the column separates them."""
        mark = "," if self.decimal == "point" else "."
        return f"'{mark}' in its numbers is read as a separator of thousands" * self.grouped or None


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column of text, by row.

    Attributes
    ----------
    value
        float64, the nearest to the digits (float32 where the file holds float32); NaN where there
        is none.
    empty, unread, doubtful
        Which cells are empty (or say so: `NONE`), which are no number, and which could be two.
    written
        How they are written.
    """

    value: pd.Series
    empty: pd.Series
    unread: pd.Series
    doubtful: pd.Series
    written: NumberFormat = NumberFormat()

    def unreadable(self, name: str) -> Iterator[tuple[str, pd.Series]]:
        """Yield why cells of column `name` cannot be read, and which cells."""
        yield self.written.doubt, self.doubtful
        yield (
            f"{name} is not a number (write plain digits, without '%', units, words or separators "
            "of thousands)",
            self.unread,
        )

    def checks(self, name: str) -> Iterator[tuple[str, pd.Series]]:
        """Yield what can be wrong with the cells of column `name`, and which have it."""
        yield from self.unreadable(name)
        huge = ~self.empty & ~self.unread & ~self.doubtful & ~usable(self.value)
        yield (
            f"{name} is not a finite number that float32 can hold (leave the cell empty if there "
            "is none)",
            huge,
        )


def usable(score: pd.Series) -> pd.Series:
    """Which scores are finite numbers that float32 can hold."""
    return score.abs() <= LARGEST


def read_numbers(text: pd.Series, decimal: Decimal | None = None) -> Numbers:
    """Read a column of numbers.

    Parameters
    ----------
    text
        Numbers, or text without surrounding spaces.
    decimal
        What begins the decimals; None: as the column shows.
    """
    none = pd.Series(False, text.index)
    if pd.api.types.is_bool_dtype(text.dtype):
        return Numbers(pd.Series(np.nan, text.index), none, ~none, none)
    if pd.api.types.is_numeric_dtype(text.dtype):
        # Values that were computed in float32 are compared in it.
        narrow = text.dtype in (np.dtype(np.float32), np.dtype(np.float16))
        value = text.astype(np.float32) if narrow else _wide(text)
        return Numbers(value, value.isna(), none, none)
    text = with_hyphens(text.astype("string").fillna(""))
    return read_as(text, declared(decimal) if decimal else format_of(shapes(text)))


def with_hyphens(text: pd.Series) -> pd.Series:
    """Return numbers with the minus that programs read: typeset tables have another sign."""
    return text.str.replace("\N{MINUS SIGN}", "-", regex=False)


def read_as(text: pd.Series, written: NumberFormat) -> Numbers:
    """Read a column of text without surrounding spaces whose format is known."""
    value = _values(text, written)
    # All that is written where there is no score is no number.
    none = text[value.isna()].str.casefold().isin(NONE)
    empty = none.reindex(text.index, fill_value=False)
    doubtful = pd.Series(False, text.index)
    if written.doubtful:
        doubtful = text.map(lambda cell: shape(cell) in written.doubtful).astype(bool)
    value = value.mask(doubtful)
    unread = (value.isna() & ~empty & ~doubtful).astype(bool)
    return Numbers(value, empty.astype(bool), unread, doubtful, written)


def declared(decimal: Decimal) -> NumberFormat:
    """Return the format of a column of which somebody said what begins the decimals."""
    return NumberFormat(decimal, grouped=True)


def format_of(found: Iterable[str]) -> NumberFormat:
    """Return how a column is written, by the shapes of its cells (see `shapes`)."""
    found = set(found)
    commas, points = found & {"comma", "comma3"}, found & {"point", "point3"}
    english, german = "english" in found, "german" in found
    if (english and german) or (commas and points and not english and not german):
        both = frozenset({"english", "german"} if english else commas)
        return NumberFormat(
            doubtful=both,
            doubt="in this column ',' and '.' both begin decimals, or both separate thousands "
            f"(write all numbers in the same way, or name the decimal mark: {_SETTING})",
        )
    if english or german:
        return NumberFormat("point" if english else "comma", grouped=True)
    for mark, seen, shape3 in ((",", commas, "comma3"), (".", points, "point3")):
        # Programs that write three decimals write them everywhere, and with a point, not a comma.
        if seen == {shape3} and (mark == "," or "whole" in found):
            return NumberFormat(
                doubtful=frozenset({shape3}),
                doubt=f"'{mark}' may begin decimals or separate thousands, and no value of the "
                f"column shows which (write 1160 without a separator and 1.16 without a third "
                f"decimal, or name the decimal mark: {_SETTING})",
            )
    return NumberFormat("comma" if commas else "point")


_SETTING = "matcher.decimal=point or matcher.decimal=comma"


def shape(cell: str) -> str:
    """Return how a cell is written: the name of a group of `_SHAPE`, or '' if it is no number."""
    found = _SHAPE.fullmatch(cell) if cell else None
    return (found and found.lastgroup) or ""


def shapes(text: pd.Series) -> set[str]:
    """Return the shapes of cells that decide how a column is written."""
    odd = text[pd.to_numeric(text, errors="coerce").isna() & (text != "")]
    found = {*map(shape, odd), *map(shape, text.head(_FIRST))}
    if not found & {"point", "comma"} and len(text) > _FIRST:
        found |= {*map(shape, text)}
    return found


def _values(text: pd.Series, written: NumberFormat) -> pd.Series:
    """Return the numbers in a column of text, NaN where there is none."""
    if written.decimal == "comma":
        text = text.str.translate(_SWAP)
    number = pd.to_numeric(text, errors="coerce")
    if written.grouped:
        grouped = text.where(number.isna(), "").str.fullmatch(_GROUPED)
        text = text.mask(grouped.astype(bool), text.str.replace(",", ""))
        number = pd.to_numeric(text, errors="coerce")
    return _wide(number)


def _wide(number: pd.Series) -> pd.Series:
    return pd.Series(number.astype("Float64").to_numpy(float, na_value=np.nan), number.index)
