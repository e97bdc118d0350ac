"""The field beside the lab: records of deployments join a finished study and its report."""

from __future__ import annotations

import pandas as pd

from lfr_eval.deployments import SHORTEST
from lfr_eval.folder import PDF, REPORT, STUDY, FolderError, StudyFolder, read_json
from lfr_eval.inference.field import field_table
from lfr_eval.study import publish
from lfr_eval.tables import DEPLOYMENTS, FIELD

SAME = 1e-9
"""Thresholds that differ by less are one."""


def add_deployments(folder: StudyFolder, records: pd.DataFrame) -> pd.DataFrame:
    """Put records beside a study, render its report again, and seal it; return what was put.

    Records that joined before are replaced. The study hash stays what it was.

    Parameters
    ----------
    records
        Table `deployments`.

    Raises
    ------
    FolderError
        If the study is not finished, or a file of it was changed.
    """
    with folder.locked():
        later = (REPORT, PDF, DEPLOYMENTS.file, FIELD.file)
        changed = [problem for problem in folder.verify() if not problem.startswith(later)]
        if changed:
            raise FolderError(f"{folder.path} is not as it was sealed: " + " ".join(changed))
        about = read_json(folder.path / STUDY)
        judged = select(records, about["matcher"]["fingerprint"], about["thresholds"]["values"])
        folder.write(DEPLOYMENTS, judged)
        folder.write(FIELD, field_table(judged, about["inference"]["level"]))
        publish(folder, folder.provenance())
    return judged


def select(records: pd.DataFrame, fingerprint: str, thresholds: list[float]) -> pd.DataFrame:
    """Say of each record why it says nothing about a study, or snap its threshold to the study's.

    Parameters
    ----------
    records
        Table `deployments`.
    fingerprint, thresholds
        Of the study's matcher, and those it swept.
    """
    reasons, snapped = [], []
    for given, threshold in zip(
        records["matcher_fingerprint"], records["threshold"].tolist(), strict=True
    ):
        nearest = min(thresholds, key=lambda value: abs(value - threshold))
        # A record may quote the beginning of the fingerprint, as reports print it.
        other = not fingerprint.startswith(given) or len(given) < SHORTEST
        unknown = abs(nearest - threshold) > SAME
        reason = "another matcher" if other else "a threshold that the study does not have"
        reasons.append(reason if other or unknown else None)
        snapped.append(threshold if unknown else nearest)
    said = pd.Series(reasons, records.index, dtype="string")
    return DEPLOYMENTS.conform(records.assign(threshold=snapped, left_out=said))
