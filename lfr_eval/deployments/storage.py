"""Table `records` on disk: one Parquet file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lfr_eval.contract.archives import Swollen, read_parquet
from lfr_eval.contract.reading import json_value, why_no_file
from lfr_eval.contract.tables import RECORDS, TableError
from lfr_eval.contract.writing import written_aside
from lfr_eval.deployments.grid import DeploymentError


def write_records(records: pd.DataFrame, path: Path) -> None:
    """Write table `records`.

    Raises
    ------
    DeploymentError
        If the name does not end in .parquet, or its folder does not exist.
    """
    if path.suffix != ".parquet":
        raise DeploymentError(f"Records are written to a .parquet file, not to '{path}'.")
    if not path.parent.is_dir():
        raise DeploymentError(f"The folder {path.parent} does not exist.")
    with written_aside(path) as aside:
        RECORDS.conform(records).to_parquet(aside, index=False)


def read_records(path: Path) -> pd.DataFrame:
    """Return table `records` of a file that `lfr-eval deployments import` wrote.

    Raises
    ------
    DeploymentError
        If the file is missing or holds something else.
    """
    if not path.is_file():
        raise DeploymentError(f"{path} {why_no_file(path)}.")
    try:
        records = RECORDS.conform(read_parquet(path))
        for column in ("as_printed", "false_by_group"):
            for text in records[column].dropna():
                if not isinstance(json_value(text), dict):
                    raise TableError(f"column '{column}' does not hold JSON objects.")
        for text in records["file_notes"].dropna():
            if not isinstance(json_value(text), list):
                raise TableError("column 'file_notes' does not hold JSON lists.")
        return records
    except TableError as error:
        raise DeploymentError(f"{path} is not a table of records: {error}") from None
    except Swollen as error:
        raise DeploymentError(f"{path} is not a table of records: {error}.") from None
    except Exception:
        raise DeploymentError(
            f"{path} is not a table of records; make one with lfr-eval deployments import."
        ) from None
