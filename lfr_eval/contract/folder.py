"""The study folder: stage tables on disk, finished stages, provenance.

A file is written aside and renamed, so none is ever half-written. A stage counts as finished once
its files and their hashes are recorded under its key, a hash of everything it depends on; a study
that was killed, or is run again, goes on after its last finished stage.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lfr_eval.contract import sealing, swapping
from lfr_eval.contract.archives import read_parquet
from lfr_eval.contract.commands import command
from lfr_eval.contract.reading import ReadingError, read_json
from lfr_eval.contract.sealing import FolderError, digest, sha256_of
from lfr_eval.contract.swapping import (
    ANNEX,
    BRIEF,
    CONFORMANCE,
    LATER,
    LOCK,
    PDF,
    PROVENANCE,
    REPORT,
    REPORTS,
    STAGES,
    STUDY,
    settle,
)
from lfr_eval.contract.tables import AFTERWARDS, FINDINGS, Table
from lfr_eval.contract.writing import private_folder, write_json, write_text, written_aside

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData

    from lfr_eval.contract.provenance import Provenance
    from lfr_eval.contract.record import StudyRecord

__all__ = [
    "ANNEX",
    "BRIEF",
    "CONFORMANCE",
    "LATER",
    "PDF",
    "PROVENANCE",
    "REPORT",
    "REPORTS",
    "STAGES",
    "STUDY",
    "FolderError",
    "StudyFolder",
    "digest",
    "footer",
    "mapped_array",
    "private_folder",
    "read_columns",
    "sha256_of",
    "write_json",
    "write_text",
    "written_aside",
]


def mapped_array(folder: Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.float32]]:
    """Return an array of zeros that lies in a file and not in memory.

    The file is in `folder`, only its owner can read it, and it has no name: it is gone when the
    array is, or when the process is killed.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(4 * math.prod(shape))
        return np.memmap(file, np.float32, "r+", shape=shape)


def read_columns(study: Path, table: Table, names: list[str] | None = None) -> pd.DataFrame:
    """Read a stage table of a study folder as it is, or some of its columns.

    Raises
    ------
    FolderError
        If it lacks one, or unpacks to far more than a real table would.
    """
    present = footer(study / table.file).schema.to_arrow_schema().names
    lacking = [f"'{name}'" for name in names or table.names if name not in present]
    if lacking:
        columns = "column " if len(lacking) == 1 else "columns "
        remedy = (
            f"put the records beside it again: {command('report', study)} --deployments RECORDS"
            if table in AFTERWARDS
            else "run it again"
        )
        superseded = (
            "Its claims about groups are superseded: the tests of that version found differences "
            "that did not exist where groups were unlike. "
            if table is FINDINGS
            else ""
        )
        raise FolderError(
            f"The study in {study} was made by an earlier version of lfr_eval: its table "
            f"'{table.name}' has no {columns}{', '.join(lacking)}. {superseded}To have a "
            f"report of this version, {remedy}."
        )
    try:
        return read_parquet(study / table.file, names)
    except Exception as error:
        raise _no_table(study / table.file, error) from error


def footer(file: Path) -> FileMetaData:
    """Return what a table's file says of its columns and rows.

    Raises
    ------
    FolderError
        If it is not a Parquet file.
    """
    from pyarrow.parquet import read_metadata

    try:
        return read_metadata(file)
    except Exception as error:
        # Arrow's errors have no common class that is not an error of Python's too.
        raise _no_table(file, error) from error


def _no_table(file: Path, error: Exception) -> FolderError:
    return FolderError(
        f"{file} is not a table of a study: {error}. Restore it from a copy, or run the study "
        "again."
    )


@dataclass(frozen=True)
class StudyFolder:
    """One study on disk."""

    path: Path

    @classmethod
    def open(cls, path: Path | str) -> StudyFolder:
        """Return an existing study.

        Raises
        ------
        FolderError
            If there is no study at the path.
        """
        path = Path(path).expanduser()
        if not (path / STAGES).is_file():
            raise FolderError(f"{path} is not a study folder: it has no {STAGES}.")
        return cls(path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one process; another gets a FolderError."""
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise FolderError(
                f"The folder {self.path} cannot be made ({error.strerror}): give another "
                "paths.studies=FOLDER."
            ) from error
        lock = FileLock(self.path / LOCK, timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise FolderError(f"Another process is running the study in {self.path}.") from None
        except OSError as error:
            raise FolderError(
                f"The folder {self.path} cannot be written ({error.strerror}): give another "
                "paths.studies=FOLDER, or make room."
            ) from error
        try:
            settle(self.path)
            yield
        finally:
            # The lock file stays: a lock that is taken away excludes nobody. A study that was
            # refused leaves nothing behind; whoever waits for its lock notices that it is gone.
            # The folder itself may have been moved away meanwhile.
            with suppress(OSError):
                if [path.name for path in self.path.iterdir()] == [LOCK]:
                    (self.path / LOCK).unlink()
                    self.path.rmdir()
            lock.release()

    def file(self, table: Table) -> Path:
        """Path of a stage table."""
        return self.path / table.file

    def read(self, table: Table) -> pd.DataFrame:
        """Read a stage table.

        Raises
        ------
        FolderError
            If the study has no such table, or one of an earlier version.
        """
        if not self.file(table).is_file():
            raise FolderError(f"The study in {self.path} has no table '{table.name}'.")
        return table.conform(read_columns(self.path, table))

    def write(self, table: Table, frame: pd.DataFrame) -> None:
        """Write a stage table with its documented columns and types."""
        with written_aside(self.file(table), tidy=False) as aside:
            table.conform(frame).to_parquet(aside, index=False)

    def record(self) -> StudyRecord:
        """Read what the study says of itself, `study.json`.

        Raises
        ------
        StudyRecordError
            If it is missing, or a field of it is missing or of another type.
        """
        # Pydantic takes longer to import than the rest of this module.
        from lfr_eval.contract.record import read_record

        return read_record(self.path)

    def stage(self, name: str, key: str, files: Sequence[str], make: Callable[[], None]) -> None:
        """Run `make`, which writes `files`, unless the stage is finished under this key.

        A file that is missing or was changed since makes the stage run again.
        """
        stages = self._stages()
        done = stages.get(name)
        if done and done.get("key") == key and self._intact(done.get("files", {"": ""})):
            return
        # What is computed again is no longer what was sealed.
        (self.path / PROVENANCE).unlink(missing_ok=True)
        start = time.monotonic()
        make()
        hashes = {file: sha256_of(self.path / file) for file in files}
        stages[name] = {"key": key, "files": hashes, "seconds": round(time.monotonic() - start, 3)}
        write_json(self.path / STAGES, stages)

    def seconds(self) -> dict[str, float]:
        """How long each stage took when it was last computed."""
        return {name: stage["seconds"] for name, stage in self._stages().items()}

    def _stages(self) -> dict[str, Any]:
        path = self.path / STAGES
        if not path.exists():
            return {}
        try:
            stages = read_json(path)
            if all(isinstance(one, dict) and isinstance(one["seconds"], int | float)
                   and isinstance(one["files"], dict) for one in stages.values()):  # fmt: skip
                return stages
        except (ReadingError, KeyError):
            pass
        # It is only a record of what is done: without it, the stages are computed again.
        return {}

    def _intact(self, hashes: Mapping[str, str]) -> bool:
        return all(
            (self.path / file).is_file() and sha256_of(self.path / file) == value
            for file, value in hashes.items()
        )

    def seal(self, provenance: Provenance) -> str:
        """Write `provenance.json` over every file of the folder; return the study hash.

        The study hash covers all but the report and what the field adds later, so that the report
        can carry it and an approval of the study stands when deployments join it.
        """
        return sealing.seal(self.path, provenance.content())

    def provenance(self) -> Provenance:
        """Read `provenance.json`, without its files and hashes.

        Raises
        ------
        FolderError
            If the study is not finished, or a field of the file has another type.
        """
        from lfr_eval.contract.provenance import Provenance

        sealed = sealing.read_sealed(self.path)
        return Provenance.of({key: sealed[key] for key in sealed if key not in sealing.SEALED})

    def study_hash(self) -> str:
        """Return the hash of all the files of the study itself."""
        return str(sealing.read_sealed(self.path)["study_hash"])

    def signer(self) -> str | None:
        """Return the fingerprint of the key that signed the study; None: nobody did."""
        return sealing.signer_of(self.path)

    def leftovers(self) -> list[str]:
        """Return what a process left that died while it was writing; the next run clears it."""
        return swapping.leftovers(self.path)

    def verify(self) -> list[str]:
        """Compare every file with the provenance; return one sentence a difference."""
        return sealing.verify(self.path)

    def check_whole(self, but: tuple[str, ...] = ()) -> None:
        """Refuse a study that is not as it was sealed, whatever became of the files `but`.

        Raises
        ------
        FolderError
            If another file was changed; the message names the first ones.
        """
        changed = [problem for problem in self.verify() if not problem.startswith(but)]
        if changed:
            raise FolderError(
                f"{self.path} was changed after it was sealed: {' '.join(changed[:5])}"
            )
