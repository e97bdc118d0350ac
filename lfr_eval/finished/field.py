"""The field beside the lab: records of deployments join a finished study and its report."""

from __future__ import annotations

import pandas as pd

from lfr_eval.contract.folder import REPORTS, StudyFolder
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import DEPLOYMENTS, FIELD
from lfr_eval.contract.tested import tie
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.inference.field import field_table
from lfr_eval.study.sealing import report_and_seal

UNSWEPT = "a threshold that the study does not have"


def add_deployments(
    folder: StudyFolder, records: pd.DataFrame, approvals: str | None = None
) -> pd.DataFrame:
    """Put records beside a study, render its report again, and seal it; return what was put.

    Records that joined before are replaced. The study hash stays what it was.

    Parameters
    ----------
    records
        Table `deployments`.
    approvals
        The ledger of decisions; that beside the studies by default.

    Raises
    ------
    FolderError
        If the study is not finished, or a file of it was changed.
    """
    with folder.locked():
        folder.check_whole((*REPORTS, DEPLOYMENTS.file, FIELD.file))
        about = folder.record()
        judged = select(records, about)
        joined = {DEPLOYMENTS: judged, FIELD: field_table(judged, about.inference.level)}
        files = {
            table.file: table.conform(frame).to_parquet(None, index=False)
            for table, frame in joined.items()
        }
        report_and_seal(folder, folder.provenance(), approvals, files)
    return judged


def select(records: pd.DataFrame, about: StudyRecord) -> pd.DataFrame:
    """Say of each record how it joins a study, or why not; snap its threshold to the study's.

    Parameters
    ----------
    records
        Table `deployments`.
    about
        The study's record.
    """
    thresholds = about.thresholds.values
    joined, left_out, snapped = [], [], []
    columns = (records[name].tolist() for name in ("model_version", "matcher_fingerprint"))
    for threshold, version, fingerprint in zip(
        records["threshold"].tolist(), *columns, strict=True
    ):
        nearest = min(thresholds, key=lambda value: abs(value - threshold))
        known, matched = same_threshold(nearest, threshold), tie(about, version, fingerprint)
        joins = known and matched.holds
        joined.append(matched.words if joins else None)
        left_out.append(None if joins else UNSWEPT if matched.holds else matched.words)
        snapped.append(nearest if known else threshold)
    said = {"joined_by": joined, "left_out": left_out}
    texts = {name: pd.Series(values, records.index, "string") for name, values in said.items()}
    return DEPLOYMENTS.conform(records.assign(threshold=snapped, **texts))
