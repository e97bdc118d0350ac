"""Stage tracking: a finished study of a registered matcher in, the record of its version out.

The version's page in the registry then says whether it was tested, on whom, and with what result.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.contract.tested import tested_version
from lfr_eval.tracking.pages import verdicts, version_page, worst_group

if TYPE_CHECKING:
    from mlflow import MlflowClient

STUDY_TAG, LAST_STUDY = "study_", "last_study"


class Tested(NamedTuple):
    """The registered version that a study tested, and MLflow's id of the model behind it."""

    name: str
    number: str
    model_id: str | None


def tested_in(client: MlflowClient, about: StudyRecord) -> Tested | None:
    """Return the registered version that a study tested; None for other matchers."""
    tested = tested_version(about)
    if tested is None:
        return None
    name, _, number = tested.partition("/")
    tags = client.get_model_version(name, number).tags
    return Tested(name, number, tags.get("model_id"))


def record_study(
    client: MlflowClient,
    run_id: str,
    folder: StudyFolder,
    about: StudyRecord,
    tested: Tested,
) -> None:
    """Write a study to the version that it tested, and link the run.

    Notes
    -----
    Every study has a tag of its own, `study_` and the first digits of its hash, with its hash, run,
    datasets, verdicts, worst group and date as JSON; `last_study` is the hash of the latest.
    """
    name, number, model_id = tested
    study_hash, findings = folder.study_hash(), folder.read(FINDINGS)
    summary = {
        "study_hash": study_hash,
        "run": run_id,
        "datasets": [card.name for card in about.datasets],
        "dataset_sha256": about.data_digest,
        "threshold": about.thresholds.operating,
        "verdicts": verdicts(findings),
        "worst_group": worst_group(findings),
        "live_engine": about.live_engine.described if about.live_engine else None,
        "date": about.finished,
    }
    tags = {
        f"{STUDY_TAG}{study_hash[:12]}": json.dumps(summary),
        LAST_STUDY: study_hash,
        "tested_on": ", ".join(card.name for card in about.datasets),
        "verdicts": summary["verdicts"],
        "worst_group": summary["worst_group"],
        "tested_at": summary["date"],
    }
    for key, value in tags.items():
        client.set_model_version_tag(name, number, key, value)
    page = version_page(about, study_hash, run_id, folder.read(RATES), findings)
    client.update_model_version(name, number, page)
    client.set_tag(run_id, "model_version", f"models:/{name}/{number}")
    if model_id:
        from mlflow.entities import LoggedModelInput

        client.log_inputs(run_id, models=[LoggedModelInput(model_id)])
