"""Stage `deployments`: files of records in, table `deployments` out, for the report of a study.

The files are those that `importing` reads. What stands beside a study must say more: which matcher
it was, and nothing of where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.tables import DEPLOYMENTS
from lfr_eval.contract.tested import SHORTEST
from lfr_eval.contract.words import some
from lfr_eval.deployments.grid import SHOWN, DeploymentError, where
from lfr_eval.deployments.importing import read_rows
from lfr_eval.deployments.storage import read_records

DECIDED = ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed")
NEEDED = ("date", "model_version", "matcher_fingerprint", "hours", "threshold")
COUNTS = ("watchlist_size", "alerts", *DECIDED)


def read_deployments(paths: Sequence[Path]) -> pd.DataFrame:
    """Return table `deployments` of files of records, deployment folders, or folders of these.

    Parameters
    ----------
    paths
        What `importing.import_records` reads, and the tables of records that it wrote (.parquet).

    Raises
    ------
    DeploymentError
        If a file is missing, or a record is incomplete, impossible or there twice.
    """
    tables = [path for path in paths if path.suffix == ".parquet"]
    others = [path for path in paths if path not in tables]
    rows, problems, _ = read_rows(others) if others or not tables else ([], [], [])
    for path in tables:
        frame = read_records(path)
        given = frame.astype(object).where(frame.notna(), None).to_dict("records")
        rows += [{str(name): value for name, value in row.items()} for row in given]
    for row in rows:
        place = f"{row['source']}" + (
            f", {where(row['page'], row['row'], row['source'])}" if row["row"] else ""
        )
        problems += [f"{place}: {problem}" for problem in _problems(row)]
    if problems:
        raise DeploymentError(f"The records cannot be used: {some(problems, SHOWN, '; ')}.")
    frame = pd.DataFrame(rows).rename(columns={"record_id": "deployment_id"})
    return DEPLOYMENTS.conform(frame.reindex(columns=DEPLOYMENTS.names))


def _problems(row: Mapping[str, Any]) -> Iterator[str]:
    for name in (*NEEDED, *COUNTS):
        if row[name] is None:
            yield f"{name} is not given"
    if len(row["matcher_fingerprint"] or "x" * SHORTEST) < SHORTEST:
        yield f"matcher_fingerprint '{row['matcher_fingerprint']}' is too short to name a matcher"
    try:
        date.fromisoformat(row["date"] or "2000-01-01")
    except ValueError:
        yield f"date '{row['date']}' is not a day such as 2026-03-01"
    if row["hours"] is not None and row["hours"] <= 0:
        yield f"hours '{row['hours']}' is not above zero"
    if row["faces_seen"] is not None and not row["counting_rule"]:
        yield "faces_seen is given without its counting_rule"
    decided = sum(row[name] or 0 for name in DECIDED)
    if row["alerts"] is not None and decided > row["alerts"]:
        yield f"{decided:,} alerts were decided, and there were {row['alerts']:,}"
