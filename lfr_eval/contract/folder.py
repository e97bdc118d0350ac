"""The study folder: stage tables on disk, finished stages, provenance.

A file is written aside and renamed, so none is ever half-written. A stage counts as finished once
its files and their hashes are recorded under its key, a hash of everything it depends on; a study
that was killed, or is run again, goes on after its last finished stage.
"""

from __future__ import annotations

import errno
import hashlib
import json
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

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import ReadingError, json_value, read_text
from lfr_eval.contract.tables import AFTERWARDS, FINDINGS, Table
from lfr_eval.contract.writing import private_folder as private_folder
from lfr_eval.contract.writing import write_json as write_json
from lfr_eval.contract.writing import write_text as write_text
from lfr_eval.contract.writing import written_aside as written_aside

if TYPE_CHECKING:
    from lfr_eval.contract.record import StudyRecord

STAGES, PROVENANCE, STUDY = "stages.json", "provenance.json", "study.json"
REPORT, PDF = "report.html", "report.pdf"
LOCK = ".lock"
LATER = (REPORT, PDF, *(table.file for table in AFTERWARDS))
"""Files that are made from a finished study, or join it: its hash does not cover them."""
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FolderError(MendableError, RuntimeError):
    """The study folder cannot be used; the message says what to do."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: object) -> str:
    """SHA-256 of a JSON value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def mapped_array(folder: Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.float32]]:
    """Return an array of zeros that lies in a file and not in memory.

    The file is in `folder`, only its owner can read it, and it has no name: it is gone when the
    array is, or when the process is killed.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(4 * math.prod(shape))
        return np.memmap(file, np.float32, "r+", shape=shape)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ReadingError
        If the file cannot be read or holds something else; the message names it.
    """
    text = read_text(path)
    try:
        value = json_value(text)
    except ReadingError as error:
        raise ReadingError(f"{path} cannot be read. {error}") from error
    if not isinstance(value, dict):
        raise ReadingError(f"{path} cannot be read. It is not a JSON object.")
    return value


def read_columns(study: Path, table: Table, names: list[str] | None = None) -> pd.DataFrame:
    """Read a stage table of a study folder as it is, or some of its columns.

    Raises
    ------
    FolderError
        If it lacks one.
    """
    from pyarrow.parquet import read_schema

    present = read_schema(study / table.file).names
    lacking = [f"'{name}'" for name in names or table.names if name not in present]
    if lacking:
        columns = "column " if len(lacking) == 1 else "columns "
        remedy = (
            f"put the records beside it again: lfr-eval report {study} --deployments RECORDS"
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
    return pd.read_parquet(study / table.file, columns=names)


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
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(
                f"The folder {self.path} cannot be made ({error.strerror}): give another "
                "paths.studies=FOLDER."
            ) from error
        lock = FileLock(self.path / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise FolderError(f"Another process is running the study in {self.path}.") from None
        try:
            yield
        finally:
            lock.release()
            (self.path / LOCK).unlink(missing_ok=True)
            # A study that was refused leaves nothing behind.
            with suppress(OSError):
                self.path.rmdir()

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
        with written_aside(self.file(table)) as aside:
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
        if done and done["key"] == key and self._intact(done["files"]):
            return
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
        return read_json(path) if path.is_file() else {}

    def _intact(self, hashes: Mapping[str, str]) -> bool:
        return all(
            (self.path / file).is_file() and sha256_of(self.path / file) == value
            for file, value in hashes.items()
        )

    def seal(self, provenance: Mapping[str, object]) -> str:
        """Write `provenance.json` over every file of the folder; return the study hash.

        The study hash covers all but the report and what the field adds later, so that the report
        can carry it and an approval of the study stands when deployments join it.
        """
        files = {name: sha256_of(path) for name, path in self._contents().items()}
        study_hash = digest({name: value for name, value in files.items() if name not in LATER})
        sealed = {**provenance, "files": files, "study_hash": study_hash}
        write_json(self.path / PROVENANCE, {**sealed, "seal": digest(sealed)})
        return study_hash

    def provenance(self) -> dict[str, Any]:
        """Read `provenance.json`, without its files and hashes.

        Raises
        ------
        FolderError
            If the study is not finished.
        """
        sealed = self._sealed()
        return {key: sealed[key] for key in sealed if key not in ("files", "study_hash", "seal")}

    def study_hash(self) -> str:
        """Return the hash of all the files of the study itself."""
        return str(self._sealed()["study_hash"])

    def verify(self) -> list[str]:
        """Compare every file with the provenance; return one sentence a difference."""
        sealed = self._sealed()
        claimed: dict[str, str] = sealed["files"]
        body = {key: value for key, value in sealed.items() if key != "seal"}
        problems = []
        if digest(body) != sealed.get("seal"):
            problems.append(f"{PROVENANCE} was changed after the study was sealed.")
        present = self._contents()
        problems += [f"{name} is missing." for name in claimed if name not in present]
        problems += [f"{name} is not part of the study." for name in present if name not in claimed]
        problems += [
            f"{name} was changed: its SHA-256 is {actual}, recorded was {claimed[name]}."
            for name, path in present.items()
            if name in claimed and (actual := sha256_of(path)) != claimed[name]
        ]
        return problems

    def _sealed(self) -> dict[str, Any]:
        path = self.path / PROVENANCE
        if not path.is_file():
            raise FolderError(f"The study in {self.path} is not finished: run it again to go on.")
        return read_json(path)

    def _contents(self) -> dict[str, Path]:
        return {
            path.relative_to(self.path).as_posix(): path
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and path.name not in (PROVENANCE, LOCK)
        }
