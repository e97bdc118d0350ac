"""Contract: whether a packed file (.xlsx, .npz, .parquet) would unpack to far more than it seems.

A few kilobytes can hold one long text repeated a million times.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import pandas as pd

LEAST, TIMES = 1 << 28, 200
"""Bytes that any archive may unpack to, and how many times its own size a larger one may."""

_NUMBER = 8
"""Bytes of a value in memory at least: a number, or where a text is."""

_TEXTS = ("STRING", "NONE", "JSON", "ENUM", "BSON")
"""Kinds of columns whose values may be of any length."""


class Swollen(ValueError):
    """A file unpacks to far more than a real one would; the message says by how much."""


def swollen(path: Path) -> str | None:
    """Return what is wrong with an archive that unpacks to far more than a real one would.

    The sizes are those that it states. Readers stop there, so stating less hides nothing.
    """
    with suppress(OSError, BadZipFile, NotImplementedError, ValueError), ZipFile(path) as archive:
        return _too_much(path, sum(entry.file_size for entry in archive.infolist()))
    return None


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a Parquet file that may come from elsewhere, or some of its columns.

    Raises
    ------
    Swollen
        If it unpacks to far more than a real one would.
    OSError, ValueError
        If it is not a Parquet file, or is damaged.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        parts = [file.schema.column(at) for at in range(len(file.schema))]
        wanted = {p.path for p in parts if columns is None or p.path.split(".")[0] in columns}
        texts = [
            part.path
            for part in parts
            if part.path in wanted
            and part.physical_type == "BYTE_ARRAY"
            and part.logical_type.type in _TEXTS
        ]
    # Texts are read as places in a list of them, which stay as small as they are on disk.
    with ParquetFile(path, read_dictionary=texts) as file:
        size = 0
        for group in range(file.metadata.num_row_groups):
            stated = file.metadata.row_group(group)
            chunks = [stated.column(at) for at in range(stated.num_columns)]
            size += sum(
                max(_NUMBER * chunk.num_values, chunk.total_uncompressed_size)
                for chunk in chunks
                if chunk.path_in_schema in wanted
            )
            _check(path, size)
            for column in file.read_row_group(group, texts, use_threads=False).columns:
                size += sum(map(_length, column.chunks))
            _check(path, size)
    return pd.read_parquet(path, columns=None if columns is None else list(columns))


def _length(array: Any) -> int:
    """Return the bytes of the texts in an array of Arrow, however they are nested."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(array.type):
        lengths = compute.take(compute.binary_length(array.dictionary), array.indices)
        return int(compute.sum(lengths).as_py() or 0)
    if pa.types.is_struct(array.type):
        return sum(map(_length, array.flatten()))
    if pa.types.is_map(array.type):
        return _length(array.keys) + _length(array.items)
    return _length(array.flatten()) if pa.types.is_nested(array.type) else 0


def _check(path: Path, size: int) -> None:
    too_large = _too_much(path, size)
    if too_large is not None:
        raise Swollen(too_large)


def _too_much(path: Path, size: int) -> str | None:
    packed = max(1, path.stat().st_size)
    if size <= max(LEAST, TIMES * packed):
        return None
    return f"it unpacks to {size:,} bytes, {size // packed:,} times its size"
