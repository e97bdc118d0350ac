"""Files of a matrix of scores (CSV, Excel, Parquet or `.npz` in, a `Matrix` out)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from lfr_eval.contract.archives import Damaged, read_npz, read_parquet
from lfr_eval.contract.csv_lines import names_separator, separator_of
from lfr_eval.contract.encodings import why_no_utf8
from lfr_eval.contract.reading import why_no_file
from lfr_eval.contract.spelling import normal
from lfr_eval.contract.words import some
from lfr_eval.contract.workbooks import WORKBOOKS, WorkbookUnreadable
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.matrix import Matrix
from lfr_eval.matchers.number_format import (
    Decimal,
    NumberFormat,
    declared,
    format_of,
    read_as,
    shapes,
    with_hyphens,
)
from lfr_eval.matchers.vendor_files import PARQUET, check_text, frame_of_workbook

ARRAYS = ("reference_id", "probe_id", "score")


def read_matrix(path: Path, decimal: Decimal | None = None) -> Matrix:
    """Read a matrix of scores.

    Parameters
    ----------
    decimal
        What begins the decimals of a CSV file; None: as its numbers show.

    Raises
    ------
    MatcherError
        If the file is not a table (CSV, Excel, Parquet) with probes in the header and references in
        the first column, nor an `.npz` file with reference_id, probe_id and score.
    """
    if not path.is_file():
        raise MatcherError(f"{path} {why_no_file(path)}. Give matcher.path=FILE.")
    kind = path.suffix.lower()
    if kind == ".npy":
        raise MatcherError(
            f"{path}: an .npy file does not say whose scores its rows and columns are. Save an "
            ".npz file: numpy.savez(FILE, reference_id=..., probe_id=..., score=...)."
        )
    try:
        if kind in (*PARQUET, *WORKBOOKS):
            return _table(path)
        return _npz(path) if kind == ".npz" else _csv(path, decimal)
    except WorkbookUnreadable as error:
        raise MatcherError(f"{path}: {error}. {error.remedy}") from error
    except UnicodeDecodeError as error:
        raise MatcherError(f"{path}: {why_no_utf8(path.read_bytes())}.") from error
    except (ValueError, OSError, KeyError) as error:
        raise MatcherError(f"{path} cannot be read as a matrix of scores: {error}") from error


def _npz(path: Path) -> Matrix:
    try:
        reference, probe, score = read_npz(path, ARRAYS)
    except Damaged as error:
        how = "numpy.savez(FILE, reference_id=..., probe_id=..., score=...)"
        raise ValueError(f"{error}. Save it with {how}") from error
    if score.dtype.kind not in "fiu":
        raise ValueError(f"score holds {score.dtype}, not numbers")
    if score.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        score = score.astype(np.float32 if score.dtype == np.float16 else np.float64)
    one_row_each = reference.ndim == probe.ndim == 1
    if not one_row_each or score.shape != (reference.size, probe.size):
        raise ValueError(
            f"score has the shape {score.shape}, but there are {reference.size:,} reference_id and "
            f"{probe.size:,} probe_id"
        )
    return Matrix(path, _names(reference), _names(probe), score)


def _table(path: Path) -> Matrix:
    """Read a Parquet file or workbook: references are its index, or else its first column."""
    if path.suffix.lower() in PARQUET:
        frame = read_parquet(path)
        if isinstance(frame.index, pd.RangeIndex) and len(frame.columns):
            frame = frame.set_index(frame.columns[0])
    else:
        frame = frame_of_workbook(path)
        frame = frame.set_index(frame.columns[0])
    # The column of an image without a template is empty.
    filled = [name for name in frame if not frame[name].isna().all()]
    wrong = [str(name) for name in filled if not is_numeric_dtype(frame[name].infer_objects())]
    if wrong or frame.empty:
        raise ValueError(
            f"cells are not numbers in {some([f'column {name}' for name in wrong])}. "
            "Format all scores as numbers, and leave a cell without a score empty"
            if wrong
            else "there is no row of scores below the header of probes"
        )
    narrow = all(dtype in (np.float32, np.float16) for dtype in frame[filled].dtypes)
    score = frame.to_numpy(np.float32 if narrow else np.float64, na_value=np.nan)
    return Matrix(path, _names(frame.index), _names(frame.columns), score)


def _csv(path: Path, decimal: Decimal | None) -> Matrix:
    check_text(path)
    probe = _cells_of(path)[0]
    if set(probe) >= {"probe_id", "score"}:
        raise ValueError("it is a list with a row for each comparison; leave out matcher.shape")
    if decimal:
        written = declared(decimal)
    else:
        # The last row may be the one that tells how the first is to be read.
        found: set[str] = set()
        for _, _, cells in _rows(path):
            if "point" not in found or _plain(cells) is None:
                found |= shapes(with_hyphens(pd.Series(cells, dtype="string")))
        written = format_of(found)
    reference, rows = [], []
    problems: dict[str, list[str]] = {}
    for line, name, cells in _rows(path):
        reference.append(name)
        values = _plain(cells) if written == NumberFormat() else None
        if values is not None:
            rows.append(values)
            continue
        number = read_as(with_hyphens(pd.Series(cells, dtype="string")), written)
        rows.append(number.value.to_numpy())
        for said, wrong in number.unreadable("score"):
            for at in np.flatnonzero(wrong.to_numpy(bool)):
                where = f"row {line} ({name}, {probe[at]}, {cells[at]})"
                problems.setdefault(said, []).append(where)
    if not rows or not probe:
        raise ValueError("there is no row of scores below the header of probes")
    if problems:
        raise ValueError("; ".join(f"{said}: {some(where)}" for said, where in problems.items()))
    return Matrix(path, _names(reference), _names(probe), np.array(rows))


def _names(given: Iterable[object]) -> NDArray[np.str_]:
    """Return names as a manifest's are read."""
    return np.array([normal(str(name)).strip() for name in given])


def _cells_of(path: Path) -> tuple[list[str], bool, str]:
    """Return the names in the header, whether a separator ends it, and the separator."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        line = next((line for line in stream if line.strip() and not names_separator(line)), "")
    separator = separator_of(line)
    names = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
    ends = len(names) > 1 and not names[-1]
    return names[1 : -1 if ends else None], ends, separator


def _plain(cells: list[str]) -> NDArray[np.float64] | None:
    """Return a row of usual numbers, NaN where a cell is empty; None where any other cell is."""
    try:
        # Python reads `1_000`; nobody else does.
        return None if "_" in "".join(cells) else np.array([cell or "nan" for cell in cells], float)
    except ValueError:
        return None


def _rows(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Yield line number, reference and cells of each row of scores."""
    probe, ends, separator = _cells_of(path)
    expected, header = len(probe) + 1, True
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=separator)
        for record in reader:
            cells = [cell.strip() for cell in record]
            if not any(cells) or (header and names_separator("".join(record))):
                continue
            if header:
                header = False
                continue
            if len(cells) != expected + ends or (ends and cells[-1]):
                raise ValueError(
                    f"row {reader.line_num} ('{cells[0]}') has {len(cells)} cells, and the header "
                    f"has {expected + ends}"
                )
            yield reader.line_num, cells[0], cells[1:expected]
