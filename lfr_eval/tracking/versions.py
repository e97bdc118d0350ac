"""Stage tracking: a finished study of a registered matcher in, the version's own record out.

Afterwards the registry's page of a version answers: was it tested, on whom, with what result?
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from lfr_eval.folder import StudyFolder
from lfr_eval.tables import FINDINGS
from lfr_eval.tested import tested_version

if TYPE_CHECKING:
    from mlflow import MlflowClient

STUDY_TAG, LAST_STUDY = "study_", "last_study"
SENTENCE = 400


def record_study(
    client: MlflowClient,
    run_id: str,
    folder: StudyFolder,
    about: Mapping[str, Any],
    verdicts: str,
) -> None:
    """Write a study to the version that it tested, and link the run; nothing for other matchers.

    Notes
    -----
    Every study has a tag of its own, `study_` and the first digits of its hash, with its hash, run,
    datasets, verdicts, worst group and date as JSON; `last_study` is the hash of the latest.
    """
    tested = tested_version(about)
    if tested is None:
        return
    name, _, number = tested.partition("/")
    study_hash = folder.study_hash()
    summary = {
        "study_hash": study_hash,
        "run": run_id,
        "datasets": [card["name"] for card in about["datasets"]],
        "dataset_sha256": about["data_digest"],
        "threshold": about["thresholds"]["operating"],
        "verdicts": verdicts,
        "worst_group": worst_group(folder.read(FINDINGS)),
        "live_engine": (about.get("live_engine") or {}).get("described"),
        "date": about["finished"],
    }
    version = client.get_model_version(name, number)
    tags = {
        f"{STUDY_TAG}{study_hash[:12]}": json.dumps(summary),
        LAST_STUDY: study_hash,
        "tested_on": ", ".join(summary["datasets"]),
        "verdicts": verdicts,
        "worst_group": summary["worst_group"],
        "tested_at": summary["date"],
    }
    for key, value in tags.items():
        client.set_model_version_tag(name, number, key, value)
    client.update_model_version(name, number, _page(about, summary))
    client.set_tag(run_id, "model_version", f"models:/{name}/{number}")
    model_id = version.tags.get("model_id")
    if model_id:
        from mlflow.entities import LoggedModelInput

        client.log_inputs(run_id, models=[LoggedModelInput(model_id)])


def worst_group(findings: pd.DataFrame) -> str:
    """Return the sentence of the primary finding with the largest ratio that shows a difference."""
    named = findings[findings["primary"].fillna(False) & (findings["group_a"] != "*")]
    different = named[(named["verdict"] == "different") & named["ratio"].notna()]
    if different.empty:
        return "No planned comparison shows a difference; see the verdicts for what is open."
    ratio = different["ratio"].where(different["ratio"] >= 1, 1 / different["ratio"])
    return str(different["statement"].iloc[int(ratio.argmax())])[:SENTENCE]


def _page(about: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Return what a person reads first on the version's page."""
    live = about.get("live_engine") or {}
    return (
        f"{about['matcher']['description']}.\n\n"
        f"**Tested** on {', '.join(summary['datasets'])} on {summary['date'][:10]} at threshold "
        f"{summary['threshold']}. Planned comparisons: {summary['verdicts']}. "
        f"{summary['worst_group']}\n\n"
        f"{live.get('statement', '')} Study hash `{summary['study_hash']}`, run {summary['run']}."
    )
