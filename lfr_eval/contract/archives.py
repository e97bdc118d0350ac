"""Contract: packed files that may come from elsewhere (.xlsx, .npz, .parquet in, arrays out).

A few kilobytes can hold one long text repeated a million times, and a damaged or hostile file
raises errors of every kind. Here they are refused in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEAST, TIMES = 1 << 28, 200
"""Bytes that any archive may unpack to, and how many times its own size a larger one may."""

_NUMBER = 8
"""Bytes of a value in memory at least: a number, or where a text is."""

_TEXTS = ("STRING", "NONE", "JSON", "ENUM", "BSON")
"""Kinds of columns whose values may be of any length."""


class Swollen(ValueError):
    """A file unpacks to more than a real one would, or than the memory holds."""


class Damaged(ValueError):
    """A packed file cannot be read; the message says why."""


def swollen(path: Path) -> str | None:
    """Return what is wrong with an archive that unpacks to far more than a real one would.

    The sizes are those that it states. Readers stop there, so stating less hides nothing.
    """
    with suppress(OSError, BadZipFile, NotImplementedError, ValueError), ZipFile(path) as archive:
        return _too_much(path, sum(entry.file_size for entry in archive.infolist()))
    return None


def read_npz(path: Path, names: Sequence[str]) -> list[NDArray[Any]]:
    """Return arrays of an .npz file that may come from elsewhere, in the order of their names.

    Raises
    ------
    Swollen
        If it unpacks to far more than a real one would, or than the memory holds.
    Damaged
        If it lacks an array, holds Python objects, or is damaged.
    """
    too_large = swollen(path)
    if too_large is not None:
        raise Swollen(too_large)
    if not is_zipfile(path):
        # NumPy reads other files too, and advises to unpickle them.
        raise Damaged("it is not an .npz archive")
    found = {}
    # Nothing that came from elsewhere runs code: pickled objects are not unpacked.
    with _in_words(path), path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        present = [*arrays]
        for name in {*names} & {*present}:
            try:
                found[name] = arrays[name]
            except ValueError as error:
                if "allow_pickle" not in str(error):
                    raise
    lacking, objects = ([n for n in names if n not in known] for known in (present, found))
    # NumPy gives the bytes of what has a name of an array and is none.
    bare = [name for name, array in found.items() if not isinstance(array, np.ndarray)]
    if bare:
        raise Damaged(f"{', '.join(bare)} is not an array")
    if lacking:
        there = ", ".join(present) or "none"
        raise Damaged(f"it lacks the arrays {', '.join(lacking)}, and has {there}")
    if objects:
        raise Damaged(
            f"{', '.join(objects)} holds Python objects, which are not unpacked. Save names as "
            "text: numpy.asarray(names, dtype=str)"
        )
    return [found[name] for name in names]


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn the errors of zipfile, zlib, tokenize, NumPy, Arrow and pandas into those named here."""
    try:
        yield
    except (OSError, Swollen, Damaged):
        raise
    except MemoryError as error:
        raise Swollen(
            f"it does not fit into the memory ({path.stat().st_size / 1e6:,.0f} MB on disk, "
            "unpacked it may be far more)"
        ) from error
    except Exception as error:
        said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise Damaged(said) from error


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a Parquet file that may come from elsewhere, or some of its columns.

    Raises
    ------
    Swollen
        If it unpacks to far more than a real one would, or than the memory holds.
    OSError, ValueError
        If it is not a Parquet file, or is damaged.
    """
    with _in_words(path):
        return _read_parquet(path, columns)


def _read_parquet(path: Path, columns: Sequence[str] | None) -> pd.DataFrame:
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
            check_unpacked(path, size)
            for column in file.read_row_group(group, texts, use_threads=False).columns:
                size += sum(map(_length, column.chunks))
            check_unpacked(path, size)
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


def check_unpacked(path: Path, size: int) -> None:
    """Check how many bytes a file has unpacked to so far.

    Raises
    ------
    Swollen
        If that is far more than a real one would.
    """
    too_large = _too_much(path, size)
    if too_large is not None:
        raise Swollen(too_large)


def _too_much(path: Path, size: int) -> str | None:
    packed = max(1, path.stat().st_size)
    if size <= max(LEAST, TIMES * packed):
        return None
    return f"it unpacks to {size:,} bytes, {size // packed:,} times its size"
