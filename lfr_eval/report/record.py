"""Stage report: what the study was (`study.json` in, the study record with printable texts out)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.record import read_record as read_study_record
from lfr_eval.report.words import clean


def read_record(study: Path) -> StudyRecord:
    """Read `study.json`, its texts made printable.

    Raises
    ------
    StudyRecordError
        If the file is missing or not JSON, or a field is missing or of another type.
    """
    return StudyRecord.model_validate(printable(read_study_record(study).model_dump()))


def printable(value: Any) -> Any:
    """Return a value with all its texts made printable."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(printable(each) for each in value)
    if isinstance(value, Mapping):
        return {clean(str(key)): printable(each) for key, each in value.items()}
    return value
