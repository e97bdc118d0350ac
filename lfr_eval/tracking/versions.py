"""Stage tracking: a finished study of a registered matcher in, the version's own record out.

Afterwards the registry's page of a version answers: was it tested, on whom, with what result?
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import FINDINGS, OVERALL, RATES
from lfr_eval.contract.tested import tested_version

if TYPE_CHECKING:
    from mlflow import MlflowClient

STUDY_TAG, LAST_STUDY = "study_", "last_study"
COUNTED = ("FMR", "FNMR", "FPIR", "FNIR")
SAME, FREQUENT = 1e-9, 0.1
SENTENCE = 400


def record_study(
    client: MlflowClient,
    run_id: str,
    folder: StudyFolder,
    about: StudyRecord,
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
    datasets = [card.name for card in about.datasets]
    summary = {
        "study_hash": study_hash,
        "run": run_id,
        "datasets": datasets,
        "dataset_sha256": about.data_digest,
        "threshold": about.thresholds.operating,
        "verdicts": verdicts,
        "worst_group": worst_group(folder.read(FINDINGS)),
        "live_engine": about.live_engine.described if about.live_engine else None,
        "date": about.finished,
    }
    version = client.get_model_version(name, number)
    tags = {
        f"{STUDY_TAG}{study_hash[:12]}": json.dumps(summary),
        LAST_STUDY: study_hash,
        "tested_on": ", ".join(datasets),
        "verdicts": verdicts,
        "worst_group": summary["worst_group"],
        "tested_at": summary["date"],
    }
    for key, value in tags.items():
        client.set_model_version_tag(name, number, key, value)
    client.update_model_version(name, number, _page(about, summary, folder.read(RATES)))
    client.set_tag(run_id, "model_version", f"models:/{name}/{number}")
    model_id = version.tags.get("model_id")
    if model_id:
        from mlflow.entities import LoggedModelInput

        client.log_inputs(run_id, models=[LoggedModelInput(model_id)])


def worst_group(findings: pd.DataFrame) -> str:
    """Return the sentence of the primary finding that shows the largest difference.

    That of the two groups with the largest ratio; where none is shown to differ, that of the factor
    whose groups differ most surely.
    """
    planned = findings[findings["primary"].fillna(False) & (findings["verdict"] == "different")]
    if planned.empty:
        return "No planned comparison shows a difference; see the verdicts for what is open."
    different = planned[(planned["group_a"] != "*") & planned["ratio"].notna()]
    if different.empty:
        surest = planned["p_adjusted"].fillna(1.0).to_numpy().argmin()
        return str(planned["statement"].iloc[int(surest)])[:SENTENCE]
    ratio = different["ratio"].where(different["ratio"] >= 1, 1 / different["ratio"])
    return str(different["statement"].iloc[int(ratio.argmax())])[:SENTENCE]


def _page(about: StudyRecord, summary: Mapping[str, Any], rates: pd.DataFrame) -> str:
    """Return what a person reads first on the version's page: Markdown, answers before details."""
    live = about.live_engine
    titles = [card.title for card in about.datasets]
    answers = [
        ("Was it tested?", f"Yes, on {summary['date'][:10]}, by the study `{about.study}`."),
        ("On whom?", f"{_people(rates)} of {', against fillers of '.join(titles)}."),
        ("At which threshold?", _threshold(about)),
        ("With what result?", " ".join(_results(rates, summary["threshold"]))),
        (
            "Are groups treated alike?",
            f"{summary['worst_group']} Planned comparisons: {summary['verdicts']}.",
        ),
        ("Is it what runs live?", live.statement if live else "Nobody checked parity."),
        ("Where is the evidence?", f"Study `{summary['study_hash'][:12]}…`, run {summary['run']}."),
        ("Who approved it?", "See the tags `approval_…`; without one, nobody."),
    ]
    said = "\n".join(f"- **{question}** {answer}" for question, answer in answers)
    return f"{said}\n\n{about.matcher.description}."


def _people(rates: pd.DataFrame) -> str:
    return f"{int(rates.loc[rates['factor'] == OVERALL, 'subjects'].max()):,} people"


def _threshold(about: StudyRecord) -> str:
    given = about.thresholds
    if given.operating is None:
        return "No operating threshold was declared."
    return f"{given.operating:g}. {given.origin or ''}".strip()


def _results(rates: pd.DataFrame, threshold: float | None) -> Iterator[str]:
    """Yield everybody's errors at the operating threshold, counted."""
    if threshold is None:
        yield "Nothing was counted at an operating threshold; see the run."
        return
    at = ((rates["threshold"] - threshold).abs() <= SAME).fillna(False)
    counted = rates["metric"].isin(COUNTED) & (rates["factor"] == OVERALL) & rates["rank"].isna()
    for row in rates[at & counted].to_dict("records"):
        searched = row["watchlist_size"]
        size = "" if pd.isna(searched) else f", watchlist of {searched:,}"
        bound = f" (at most {_bound(row['upper'])})" if row["upper"] > 0 else ""
        yield f"{row['metric']}{size}: {row['events']:,} in {row['trials']:,}{bound}."


def _bound(upper: float) -> str:
    """Return an upper end, rounded upwards, in words that are read right."""
    return f"{math.ceil(100 * upper)} %" if upper > FREQUENT else f"1 in {int(1 / upper):,}"
